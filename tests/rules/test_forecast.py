"""The plan against closed forms, against a slow count of every blank and every holder, and against its own sense."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loket.insight import forecast
from loket.insight.forecast import CONSTRAINTS, Scenario, Stretch

MONDAY = date(2020, 6, 8)


def scenario(**given: object) -> Scenario:
    values = {"start": MONDAY, "suket": 100, "blanks": 1000, "printers": 1, "per_printer": 10, **given}
    return Scenario(**{"ready": values["suket"], **values})  # type: ignore[arg-type]


# The slow reference: every holder is an entry of a list, every blank is taken one by one, days are dates.


@dataclass
class Slow:
    zero_on: date | None
    remaining: int
    blanks: int
    out_on: date | None
    rows: list[tuple[date, int, int, int, int, int]]
    last_fall: date


def _whole(rate: Fraction, day: int) -> int:
    """What a steady rate brings on the day of this number, counted from 1."""
    return floor(rate * day) - floor(rate * (day - 1))


def slowly(s: Scenario) -> Slow:
    holders = ["ready"] * s.ready + ["blocked"] * (s.suket - s.ready)
    responding = floor(s.ready * s.response)
    for place in range(min(s.asked, s.ready)):
        holders[place] = "line"
    came = min(s.asked, s.ready)
    ready_ever = s.ready
    store = ["blank"] * s.blanks
    parcels = dict(enumerate(s.deliveries))
    day, number, attempts, spoiled = s.start, 0, 0, 0
    slow = Slow(None, s.suket, s.blanks, None, [], s.start)
    if not holders:
        slow.zero_on = s.start
        slow.blanks += sum(n for on, n in s.deliveries if on <= s.start)
        return slow
    while True:
        works = day.weekday() < (6 if s.saturdays else 5) and day not in s.holidays
        for key in [key for key, (on, _n) in parcels.items() if on <= day]:
            store += ["blank"] * parcels.pop(key)[1]
        if works:
            number += 1
            before = len(holders)
            for _ in range(_whole(s.closed, number)):
                for kind in ("blocked", "ready"):
                    if kind in holders:
                        holders.remove(kind)
                        break
            for _ in range(_whole(s.released, number)):
                if "blocked" in holders:
                    holders[holders.index("blocked")] = "ready"
                    ready_ever += 1
                    grown = floor(ready_ever * s.response) - floor((ready_ever - 1) * s.response)
                    responding += grown
            responding = min(responding, came + holders.count("ready"))
            arrivals = holders.count("ready") if s.asking is None else _whole(s.asking, number)
            for _ in range(arrivals):
                if came < responding and "ready" in holders:
                    holders[holders.index("ready")] = "line"
                    came += 1
            wanted, others, made, tries, bad = _whole(s.demand, number), 0, 0, 0, 0
            while store and tries < s.printers * s.per_printer and (others < wanted or "line" in holders):
                store.pop()
                tries += 1
                attempts += 1
                if floor(attempts * s.spoilage) > spoiled:
                    spoiled += 1
                    bad += 1
                elif others < wanted:
                    others += 1
                else:
                    holders.remove("line")
                    made += 1
            slow.rows.append((day, tries, bad, others, made, len(holders)))
            if not store and slow.out_on is None:
                slow.out_on = day
            if len(holders) < before:
                slow.last_fall = day
            if not holders:
                slow.zero_on = day
                break
            printable = "line" in holders and s.printers * s.per_printer and (store or parcels)
            coming = came < responding and "ready" in holders and s.asking != 0
            mending = "blocked" in holders and s.released
            ending = ("blocked" in holders or "ready" in holders) and s.closed
            if not (printable or coming or mending or ending):
                break
        day += timedelta(days=1)
    slow.remaining, slow.blanks = len(holders), len(store)
    return slow


shares = st.sampled_from([Fraction(0), Fraction("0.0174"), Fraction("0.1"), Fraction(1, 3), Fraction("0.5"), Fraction("0.97")])
rates = st.fractions(min_value=0, max_value=6, max_denominator=7)
near = st.integers(0, 40).map(lambda days: MONDAY + timedelta(days=days - 5))


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    suket = draw(st.integers(0, 60))
    ready = draw(st.integers(0, suket))
    return Scenario(
        start=draw(near), suket=suket, ready=draw(st.sampled_from([suket, ready])), blanks=draw(st.integers(0, 90)),
        printers=draw(st.integers(0, 3)), per_printer=draw(st.integers(0, 7)),
        deliveries=tuple(draw(st.lists(st.tuples(near, st.integers(0, 40)), max_size=4))), demand=draw(st.sampled_from([Fraction(0), Fraction(3)]) | rates),
        spoilage=draw(shares), response=draw(st.just(Fraction(1)) | shares), asked=draw(st.integers(0, ready)),
        asking=draw(st.none() | rates), released=draw(st.just(Fraction(0)) | rates), closed=draw(st.just(Fraction(0)) | rates),
        saturdays=draw(st.booleans()), holidays=draw(st.frozensets(near, max_size=8)),
    )  # fmt: skip


def agrees(s: Scenario) -> None:
    found, slow = forecast.plan(s), slowly(s)
    assert [(d.on, d.attempts, d.spoiled, d.others, d.suket, d.remaining) for d in found.days] == slow.rows
    assert (found.zero_on, found.remaining) == (slow.zero_on, slow.remaining)
    assert (found.blanks_left, found.blanks_out_on) == (slow.blanks, slow.out_on)
    assert found.earliest == found.latest == found.zero_on
    if found.zero_on:
        assert found.working_days == len(slow.rows)
    last = found.days[-1:] if found.reaches_zero else []
    assert [day for day in found.days if not day.binding] == last


def binds(s: Scenario) -> None:
    without = [
        replace(s, printers=1, per_printer=20_000),
        replace(s, blanks=20_000),
        replace(s, ready=s.suket),
        replace(s, response=Fraction(1), asking=None),
    ]
    ends = [slowly(one) for one in without]
    found = forecast.plan(s)
    held = [sum(day.binding == name for day in found.days) for name in CONSTRAINTS]
    best = min(range(4), key=lambda at: (ends[at].remaining, ends[at].last_fall, -held[at], at))
    assert found.binding == CONSTRAINTS[best]
    assert [(one.zero_on, one.remaining) for one in found.reliefs] == [(end.zero_on, end.remaining) for end in ends]


def keeps_the_rules(s: Scenario) -> None:
    found = forecast.plan(s)
    attempts = spoiled = 0
    for day in found.days:
        attempts, spoiled = attempts + day.attempts, spoiled + day.spoiled
        assert day.attempts <= min(s.printers * s.per_printer, day.blanks)
        assert spoiled == floor(attempts * s.spoilage)
        assert day.attempts == day.spoiled + day.others + day.suket
        assert day.blanks_left == day.blanks - day.attempts
    for week in found.weeks:
        left = next((day.remaining for day in reversed(found.days) if day.on <= week.ends_on), s.suket)
        assert (week.ends_on.weekday(), week.low, week.middle, week.high) == (6, left, left, left)
    counted = [stretch.first for stretch in found.stretches]
    assert counted == sorted(counted)


@settings(max_examples=120, deadline=None)
@given(scenarios())
def test_a_plan_is_what_counting_every_blank_and_every_holder_gives(s: Scenario) -> None:
    agrees(s)
    keeps_the_rules(s)


@settings(max_examples=40, deadline=None)
@given(scenarios().filter(lambda s: s.suket > 0 and s.spoilage < 1))
def test_what_binds_is_what_brings_zero_earliest_when_it_alone_is_gone(s: Scenario) -> None:
    binds(s)


@pytest.mark.long
@settings(max_examples=3000, deadline=None)
@given(scenarios().filter(lambda s: s.suket > 0 and s.spoilage < 1))
def test_thousands_of_plans_are_what_counting_gives(s: Scenario) -> None:
    agrees(s)
    keeps_the_rules(s)
    binds(s)


@pytest.mark.parametrize("per_day", [1, 7, 100, 333])
@pytest.mark.parametrize("spoilage", ["0", "0.0174", "0.25"])
@pytest.mark.parametrize("demand", [0, 40])
def test_the_closed_form_of_a_steady_office(per_day: int, spoilage: str, demand: int) -> None:
    share = Fraction(spoilage)
    capacity = per_day + demand
    found = forecast.plan(
        scenario(suket=4921, blanks=10**9, per_printer=capacity, demand=Fraction(demand), spoilage=share)
    )
    # After n full days ceil(n × capacity × (1 − spoilage)) cards are good, and n × demand of them are other people's.
    day = next(
        n for n in range(max(1, floor(4921 / per_day) - 2), 10**6) if ceil(n * capacity * (1 - share)) - n * demand >= 4921
    ) if ceil(capacity * (1 - share)) > demand else None
    assert found.working_days == day


def test_the_office_of_the_second_of_june_2020() -> None:
    found = forecast.plan(
        scenario(start=date(2020, 6, 3), suket=4921, ready=4921, blanks=10_791, printers=1, per_printer=300)
    )
    # 4.921 letters at 300 a day are 17 working days; the first is the Wednesday itself.
    assert (found.zero_on, found.working_days, found.blanks_left) == (date(2020, 6, 25), 17, 10_791 - 4921)
    assert found.binding == "printing"


def test_the_start_counts_when_the_office_works_on_it_and_not_when_it_rests() -> None:
    assert forecast.plan(scenario(suket=10)).working_days == 1
    found = forecast.plan(scenario(suket=20, start=date(2020, 6, 6)))
    assert (found.zero_on, found.working_days) == (date(2020, 6, 9), 2)
    on_saturdays = forecast.plan(scenario(suket=20, start=date(2020, 6, 6), saturdays=True))
    assert on_saturdays.zero_on == MONDAY
    free = forecast.plan(scenario(suket=20, holidays=frozenset({MONDAY})))
    assert (free.zero_on, free.working_days) == (date(2020, 6, 10), 2)


def test_a_delivery_is_there_when_its_day_opens_and_one_of_a_sunday_on_monday() -> None:
    found = forecast.plan(scenario(suket=30, blanks=10, deliveries=((date(2020, 6, 10), 5), (date(2020, 6, 14), 15))))
    assert [(day.on.day, day.suket) for day in found.days if day.suket] == [(8, 10), (10, 5), (15, 10), (16, 5)]
    assert (found.blanks_out_on, found.binding) == (MONDAY, "blanks")


def test_others_are_served_first_and_counted_when_they_are_not() -> None:
    found = forecast.plan(scenario(suket=10, blanks=25, demand=Fraction(8), deliveries=((date(2020, 6, 12), 100),)))
    assert [(day.others, day.suket) for day in found.days[:4]] == [(8, 2), (8, 2), (5, 0), (0, 0)]
    assert found.unserved == 3 + 8


def test_whoever_cannot_be_printed_stays_outstanding_and_is_what_binds() -> None:
    found = forecast.plan(scenario(suket=100, ready=60))
    assert (found.reaches_zero, found.remaining, found.binding, found.working_days) == (False, 40, "status", None)
    assert found.last_print[0] == date(2020, 6, 15)
    silent = forecast.plan(scenario(suket=100, response=Fraction("0.755")))
    assert (silent.remaining, silent.binding) == (25, "response")


def test_two_walls_name_the_higher_one() -> None:
    assert forecast.plan(scenario(suket=100, ready=90, response=Fraction("0.5"))).binding == "response"
    assert forecast.plan(scenario(suket=100, ready=40, response=Fraction("0.9"))).binding == "status"


def test_nothing_to_do_is_zero_at_once() -> None:
    found = forecast.plan(scenario(suket=0))
    assert (found.zero_on, found.working_days, found.remaining, found.days) == (MONDAY, 0, 0, [])


@pytest.mark.parametrize(
    ("given", "binding"),
    [
        ({"blanks": 0}, "blanks"),
        ({"printers": 0}, "printing"),
        ({"demand": Fraction(10), "blanks": 10**9}, "printing"),
        ({"ready": 0}, "status"),
        ({"response": Fraction(0)}, "response"),
        ({"spoilage": Fraction(1)}, "printing"),
    ],
)
def test_what_can_never_be_ends_and_says_so(given: dict[str, object], binding: str) -> None:
    found = forecast.plan(scenario(**given))
    assert (found.zero_on, found.remaining, found.binding) == (None, 100, binding)


def test_stretches_tell_what_held_when() -> None:
    found = forecast.plan(
        scenario(suket=60, ready=40, blanks=20, deliveries=((date(2020, 6, 12), 100),), released=Fraction(5))
    )
    assert found.stretches == [
        Stretch("printing", MONDAY, date(2020, 6, 9)),
        Stretch("blanks", date(2020, 6, 10), date(2020, 6, 11)),
        Stretch("printing", date(2020, 6, 12), date(2020, 6, 17)),
    ]


@settings(max_examples=30, deadline=None)
@given(scenarios(), st.integers(0, 5))
def test_without_anything_uncertain_seeds_change_nothing(s: Scenario, seed: int) -> None:
    sure = replace(s, demand=Fraction(0), spoilage=Fraction(0), response=Fraction(1), released=Fraction(0), closed=Fraction(0))
    sure = replace(sure, asking=None if s.asking else Fraction(0))
    drawn, exact = forecast.plan(sure, seed=seed, runs=5), forecast.plan(sure)
    assert (drawn.zero_on, drawn.earliest, drawn.latest, drawn.remaining) == (exact.zero_on,) * 3 + (exact.remaining,)
    assert [week.middle for week in drawn.weeks] == [week.middle for week in exact.weeks]


def test_a_seed_gives_the_same_range_again_and_the_range_holds_the_exact_day() -> None:
    s = scenario(suket=2000, blanks=5000, per_printer=40, demand=Fraction(20), spoilage=Fraction("0.05"))
    one, again, other = (forecast.plan(s, seed=seed) for seed in (7, 7, 8))
    assert (one.earliest, one.zero_on, one.latest) == (again.earliest, again.zero_on, again.latest)
    assert one.weeks != other.weeks
    exact = forecast.plan(s).zero_on
    assert None not in (one.earliest, one.latest, exact)
    assert one.earliest <= exact <= one.latest
    assert one.earliest < one.latest


def test_weeks_that_differ_make_the_range_wide() -> None:
    steady = scenario(suket=2000, blanks=9000, per_printer=400, asking=Fraction(20), askers=((20,) * 5,) * 8)
    uneven = replace(steady, askers=((5,) * 5, (35,) * 5) * 4)
    narrow, wide = (forecast.plan(one, seed=1) for one in (steady, uneven))
    assert narrow.earliest == narrow.latest
    assert None not in (wide.earliest, wide.latest, narrow.zero_on)
    assert wide.earliest < narrow.zero_on < wide.latest
    # Eight weeks leave the pace itself uncertain: were only days drawn, the range would be about four weeks.
    assert wide.latest - wide.earliest > timedelta(weeks=7)


@pytest.mark.parametrize(("mean", "n", "p"), [(3.5, 200, 0.0174), (40.0, 900, 0.3), (120.0, 5000, 0.9)])
def test_draws_have_the_mean_and_the_spread_of_their_law(mean: float, n: int, p: float) -> None:
    s = scenario(demand=Fraction(mean), spoilage=Fraction(p))
    luck = forecast._Chance(s, forecast._Tables(s), 3, 0)
    for draw, expected, variance in (
        (lambda: luck.flows()[0], mean, mean),
        (lambda: luck._bad(n, p), n * p, n * p * (1 - p)),
        (lambda: luck._binomial(n, p), n * p, n * p * (1 - p)),
    ):
        drawn = [draw() for _ in range(2000)]
        middle = sum(drawn) / 2000
        assert abs(middle - expected) < 5 * (variance / 2000) ** 0.5
        assert 0.8 < sum((one - middle) ** 2 for one in drawn) / 2000 / variance < 1.2
