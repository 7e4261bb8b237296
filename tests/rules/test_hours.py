"""Clocks that tick only while the office is open: weekends, nights and holidays do not count."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loket.offices.hours import Hours

HOLIDAYS = frozenset({date(2020, 6, 1), date(2020, 5, 25)})
HOURS = Hours("Asia/Jakarta", time(8), time(15), HOLIDAYS)
INSTANTS = st.datetimes(datetime(2020, 4, 1), datetime(2020, 9, 1), timezones=st.just(UTC))
MINUTES = st.integers(0, 6000)


def wib(day: int, hour: int, minute: int = 0, month: int = 6) -> datetime:
    return datetime(2020, month, day, hour, minute, tzinfo=UTC) - timedelta(hours=7)


@pytest.mark.parametrize(
    ("start", "minutes", "due"),
    [
        (wib(2, 9), 60, wib(2, 10)),
        (wib(2, 14, 30), 60, wib(3, 8, 30)),
        (wib(5, 14, 30), 60, wib(8, 8, 30)),  # Friday to Monday
        (wib(2, 22), 60, wib(3, 9)),
        (wib(29, 14, 30, 5), 60, wib(2, 8, 30)),  # Friday, weekend, and Pancasila Day on Monday
        (wib(2, 14), 60, wib(2, 15)),  # due at closing time, not at the next opening
    ],
)
def test_a_clock_stands_while_the_office_is_closed(start: datetime, minutes: int, due: datetime) -> None:
    assert HOURS.after(start, minutes) == due


@given(INSTANTS, MINUTES)
def test_between_start_and_due_the_office_was_open_for_exactly_that_long(start: datetime, minutes: int) -> None:
    assert HOURS.between(start, HOURS.after(start, minutes)) == timedelta(minutes=minutes)


@given(INSTANTS, st.integers(1, 6000), INSTANTS)
def test_one_comparison_says_of_any_start_whether_it_is_due(start: datetime, minutes: int, now: datetime) -> None:
    assert (start <= HOURS.before(now, minutes)) == (HOURS.after(start, minutes) <= now)


@given(INSTANTS, INSTANTS, MINUTES)
def test_who_came_first_is_due_first(one: datetime, other: datetime, minutes: int) -> None:
    first, second = sorted((one, other))
    assert HOURS.after(first, minutes) <= HOURS.after(second, minutes)


def test_a_calendar_without_an_open_day_is_refused_and_not_searched_for_ever() -> None:
    shut = Hours("Asia/Jakarta", time(8), time(8))
    with pytest.raises(ValueError, match="no open day"):
        shut.after(wib(2, 9), 1)
    with pytest.raises(ValueError, match="no open day"):
        shut.before(wib(2, 9), 1)
