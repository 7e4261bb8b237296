"""Lists of Suket as offices keep them: headings in any order, every row either clean or refused with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from loket.applications import statuses
from loket.core import dates, sheets
from loket.core.errors import N_, Refusal
from loket.core.sheets import Field, Rejected, text_of
from loket.offices.regions import Matcher
from loket.residents import names, phones
from loket.residents import nik as niks

FIELDS = (
    Field("nik", "NIK", ("No NIK", "Nomor NIK", "No KTP", "Nomor KTP", "Nomor Induk Kependudukan", "NIK KTP"), True),
    Field("name", "Nama Lengkap", ("Nama", "NAMA_LGKP", "Nama Penduduk", "Nama Pemohon", "Nama Pemegang"), True),
    Field("kk_number", "No KK", ("Nomor KK", "No Kartu Keluarga", "Nomor Kartu Keluarga", "KK", "Nmr KK")),
    Field("birth_date", "Tgl Lahir", ("Tanggal Lahir", "TGL_LHR", "TTL", "Tempat Tanggal Lahir", "Tempat Tgl Lahir",
                                      "Tempat dan Tanggal Lahir", "Tpt Tgl Lahir")),
    Field("number", "No Suket", ("Nomor Suket", "No Surat Keterangan", "Nomor Surat Keterangan", "No Surat",
                                 "Nomor Surat", "Suket")),
    Field("issued_on", "Tgl Suket", ("Tanggal Suket", "Tgl Surat", "Tanggal Surat", "Tgl Terbit", "Tanggal Terbit",
                                     "Tgl Terbit Suket", "Tanggal Terbit Suket", "Tgl Cetak Suket",
                                     "Tgl Surat Keterangan", "Tanggal Surat Keterangan")),
    Field("kelurahan", "Kelurahan", ("Kel", "Kel/Desa", "Desa/Kel", "Kelurahan/Desa", "Desa/Kelurahan", "Desa",
                                     "NO_KEL", "NAMA_KEL", "Nama Kelurahan", "Kode Kelurahan", "NO_KELURAHAN")),
    Field("kecamatan", "Kecamatan", ("Kec", "NO_KEC", "NAMA_KEC", "Nama Kecamatan", "NO_KECAMATAN")),
    Field("status", "Status", ("Status Rekam", "Status Perekaman", "Status KTP", "Status KTP-el", "Kode Status",
                               "CURRENT_STATUS_CODE", "Status Data", "Status SIAK")),
    Field("phone", "No HP", ("HP", "Nomor HP", "No Telp", "No Telepon", "Telp", "Telepon", "Nomor Telepon", "No WA",
                             "Nomor WA", "WA", "WhatsApp", "No WhatsApp", "Nomor WhatsApp", "No HP/WA", "Kontak")),
    Field("address", "Alamat", ("Alamat Lengkap", "Alamat KTP", "Alamat KK")),
    Field("rt", "RT", ("NO_RT",)),
    Field("rw", "RW", ("NO_RW",)),
    Field("rt_rw", "RT/RW"),
    Field("sex", "Jenis Kelamin", ("JK", "L/P", "JENIS_KLMIN", "Kelamin", "Jns Kelamin")),
    Field("note", "Keterangan", ("Ket",)),
)  # fmt: skip

WARNINGS = {
    **niks.WARNINGS,
    "phone_ignored": N_("Nomor HP tidak dipakai karena bukan nomor WhatsApp. Tanyakan nomornya saat warga datang."),
}

_WOMAN_OR_MAN = {"l": "M", "laki": "M", "lakilaki": "M", "pria": "M", "p": "F", "perempuan": "F", "wanita": "F"}
# Ordinary in a city of migrants: a note on every other row would hide the notes that matter.
_NOT_NOTED = frozenset({"first_registered_elsewhere"})
_TOTALS = ("jumlah", "total")


@dataclass(frozen=True, slots=True)
class SuketRow:
    """A letter as a list states it; `row` is the number the sheet shows."""

    row: int
    nik: str
    kk_number: str | None
    name: str
    birth_date: date | None
    number: str
    issued_on: date | None
    kelurahan_code: str | None
    status: str | None
    phone: str | None
    address: str | None


@dataclass(slots=True)
class Parsed:
    """What a list holds: clean rows, refused rows, and what an officer should look at (row, key of `WARNINGS`)."""

    headings: tuple[str, ...]
    rows: list[SuketRow] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    warnings: list[tuple[int, str]] = field(default_factory=list)


def read(path: Path | str, regions: Matcher, *, today: date, chosen: Mapping[str, int] | None = None) -> Parsed:
    """Read a list of Suket; `regions` are the kelurahan of the office, `chosen` the columns when a person has said them.
    Refuses the file when no row can be trusted."""
    sheet = sheets.open_sheet(path, FIELDS, chosen)
    parsed = Parsed(sheet.headings)
    reader = _Reader(sheet, regions, today, parsed)
    seen: dict[str, int] = {}
    for number, cells in sheet.rows():
        if reader.is_not_data(cells):
            continue
        try:
            row = reader.read(number, cells)
            if row.nik in seen:
                raise Refusal(
                    "duplicate", N_("NIK ini sama dengan baris {line}. Hapus salah satu."), field="nik",
                    line=seen[row.nik],
                )  # fmt: skip
        except Refusal as problem:
            parsed.rejected.append(Rejected(number, sheet.heading(problem.field or "nik"), problem, tuple(cells)))
            continue
        seen[row.nik] = number
        parsed.rows.append(row)
    if not parsed.rows and not parsed.rejected:
        raise Refusal(
            "sheet_empty", N_("Di bawah judul kolom belum ada isinya. Pilih berkas yang terisi."), field="file"
        )
    return parsed


class _Reader:
    """Reads rows of one sheet: looks at whole columns once, then at each cell."""

    def __init__(self, sheet: sheets.Sheet, regions: Matcher, today: date, parsed: Parsed) -> None:
        self._at: Mapping[str, int] = sheet.columns
        self._regions = regions
        self._today = today
        self._parsed = parsed
        columns: dict[str, list[object]] = {name: [] for name in ("nik", "kk_number", "birth_date", "issued_on")}
        wanted = [(self._at[name], cells.append) for name, cells in columns.items() if name in self._at]
        for _, row in sheet.rows():
            for position, keep in wanted:
                keep(row[position])
        self._suspect = {
            name: sheets.check_not_rounded(columns[name], sheet.heading(name)) for name in ("nik", "kk_number")
        }
        # Holders of a Suket are at least 16, which tells the century of a two-digit year.
        grown = date(today.year - niks.MIN_AGE, today.month, 1)
        self._born = dates.Reader(grown, dates.column_order(columns["birth_date"]), "birth_date")
        self._issued = dates.Reader(today, dates.column_order(columns["issued_on"]), "issued_on")

    def is_not_data(self, cells: sheets.Row) -> bool:
        """Whether a row is a total, a signature line or the headings once more."""
        nik = cells[self._at["nik"]]
        if nik != "":
            return isinstance(nik, str) and sheets.fold(nik) in ("nik", "nonik")
        filled = [cell for cell in cells if cell != ""]
        return str(filled[0]).strip().lower().startswith(_TOTALS) or (
            len(filled) <= 2 and cells[self._at["name"]] == ""
        )

    def read(self, number: int, cells: sheets.Row) -> SuketRow:
        at = self._at

        def cell(name: str) -> object:
            position = at.get(name)
            return "" if position is None else cells[position]

        nik = niks.parse_nik(sheets.digits_of(cell("nik"), "nik", suspect=self._suspect["nik"]), strict=False)
        # A list is typed by hand: a month 13 or a day 81 is a slip, while a 31 February may be SIAK's own old error.
        niks.check_date(nik, calendar=False)
        born = self._birth_date(cell("birth_date"), nik)
        kk_number = self._kk_number(cell("kk_number"), nik, born)
        row = SuketRow(
            number,
            nik.digits,
            kk_number,
            names.clean_name(text_of(cell("name"))),
            born,
            text_of(cell("number"))[:80],
            self._issued_on(cell("issued_on")),
            self._kelurahan(text_of(cell("kelurahan")), text_of(cell("kecamatan"))),
            _status(text_of(cell("status")), text_of(cell("note"))),
            self._phone(number, text_of(cell("phone"))),
            _address(text_of(cell("address")), text_of(cell("rt")), text_of(cell("rw")), text_of(cell("rt_rw"))),
        )
        sex = _WOMAN_OR_MAN.get(sheets.fold(str(cell("sex"))), "") if "sex" in at else ""
        for warning in niks.warnings(nik, born, self._today, sex=sex):
            if warning not in _NOT_NOTED:
                self._parsed.warnings.append((number, warning))
        return row

    def _birth_date(self, cell: object, nik: niks.Nik) -> date | None:
        if cell == "" or (isinstance(cell, str) and not cell.strip(" -'")):
            return None
        try:
            born = self._born.read(cell)
        except Refusal as problem:
            # Where the column does not tell day from month, the NIK does.
            fitting = [day for day in dates.readings(cell, latest=self._born.latest) if nik.fits(day)]
            if problem.code != "date_order" or len(fitting) != 1:
                raise
            born = fitting[0]
        if not nik.fits(born) and born.day <= 12 and nik.fits(exchanged := date(born.year, born.day, born.month)):
            born = exchanged
        dates.check_birth(born, self._today)
        return born

    def _kk_number(self, cell: object, nik: niks.Nik, born: date | None) -> str | None:
        text = sheets.digits_of(cell, "kk_number", suspect=self._suspect["kk_number"])
        if not text.strip(" -0"):
            return None
        digits = niks.clean(text, "kk_number")
        if len(digits) == niks.LENGTH and digits.isdigit():
            niks.check_pair(nik.digits, digits, born)
        return niks.parse_kk(digits, strict=False).digits

    def _issued_on(self, cell: object) -> date | None:
        if cell == "" or (isinstance(cell, str) and not cell.strip(" -'")):
            return None
        issued = self._issued.read(cell)
        dates.check_past(issued, self._today, "issued_on")
        return issued

    def _kelurahan(self, name: str, kecamatan: str) -> str | None:
        if not name.strip(" -"):
            return None
        code = self._regions.code(name, kecamatan)
        if code is None:
            raise Refusal(
                "kelurahan_unknown",
                N_("Kelurahan {name} tidak ada di kecamatan {kecamatan}. Tulis nama kelurahan seperti di KK.")
                if kecamatan
                else N_("Kelurahan {name} tidak ada di kota ini. Tulis nama kelurahan seperti di KK."),
                field="kelurahan",
                name=_harmless(name),
                kecamatan=_harmless(kecamatan),
            )
        return code

    def _phone(self, number: int, text: str) -> str | None:
        if not text.strip(" -0"):
            return None
        try:
            return phones.parse_phone(text.removesuffix(".0"))
        except Refusal:
            # A wrong number must not keep a Suket out of the register.
            self._parsed.warnings.append((number, "phone_ignored"))
            return None


def _status(written: str, note: str) -> str | None:
    if written.strip(" -"):
        return statuses.parse(written).code
    found = statuses.recognise(note)
    return found.code if found else None


def _address(line: str, rt: str, rw: str, rt_rw: str) -> str | None:
    parts = [line]
    if rt_rw:
        parts.append(f"RT/RW {rt_rw}")
    else:
        parts += [f"{label} {value}" for label, value in (("RT", rt), ("RW", rw)) if value]
    return " ".join(part for part in parts if part)[:200] or None


def _harmless(text: str) -> str:
    """A word from a sheet as a sentence may repeat it: short, and never a number that could be somebody's NIK."""
    return "".join("…" if char.isdigit() else char for char in text[:40])
