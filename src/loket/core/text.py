"""How Loket writes money, numbers, dates and masked data, in Indonesian and in English."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

NBSP = "\u00a0"
BULLET = "•"

# Names are written out here: Django's formats differ from EYD (no leading zero, no WIB) and cost 35 µs a date.
_MONTHS = {
    "id": (
        "Januari", "Februari", "Maret", "April", "Mei", "Juni",
        "Juli", "Agustus", "September", "Oktober", "November", "Desember",
    ),
    "en": (
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    ),
}  # fmt: skip
_DAYS = {
    "id": ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
# The three legal zones of Indonesia (Keppres 41/1987) by their names in the tz database.
_ZONE_NAMES = {
    "Asia/Jakarta": "WIB",
    "Asia/Pontianak": "WIB",
    "Asia/Makassar": "WITA",
    "Asia/Jayapura": "WIT",
}


def _language(lang: str) -> str:
    return "en" if lang.startswith("en") else "id"


def angka(value: int | float, digits: int = 0, lang: str = "id") -> str:
    """A number with grouped thousands: 4.921, or 4,921 in English; `digits` after the decimal mark."""
    english = f"{value:,.{digits}f}"
    if _language(lang) == "en":
        return english
    return english.translate({ord(","): ".", ord("."): ","})


def rupiah(value: int, lang: str = "id") -> str:
    """An amount without a space, as EYD wants it: Rp14.000."""
    sign = "-" if value < 0 else ""
    return f"{sign}Rp{angka(abs(value), lang=lang)}"


def persen(share: float, digits: int = 0, lang: str = "id") -> str:
    """A share between 0 and 1 as a percentage: 0.008 with one digit is 0,8%."""
    return f"{angka(share * 100, digits, lang)}%"


def bulan(value: date, lang: str = "id", *, year: bool = True) -> str:
    """A month: Juni 2020, its parts kept together."""
    name = _MONTHS[_language(lang)][value.month - 1]
    return f"{name}{NBSP}{value.year}" if year else name


def tanggal(value: date, lang: str = "id") -> str:
    """A date whose parts stay on one line: 2 Juni 2020."""
    return f"{value.day}{NBSP}{bulan(value, lang)}"


def hari_tanggal(value: date, lang: str = "id") -> str:
    """A date with its weekday: Selasa, 2 Juni 2020."""
    return f"{_DAYS[_language(lang)][value.weekday()]}, {tanggal(value, lang)}"


def jam(value: time | datetime, lang: str = "id") -> str:
    """A time of day: 08.05, or 08:05 in English."""
    mark = ":" if _language(lang) == "en" else "."
    return f"{value.hour:02d}{mark}{value.minute:02d}"


def zone_name(zone: str) -> str:
    """What people call a zone: WIB, WITA or WIT; another zone keeps its own name."""
    return _ZONE_NAMES.get(zone, zone)


def local(value: datetime, zone: str) -> datetime:
    """An instant as clocks in a zone show it."""
    return value.astimezone(ZoneInfo(zone))


def waktu(value: datetime, zone: str = "Asia/Jakarta", lang: str = "id") -> str:
    """The time of day of an instant in a zone: pukul 08.05 WIB, or 08:05 WIB in English."""
    written = f"{jam(local(value, zone), lang)}{NBSP}{zone_name(zone)}"
    return written if _language(lang) == "en" else f"pukul{NBSP}{written}"


def tanggal_waktu(value: datetime, zone: str = "Asia/Jakarta", lang: str = "id") -> str:
    """Date and time of an instant in a zone: 2 Juni 2020 pukul 08.05 WIB."""
    join = ", " if _language(lang) == "en" else " "
    return f"{tanggal(local(value, zone), lang)}{join}{waktu(value, zone, lang)}"


def mask_nik(nik: str) -> str:
    """The province and 14 dots: more of it would tell the birth date and the district."""
    return nik[:2] + BULLET * 14


def mask_name(name: str) -> str:
    """Initials of every word: Siti Aminah becomes S*** A***."""
    return " ".join(f"{word[0]}***" for word in name.split())


def mask_phone(phone: str) -> str:
    """The last three digits, enough for the owner to know her own number."""
    digits = "".join(char for char in phone if char.isdigit())
    return BULLET * max(len(digits) - 3, 6) + digits[-3:]
