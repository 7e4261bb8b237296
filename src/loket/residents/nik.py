"""NIK and Nomor KK as values: what a number can say about itself, and what is wrong with one that cannot be true.

Structure: six digits of the region of first registration, DDMMYY (a woman's day + 40), a serial from 0001. There is no
check digit, so a well-formed number proves nothing. Source: the ministry's own explanation; Permendagri on NIK.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from loket.core.errors import N_, Refusal

LENGTH = 16
# Region codes under 36.72 that no list, old or new, has ever held: a NIK with this prefix can belong to nobody.
SYNTHETIC_PREFIX = "367299"

_BLANKS = re.compile(r"[\s.\-'’`]+")
_SCIENTIFIC = re.compile(r"^\d([.,]\d+)?[eE]\+?\d+$")
_LOOK_ALIKES = str.maketrans({"O": "0", "o": "0", "l": "1", "I": "1"})
_MONTH_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@dataclass(frozen=True, slots=True)
class Nik:
    """A NIK that can be true. `day`, `month`, `year2` are what it states about the birth date."""

    digits: str
    day: int
    month: int
    year2: int
    is_woman: bool

    @property
    def prefix(self) -> str:
        return self.digits[:6]

    def fits(self, born: date) -> bool:
        """Whether a birth date agrees with the number; a NIK is never corrected, so a difference is only a hint."""
        return (self.day, self.month, self.year2) == (born.day, born.month, born.year % 100)


@dataclass(frozen=True, slots=True)
class KkNumber:
    """A family card number that can be true."""

    digits: str


def clean(text: str) -> str:
    """The digits somebody meant: blanks, dots, dashes and apostrophes dropped, O and l read as 0 and 1."""
    stripped = _BLANKS.sub("", text)
    if _SCIENTIFIC.match(stripped):
        raise Refusal(
            "nik_excel",
            N_(
                "Angka ini sudah diubah Excel menjadi {shown} sehingga digit terakhirnya hilang. "
                "Ubah kolomnya menjadi teks, lalu salin lagi dari sumbernya."
            ),
            field="nik",
            shown=stripped[:12],
        )
    if sum(letter.isdigit() for letter in stripped) >= LENGTH - 4:
        stripped = stripped.translate(_LOOK_ALIKES)
    return stripped


def parse_nik(text: str, *, today: date | None = None, strict: bool = True) -> Nik:
    """A NIK as typed. With `strict` off (lists from SIAK) an impossible date passes, since old data are never mended."""
    digits = _digits(text, "nik", "NIK")
    if digits[12:] == "0000":
        raise Refusal(
            "nik_serial", N_("Empat angka terakhir NIK tidak mungkin 0000. Periksa lagi angkanya."), field="nik"
        )
    day, month, year2 = int(digits[6:8]), int(digits[8:10]), int(digits[10:12])
    is_woman = day > 40
    born = day - 40 if is_woman else day
    if strict and not 1 <= month <= 12:
        raise Refusal(
            "nik_month", N_("Angka ke-9 dan ke-10 NIK adalah bulan lahir, 01 sampai 12. Anda menulis {month}."),
            field="nik", month=digits[8:10],
        )  # fmt: skip
    if strict and not 1 <= born <= _MONTH_DAYS[month - 1]:
        raise Refusal(
            "nik_day",
            N_("Angka ke-7 dan ke-8 NIK adalah tanggal lahir: 01 sampai 31, atau 41 sampai 71 untuk perempuan. "
               "Anda menulis {day}."),
            field="nik", day=digits[6:8],
        )  # fmt: skip
    return Nik(digits, born, month, year2, is_woman)


def parse_kk(text: str) -> KkNumber:
    """A family card number as typed; it too holds a date, but never with 40 added."""
    digits = _digits(text, "kk_number", "Nomor KK")
    day, month = int(digits[6:8]), int(digits[8:10])
    if 41 <= day <= 71 and 1 <= month <= 12:
        raise Refusal(
            "kk_is_nik",
            N_("Ini tampaknya NIK seorang perempuan, bukan Nomor KK. Nomor KK ada di bagian atas Kartu Keluarga."),
            field="kk_number",
        )
    if not 1 <= day <= 31 or not 1 <= month <= 12:
        raise Refusal(
            "kk_date", N_("Nomor KK tidak lengkap atau keliru. Salin 16 angka di bagian atas Kartu Keluarga."),
            field="kk_number",
        )  # fmt: skip
    return KkNumber(digits)


def check_pair(nik: str, kk: str, born: date) -> None:
    """Refuse the same number twice, and two numbers that stand in each other's place."""
    if nik == kk:
        raise Refusal(
            "nik_is_kk", N_("NIK dan Nomor KK tidak mungkin sama. NIK ada di samping nama Anda."), field="kk_number"
        )
    if not _states(nik, born) and _states(kk, born):
        raise Refusal(
            "swapped", N_("NIK dan Nomor KK tampaknya tertukar. Tukar isian keduanya, lalu kirim lagi."), field="nik"
        )


def warnings(nik: Nik, born: date | None, today: date) -> list[str]:
    """What an officer should look at, without anything being refused: short codes for `desk` to word."""
    found = []
    if born and not nik.fits(born):
        found.append("birth_differs")
    if born and (today.year - born.year - ((today.month, today.day) < (born.month, born.day))) < 16:
        found.append("under_16")
    if nik.prefix[:4] != "3672":
        found.append("first_registered_elsewhere")
    return found


def synthetic_nik(number: int, born: date, *, is_woman: bool) -> str:
    """A NIK for demos and tests that can belong to nobody; `number` tells people with the same birth date apart."""
    return f"{SYNTHETIC_PREFIX}{born.day + (40 if is_woman else 0):02d}{born:%m%y}{1 + number % 9998:04d}"


def is_synthetic(digits: str) -> bool:
    return digits.startswith(SYNTHETIC_PREFIX)


def _digits(text: str, field: str, label: str) -> str:
    digits = clean(text)
    if not digits.isascii() or not digits.isdigit():
        raise Refusal(
            f"{field}_letters", N_("{label} hanya berisi angka. Hapus huruf atau tanda lain."), field=field, label=label
        )
    if len(digits) != LENGTH:
        raise Refusal(
            f"{field}_length", N_("{label} harus 16 angka. Anda baru menulis {count} angka."), field=field, label=label,
            count=len(digits),
        ) if len(digits) < LENGTH else Refusal(
            f"{field}_length", N_("{label} harus 16 angka. Anda menulis {count} angka."), field=field, label=label,
            count=len(digits),
        )  # fmt: skip
    return digits


def _states(digits: str, born: date) -> bool:
    """Whether the date inside a number is this birth date, with or without a woman's 40."""
    day = int(digits[6:8])
    return (day - 40 if day > 40 else day, int(digits[8:10]), int(digits[10:12])) == (
        born.day,
        born.month,
        born.year % 100,
    )
