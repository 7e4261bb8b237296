"""What the plan starts from when nobody says otherwise: the office's own last eight weeks, or why they do not tell enough."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from functools import lru_cache
from math import ceil
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from loket.applications.rules import FINAL, PRINT_READY
from loket.core import clock
from loket.core.errors import N_
from loket.insight import forecast
from loket.insight.actions import first_day
from loket.insight.forecast import Plan, Scenario, Weeks
from loket.insight.rules import WEEKS
from loket.offices import queries as offices
from loket.offices.rules import is_working_day
from loket.stock import actions as stock
from loket.stock import queries as ledger

# The seed of the office's own plan: the page, the command and the file draw the same numbers.
SEED = 1
_PRINTED = "('printed', 'on_shelf', 'enveloped', 'manifested', 'in_transit', 'returned_home')"

# Attempts by operator and day, from the ledger: whoever prints draws a blank, and nothing else does.
_PRINTS = """
SELECT (m.at AT TIME ZONE %(zone)s)::date, m.actor, m.to_place, a.service IS NOT DISTINCT FROM 'SUKET_EXCHANGE', sum(m.quantity)
FROM stock_movement m LEFT JOIN applications_application a ON a.id = m.case_id
WHERE m.office_id = %(office)s AND m.at >= %(from)s AND m.at < %(to)s
  AND m.to_place IN ('printed', 'spoiled') AND m.product = %(product)s
GROUP BY 1, 2, 3, 4
"""
# Holders who came and whose card could be printed; a request that was cancelled or rejected brought nobody nearer.
_ASKED = """
SELECT (a.submitted_at AT TIME ZONE %(zone)s)::date, count(*)
FROM applications_application a JOIN residents_resident r ON r.id = a.resident_id
LEFT JOIN residents_enrolment e ON e.office_id = r.office_id AND e.nik_index = r.nik_index
WHERE a.office_id = %(office)s AND a.service = 'SUKET_EXCHANGE' AND a.submitted_at >= %(from)s AND a.submitted_at < %(to)s
  AND a.state NOT IN ('rejected', 'cancelled') AND (a.printed_at IS NOT NULL OR e.status = %(ready)s)
GROUP BY 1
"""
_SETTLED = """
SELECT (settled_at AT TIME ZONE %(zone)s)::date, outcome = 'exchanged', count(*) FROM suket_letter
WHERE office_id = %(office)s AND settled_at >= %(from)s AND settled_at < %(to)s GROUP BY 1, 2
"""
_ANY = "SELECT EXISTS (SELECT FROM suket_letter WHERE office_id = %(office)s)"
_REGISTERED = """
SELECT (registered_at AT TIME ZONE %(zone)s)::date, count(*) FROM suket_letter
WHERE office_id = %(office)s AND registered_at >= %(from)s AND registered_at < %(to)s GROUP BY 1
"""
# Where the outstanding letters stand: all, their card printed already, printable, and printable with an open request.
_STANDING = f"""
SELECT count(*), count(*) FILTER (WHERE printed), count(*) FILTER (WHERE ready AND NOT printed),
       count(*) FILTER (WHERE ready AND asked AND NOT printed)
FROM (SELECT COALESCE(a.state IN {_PRINTED}, false) AS printed, a.id IS NOT NULL AS asked,
             COALESCE(e.status = %(ready)s, false) AS ready
      FROM suket_letter l JOIN residents_resident r ON r.id = l.resident_id
      LEFT JOIN residents_enrolment e ON e.office_id = r.office_id AND e.nik_index = r.nik_index
      LEFT JOIN applications_application a ON a.resident_id = r.id AND a.slot = 'card' AND a.state <> ALL (%(final)s)
      WHERE l.office_id = %(office)s AND l.outcome = '') letters
