"""What the figures mean, as values: days of cover, and when the last Suket will be gone, or honest silence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

WEEKS = 8
LONGEST = 3650


@dataclass(frozen=True, slots=True)
class Zero:
    """When the register would be empty at the pace of the last weeks: the middle and the two ends of the range."""

    on: date
    earliest: date
    latest: date


def days_of_cover(on_hand: int, used: int, working_days: int) -> int | None:
    """For how many working days the blanks last at the recent pace; None when nothing was printed."""
    if used <= 0 or working_days <= 0:
        return None
    return int(on_hand * working_days / used)


def expected_zero(outstanding: int, weekly: Sequence[int], today: date) -> Zero | None:
    """The date by which `outstanding` letters are gone, from how many fewer there were in each of the last weeks.

    None says that it cannot be known: fewer than eight weeks, or no decline.
    """
    if outstanding == 0:
        return Zero(today, today, today)
    if len(weekly) < WEEKS:
        return None
    paces = sorted(weekly[-WEEKS:])
    slow, middle, fast = paces[1], (paces[3] + paces[4]) / 2, paces[-2]
    if middle <= 0:
        return None
    return Zero(_after(outstanding, middle, today), _after(outstanding, fast, today), _after(outstanding, slow, today))


def _after(outstanding: int, per_week: float, today: date) -> date:
    days = LONGEST if per_week <= 0 else min(LONGEST, round(outstanding / per_week * 7))
    return today + timedelta(days=days)


def month_start(day: date, back: int = 0) -> date:
    """The first day of the month `back` months before the one of `day`."""
    index = day.year * 12 + day.month - 1 - back
    return date(index // 12, index % 12 + 1, 1)
