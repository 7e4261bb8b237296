"""The forms that residents still know by heart, `#KTP#NIK#…` and `Nama: …`: their fields picked by shape, for the form."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from loket.bot import words
from loket.core import text as writing
from loket.core.errors import Refusal
from loket.offices.queries import OfficeView
from loket.residents import names, phones
from loket.residents import nik as niks

_PARTS = re.compile(r"[#\n;|]+")
_LABELLED = re.compile(r"\s*([A-Za-z][A-Za-z ./()-]{1,28}?)\s*[:=]\s*(.+)")
_LABELS = {
    "nik": "nik", "no nik": "nik", "nomor nik": "nik", "no ktp": "nik", "nomor ktp": "nik",
    "kk": "kk_number", "no kk": "kk_number", "nomor kk": "kk_number", "nokk": "kk_number", "nkk": "kk_number",
    "nama": "name", "nama lengkap": "name", "atas nama": "name",
    "tanggal lahir": "birth_date", "tgl lahir": "birth_date", "tempat tanggal lahir": "birth_date", "ttl": "birth_date",
    "alamat": "address", "alamat rumah": "address", "alamat lengkap": "address",
    "kelurahan": "kelurahan", "desa": "kelurahan", "kel": "kelurahan", "desa kelurahan": "kelurahan",
    "kecamatan": "kecamatan", "kec": "kecamatan", "kecamatan asal": "kecamatan",
    "hp": "phone", "no hp": "phone", "nomor hp": "phone", "wa": "phone", "no wa": "phone", "nomor wa": "phone", "telepon": "phone",
    "layanan": "service", "keperluan": "service", "keterangan": "service", "jenis": "service", "jenis permohonan": "service",
}  # fmt: skip
# A run that somebody meant as a number: digits, with the letters that look like them and what stands between.
_RUN = re.compile(r"(?<![A-Za-z0-9])[\dOolI](?:[ .\-]?[\dOolI]){13,18}(?![A-Za-z0-9])")
_DATE = re.compile(r"\b(\d{1,2})[\s./-]+(\d{1,2}|[A-Za-z]{3,9})[\s./-]+(\d{4})\b")
_MONTHS = ("jan", "feb", "mar", "apr", "mei", "jun", "jul", "agu", "sep", "okt", "nov", "des")
_NAME = re.compile(r"[A-Za-z][A-Za-z.,'’ \-]{2,80}")
_TITLE = re.compile(r"^(?:desa|kel(?:urahan)?|kec(?:amatan)?)\.?\s+", re.IGNORECASE)
_SERVICES = (
    ("SUKET_EXCHANGE", ("suket", "surat keterangan")),
    ("BIRTH", ("akta", "kelahiran", "akte")),
    ("KTP_LOST", ("hilang",)),
    ("KTP_DAMAGED", ("rusak", "patah", "buram")),
    ("KTP_CHANGE", ("ubah", "ganti", "perubahan", "pindah", "gelar")),
    ("KTP_NEW", ("pemula", "baru", "pertama", "rekam")),
    ("KK_CHANGE", ("kk", "kartu keluarga")),
)
# Whoever files for a card is sixteen; a family card has been numbered since the first years of this century.
_GROWN = 16


@dataclass(slots=True)
class Pasted:
    """What was understood: `fields` by their names in the form, `lengths` of numbers that are no 16 digits."""

    fields: dict[str, Any] = field(default_factory=dict)
    lengths: list[int] = field(default_factory=list)

    def masked(self) -> str:
        """What was read, as a chat may show it: no digit of a number, a name by its initials."""
        told = []
        if "nik" in self.fields:
            told.append(f"NIK {writing.mask_nik(self.fields['nik'])}")
        if "kk_number" in self.fields:
            told.append(f"KK {writing.mask_nik(self.fields['kk_number'])}")
        if "name" in self.fields:
            told.append(writing.mask_name(self.fields["name"]))
        return ", ".join(told)


def is_form(message: str) -> bool:
    """Whether a message is one of the old forms, or holds a number as long as a NIK: data that belong in the form."""
    labelled = {_label(line) for line in message.splitlines()} - {""}
    return message.lstrip().startswith("#") or bool(_RUN.search(message)) or len(labelled) >= 2


def read(message: str, office: OfficeView) -> Pasted:
    """The fields of a message. What cannot be true is left out; the resident fills it in and checks the rest."""
    found, labelled, loose = Pasted(), dict[str, str](), list[str]()
    for part in _PARTS.split(message):
        match = _LABELLED.fullmatch(part)
        name = _LABELS.get(_plain(match[1]), "") if match else ""
        if match and name:
            labelled.setdefault(name, match[2].strip())
        elif part.strip():
            loose.append(part.strip())
    _numbers(found, labelled, loose, office.today())
    _person(found, labelled, loose, office)
    _place(found, labelled, loose, office)
    return found


def _label(line: str) -> str:
    match = _LABELLED.fullmatch(line)
    return _LABELS.get(_plain(match[1]), "") if match else ""


def _plain(label: str) -> str:
    return " ".join(re.sub(r"[^a-z]+", " ", label.lower()).split())


def _numbers(found: Pasted, labelled: dict[str, str], loose: list[str], today: date) -> None:
    """NIK and KK number: by label, else in the order of the old form; swapped back when only one order can be true."""
    given = [labelled.pop(name, "") for name in ("nik", "kk_number")]
    runs = [niks.clean(run) for run in _RUN.findall("\n".join(loose))]
    loose[:] = [part for part in (_RUN.sub(" ", part).strip() for part in loose) if part]
    nik, kk = (niks.clean(value) if value else (runs.pop(0) if runs else "") for value in given)
    found.lengths = [len(one) for one in (nik, kk) if one.isdigit() and len(one) != niks.LENGTH]
    if _is_swapped(nik, kk, today):
        nik, kk = kk, nik
    for name, value, parse in (("nik", nik, niks.parse_nik), ("kk_number", kk, niks.parse_kk)):
        try:
            found.fields[name] = parse(value).digits
        except Refusal:
            continue
    if found.fields.get("nik") == found.fields.get("kk_number"):
        found.fields.pop("kk_number", None)


def _is_swapped(nik: str, kk: str, today: date) -> bool:
    """Whether what stands in the other's place can only be that: a woman's day in the KK number, or in the NIK the date
    of a family card, too young for a card of her own, while the KK number holds the birth date of somebody grown."""
    if not all(len(one) == niks.LENGTH and one.isdigit() for one in (nik, kk)):
        return False
    if int(kk[6:8]) > 40 or int(nik[6:8]) > 40:
        return int(kk[6:8]) > 40 >= int(nik[6:8])
    this, grown = today.year % 100, (today.year - _GROWN) % 100
    return grown < int(nik[10:12]) <= this and not int(kk[10:12]) <= this


def _person(found: Pasted, labelled: dict[str, str], loose: list[str], office: OfficeView) -> None:
    born = _birth_date(labelled.pop("birth_date", "") or "\n".join(loose), office.today())
    if born and niks_agree(found.fields, born):
        found.fields["birth_date"] = born.isoformat()
    service = service_named(labelled.pop("service", "") or " ".join(loose))
    if service:
        found.fields["service"] = service
    phone = labelled.pop("phone", "")
    for name, value, parse in (("phone", phone, phones.parse_phone), ("name", labelled.pop("name", "") or _name(loose, office), names.clean_name)):
        if value:
            try:
                found.fields[name] = parse(value)
            except Refusal:
                continue


def niks_agree(fields: dict[str, Any], born: date) -> bool:
    """A birth date that stands in the KK number instead of the NIK is not taken over: one of them is mistaken."""
    return not ("nik" in fields and "kk_number" in fields and niks.looks_swapped(fields["nik"], fields["kk_number"], born))


def _birth_date(text: str, today: date) -> date | None:
    for day, month, year in _DATE.findall(text):
        number = int(month) if month.isdigit() else next(
            (place for place, name in enumerate(_MONTHS, 1) if month.lower().startswith(name)), 0
        )
        try:
            born = date(int(year), number, int(day))
        except ValueError:
            continue
        if date(1900, 1, 1) <= born <= today:
            return born
    return None


def service_named(text: str) -> str:
    """The code of the service that a text names, or nothing."""
    spoken = f" {' '.join(words.plain_words(text))} "
    return next((code for code, told in _SERVICES if any(f" {word} " in spoken for word in told)), "")


def _name(loose: list[str], office: OfficeView) -> str:
    """The first part of letters only that is no place and names no service: the old form has the name before the place."""
    places = {name.casefold() for name in (*office.kelurahan.values(), *office.kecamatan.values())}
    for part in loose:
        one = part.strip(" .,:")
        if _NAME.fullmatch(one) and _bare(one) not in places and not _is_heading(one):
            return one
    return ""


def _is_heading(part: str) -> bool:
    """Words of the form's own, such as `KTP` or `Ubah Data`, and whole sentences."""
    spoken = words.plain_words(part)
    return bool(service_named(part)) or len(part.split()) > 5 or bool({"ktp", "sinkronisasi", "nik", "data", "mau", "saya"} & set(spoken))


def _place(found: Pasted, labelled: dict[str, str], loose: list[str], office: OfficeView) -> None:
    if address := labelled.pop("address", "")[:200]:
        found.fields["address"] = address
    codes = {name.casefold(): code for code, name in office.kelurahan.items()}
    # A kecamatan may bear the name of one of its kelurahan; the old form has the kelurahan first.
    for part in [labelled.pop("kelurahan", ""), *loose]:
        if code := codes.get(_bare(part)):
            found.fields["kelurahan"] = code
            break


def _bare(place: str) -> str:
    return _TITLE.sub("", place).strip(" .,:").casefold()
