"""The enrolment statuses of SIAK, and what each means for the resident: what to do, and who must act.

Source: the status lists that offices publish (Purbalingga, Sambas, Banyumas; the ministry's slides of 2015).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path

from loket.core import dates, sheets
from loket.core.errors import N_, Refusal
from loket.core.sheets import Field, Rejected, text_of
from loket.residents import nik as niks


@dataclass(frozen=True, slots=True)
class Status:
    """One status: SIAK's own word, the words lists use for it, what it means and who acts next."""

    code: str
    aliases: tuple[str, ...]
    meaning: str
    todo: str
    who_acts: str


_WAIT = N_("Anda tidak perlu melakukan apa pun. Kami kabari kalau sudah siap.")
_OFFICE_ASKS = N_("Petugas kami mengurusnya ke pusat. Anda tidak perlu melakukan apa pun.")
_RECORD_AGAIN = N_("Datang ke kecamatan untuk rekam ulang. Ini bukan kesalahan Anda, dan urutan Anda tetap.")
_ASK_US = N_("Tanyakan kepada petugas kami. Kartu Anda mungkin sudah ada di kantor.")

STATUSES = (
    Status("PRINT_READY_RECORD", ("PRR", "PRINT READY", "SIAP CETAK"),
           N_("Data Anda sudah siap dicetak."),
           N_("Anda tidak perlu melakukan apa pun."), "office"),
    Status("UNREGISTERED", ("BELUM REKAM", "BELUM", "BELUM PEREKAMAN"),
           N_("Sidik jari dan foto Anda belum direkam."),
           N_("Datang ke kecamatan mana saja di kota ini dengan Kartu Keluarga untuk perekaman. Gratis."), "resident"),
    Status("BIO_CAPTURED", ("BIO", "BIO CAPTURE", "SUDAH REKAM"),
           N_("Sidik jari dan foto Anda sudah direkam dan menunggu dikirim ke pusat."), _WAIT, "office"),
    Status("PROCESSING", ("PRO",),
           N_("Rekaman Anda sedang disiapkan untuk dikirim ke pusat."), _WAIT, "office"),
    Status("SENT_FOR_ENROLLMENT", ("SFE", "SENT FOR ENROLMENT", "SENT FOR ENROLL"),
           N_("Rekaman Anda sedang diperiksa di pusat."),
           N_("Anda tidak perlu melakukan apa pun. Pemeriksaan bisa beberapa hari atau lebih."), "centre"),
    Status("RECEIVED_AT_CENTRAL", ("RAC",),
           N_("Rekaman Anda sudah sampai di pusat."), _WAIT, "centre"),
    Status("SENT_FOR_DEDUP", ("SFD", "SENT FOR DEDUPLICATION", "SEARCH IN PROCESS"),
           N_("Rekaman Anda sedang dibandingkan dengan data lain di pusat."), _WAIT, "centre"),
    Status("ENROLL_FAILURE_AT_CENTRAL", ("EFAC", "EFC", "ENROLLMENT FAILURE AT CENTRAL", "ENROLMENT FAILURE AT CENTRAL"),
           N_("Rekaman sidik jari atau foto Anda tidak terbaca di pusat."), _RECORD_AGAIN, "resident"),
    Status("ENROLL_FAILURE_AT_REGIONAL", ("EFAR", "ENROLLMENT FAILURE AT REGIONAL", "ENROLMENT FAILURE AT REGIONAL"),
           N_("Rekaman sidik jari atau foto Anda tidak lengkap."), _RECORD_AGAIN, "resident"),
    Status("SEARCH_FAILURE_AT_CENTRAL", ("SFAC",),
           N_("Pemeriksaan rekaman Anda di pusat belum berhasil."),
           N_("Petugas kami mengirim ulang datanya. Anda tidak perlu melakukan apa pun."), "office"),
    Status("SEARCH_FAILURE_AT_REGIONAL", ("SFAR",),
           N_("Pemeriksaan rekaman Anda belum berhasil."),
           N_("Petugas kami mengirim ulang datanya. Anda tidak perlu melakukan apa pun."), "office"),
    Status("ADJUDICATE_RECORD", ("ADJ", "ADJUDICATE", "ADJUDICATE IN PROCESS"),
           N_("Sidik jari Anda mirip dengan data lain dan sedang diperiksa."), _OFFICE_ASKS, "office"),
    Status("REQUEST_VALIDATION", ("REQ VALIDATION",),
           N_("Data Anda perlu divalidasi di pusat."), _OFFICE_ASKS, "office"),
    Status("DUPLICATE_RECORD", ("DUP", "DUPLICATE", "DUPLIKAT", "GANDA", "REKAM GANDA"),
           N_("Anda tercatat pernah direkam sebelumnya, jadi kartu belum bisa dicetak."),
           N_("Jangan rekam lagi. Datang ke kantor kami dengan Kartu Keluarga supaya rekaman ganda dihapus."), "resident"),
    Status("SENT_FOR_CARD_PRINTING", ("SFCP",),
           N_("Data Anda sudah masuk antrean cetak."),
           N_("Anda tidak perlu melakukan apa pun."), "office"),
    Status("CARD_PRINTED", ("SUDAH CETAK",),
           N_("Menurut data pusat, KTP-el Anda sudah pernah dicetak."), _ASK_US, "office"),
    Status("CARD_SHIPPED", (),
           N_("Menurut data pusat, KTP-el Anda sudah dikirim ke tempat penyerahan."), _ASK_US, "office"),
    Status("CARD_ISSUED", (),
           N_("Menurut data pusat, KTP-el Anda sudah diserahkan."),
           N_("Kalau kartunya tidak ada pada Anda, hubungi petugas kami."), "office"),
)  # fmt: skip