"""

# Why the last eight weeks do not tell; what somebody fills in by hand answers each of them.
EMPTY = N_("Daftar Suket masih kosong. Baca dulu daftar pemegang Suket di halaman Kelola.")
YOUNG = N_("Baru ada {days} hari data, perlu delapan minggu.")
NO_PRINTS = N_("Dalam delapan minggu terakhir belum ada kartu yang dicetak.")
NO_ASKERS = N_("Dalam delapan minggu terakhir belum ada pemegang Suket yang mengajukan penukaran.")
GROWING = N_("Dalam delapan minggu terakhir Suket yang baru tercatat tidak lebih sedikit daripada yang selesai.")


@dataclass(frozen=True, slots=True)
class Recent:
    """One office's last eight weeks as a scenario, and what they cannot tell: sentences with what fills their places.

    `outstanding` letters, of which `printed` have their card and only wait for the hand; the scenario is about the others.
    """

    as_of: datetime
    outstanding: int
    printed: int
    since: date
    working_days: int
    scenario: Scenario
    unknown: tuple[tuple[str, dict[str, Any]], ...]
    holidays_until: date | None


@dataclass(frozen=True, slots=True)
class Answer:
    """A plan, or the reasons for which there is none; the scenario it is about and the names of what was given by hand."""

    scenario: Scenario
    plan: Plan | None
    unknown: tuple[tuple[str, dict[str, Any]], ...] = ()
    given: tuple[str, ...] = ()


@dataclass(slots=True)
class _Days:
    """What happened on each day of the window, by calendar day of the office."""

    suket: Counter[date] = field(default_factory=Counter)
    others: Counter[date] = field(default_factory=Counter)
    spoiled: Counter[date] = field(default_factory=Counter)
    asked: Counter[date] = field(default_factory=Counter)
    closed: Counter[date] = field(default_factory=Counter)
    settled: Counter[date] = field(default_factory=Counter)
    registered: Counter[date] = field(default_factory=Counter)
    operators: defaultdict[date, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))


def recent(office: str) -> Recent:
    """The scenario of an office as its own last eight full weeks tell it; the plan begins tomorrow."""
    view = offices.office(office)
    today = view.today()
    since = today - timedelta(weeks=WEEKS)
    midnight = time(0, tzinfo=ZoneInfo(view.zone))
    window = {
        "office": office, "zone": view.zone, "from": datetime.combine(since, midnight),
        "to": datetime.combine(today, midnight), "ready": PRINT_READY, "product": stock.CARD, "final": sorted(FINAL),
    }  # fmt: skip
    days = _read(window)
    outstanding, printed, ready, asked = _standing(window)
    working = [day for day in _dates(since, today) if is_working_day(day, view.holidays)]
    attempts = days.suket.total() + days.others.total() + days.spoiled.total()

    def rate(counted: Counter[date]) -> Fraction:
        return Fraction(counted.total(), max(len(working), 1))

    def by_week(counted: Counter[date]) -> Weeks:
        return _weeks(counted, since, today, view.holidays)

    scenario = Scenario(
        start=today + timedelta(days=1),
        suket=outstanding - printed,
        ready=ready,
        asked=asked,
        blanks=ledger.on_hand(office, stock.CARD),
        printers=_shown([len(one) for one in days.operators.values()]),
        per_printer=_shown([done for one in days.operators.values() for done in one.values()]),
        demand=rate(days.others),
        spoilage=Fraction(days.spoiled.total(), attempts) if attempts else Fraction(0),
        asking=rate(days.asked),
        closed=rate(days.closed),
        holidays=view.holidays,
        others=by_week(days.others),
        askers=by_week(days.asked),
        closures=by_week(days.closed),
    )
    began = first_day(office, view.zone)
    return Recent(
        as_of=clock.now(), outstanding=outstanding, printed=printed, since=since,
        working_days=len(working), scenario=scenario, unknown=_unknown(days, began, since, today) if _has_register(window) else ((EMPTY, {}),),
        holidays_until=max((day for day in view.holidays if day >= today), default=None),
    )  # fmt: skip


def answer(found: Recent, given: dict[str, Any] | None = None, *, seed: int | None = SEED, runs: int = forecast.RUNS) -> Answer:
    """The plan from the office's own weeks, with what somebody gives by hand (fields of `Scenario`) in their place."""
    given = given or {}
    scenario = replace(found.scenario, **_consistent(found.scenario, given))
    unknown = tuple(reason for reason in found.unknown if not _answered(reason[0], given))
    # Without letters nothing is unknown but whether there were any: zero is proven, never declared.
    if unknown and (scenario.suket or (EMPTY, {}) in unknown):
        return Answer(scenario, None, unknown, tuple(given))
    return Answer(scenario, _planned(scenario, seed, runs), (), tuple(given))


@lru_cache(maxsize=64)
def _planned(scenario: Scenario, seed: int | None, runs: int) -> Plan:
    """A plan follows from its scenario alone, so the page that is read again need not draw again."""
    return forecast.plan(scenario, seed=seed, runs=runs)


# Rates that come from the office's days, and these days.
_BEHIND = {"demand": "others", "asking": "askers", "closed": "closures"}


