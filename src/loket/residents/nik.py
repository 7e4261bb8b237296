"""NIK and Nomor KK as values: what a number can say about itself, and what is wrong with one that cannot be true.

Structure: six digits of the region of first registration, DDMMYY (a woman's day + 40), a serial from 0001. There is no
check digit, so a well-formed number proves nothing, and a NIK is never corrected when the date in it is wrong
(PP 40/2019, article 30). A Nomor KK has the region and the date of its issue, without the 40.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from loket.core.errors import N_, Refusal
from loket.offices import regions

LENGTH = 16
# A kecamatan code under 36.72 that no list, old or new, has ever held: a NIK with this prefix can belong to nobody.
SYNTHETIC_PREFIX = "367299"
CITY_PREFIX = "3672"
MIN_AGE = 16
MAX_AGE = 120

WARNINGS = {
    "date_impossible": N_("Tanggal di dalam NIK tidak ada di kalender. Cocokkan NIK dengan Kartu Keluarga."),
    "prefix_unknown": N_("Kode wilayah NIK tidak ada di daftar. NIK lama memang bisa begitu; cocokkan dengan KK."),
    "birth_differs": N_("Tanggal lahir berbeda dari yang ada di NIK. NIK tidak pernah diubah; ikuti Kartu Keluarga."),
    "sex_differs": N_("Jenis kelamin berbeda dari yang ada di NIK. Cocokkan dengan Kartu Keluarga."),
    "under_16": N_("Umurnya belum 16 tahun. KTP-el baru bisa direkam mulai umur 16."),
    "over_120": N_("Umurnya lebih dari 120 tahun. Periksa tahun lahirnya."),
    "first_registered_elsewhere": N_("NIK pertama kali terdaftar di luar kota ini. Itu wajar bagi pendatang."),
}

_NOISE = re.compile(r"[\s.\-_/'’‘`\u00ad\u200b-\u200f\u202a-\u202e\u2010-\u2015\u2060\ufeff]+")
_WHOLE_FLOAT = re.compile(r"(\d{15,17})[.,]0+")
_SCIENTIFIC = re.compile(r"\d(?:[.,]\d+)?[eE]\+?\d+")
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

    @property
    def sex(self) -> str:
        """`F` or `M`, as the day tells it."""
        return "F" if self.is_woman else "M"

    @property
    def birth_date_candidates(self) -> tuple[date, ...]:
        """The dates the two-digit year can mean, oldest first; 29 February narrows them, an impossible date has none."""
        found = []
        for century in (1900, 2000):
            try:
                found.append(date(century + self.year2, self.month, self.day))
            except ValueError:
                continue
        return tuple(found)

    def fits(self, born: date) -> bool:
        """Whether a birth date agrees with the number; a NIK is never corrected, so a difference is only a hint."""
        return (self.day, self.month, self.year2) == (born.day, born.month, born.year % 100)


@dataclass(frozen=True, slots=True)
class KkNumber:
    """A family card number that can be true."""

    digits: str


def clean(text: str, field: str = "nik") -> str:
    """The digits somebody meant: blanks, dots, dashes and apostrophes dropped, O and l read as 0 and 1."""
    if len(text) == LENGTH and text.isascii() and text.isdigit():
        return text
    stripped = "".join(text.split()).lstrip("'’‘`")
    if match := _WHOLE_FLOAT.fullmatch(stripped):
        stripped = match[1]
    if _SCIENTIFIC.fullmatch(stripped):
        raise eaten_by_excel(stripped, field)
    stripped = _NOISE.sub("", stripped)
    if sum(letter.isdigit() for letter in stripped) >= LENGTH - 4:
        stripped = stripped.translate(_LOOK_ALIKES)
    return stripped


def eaten_by_excel(shown: str, field: str = "nik") -> Refusal:
    """The refusal of a number that Excel has rounded; `shown` is how Excel shows it, told only in its first digits."""
    base, _, exponent = shown.upper().replace(",", ".").partition("E")
    return Refusal(
        f"{field}_excel",
        N_(
            "Excel sudah mengubah angka ini menjadi {shown}, jadi digit terakhirnya hilang. "
            "Ubah kolomnya menjadi Teks, lalu salin lagi dari sumbernya."
        ),
        field=field,
        shown=f"{base[:4]}E{exponent}" if exponent else "3.67E+15",
    )


def parse_nik(text: str, *, strict: bool = True) -> Nik:
    """A NIK as typed. With `strict` off (lists from SIAK) an impossible date passes, since old data are never mended."""
    digits = _digits(text, "nik", "NIK")
    if digits[12:] == "0000":
        raise Refusal(
            "nik_serial", N_("Empat angka terakhir NIK tidak mungkin 0000. Periksa lagi angkanya."), field="nik"
        )
    day, month, year2 = int(digits[6:8]), int(digits[8:10]), int(digits[10:12])
    is_woman = day > 40
    nik = Nik(digits, day - 40 if is_woman else day, month, year2, is_woman)
    if strict:
        check_date(nik)
    return nik


def check_date(nik: Nik, *, calendar: bool = True) -> None:
    """Refuse a month past 12 and a day past 31 or 71; with `calendar` also a day its month does not have."""
    if not 1 <= nik.month <= 12:
        raise Refusal(
            "nik_month", N_("Angka ke-9 dan ke-10 NIK adalah bulan lahir, 01 sampai 12. Anda menulis {month}."),
            field="nik", month=nik.digits[8:10],
        )  # fmt: skip
    if not 1 <= nik.day <= 31:
        raise Refusal(
            "nik_day",
            N_(
                "Angka ke-7 dan ke-8 NIK adalah tanggal lahir: 01 sampai 31, atau 41 sampai 71 untuk perempuan. "
                "Anda menulis {day}."
            ),
            field="nik",
            day=nik.digits[6:8],
        )
    if calendar and (nik.day > _MONTH_DAYS[nik.month - 1] or not nik.birth_date_candidates):
        raise Refusal(
            "nik_day",
            N_("Tanggal lahir di dalam NIK tidak ada di kalender: tanggal {day} bulan {month}. Periksa lagi angkanya."),
            field="nik",
            day=nik.day,
            month=nik.month,
        )


def parse_kk(text: str, *, strict: bool = True) -> KkNumber:
    """A family card number as typed; it too holds a date, but never with 40 added. `strict` as for a NIK."""
    digits = _digits(text, "kk_number", "Nomor KK")
    day, month = int(digits[6:8]), int(digits[8:10])
    if 41 <= day <= 71 and 1 <= month <= 12:
        raise Refusal(
            "kk_is_nik",
            N_("Ini tampaknya NIK seorang perempuan, bukan Nomor KK. Nomor KK ada di bagian atas Kartu Keluarga."),
            field="kk_number",
        )
    if strict and not (1 <= day <= 31 and 1 <= month <= 12):
        raise Refusal(
            "kk_date", N_("Nomor KK tidak lengkap atau keliru. Salin 16 angka di bagian atas Kartu Keluarga."),
            field="kk_number",
        )  # fmt: skip
    return KkNumber(digits)


def check_pair(nik: str, kk: str, born: date | None) -> None:
    """Refuse the same number twice, and two numbers that stand in each other's place."""
    if nik == kk:
        raise Refusal(
            "nik_is_kk", N_("NIK dan Nomor KK tidak mungkin sama. NIK ada di samping nama, Nomor KK di atas KK."),
            field="kk_number",
        )  # fmt: skip
    if born and looks_swapped(nik, kk, born):
        raise Refusal(
            "swapped", N_("NIK dan Nomor KK tampaknya tertukar. Tukar isian keduanya, lalu kirim lagi."), field="nik"
        )


