"""When Suket will be zero, what holds it back, and what would change that: a pure simulation, one step per working day.

Nothing is simulated holder by holder: a day is a handful of whole numbers, so that its cost does not grow with the number of
letters. Two kinds of luck drive the same day: `_Exact` follows means to the card, `_Chance` draws from one seed.
"""

from __future__ import annotations

import random
from bisect import bisect
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from itertools import count
from math import ceil, exp
from typing import Any, NamedTuple, Protocol

# In this order when nothing else tells two of them apart.
CONSTRAINTS = ("printing", "blanks", "status", "response")
RUNS = 200
# More than any office will ever have: what a constraint is set to when it is taken away.
_PLENTY = 10**15
# Working days without a single letter fewer, and nothing promised that could change it: about ten years.
_IDLE = 2600
# Draws with a larger mean follow the normal curve.
_NORMAL = 50
# Working days up to which all runs are drawn; of a longer plan fewer are, so that the time it takes is bounded.
_LONG = 1000
_LAST_DAY = date.max.toordinal()

# One measure by weeks, each the counts of its working days; empty when the measure was not taken from history.
Weeks = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Scenario:
    """What a plan starts from. Counts are cards or letters, rates are per working day, shares lie between 0 and 1.

    `ready` of `suket` can be printed at all; the others wait for their status. `asked` of the ready ones stand in line already.
    `asking` is how many more holders come on a working day; None lets everybody who responds come at once. `response` is the
    share of the ready ones that ever come. `closed` letters end each day without a card (died, moved, duplicate, holds a card).
    `others`, `askers` and `closures` are the office's own days behind `demand`, `asking` and `closed`, for the seeds to draw from.
    """

    start: date
    suket: int
    ready: int
    blanks: int
    printers: int
    per_printer: int
    deliveries: tuple[tuple[date, int], ...] = ()
    demand: Fraction = Fraction(0)
    spoilage: Fraction = Fraction(0)
    response: Fraction = Fraction(1)
    asked: int = 0
    asking: Fraction | None = None
    released: Fraction = Fraction(0)
    closed: Fraction = Fraction(0)
    saturdays: bool = False
    holidays: frozenset[date] = frozenset()
    others: Weeks = ()
    askers: Weeks = ()
    closures: Weeks = ()

    @property
    def capacity(self) -> int:
        """Attempts of one working day."""
        return self.printers * self.per_printer


class Day(NamedTuple):
    """One working day of a plan: what was there, what was done, what was left, and which constraint it ended at."""

    on: date
    blanks: int
    attempts: int
    spoiled: int
    others: int
    suket: int
    remaining: int
    blanks_left: int
    binding: str


class Stretch(NamedTuple):
    """Working days in a row that ended at the same constraint."""

    binding: str
    first: date
    last: date


class Relief(NamedTuple):
    """What taking one constraint away, and nothing else, would give; `held_by` says what then keeps the rest."""

    constraint: str
    zero_on: date | None
    remaining: int
    held_by: str


class Week(NamedTuple):
    """Letters not yet settled at the end of a week: low and high are the 80 % range of the seeds."""

    ends_on: date
    low: int
    middle: int
    high: int


@dataclass(frozen=True, slots=True)
class Plan:
    """The answer. Dates are None when the day does not come; without seeds the three dates are one, `exact_on`.

    `last_print` is the day of the last card for a Suket, with its range: with letters that never become ready it comes, and zero
    does not. `unserved` counts other cards that found no blank or no printer on their day.
    """

    zero_on: date | None
    earliest: date | None
    latest: date | None
    working_days: int | None
    remaining: int
    binding: str
    blanks_left: int
    blanks_out_on: date | None
    last_print: tuple[date | None, date | None, date | None]
    unserved: int
    runs: int
    exact_on: date | None
    exact_left: int
    reliefs: list[Relief]
    days: list[Day] = field(repr=False)
    weeks: list[Week] = field(repr=False)

    @property
    def reaches_zero(self) -> bool:
        return self.zero_on is not None

    @property
    def is_relieved(self) -> bool:
        """Whether taking away the one constraint that binds most would help at all."""
        best = next(one for one in self.reliefs if one.constraint == self.binding)
        if best.remaining or self.exact_left:
            return best.remaining < self.exact_left
        return (best.zero_on or date.max) < (self.exact_on or date.max)

    @property
    def stretches(self) -> list[Stretch]:
        """What held the plan back, one stretch of time after the other; the day that empties the register counts to the last."""
        found: list[Stretch] = []
        for day in self.days:
            if found and day.binding in ("", found[-1].binding):
                found[-1] = found[-1]._replace(last=day.on)
            elif day.binding:
                found.append(Stretch(day.binding, day.on, day.on))
        return found


