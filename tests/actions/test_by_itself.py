"""What happens without anybody pressing a button: reminders and promises that slipped."""

from __future__ import annotations

from datetime import timedelta

from loket import jobs
from loket.applications import actions as applications
from loket.applications.models import Application
from loket.conversations.models import Message
from loket.core import clock
from loket.core.actor import system
from loket.offices import queries as offices
from tests import cast as play
from tests.cast import CILEGON, Cast


def _slips() -> int:
    return applications.slip_overdue(by=system(CILEGON, "slips"), at=clock.now())


def _told(code: str) -> list[str]:
    case = Application.objects.get(code=code).pk
    return list(Message.objects.filter(case_id=case).order_by("seq").values_list("notice", flat=True))


def test_whoever_does_not_choose_is_asked_again_after_some_days_and_not_at_once(cast: Cast) -> None:
    code = play.printed(cast)
    before = _told(code)
    assert jobs.remind_of_choice(CILEGON) == 0
    wait = offices.office(CILEGON).settings.remind_after_days
    clock.move_to(cast.at + timedelta(days=wait, minutes=1))
    assert jobs.remind_of_choice(CILEGON) == 1
    assert jobs.remind_of_choice(CILEGON) == 0
    assert len(_told(code)) == len(before) + 1


def test_a_promise_that_was_not_kept_gets_a_new_date_and_the_resident_hears_it(cast: Cast) -> None:
    code = play.file(cast).code
    promised = Application.objects.get(code=code).promise_on
    assert _slips() == 0
    clock.move_to(cast.at + timedelta(days=(promised - cast.at.date()).days + 1))
    assert _slips() == 1
    assert _slips() == 0
    assert Application.objects.get(code=code).promise_on > clock.now().date()
    assert len(_told(code)) == 2