def looks_swapped(nik: str, kk: str, born: date) -> bool:
    """Whether the birth date stands in the other number: dates only, so numbers that cannot be a KK are heard too."""
    return not _states(nik, born) and _states(kk, born)


def warnings(nik: Nik, born: date | None, today: date, *, sex: str = "", city: str = CITY_PREFIX) -> list[str]:
    """What an officer should look at, without anything being refused: keys of `WARNINGS`. `sex` is F, M or unknown."""
    found = []
    if not nik.birth_date_candidates:
        found.append("date_impossible")
    if born and not nik.fits(born):
        found.append("birth_differs")
    if sex and sex != nik.sex:
        found.append("sex_differs")
    age = _age(born or _likely_birth(nik, today), today)
    if age is not None and age < MIN_AGE:
        found.append("under_16")
    if age is not None and age > MAX_AGE:
        found.append("over_120")
    if not is_synthetic(nik.digits) and not regions.is_known_prefix(nik.prefix):
        found.append("prefix_unknown")
    if not nik.digits.startswith(city):
        found.append("first_registered_elsewhere")
    return found


def synthetic_nik(number: int, born: date, *, is_woman: bool) -> str:
    """A NIK for demos and tests that can belong to nobody; `number` tells people with the same birth date apart."""
    return f"{SYNTHETIC_PREFIX}{born.day + (40 if is_woman else 0):02d}{born:%m%y}{1 + number % 9998:04d}"


def is_synthetic(digits: str) -> bool:
    return digits.startswith(SYNTHETIC_PREFIX)


def _digits(text: str, field: str, label: str) -> str:
    digits = clean(text, field)
    if not digits:
        raise Refusal(f"{field}_missing", N_("Tulis {label}: 16 angka tanpa spasi."), field=field, label=label)
    if not digits.isascii() or not digits.isdigit():
        raise Refusal(
            f"{field}_letters", N_("{label} hanya berisi angka. Hapus huruf atau tanda lain."), field=field, label=label
        )
    if len(digits) != LENGTH:
        raise Refusal(
            f"{field}_length",
            N_("{label} harus 16 angka. Anda baru menulis {count} angka.")
            if len(digits) < LENGTH
            else N_("{label} harus 16 angka. Anda menulis {count} angka."),
            field=field,
            label=label,
            count=len(digits),
        )
    return digits


def _likely_birth(nik: Nik, today: date) -> date | None:
    """The birth date of somebody old enough for a card, else the newest that is past."""
    past = [born for born in nik.birth_date_candidates if born <= today]
    grown = [born for born in past if (_age(born, today) or 0) >= MIN_AGE]
    return max(grown or past, default=None)


def _age(born: date | None, today: date) -> int | None:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day)) if born else None


def _states(digits: str, born: date) -> bool:
    """Whether the date inside a number is this birth date, with or without a woman's 40."""
    day = int(digits[6:8])
    return (day - 40 if day > 40 else day, int(digits[8:10]), int(digits[10:12])) == (
        born.day,
        born.month,
        born.year % 100,
    )