def _consistent(scenario: Scenario, given: dict[str, Any]) -> dict[str, Any]:
    """What was given, and what must follow it: a rate by hand has no days behind it, no more are ready than there are, and one
    working day more in the week brings nobody more."""
    more: dict[str, Any] = {_BEHIND[name]: () for name in given if name in _BEHIND}
    if given.get("saturdays"):
        for name in _BEHIND.keys() - given.keys():
            weeks = tuple(_spread(week) for week in getattr(scenario, _BEHIND[name]))
            days = sum(map(len, weeks))
            more |= {_BEHIND[name]: weeks, name: Fraction(sum(map(sum, weeks)), days) if days else Fraction(0)}
    suket = given.get("suket", scenario.suket)
    ready = min(given.get("ready", scenario.ready), suket)
    return {**given, **more, "ready": ready, "asked": min(given.get("asked", scenario.asked), ready)}


def _spread(week: tuple[int, ...]) -> tuple[int, ...]:
    """The same week with one working day more."""
    each, rest = divmod(sum(week), len(week) + 1)
    return tuple(each + (day < rest) for day in range(len(week) + 1)) if week else ()


def _answered(reason: str, given: Collection[str]) -> bool:
    if reason == EMPTY:
        return "suket" in given
    needed = {"printers", "per_printer"} if reason == NO_PRINTS else {"asking"}
    if reason == YOUNG:
        needed = {"printers", "per_printer", "demand", "asking"}
    return needed <= set(given)


def _unknown(days: _Days, began: date | None, since: date, today: date) -> tuple[tuple[str, dict[str, Any]], ...]:
    if began is None or began > since:
        return ((YOUNG, {"days": (today - began).days if began else 0}),)
    reasons: list[tuple[str, dict[str, Any]]] = []
    if not days.suket and not days.others:
        reasons.append((NO_PRINTS, {}))
    if not days.asked:
        reasons.append((NO_ASKERS, {}))
    falls = sorted(
        sum(days.settled[day] - days.registered[day] for day in _dates(start, start + timedelta(days=7)))
        for start in (since + timedelta(weeks=week) for week in range(WEEKS))
    )
    # The middle of the weeks: one list that was read into the register is no trend.
    if falls[WEEKS // 2 - 1] + falls[WEEKS // 2] <= 0:
        reasons.append((GROWING, {}))
    return tuple(reasons)


def _read(window: dict[str, Any]) -> _Days:
    days = _Days()
    with connection.cursor() as cursor:
        cursor.execute(_PRINTS, window)
        for day, actor, place, is_suket, quantity in cursor.fetchall():
            counted = days.spoiled if place == "spoiled" else days.suket if is_suket else days.others
            counted[day] += int(quantity)
            days.operators[day][actor] += int(quantity)
        cursor.execute(_ASKED, window)
        days.asked.update(dict(cursor.fetchall()))
        cursor.execute(_SETTLED, window)
        for day, is_exchanged, number in cursor.fetchall():
            days.settled[day] += number
            if not is_exchanged:
                days.closed[day] += number
        cursor.execute(_REGISTERED, window)
        days.registered.update(dict(cursor.fetchall()))
    return days


def _standing(window: dict[str, Any]) -> tuple[int, int, int, int]:
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, window)
        outstanding, printed, ready, asked = cursor.fetchone()
    return outstanding, printed, ready, asked


def _has_register(window: dict[str, Any]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_ANY, window)
        return bool(cursor.fetchone()[0])


def _shown(counts: Sequence[int]) -> int:
    """What the office has shown it can do: reached or passed on one day of ten, so that a slow day is not taken for a limit."""
    ordered = sorted(counts)
    return ordered[ceil(len(ordered) * 0.9) - 1] if ordered else 0


def _dates(start: date, end: date) -> list[date]:
    return [start + timedelta(days=step) for step in range((end - start).days)]


def _weeks(counted: Counter[date], since: date, today: date, holidays: Collection[date]) -> Weeks:
    """Counts per working day, week by week; what came on a day off is met on the next working day."""
    weeks: list[tuple[int, ...]] = []
    waiting = 0
    for start in (since + timedelta(weeks=week) for week in range(WEEKS)):
        met = []
        for day in _dates(start, min(start + timedelta(days=7), today)):
            waiting += counted[day]
            if is_working_day(day, holidays):
                met.append(waiting)
                waiting = 0
        weeks.append(tuple(met))
    return tuple(weeks)