def plan(scenario: Scenario, *, seed: int | None = None, runs: int = RUNS) -> Plan:
    """The plan of a scenario: exact without a seed; with one, the median and the 80 % range of up to `runs` draws.

    Rows, stretches, blanks and what binds are those of the exact run in both cases.
    """
    calendar = _Calendar(scenario)
    without = _without(scenario, calendar)
    exact = _run(scenario, _Exact(scenario), calendar, rows=True)
    ends = [exact]
    if seed is not None:
        drawn = min(runs, max(20, runs * _LONG // max(len(exact.days), 1)))
        tables = _Tables(scenario)
        ends = [_run(scenario, _Chance(scenario, tables, seed, number), calendar) for number in range(drawn)]
    earliest, zero_on, latest = _range([end.zero for end in ends])
    first_print, last_print, latest_print = _range([end.last_print for end in ends])
    return Plan(
        zero_on=zero_on,
        earliest=earliest,
        latest=latest,
        working_days=calendar.until(zero_on) if zero_on and scenario.suket else (0 if zero_on else None),
        remaining=0 if zero_on else _rank([end.remaining for end in ends], 50),
        binding=_binding(exact, without),
        blanks_left=exact.blanks,
        blanks_out_on=_date(exact.out_on),
        last_print=(last_print, first_print, latest_print),
        unserved=exact.unserved,
        runs=len(ends) if seed is not None else 0,
        exact_on=_date(exact.zero),
        exact_left=exact.remaining,
        reliefs=[Relief(name, _date(end.zero), end.remaining, end.held_by) for name, end in without.items()],
        days=exact.days,
        weeks=_band(calendar, ends),
    )


def _without(scenario: Scenario, calendar: _Calendar) -> dict[str, _End]:
    """The exact run with each constraint taken away alone."""
    changes = {
        "printing": replace(scenario, printers=1, per_printer=_PLENTY),
        "blanks": replace(scenario, blanks=_PLENTY),
        "status": replace(scenario, ready=scenario.suket),
        "response": replace(scenario, response=Fraction(1), asking=None),
    }
    return {name: _run(changed, _Exact(changed), calendar) for name, changed in changes.items()}


def _binding(exact: _End, without: dict[str, _End]) -> str:
    """The constraint whose removal alone leaves the fewest letters (none, if it can), and that soonest; of equals the one that most
    days ended at."""
    held = Counter(day.binding for day in exact.days)
    return min(CONSTRAINTS, key=lambda name: (without[name].remaining, without[name].fell_on, -held[name]))


class _Calendar:
    """Working days from the start on, as ordinals, worked out once for all runs of a plan."""

    def __init__(self, scenario: Scenario) -> None:
        self.days: list[int] = []
        self.start = scenario.start.toordinal()
        self._week = 6 if scenario.saturdays else 5
        self._holidays = {day.toordinal() for day in scenario.holidays}
        self._next = self.start

    def extend(self) -> bool:
        """Some hundred days more; false at the end of time."""
        before = len(self.days)
        until = min(self._next + 500, _LAST_DAY)
        while len(self.days) == before and self._next < _LAST_DAY:
            self.days += [
                day for day in range(self._next, until) if (day - 1) % 7 < self._week and day not in self._holidays
            ]
            self._next, until = until, min(until + 500, _LAST_DAY)
        return len(self.days) > before

    def until(self, day: date) -> int:
        """How many working days lie between the start and a day that a run reached, both counted."""
        last = day.toordinal()
        return sum(1 for one in self.days if one <= last)

    def week(self, day: int) -> int:
        """The number of the week, Monday to Sunday, that a day lies in; that of the start is 0."""
        return (day - 1) // 7 - (self.start - 1) // 7

    def sunday(self, week: int) -> date:
        return date.fromordinal(((self.start - 1) // 7 + week) * 7 + 7)


class _Luck(Protocol):
    """What a day brings: means, or draws."""

    def flows(self) -> tuple[int, int, int, int]:
        """Other cards wanted, holders who come, letters released, letters closed."""

    def willing(self, more: int) -> int:
        """How many of so many more ready holders respond."""

    def press(self, wanted: int, room: int) -> tuple[int, int]:
        """Attempts until so many cards are good or the room is used up, and how many of them were spoiled."""


class _Steps:
    """Whole things at a steady rate: after n days floor(n × rate) of them have come."""

    def __init__(self, rate: Fraction) -> None:
        self.each, self.of = rate.numerator, rate.denominator
        self.left = 0

    def next(self) -> int:
        whole, self.left = divmod(self.left + self.each, self.of)
        return whole


class _Exact:
    """Means, to the card: after n attempts exactly floor(n × spoilage) are spoiled."""

    def __init__(self, scenario: Scenario) -> None:
        everybody = Fraction(_PLENTY)
        rates = (scenario.demand, everybody if scenario.asking is None else scenario.asking, scenario.released, scenario.closed)
        self._steps = [_Steps(rate) for rate in rates]
        self._spoilage, self._response = scenario.spoilage, scenario.response
        self._attempts = self._spoiled = self._ready = self._responding = 0

    def flows(self) -> tuple[int, int, int, int]:
        demand, asking, released, closed = self._steps
        return demand.next(), asking.next(), released.next(), closed.next()

    def willing(self, more: int) -> int:
        self._ready += more
        before, self._responding = self._responding, self._ready * self._response.numerator // self._response.denominator
        return self._responding - before

    def press(self, wanted: int, room: int) -> tuple[int, int]:
        bad, of = self._spoilage.numerator, self._spoilage.denominator
        attempts = room
        if wanted <= 0:
            attempts = 0
        elif bad < of:
            # After n attempts ceil(n × (1 − spoilage)) are good; the smallest n that reaches the goal.
            goal = self._attempts - self._spoiled + wanted
            attempts = min(room, (goal - 1) * of // (of - bad) + 1 - self._attempts)
        self._attempts += attempts
        before, self._spoiled = self._spoiled, self._attempts * bad // of
        return attempts, self._spoiled - before


class _Tables:
    """Cumulative probabilities, made once for all runs of a plan: a draw is one look into a table."""

    def __init__(self, scenario: Scenario) -> None:
        self.spoilage, self.response = float(scenario.spoilage), float(scenario.response)
        rates = (scenario.demand, scenario.asking, scenario.released, scenario.closed)
        self.rates = [_PLENTY if rate is None else float(rate) for rate in rates]
        self.flows = [_table(_poisson(rate)) if rate <= _NORMAL else [] for rate in self.rates]
        self.spoiled: dict[int, list[float]] = {}


class _Chance:
    """Draws from one seed. The office's own weeks are drawn first, with replacement, then days among these: so the range holds both
    how little eight weeks tell of the true pace and how days differ. Rates given by hand are Poisson's."""

    def __init__(self, scenario: Scenario, tables: _Tables, seed: int, number: int) -> None:
        rng = random.Random(f"{seed}:{number}")  # noqa: S311  # a forecast needs seeds, not secrets
        self._random, self._gauss, self._tables = rng.random, rng.gauss, tables
        known = (scenario.others, scenario.askers, (), scenario.closures)
        length = max(map(len, known))
        drawn = [rng.randrange(length) for _ in range(length)]
        self._others, self._asking, self._released, self._closed = (
            [day for week in drawn for day in weeks[week]] if weeks else None for weeks in known
        )
        self._days = max((len(one) for one in (self._others, self._asking, self._closed) if one), default=0)

    def flows(self) -> tuple[int, int, int, int]:
        # One day for all measures: a busy day is busy at every desk.
        at = int(self._random() * self._days)
        return (
            self._others[at] if self._others else self._drawn(0),
            self._asking[at] if self._asking else self._drawn(1),
            self._drawn(2),
            self._closed[at] if self._closed else self._drawn(3),
        )

    def _drawn(self, measure: int) -> int:
        rate = self._tables.rates[measure]
        if rate > _NORMAL:
            return _PLENTY if rate == _PLENTY else max(0, round(self._gauss(rate, rate**0.5)))
        return bisect(self._tables.flows[measure], self._random()) if rate else 0

    def willing(self, more: int) -> int:
        response = self._tables.response
        return more if response >= 1 else self._binomial(more, response)

    def press(self, wanted: int, room: int) -> tuple[int, int]:
        spoilage = self._tables.spoilage
        if spoilage >= 1:
            return (room, room) if wanted > 0 else (0, 0)
        if not spoilage:
            return min(wanted, room), 0
        attempts = spoiled = 0
        # What was spoiled is tried again, as long as there is room.
        while wanted > 0 and attempts < room:
            tried = min(wanted, room - attempts)
            bad = self._bad(tried, spoilage)
            attempts, spoiled, wanted = attempts + tried, spoiled + bad, wanted - tried + bad
        return attempts, spoiled

    def _bad(self, tried: int, spoilage: float) -> int:
        if tried * spoilage > _NORMAL:
            return self._binomial(tried, spoilage)
        table = self._tables.spoiled.get(tried)
        if table is None:
            table = self._tables.spoiled[tried] = _table(_binomial(tried, spoilage))
        return bisect(table, self._random())

    def _binomial(self, n: int, p: float) -> int:
        """Of a large set, by the normal curve; of a small one, one by one."""
        if n * p * (1 - p) > _NORMAL:
            return min(n, max(0, round(self._gauss(n * p, (n * p * (1 - p)) ** 0.5))))
        if n <= 1000:
            return sum(self._random() < p for _ in range(n))
        # Of very many with a very rare answer, what matters is how many gave the rare one.
        return bisect(_table(_poisson(n * p)), self._random()) if p < 0.5 else n - self._binomial(n, 1 - p)


@dataclass(slots=True)
class _End:
    """Where a run ended; days as ordinals. `fell_on` is the last day on which the register grew shorter."""

    zero: int | None
    remaining: int
    fell_on: int
    last_print: int | None
    blanks: int
    out_on: int | None
    unserved: int
    held_by: str
    weekly: list[int]
    days: list[Day]


def _run(scenario: Scenario, luck: _Luck, calendar: _Calendar, *, rows: bool = False) -> _End:
    supply = sorted((day.toordinal(), quantity) for day, quantity in scenario.deliveries)
    capacity, blanks, came = scenario.capacity, scenario.blanks, 0
    # A letter is blocked by its status, quiet (ready, not yet asked for), in line, or gone.
    line = min(scenario.asked, scenario.ready)
    quiet, blocked = scenario.ready - line, scenario.suket - scenario.ready
    # Those in line count to the share that responds; when they are more than it, nobody follows until it has caught up.
    will = luck.willing(scenario.ready) - line
    remaining = scenario.suket
    end = _End(None, remaining, calendar.start, None, blanks, None, 0, "", [], [])
    idle = 0
    if not remaining:
        end.zero = calendar.start
        end.blanks += sum(quantity for day, quantity in supply if day <= calendar.start)
        return end
    for number in count():
        if number >= len(calendar.days) and not calendar.extend():
            break
        day = calendar.days[number]
        while came < len(supply) and supply[came][0] <= day:
            blanks += supply[came][1]
            came += 1
        wanted, come, freed, gone = luck.flows()
        # Who died, moved or holds a card already is most often somebody whose status blocks the card.
        ended = min(gone, blocked)
        blocked -= ended
        quiet -= min(gone - ended, quiet)
        freed = min(freed, blocked)
        blocked, quiet = blocked - freed, quiet + freed
        will = min(will + luck.willing(freed), quiet) if freed else min(will, quiet)
        come = max(0, min(come, will))
        will, quiet, line = will - come, quiet - come, line + come
        opening = blanks
        attempts, spoiled = luck.press(wanted + line, min(capacity, blanks))
        good = attempts - spoiled
        others = min(wanted, good)
        made = good - others
        line -= made
        blanks -= attempts
        end.unserved += wanted - others
        before, remaining = remaining, line + quiet + blocked
        if made:
            end.last_print = day
        if not blanks and end.out_on is None:
            end.out_on = day
        week = calendar.week(day)
        if week > len(end.weekly):
            end.weekly += [before] * (week - len(end.weekly))
        end.held_by = _ended_at(line, quiet, blocked, attempts == capacity)
        if rows:
            end.days.append(
                Day(date.fromordinal(day), opening, attempts, spoiled, others, made, remaining, blanks, end.held_by)
            )
        idle = idle + 1 if remaining == before else 0
        if not idle:
            end.fell_on = day
        if not remaining:
            end.zero = day
            break
        more = came < len(supply)
        if not (
            (line and capacity and (blanks or more))
            or (will > 0 and scenario.asking != 0)
            or (blocked and scenario.released)
            or ((blocked or quiet) and scenario.closed)
        ) or (idle > _IDLE and not more):
            break
    end.weekly.append(remaining)
    end.remaining, end.blanks = remaining, blanks
    return end


def _ended_at(line: int, quiet: int, blocked: int, is_full: bool) -> str:
    """What the day ended at: those in line wait for a printer or a blank; else holders are awaited, else their statuses."""
    if line:
        return "printing" if is_full else "blanks"
    if quiet:
        return "response"
    return "status" if blocked else ""


def _range(days: Iterable[int | None]) -> tuple[date | None, date | None, date | None]:
    """Tenth, fiftieth and ninetieth percentile; a day that never comes is later than any other."""
    found = [_LAST_DAY if day is None else day for day in days]
    low, middle, high = (_date(_rank(found, percent)) for percent in (10, 50, 90))
    return low, middle, high


def _rank(values: Sequence[int], percent: int) -> int:
    """The nearest rank: a value that really occurred."""
    return sorted(values)[ceil(percent * len(values) / 100) - 1]


def _date(day: int | None) -> date | None:
    return None if day is None or day == _LAST_DAY else date.fromordinal(day)


def _band(calendar: _Calendar, ends: Sequence[_End]) -> list[Week]:
    """Week after week until the last run has ended; a run that ended earlier stays where it was."""
    weeks = []
    for week in range(max(len(end.weekly) for end in ends)):
        left = sorted(end.weekly[week] if week < len(end.weekly) else end.remaining for end in ends)
        low, middle, high = (left[ceil(percent * len(left) / 100) - 1] for percent in (10, 50, 90))
        weeks.append(Week(calendar.sunday(week), low, middle, high))
    return weeks


def _table(chances: Iterator[float]) -> list[float]:
    """Cumulative probabilities of 0, 1, 2 …, up to where nothing is left that a draw could meet."""
    total, table = 0.0, []
    for chance in chances:
        total += chance
        table.append(total)
        if total > 1 - 1e-12:
            break
    return table


def _poisson(mean: float) -> Iterator[float]:
    chance = exp(-mean)
    for events in count(1):
        yield chance
        chance *= mean / events
        if events > mean and chance < 1e-15:
            return


def _binomial(n: int, p: float) -> Iterator[float]:
    chance = (1 - p) ** n
    for hits in range(n):
        yield chance
        chance *= (n - hits) / (hits + 1) * p / (1 - p)
    yield chance


def as_dict(found: Plan, **more: Any) -> dict[str, Any]:
    """The document of `loket plan --json`: the contract's fields first."""
    last_print, first, latest = found.last_print
    return {
        "reaches_zero": found.reaches_zero,
        "zero_on": found.zero_on,
        "earliest": found.earliest,
        "latest": found.latest,
        "working_days": found.working_days,
        "remaining": found.remaining,
        "binding": found.binding,
        "blanks_left": found.blanks_left,
        "blanks_out_on": found.blanks_out_on,
        "last_print_on": last_print,
        "last_print_earliest": first,
        "last_print_latest": latest,
        "others_unserved": found.unserved,
        "runs": found.runs,
        **more,
        "reliefs": [
            {"constraint": one.constraint, "zero_on": one.zero_on, "remaining": one.remaining, "held_by": one.held_by or None}
            for one in found.reliefs
        ],
        "stretches": [{"binding": one.binding, "from": one.first, "to": one.last} for one in found.stretches],
        "weeks": [
            {"ends_on": one.ends_on, "low": one.low, "middle": one.middle, "high": one.high} for one in found.weeks
        ],
        "days": [
            {
                "date": one.on, "blanks": one.blanks, "attempts": one.attempts, "spoiled": one.spoiled, "others": one.others,
                "suket": one.suket, "remaining": one.remaining, "blanks_left": one.blanks_left, "binding": one.binding or None,
            }
            for one in found.days
        ],
    }  # fmt: skip
