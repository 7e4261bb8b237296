"""Dates as people and spreadsheets write them: three styles in one column, Excel's serials, DD/MM against MM/DD."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import Enum

from loket.core.errors import N_, Refusal

MAX_AGE = 120

# Excel counts days from here; the two days before 1 March 1900 that it gets wrong never matter to us.
_EXCEL_EPOCH = date(1899, 12, 30)
_SERIALS = range(3654, 73051)  # 1910 to 2099: a smaller number is a year or a day, not a date
_YEARS = range(1900, 2100)

_NUMBERS = re.compile(r"(\d{1,2})\s*[-/., ]\s*(\d{1,2})\s*[-/., ]\s*(\d{4}|\d{2})")
_ISO = re.compile(r"(\d{4})\s*[-/.]\s*(\d{1,2})\s*[-/.]\s*(\d{1,2})")
_WORDS = re.compile(r"(\d{1,2})\s*[-/., ]?\s*([A-Za-z]{3,9})\s*[-/., ]*\s*(\d{4}|\d{2})")
_MONTH_FIRST = re.compile(r"([A-Za-z]{3,9})\s*(\d{1,2})\s*,\s*(\d{4})")
_TIME = re.compile(r"(?:[T ]\s*)\d{1,2}[.:]\d{2}(?:[.:]\d{2}(?:\.\d+)?)?\s*(?:WIB|Z|[AP]M)?$", re.IGNORECASE)

_MONTHS = {
    word: number
    for number, words in enumerate(
        (
            "jan januari january", "feb peb februari pebruari february", "mar mrt maret march", "apr april", "mei may",
            "jun juni june", "jul juli july", "agu agt ags agust agustus aug august", "sep sept september",
            "okt oct oktober october", "nov nop november nopember", "des dec desember december",
        ),
        start=1,
    )
    for word in words.split()
}  # fmt: skip


class Order(Enum):
    """Which number comes first in a column of dates: the day (Indonesia's way), the month, or now this, now that."""

    DAY_FIRST = "dmy"
    MONTH_FIRST = "mdy"
    MIXED = "mixed"


@dataclass(slots=True)
class Reader:
    """Reads one column. `latest` is the last day a two-digit year may mean; equal texts are read once."""

    latest: date
    order: Order = Order.DAY_FIRST
    name: str = "date"
    _seen: dict[object, date | Refusal] = field(default_factory=dict, repr=False)

    def read(self, cell: object) -> date:
        """The date in a cell; raises what is wrong with it."""
        found = self._seen.get(cell)
        if found is None:
            try:
                found = parse(cell, order=self.order, latest=self.latest, name=self.name)
            except Refusal as problem:
                found = problem
            self._seen[cell] = found
        if isinstance(found, Refusal):
            raise found
        return found


def parse(cell: object, *, latest: date, order: Order = Order.DAY_FIRST, name: str = "date") -> date:
    """A date from a cell (text, number or date). A two-digit year is the newest one not after `latest`."""
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        return _from_number(float(cell), name)
    if not isinstance(cell, str):
        raise _unreadable(name)
    return _from_text(cell, order, latest, name)


def column_order(cells: Iterable[object]) -> Order:
    """The order a whole column is written in, told by the dates that can be read only one way; by default day first."""
    day_first = month_first = False
    for cell in {cell for cell in cells if isinstance(cell, str)}:
        match = _NUMBERS.fullmatch(_without_time(cell))
        if match is None:
            continue
        first, second = int(match[1]), int(match[2])
        day_first = day_first or (12 < first <= 31 and 1 <= second <= 12)
        month_first = month_first or (12 < second <= 31 and 1 <= first <= 12)
    if month_first:
        return Order.MIXED if day_first else Order.MONTH_FIRST
    return Order.DAY_FIRST


def readings(cell: object, *, latest: date) -> list[date]:
    """Every date a cell can mean: two when day and month can be exchanged."""
    found = []
    for order in (Order.DAY_FIRST, Order.MONTH_FIRST):
        try:
            read = parse(cell, order=order, latest=latest)
        except Refusal:
            continue
        if read not in found:
            found.append(read)
    return found


def check_birth(born: date, today: date, name: str = "birth_date") -> None:
    """Refuse a birth date in the future or more than 120 years ago."""
    if born > today:
        raise Refusal("birth_future", N_("Tanggal lahir tidak boleh setelah hari ini. Periksa tahunnya."), field=name)
    if born.year < today.year - MAX_AGE:
        raise Refusal("birth_past", N_("Tahun lahir terlalu lama. Tulis empat angka, contoh 1987."), field=name)


def check_past(day: date, today: date, name: str = "date") -> None:
    """Refuse a date of something that has happened when it lies in the future."""
    if day > today:
        raise Refusal(
            "date_future", N_("Tanggal ini belum terjadi. Periksa tahunnya, dan urutan hari dengan bulan."), field=name
        )


def _from_number(number: float, name: str) -> date:
    whole = int(number) if number == number and abs(number) < 1e9 else 0
    if whole in _SERIALS:
        return _EXCEL_EPOCH + timedelta(days=whole)
    if whole in _YEARS and whole == number:
        raise _year_only(name)
    if whole == number and len(str(whole)) in (7, 8):
        return _from_digits(f"{whole:08d}", name)
    raise _unreadable(name)


def _from_text(cell: str, order: Order, latest: date, name: str) -> date:
    text = _without_time(cell)
    if match := _NUMBERS.fullmatch(text):
        return _from_numbers(int(match[1]), int(match[2]), _year(match[3], latest), order, name)
    if match := _ISO.fullmatch(text):
        return _date(int(match[1]), int(match[2]), int(match[3]), name)
    if match := _WORDS.fullmatch(text):
        return _date(_year(match[3], latest), _month(match[2], name), int(match[1]), name)
    if match := _MONTH_FIRST.fullmatch(text):
        return _date(int(match[3]), _month(match[1], name), int(match[2]), name)
    digits = text.removesuffix(".0")
    if digits.isascii() and digits.isdigit():
        return _from_digits(digits, name) if len(digits) == 8 else _from_number(float(digits[:12]), name)
    if "," in text:
        # "Cilegon, 2 Juni 1987": place and date of birth share a cell on many lists.
        return _from_text(text.split(",", 1)[1], order, latest, name)
    raise _unreadable(name)


def _from_numbers(first: int, second: int, year: int, order: Order, name: str) -> date:
    if first > 12 or first == second:
        return _date(year, second, first, name)
    if second > 12:
        return _date(year, first, second, name)
    if order is Order.MIXED:
        raise Refusal(
            "date_order",
            N_(
                "Kolom ini memuat tanggal hari/bulan dan bulan/hari sekaligus, jadi tanggal ini bisa dibaca dua cara. "
                "Tulis nama bulannya, contoh 2 Juni 2020."
            ),
            field=name,
        )
    return _date(year, first, second, name) if order is Order.MONTH_FIRST else _date(year, second, first, name)


def _from_digits(digits: str, name: str) -> date:
    if int(digits[:4]) in _YEARS and 1 <= int(digits[4:6]) <= 12:
        return _date(int(digits[:4]), int(digits[4:6]), int(digits[6:]), name)
    return _date(int(digits[4:]), int(digits[2:4]), int(digits[:2]), name)


def _date(year: int, month: int, day: int, name: str) -> date:
    if not 1 <= month <= 12:
        raise Refusal("date_month", N_("Bulan hanya 1 sampai 12. Contoh penulisan: 02-06-2020."), field=name)
    try:
        return date(year, month, day)
    except ValueError:
        raise Refusal(
            "date_day", N_("Tanggal itu tidak ada di kalender. Periksa hari, bulan, dan tahunnya."), field=name
        ) from None


def _year(text: str, latest: date) -> int:
    year = int(text)
    if len(text) == 4:
        return year
    century = latest.year - latest.year % 100
    return century + year if century + year <= latest.year else century - 100 + year


def _month(word: str, name: str) -> int:
    month = _MONTHS.get(word.lower())
    if month is None:
        raise Refusal("date_month_name", N_("Nama bulan tidak dikenal. Contoh penulisan: 2 Juni 2020."), field=name)
    return month


def _without_time(text: str) -> str:
    text = text.strip().lstrip("'’‘`").strip()
    return _TIME.sub("", text).rstrip() if ":" in text or "T" in text or len(text) > 14 else text


def _year_only(name: str) -> Refusal:
    return Refusal("date_year_only", N_("Baru tahunnya yang ada. Tulis hari, bulan, dan tahun."), field=name)


def _unreadable(name: str) -> Refusal:
    return Refusal(
        "date_unreadable", N_("Tanggal tidak terbaca. Tulis hari, bulan, dan tahun, contoh 02-06-2020."), field=name
    )
