"""Frozen figures: they follow from the trail, whatever happened and however late it was written down."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loket.applications import actions as applications
from loket.applications.filing import Paper
from loket.applications.models import Application
from loket.core import clock
from loket.delivery import actions as delivery
from loket.delivery import queries as parcels
from loket.delivery.actions import Pickup, Scan
from loket.insight import actions, invariants
from loket.insight import queries as insight
from loket.insight.measures import MEASURES, Kind
from loket.insight.models import Alarm, Figure, Frozen
from loket.offices import queries as offices
from loket.printing import actions as printing
from loket.suket.models import Letter
from loket.visits import actions as visits
from tests import cast as play
from tests.cast import CILEGON, Cast
from tests.insight.history import ZONE, Office, second_opinion

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
@given(seed=st.integers(0, 2**32), stops=st.lists(st.integers(8, 20), min_size=2, max_size=4))
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


def test_a_request_with_everything_in_it_is_counted_as_it_was(cast: Cast) -> None:
    """Recorded, returned, corrected after its promise had passed, printed, sent, brought home, forgotten, and fetched at last."""
    wanted = play.filing("KTP_NEW")
    filed = clock.now()

    def pass_(days: int) -> None:
        clock.move_to(clock.now() + timedelta(days=days))

    code = applications.file(wanted, by=cast.resident, at=filed).code
    pass_(1)
    applications.decide([applications.Verdict(code, "return", "Foto buram sekali.", ("kk",))], by=cast.verifier, at=clock.now())
    for result in ("repeat", "recorded"):
        pass_(1)
        visits.record(nik=wanted.nik, name=wanted.name, birth_date=None, kecamatan=f"{CILEGON}.01", result=result,
                      reason="buram" if result == "repeat" else "", key=result, by=cast.recorder, at=clock.now())  # fmt: skip
    pass_(17)
    corrected = clock.now()
    applications.correct(code, [Paper("kk", play.photo(1))], {}, by=cast.resident, at=corrected)
    play.print_ready(cast, wanted.nik)
    pass_(3)
    applications.decide([applications.Verdict(code, "approve")], by=cast.verifier, at=clock.now())
    play.blanks(cast, 1)
    batch, _codes = printing.open_batch(1, by=cast.printer, at=clock.now())
    printing.settle(batch.pk, [printing.Outcome(code, "printed")], by=cast.printer, at=clock.now())
    printed = today()
    delivery.choose(code, "post", by=cast.resident, at=clock.now())
    manifest, _results = delivery.open_manifest([code], by=cast.dispatcher, at=clock.now())
    delivery.close_manifest(manifest.pk, 1, by=cast.dispatcher, at=clock.now())
    delivery.hand_over(manifest.pk, [(code, "")], by=cast.courier, at=clock.now())
    pass_(1)
    delivery.deliver([Scan(code, "a1", "returned", reason="not_home")], by=cast.courier, at=clock.now())
    delivery.choose(code, "pickup", by=cast.resident, at=clock.now())
    pass_(20)
    secret = parcels.pickup_code(Application.objects.get(code=code))
    assert delivery.collect([Pickup(code, secret, "Siti", "self", "none")], by=cast.counter, at=clock.now())[0].problem is None
    fetched = today()
    tomorrow()
    actions.freeze_due(CILEGON)

    first = filed.astimezone(ZONE).date()
    told = second_opinion(first, fetched)
    for day, values in told.items():
        assert {key: value for key, value in actions.frozen(CILEGON, day).items() if again(key[0])} == values, day
    on = insight.series(CILEGON, list(MEASURES), first, fetched + timedelta(days=1))
    days = {name: [day for day, value in values if value] for name, values in on.items()}
    # Not while it was with the resident: overdue from the day of the correction until it was printed.
    assert (days["open.overdue"][0], len(days["open.overdue"])) == (corrected.astimezone(ZONE).date(), 3)
    assert days["cards.uncollected"][0] == printed + timedelta(days=14)
    assert fetched not in days["cards.uncollected"]
    assert dict(on["visits.online"])[fetched] == 3, "two recordings and one way to the counter"
    assert dict(on["waiting.median.online"])[printed] == 3 * 1440, "counted from the paper that was missing"
    assert days["promises.broken"] == [printed]
    assert (days["chosen.post"], days["chosen.pickup"]) == ([printed], [printed + timedelta(days=1)])


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
    assert broken() == ["I22 no frozen figure is known to differ from the trail"]
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
         "I22 the parts by kelurahan add up to the office"),
        ("DELETE FROM insight_figure WHERE measure = 'blanks.printed'", "I22 every frozen day has its row"),
        ("UPDATE applications_application SET submitted_at = submitted_at - interval '1 day'",
         "I22 when a request was filed and finished is what its trail says"),
        ("UPDATE suket_letter SET settled_at = settled_at - interval '1 day'",
         "I22 a settled Suket is settled in the trail, once and at that moment"),
    ],
)  # fmt: skip
def test_verify_finds(cast: Cast, harm: str, invariant: str) -> None:
    office = Office(cast, 5)
    office.random.choice = lambda options: options[0]  # type: ignore[method-assign]
    play.in_transit(cast, "SUKET_EXCHANGE")
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
