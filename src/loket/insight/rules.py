"""What the figures mean, as values: days of cover, months, and what of a table may be shown to everybody."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

WEEKS = 8
# Below this a count could be a family.
SMALL = 5


def days_of_cover(on_hand: int, used: int, working_days: int) -> int | None:
    """For how many working days the blanks last at the recent pace; None when nothing was printed."""
    if used <= 0 or working_days <= 0:
        return None
    return int(on_hand * working_days / used)


def month_start(day: date, back: int = 0) -> date:
    """The first day of the month `back` months before the one of `day`."""
    index = day.year * 12 + day.month - 1 - back
    return date(index // 12, index % 12 + 1, 1)


@dataclass(frozen=True, slots=True)
class Cell:
    """One count of a table that everybody may see: `value` is None where it is hidden, `is_small` where it is below SMALL."""

    name: str
    value: int | None
    is_small: bool = False


def open_cells(counts: Mapping[str, int]) -> list[Cell]:
    """Counts by name of which nobody can tell a small one, though their sum is known.

    Counts below SMALL are hidden. Where sum, bounds and the shown counts would still tell one of them, the smallest of the
    shown is hidden, too, until they do not.
    """
    small = {name for name, count in counts.items() if count < SMALL}
    hidden, shown = set(small), sorted((count, name) for name, count in counts.items() if count >= SMALL)
    while small and shown and _tells(counts, small, hidden, ceiling=shown[0][0]):
        hidden.add(shown.pop(0)[1])
    return [Cell(name, None if name in hidden else count, name in small) for name, count in counts.items()]


def _tells(counts: Mapping[str, int], small: Collection[str], hidden: Collection[str], ceiling: int) -> bool:
    """Whether somebody who knows the sum and the rule can name a small count: it has only one value left."""
    rest = sum(counts[name] for name in hidden)
    low = {name: 0 if name in small else SMALL for name in hidden}
    high = {name: SMALL - 1 if name in small else ceiling for name in hidden}
    lows, highs = sum(low.values()), sum(high.values())
    return any(
        max(low[name], rest - (highs - high[name])) >= min(high[name], rest - (lows - low[name])) for name in small
    )
