"""Frozen figures: they follow from the trail, whatever happened and however late it was written down."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loket.core import clock
from loket.insight import actions, invariants
from loket.insight import queries as insight
from loket.insight.measures import MEASURES, Kind
from loket.insight.models import Alarm, Figure, Frozen
from loket.offices import queries as offices
from tests import cast as play
from tests.cast import CILEGON, Cast
from tests.insight.history import Office, second_opinion

# What the second opinion does not count: it would only repeat the definition.
NOT_AGAIN = {"open.age.median"}


def again(measure: str) -> bool:
    return measure not in NOT_AGAIN and ".p90." not in measure and not measure.startswith(("work.", "people."))


def today() -> date:
    return offices.office(CILEGON).today()


def tomorrow() -> None:
    clock.move_to(clock.now() + timedelta(days=1))


def broken() -> list[str]:
    return [check.name for check in invariants.check() if not check.ok]


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), stops=st.lists(st.integers(4, 14), min_size=2, max_size=4))
def test_whatever_happened_the_frozen_figures_are_what_the_trail_says_and_their_parts_add_up(cast: Cast, seed: int, stops: list[int]) -> None:
    with transaction.atomic():
        office = Office(cast, seed)
        for steps in stops:
            office.live(steps)
            # A night now and then; in between several days pass that no night has frozen.
            actions.freeze_due(CILEGON)
        # The post's list of a week ago arrives today.
        office.deliver(at=clock.now() - timedelta(days=6))
        tomorrow()
        actions.freeze_due(CILEGON)
        mark = Frozen.objects.get(office_id=CILEGON)
        days = [mark.since + timedelta(days=step) for step in range((mark.until - mark.since).days)]
        told, recount = second_opinion(mark.since, days[-1]), actions.recounted(CILEGON, days)
        for day in days:
            frozen = actions.frozen(CILEGON, day)
            assert frozen == recount[day], day
            assert {key: value for key, value in frozen.items() if again(key[0])} == told[day], day
        assert broken() == []
        transaction.set_rollback(True)
    clock.forget()


def test_a_second_night_changes_nothing_and_costs_no_writing(cast: Cast) -> None:
    play.printed(cast)
    tomorrow()
    assert actions.freeze_due(CILEGON) == 1
    before = list(Figure.objects.order_by("id").values())
    assert actions.freeze_due(CILEGON) == 0
    actions.freeze(CILEGON, today() - timedelta(days=1), today())
    assert list(Figure.objects.order_by("id").values()) == before


def test_what_is_told_late_is_counted_on_its_own_day_and_on_those_that_follow_from_it(cast: Cast) -> None:
    office = Office(cast, 1)
    code = play.in_transit(cast, "SUKET_EXCHANGE")
    happened = today()
    for _ in range(4):
        tomorrow()
        actions.freeze_due(CILEGON)
    # The courier's phone had no network for three days.
    office.random.seed(3)
    office.random.choice = lambda options: options[0]  # type: ignore[method-assign]
    office.deliver(at=clock.now() - timedelta(days=3))
    found = insight.series(CILEGON, ["finished.online", "open.online"], happened, today())
    assert [value for _on, value in found["finished.online"]] == [0, 0, 0, 0], code
    assert actions.freeze_due(CILEGON) == 3
    found = insight.series(CILEGON, ["finished.online", "open.online"], happened, today())
    assert [value for _on, value in found["finished.online"]] == [0, 1, 0, 0]
    assert [value for _on, value in found["open.online"]] == [1, 0, 0, 0]
    assert actions.check(CILEGON, [on for on, _value in found["open.online"]]) == 0


def test_a_figure_that_was_changed_is_found_at_night_and_told_to_the_head_until_it_is_right_again(cast: Cast) -> None:
    play.printed(cast)
    tomorrow()
    actions.freeze_due(CILEGON)
    assert actions.check_due(CILEGON) == 0
    Figure.objects.filter(measure="blanks.on_hand", kelurahan="").update(value=7)
    Frozen.objects.update(checked=None)
    assert actions.check_due(CILEGON) == 1
    assert actions.check_due(CILEGON) == 0, "once a night"
    alarm = Alarm.objects.get()
    assert (alarm.measure, alarm.frozen, alarm.counted, alarm.settled_at) == ("blanks.on_hand", 7, None, None)
    assert broken() == ["I18 no frozen figure is known to differ from the trail"]
    # The same difference is one alarm, however often it is found.
    assert actions.check(CILEGON, [alarm.on]) == 1
    assert Alarm.objects.count() == 1
    actions.freeze(CILEGON, alarm.on, today())
    assert actions.check(CILEGON, [alarm.on]) == 0
    assert Alarm.objects.get().settled_at is not None


@pytest.mark.parametrize(
    ("harm", "invariant"),
    [
        ("UPDATE insight_figure SET value = value + 1 WHERE measure = 'filed.online' AND kelurahan <> ''",
         "I18 the parts by kelurahan add up to the office"),
        ("DELETE FROM insight_figure WHERE measure = 'blanks.printed'", "I18 every frozen day has its row"),
        ("UPDATE applications_application SET submitted_at = submitted_at - interval '1 day'",
         "I18 when a request was filed and finished is what its trail says"),
        ("UPDATE suket_letter SET settled_at = settled_at - interval '1 day'",
         "I18 a settled Suket is settled in the trail, once and at that moment"),
    ],
)  # fmt: skip
def test_verify_finds(cast: Cast, harm: str, invariant: str) -> None:
    office = Office(cast, 5)
    office.random.choice = lambda options: options[0]  # type: ignore[method-assign]
    play.in_transit(cast, "SUKET_EXCHANGE")
    from loket.applications.models import Application
    from loket.suket.models import Letter

    resident = Application.objects.get(state="in_transit").resident_id
    Letter.objects.create(office_id=CILEGON, resident_id=resident, registered_at=clock.now() - timedelta(hours=1))
    office.deliver()
    tomorrow()
    actions.freeze_due(CILEGON)
    assert broken() == []
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(harm)
            assert cursor.rowcount
        assert broken() == [invariant]
        transaction.set_rollback(True)


def test_every_measure_is_one_row_with_one_sentence_and_one_source() -> None:
    for name, measure in MEASURES.items():
        assert measure.how.endswith(".")
        assert measure.how.count(". ") <= 1, name
        kinds = {other.kind for other in MEASURES.values() if other.source == measure.source}
        assert kinds == {measure.kind}, "a source counts one kind"
        assert not (measure.per_kelurahan and measure.kind == Kind.TYPICAL)
