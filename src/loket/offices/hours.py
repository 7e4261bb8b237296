"""Office hours as arithmetic: clocks that tick only while the office is open."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from loket.offices.rules import is_working_day

# Longer than any run of holidays: a calendar without a working day in it is a mistake, not a reason to search for ever.
_MOST_DAYS = 3660


@dataclass(frozen=True, slots=True)
class Hours:
    """When an office is open: the same hours on every working day; `zone` is an IANA name."""

    zone: str
    opens_at: time
    closes_at: time
    holidays: Collection[date] = frozenset()

    def opening(self, day: date) -> tuple[datetime, datetime] | None:
        """From when until when the office is open on a day, in UTC; None when it is closed."""
        if not is_working_day(day, self.holidays) or self.opens_at >= self.closes_at:
            return None
        zone = ZoneInfo(self.zone)
        opens, closes = (datetime.combine(day, each, zone).astimezone(UTC) for each in (self.opens_at, self.closes_at))
        return opens, closes

    def after(self, start: datetime, minutes: int) -> datetime:
        """The instant at which the office will have been open for so many minutes since `start`."""
        left, day = timedelta(minutes=minutes), start.astimezone(ZoneInfo(self.zone)).date()
        for _ in range(_MOST_DAYS):
            if span := self.opening(day):
                begins = max(span[0], start)
                if begins + left <= span[1]:
                    return begins + left
                left -= max(span[1] - begins, timedelta())
            day += timedelta(days=1)
        raise ValueError("this calendar has no open day")

    def before(self, end: datetime, minutes: int) -> datetime:
        """The latest instant from which the office has been open for so many minutes until `end`: what began then, or
        earlier, is due by `end`. The inverse of `after`, so that a whole list is filtered by one comparison."""
        left, day = timedelta(minutes=minutes), end.astimezone(ZoneInfo(self.zone)).date()
        for _ in range(_MOST_DAYS):
            if span := self.opening(day):
                ends = min(span[1], end)
                if ends - left >= span[0]:
                    return ends - left
                left -= max(ends - span[0], timedelta())
            day -= timedelta(days=1)
        raise ValueError("this calendar has no open day")

    def between(self, start: datetime, end: datetime) -> timedelta:
        """How long the office was open from `start` until `end`."""
        zone, open_for = ZoneInfo(self.zone), timedelta()
        day, last = start.astimezone(zone).date(), end.astimezone(zone).date()
        while day <= last:
            if span := self.opening(day):
                open_for += max(min(span[1], end) - max(span[0], start), timedelta())
            day += timedelta(days=1)
        return open_for