# Whoever stands here has still to be recorded, or once more.
TO_BE_RECORDED = tuple(status.code for status in STATUSES if status.code == "UNREGISTERED" or status.todo is _RECORD_AGAIN)

FIELDS = (
    Field("nik", "NIK", ("No NIK", "Nomor NIK", "No KTP", "Nomor KTP", "Nomor Induk Kependudukan"), True),
    Field("status", "Status", ("Status Rekam", "Status Perekaman", "Status KTP", "Status KTP-el", "Kode Status",
                               "CURRENT_STATUS_CODE", "Status Data", "Status SIAK", "Ket", "Keterangan"), True),
    Field("as_of", "Tgl Status", ("Tanggal Status", "Per Tanggal", "Per Tgl", "Tgl Update", "Tanggal Update",
                                  "Tanggal", "Tgl", "LAST_UPDATE")),
)  # fmt: skip

_FOLD = re.compile(r"[^A-Z]+")
_BY_NAME = {_FOLD.sub("", name.upper()): status for status in STATUSES for name in (status.code, *status.aliases)}
_UNKNOWN = Status(
    "", (), N_("Status perekaman Anda belum kami terima dari pusat."),
    N_("Kalau belum pernah rekam, datang ke kecamatan dengan Kartu Keluarga. Kalau sudah, Anda tinggal menunggu."),
    "office",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class StatusRow:
    """What a list says of one NIK; `row` is the number the sheet shows, `as_of` None where the list has no date."""

    row: int
    nik: str
    status: str
    as_of: date | None


@dataclass(slots=True)
class Parsed:
    """What a list of statuses holds: clean rows and refused rows."""

    headings: tuple[str, ...]
    rows: list[StatusRow] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)


def parse(text: str) -> Status:
    """The status somebody wrote, in any case, with blanks or underscores, or as the short code of a list."""
    found = recognise(text)
    if found is not None:
        return found
    if not text.strip():
        raise Refusal(
            "status_missing",
            N_("Statusnya kosong. Tulis salah satu, misalnya PRR, SFE, DUP, atau EFAC."),
            field="status",
        )
    raise Refusal(
        "status_unknown",
        N_("Status {written} tidak dikenal. Contoh yang benar: PRR, SFE, DUP, EFAC."),
        field="status",
        # A misplaced NIK must not travel on in a sentence.
        written="".join("…" if char.isdigit() else char for char in text[:40]),
    )


@lru_cache(maxsize=1024)
def recognise(text: str) -> Status | None:
    """The status somebody wrote, or None."""
    return _BY_NAME.get(_FOLD.sub("", text.upper()))


def explain(code: str) -> Status:
    """What a stored status means; no status yet has its own explanation."""
    return recognise(code) or _UNKNOWN


def read_statuses(path: Path | str, *, today: date) -> Parsed:
    """Read a list of enrolment statuses (NIK, status, perhaps a date); later rows of a NIK are later news."""
    sheet = sheets.open_sheet(path, FIELDS)
    parsed = Parsed(sheet.headings)
    nik_at, status_at, as_of_at = (sheet.columns.get(item.name, -1) for item in FIELDS)
    suspect = sheets.check_not_rounded((row[nik_at] for _, row in sheet.rows()), sheet.heading("nik"))
    order = dates.column_order(row[as_of_at] for _, row in sheet.rows()) if as_of_at >= 0 else dates.Order.DAY_FIRST
    days = dates.Reader(today, order, "as_of")
    for number, cells in sheet.rows():
        if cells[nik_at] == "" and cells[status_at] == "":
            continue
        try:
            nik = niks.parse_nik(sheets.digits_of(cells[nik_at], "nik", suspect=suspect), strict=False)
            status = parse(text_of(cells[status_at]))
            as_of = days.read(cells[as_of_at]) if as_of_at >= 0 and cells[as_of_at] != "" else None
            if as_of:
                dates.check_past(as_of, today, "as_of")
        except Refusal as problem:
            parsed.rejected.append(Rejected(number, sheet.heading(problem.field or "nik"), problem, tuple(cells)))
            continue
        parsed.rows.append(StatusRow(number, nik.digits, status.code, as_of))
    if not parsed.rows and not parsed.rejected:
        raise Refusal(
            "sheet_empty", N_("Di bawah judul kolom belum ada isinya. Pilih berkas yang terisi."), field="file"
        )
    return parsed
