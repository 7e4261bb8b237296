"""When a message may leave: pure decisions about age, windows, quiet hours, the day's reach and rates."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loket.conversations import pacing, rules
from loket.conversations.pacing import Course, Gates, Room, Waiting, judge
from loket.conversations.rules import Lane

AT = datetime(2020, 6, 3, 3, 0, tzinfo=UTC)
ZONE = "Asia/Jakarta"
SECOND, MINUTE, HOUR, DAY = (timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1))


def waiting(**changed: object) -> Waiting:
    values: dict[str, object] = {
        "lane": Lane.NOTICE, "notice": "choose", "asked_at": AT, "keeps": timedelta(days=7), "window_open": False,
        "reached": False, "has_template": True, "unwanted": False, "free_at": None,
    }  # fmt: skip
    return Waiting(**{**values, **changed})  # type: ignore[arg-type]


def room(**changed: object) -> Room:
    values: dict[str, object] = {"quiet_until": None, "reach": 10, "reserve": 0, "reach_frees_at": AT + HOUR}
    return Room(**{**values, **changed})  # type: ignore[arg-type]


@pytest.mark.parametrize(("ago", "is_open"), [(timedelta(0), True), (DAY - SECOND, True), (DAY, False), (DAY + SECOND, False)])
def test_the_window_is_open_for_24_hours_to_the_second(ago: timedelta, is_open: bool) -> None:
    assert rules.is_window_open(AT - ago, AT) is is_open


def test_inside_the_window_news_is_free_text_and_outside_it_is_a_template() -> None:
    assert judge(waiting(window_open=True), room(), AT).as_ == "text"
    assert judge(waiting(), room(), AT).as_ == "template"


def test_free_text_outside_the_window_has_ended_with_the_code_that_says_so() -> None:
    assert judge(waiting(notice="", lane=Lane.REPLY), room(), AT).code == "131047"


def test_news_without_an_approved_template_waits_and_says_why() -> None:
    verdict = judge(waiting(has_template=False), room(), AT)
    assert (verdict.as_, verdict.code) == ("", "no_template")
    assert verdict.until == AT + pacing.NO_TEMPLATE_PAUSE


@pytest.mark.parametrize(
    ("notice", "author", "lane", "keeps"),
    [
        ("welcome", "loket:bot", Lane.REPLY, timedelta(minutes=10)),
        ("choose", "loket:print", Lane.NOTICE, timedelta(days=7)),
        ("verified", "verifier", Lane.NOTICE, timedelta(days=3)),
        ("suket_invite", "loket:campaign", Lane.CAMPAIGN, timedelta(days=30)),
        ("", "verifier", Lane.REPLY, timedelta(days=30)),
    ],
)
def test_each_kind_is_worth_sending_for_a_time_of_its_own(notice: str, author: str, lane: Lane, keeps: timedelta) -> None:
    limit = pacing.keeps_for(notice, author, lane)
    assert limit == keeps
    assert judge(waiting(notice=notice, window_open=True, keeps=limit), room(), AT + limit - SECOND).code == ""
    assert judge(waiting(notice=notice, window_open=True, keeps=limit), room(), AT + limit).code == "too_old"


@pytest.mark.parametrize(
    ("hour", "minute", "until"), [(20, 59, None), (21, 0, 4), (23, 30, 4), (5, 59, 3), (6, 0, None), (12, 0, None)]
)
def test_quiet_hours_end_in_the_morning_of_the_office(hour: int, minute: int, until: int | None) -> None:
    local = datetime(2020, 6, 3, hour, minute, tzinfo=UTC) - 7 * HOUR
    end = pacing.quiet_until(local, ZONE, 21, 6)
    assert end is None if until is None else end == datetime(2020, 6, until, 6, tzinfo=UTC) - 7 * HOUR


def test_equal_hours_mean_that_no_hours_are_quiet() -> None:
    assert pacing.quiet_until(AT, ZONE, 21, 21) is None


def test_news_waits_for_the_morning_and_a_reply_does_not() -> None:
    night = room(quiet_until=AT + 5 * HOUR)
    assert judge(waiting(), night, AT).until == AT + 5 * HOUR
    assert judge(waiting(lane=Lane.REPLY, window_open=True), night, AT).as_ == "text"


def test_an_invitation_never_goes_to_whoever_wants_none_and_news_still_does() -> None:
    assert judge(waiting(lane=Lane.CAMPAIGN, unwanted=True), room(), AT).code == "opted_out"
    assert judge(waiting(unwanted=True), room(), AT).as_ == "template"


def test_the_last_person_of_the_day_goes_and_the_next_waits_for_the_first_to_stop_counting() -> None:
    left = room(reach=1)
    assert judge(waiting(), left, AT).as_ == "template"
    assert judge(waiting(), left, AT).until == AT + HOUR


def test_whoever_was_reached_today_costs_no_reach() -> None:
    left = room(reach=0)
    assert judge(waiting(reached=True), left, AT).as_ == "template"


def test_invitations_leave_the_reserve_to_news() -> None:
    left = room(reach=5, reserve=5)
    assert judge(waiting(lane=Lane.CAMPAIGN), left, AT).until
    assert judge(waiting(), left, AT).as_ == "template"


def test_without_a_limit_nothing_is_counted() -> None:
    assert judge(waiting(), room(reach=None), AT).as_ == "template"


def test_forty_five_messages_go_to_one_person_at_once_and_then_one_in_six_seconds() -> None:
    mark, sent = None, 0
    while pacing.contact_free_at(mark, AT) is None:
        mark, sent = pacing.contact_after(mark, AT), sent + 1
    assert sent == 45
    assert pacing.contact_free_at(mark, AT) == AT + 6 * SECOND
    assert pacing.contact_free_at(mark, AT + 6 * SECOND) is None
    assert pacing.contact_free_at(pacing.contact_after(mark, AT + 6 * SECOND), AT + 6 * SECOND) == AT + 12 * SECOND


@given(st.lists(st.integers(0, 400), min_size=1, max_size=300), st.integers(1, 70))
def test_however_it_is_asked_the_number_never_sends_more_than_its_rate_and_half_a_second_at_once(
    pauses: list[int], per_second: int
) -> None:
    mark, at, sent = None, AT, []
    for pause in pauses:
        at += timedelta(milliseconds=pause)
        free = pacing.slots(mark, at, per_second)
        if free:
            mark = pacing.after(mark, at, free, per_second)
        sent.append((at, free))
    for first, (start, _) in enumerate(sent):
        total = 0
        for when, count in sent[first:]:
            total += count
            assert total <= per_second * ((when - start).total_seconds() + 0.5) + 1


def test_a_clock_that_was_set_back_makes_nobody_wait() -> None:
    later = pacing.after(None, AT + 7 * DAY, 1, 10)
    assert pacing.slots(later, AT, 10) == 5
    assert pacing.contact_free_at(pacing.contact_after(None, AT + 7 * DAY), AT) is None


def size(**changed: object) -> int:
    values: dict[str, object] = {
        "tier": 2000, "used": 0, "underway": 0, "reserve": 0, "daily": None, "today": 0, "pilot_left": None,
    }  # fmt: skip
    return pacing.batch_size(**{**values, **changed})  # type: ignore[arg-type]


def test_a_batch_is_the_smallest_of_reach_operators_and_pilot() -> None:
    assert size() == 1000
    assert size(used=1500, underway=100) == 400
    assert size(used=1500, reserve=100) == 400
    assert size(daily=300, today=250) == 50
    assert size(pilot_left=7) == 7
    assert size(used=2000) == 0
    assert size(used=2500) == 0
    assert size(tier=None, used=9999) == 1000


@pytest.mark.parametrize(
    ("day", "hour", "may"), [(3, 8, True), (3, 15, True), (3, 16, False), (3, 7, False), (6, 10, False), (4, 10, False)]
)
def test_office_hours_of_a_campaign(day: int, hour: int, may: bool) -> None:
    at = datetime(2020, 6, day, hour, tzinfo=UTC) - 7 * HOUR
    assert pacing.may_invite_at(at, ZONE, {date(2020, 6, 4)}) is may


def test_gates_shut_by_share_from_enough_messages_on_and_by_waiting_at_once() -> None:
    open_ = Course(100, 5, 3, HOUR, "GREEN")
    assert pacing.shut_gate(open_, Gates()) == ""
    assert pacing.shut_gate(Course(100, 6, 0, HOUR, ""), Gates()) == "failed_share"
    assert pacing.shut_gate(Course(100, 0, 4, HOUR, ""), Gates()) == "opted_out_share"
    assert pacing.shut_gate(Course(49, 49, 49, HOUR, ""), Gates()) == ""
    assert pacing.shut_gate(Course(0, 0, 0, 4 * HOUR + SECOND, ""), Gates()) == "queue_age"
    assert pacing.shut_gate(Course(0, 0, 0, HOUR, "RED"), Gates()) == "quality"


def test_unknown_gates_are_refused() -> None:
    with pytest.raises(ValueError, match="unknown gates"):
        pacing.gates_from({"failde_most": 1})
