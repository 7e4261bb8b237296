"""Sending: who goes first, what follows from each failure, and that nothing is lost or doubled when an answer is."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, connections

from loket.conversations import actions as talks
from loket.conversations import gateways, outbox, outcomes
from loket.conversations.gateways import NotTaken, Unknown
from loket.conversations.keys import key_of
from loket.conversations.models import Alarm, Contact, Event, Message, Pace, Sender, Template
from loket.conversations.rules import Lane
from loket.core import clock
from loket.core.errors import Refusal
from loket.offices import queries as offices
from loket.offices.models import Office
from tests import cast as play
from tests import working
from tests.cast import CILEGON, Cast
from tests.conversations.conftest import Provider, contact, news, reply

GRACE_PASSED = "UPDATE conversations_message SET claimed_at = clock_timestamp() - %s * interval '1 minute' WHERE id = %s"


def send(provider: Provider, **more: Any) -> int:
    return working.send_due(provider, **more)


def state(message: Message) -> str:
    message.refresh_from_db()
    return message.state


def status(message: Message, name: str, code: int = 0, wamid: str = "wamid.x", opaque: bool = True) -> bool:
    update: dict[str, Any] = {"id": wamid, "status": name, "timestamp": "1"}
    if opaque:
        update["biz_opaque_callback_data"] = str(message.pk)
    if code:
        update["errors"] = [{"code": code}]
    return outcomes.climb(update, clock.now())


def grace_passes(message: Message, minutes: int = 16) -> None:
    with connection.cursor() as cursor:
        cursor.execute(GRACE_PASSED, [minutes, message.pk])


def sender() -> Sender:
    return Sender.objects.get(pk=CILEGON)


# --- who goes first ---


def test_replies_go_before_news_and_news_before_invitations(cast: Cast, provider: Provider) -> None:
    news(contact(1))
    reply(contact(2, wrote_at=clock.now()))
    news(contact(3))
    reply(contact(4, wrote_at=clock.now()))
    send(provider)
    assert provider.notices == ["welcome", "welcome", "verified", "verified"]


def test_what_a_resident_has_just_done_is_answered_like_what_she_wrote(cast: Cast) -> None:
    play.file(cast)
    assert Message.objects.get(notice="received").lane == Lane.REPLY


def test_messages_to_one_person_go_one_after_another(cast: Cast, provider: Provider) -> None:
    her = contact(1, wrote_at=clock.now())
    first, second = news(her, "verified"), news(her, "in_line")
    assert send(provider) == 1
    assert (state(first), state(second)) == ("sent", "queued")
    assert send(provider) == 1
    assert provider.notices == ["verified", "in_line"]


def test_a_message_that_must_wait_holds_back_what_was_queued_after_it(cast: Cast, provider: Provider) -> None:
    her = contact(1, wrote_at=clock.now())
    first, second = news(her, "verified"), news(her, "in_line")
    provider.answers = [NotTaken(131016, 503)]
    send(provider)
    assert send(provider) == 0
    assert (state(first), state(second)) == ("queued", "queued")


def test_a_reply_never_waits_behind_news_that_must_wait(cast: Cast, provider: Provider) -> None:
    her = contact(1, wrote_at=clock.now())
    news(her)
    provider.answers = [NotTaken(131016, 503)]
    send(provider)
    reply(her)
    send(provider)
    assert provider.notices == ["welcome"]


def test_forty_six_replies_to_one_person_are_forty_five_and_one_that_waits(cast: Cast, provider: Provider) -> None:
    her = contact(1, wrote_at=clock.now())
    for _ in range(46):
        reply(her)
    while send(provider):
        clock.move_to(clock.now() + timedelta(milliseconds=1))
    assert len(provider.taken) == 45
    clock.move_to(clock.now() + timedelta(seconds=7))
    send(provider)
    assert len(provider.taken) == 46


def test_news_waits_for_the_morning_and_a_reply_goes_at_night(cast: Cast, provider: Provider) -> None:
    clock.move_to(cast.at + timedelta(hours=13))
    waits = news(contact(1))
    goes = reply(contact(2, wrote_at=clock.now()))
    send(provider)
    assert (state(waits), state(goes)) == ("queued", "sent")
    clock.move_to(cast.at + timedelta(hours=21, minutes=1))
    send(provider)
    assert state(waits) == "sent"


def test_a_menu_that_is_ten_minutes_late_is_not_sent_and_news_is(cast: Cast, provider: Provider) -> None:
    late, still = reply(contact(1, wrote_at=clock.now())), news(contact(2))
    clock.move_to(clock.now() + timedelta(minutes=11))
    send(provider)
    assert (state(late), late.error) == ("dead", "too_old")
    assert state(still) == "sent"


# --- window and templates ---


def test_the_window_decides_between_free_text_and_template_at_the_moment_of_sending(cast: Cast, provider: Provider) -> None:
    news(contact(1, wrote_at=clock.now() - timedelta(hours=24) + timedelta(seconds=5)))
    news(contact(2, wrote_at=clock.now() - timedelta(hours=24)))
    send(provider)
    assert [(is_open, composed.template) for _, composed, is_open in provider.taken] == [(True, ""), (False, "loket_verified_v1")]


def test_a_template_carries_each_value_by_its_name_and_on_one_line(cast: Cast, provider: Provider) -> None:
    talks.notify(
        [talks.Notice(contact(1).pk, "needs_fix", None, {"code": "7K4M2QX9T3A", "until": "2020-06-16"}, {"reason": "Foto\nburam"})],
        by=cast.verifier, at=clock.now(),
    )  # fmt: skip
    send(provider)
    call = gateways.template(provider.taken[0][1])["template"]
    assert call["components"][0]["parameters"] == [
        {"type": "text", "parameter_name": "code", "text": "7K4M-2QX9-T3A"},
        {"type": "text", "parameter_name": "reason", "text": "Foto buram"},
        {"type": "text", "parameter_name": "until", "text": "16 Juni 2020"},
    ]


def test_free_text_whose_window_has_shut_fails_and_says_so(cast: Cast, provider: Provider) -> None:
    her = contact(1, wrote_at=clock.now())
    message = talks.answer(her.pk, "Bisa diambil besok.", by=cast.counter, at=clock.now())
    clock.move_to(clock.now() + timedelta(hours=25))
    send(provider)
    assert (state(message), message.error) == ("failed", "131047")
    assert not provider.taken


def test_when_the_provider_says_that_the_window_is_shut_the_same_message_goes_as_a_template(cast: Cast, provider: Provider) -> None:
    her = contact(1, wrote_at=clock.now())
    message = news(her)
    provider.answers = [NotTaken(131047, 400)]
    send(provider)
    send(provider)
    assert [is_open for _, _, is_open in provider.taken] == [False]
    assert state(message) == "sent"
    assert message.sent_as == "template"


# --- the day's reach ---


def tier(people: int | None, reserve: int = 0) -> None:
    Sender.objects.update_or_create(office_id=CILEGON, defaults={"tier": people})
    Office.objects.filter(pk=CILEGON).update(settings={"notice_reserve": reserve})
    offices.forget()


def test_the_reach_of_a_day_counts_people_outside_a_window_once(cast: Cast, provider: Provider) -> None:
    tier(2)
    one, two, three = contact(1), contact(2), contact(3)
    inside = contact(4, wrote_at=clock.now())
    for her in (one, one, two, three, inside):
        news(her)
    for _ in range(4):
        send(provider)
    assert sorted(Message.objects.filter(state="sent").values_list("contact_id", flat=True)) == sorted(
        [one.pk, one.pk, two.pk, inside.pk]
    )
    clock.move_to(clock.now() + timedelta(hours=24, minutes=2))
    send(provider)
    assert Message.objects.filter(state="sent").count() == 5


def test_who_was_never_delivered_to_gives_her_place_back(cast: Cast, provider: Provider) -> None:
    tier(1)
    first, second = news(contact(1)), news(contact(2))
    send(provider)
    assert status(first, "failed", 131026, wamid=f"wamid.{first.pk}.1")
    assert (state(first), first.error, first.reach_at) == ("failed", "131026", None)
    Message.objects.filter(pk=second.pk).update(due_at=clock.now())
    send(provider)
    assert state(second) == "sent"


def test_a_day_counts_from_delivery(cast: Cast, provider: Provider) -> None:
    message = news(contact(1))
    send(provider)
    clock.move_to(clock.now() + timedelta(hours=5))
    status(message, "delivered")
    state(message)
    assert message.reach_at == clock.now() or abs(message.reach_at - clock.now()) < timedelta(seconds=5)


@pytest.mark.parametrize("workers", [4])
def test_however_many_workers_claim_the_reach_of_a_day_is_not_exceeded(fresh: str, workers: int) -> None:
    play.build()
    tier(25)
    for number in range(60):
        news(contact(number))
    provider, lock = Provider(), threading.Lock()
    plain = provider.send

    def guarded(*given: Any, **more: Any) -> str:
        with lock:
            return plain(*given, **more)

    provider.send = guarded  # type: ignore[method-assign]

    def work(_number: int) -> None:
        try:
            for _ in range(6):
                send(provider, limit=5)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(work, range(workers)))
    assert len(provider.taken) == 25
    assert len({opaque for opaque, _, _ in provider.taken}) == 25


def test_many_senders_at_once_send_everything_once(fresh: str) -> None:
    play.build()
    tier(None)
    Office.objects.filter(pk=CILEGON).update(settings={"wa_per_second": 1000})
    offices.forget()
    for number in range(40):
        reply(contact(number, wrote_at=clock.now()))
    provider = Provider()
    post = outbox.Post(provider, outbox.REPLIES, slots=6)
    for _ in range(200):
        if not Message.objects.filter(state__in=["queued", "sending"]).exists():
            break
        post.turn()
    post.close()
    assert len(provider.taken) == 40
    assert Message.objects.filter(state="sent").count() == 40


# --- what follows from a failure ---


def test_a_rate_of_the_number_holds_everybody_and_costs_no_try(cast: Cast, provider: Provider) -> None:
    first, second = reply(contact(1, wrote_at=clock.now())), reply(contact(2, wrote_at=clock.now()))
    provider.answers = [NotTaken(130429, 429, 7)]
    send(provider, limit=1)
    assert send(provider) == 0
    assert state(first) == "queued"
    assert first.tries == 0
    clock.move_to(clock.now() + timedelta(seconds=8))
    assert send(provider) == 2
    assert (state(first), state(second)) == ("sent", "sent")


def test_a_rate_of_one_person_holds_only_her_for_four_to_the_power_of_times(cast: Cast, provider: Provider) -> None:
    her, other = contact(1, wrote_at=clock.now()), contact(2, wrote_at=clock.now())
    reply(her)
    for pause in (4, 16, 64):
        provider.answers = [NotTaken(131056, 400)]
        send(provider)
        assert abs((Pace.objects.get(pk=her.pk).hold_until - clock.now()).total_seconds() - pause) < 1
        clock.move_to(clock.now() + timedelta(seconds=pause + 1))
    reply(other)
    send(provider)
    assert len(provider.taken) == 2
    assert Pace.objects.get(pk=her.pk).holds == 0


@pytest.mark.parametrize("code", [190, 368, 131031, 131042])
def test_a_stopped_account_sends_nothing_loses_nothing_and_waits_for_a_person(cast: Cast, provider: Provider, code: int) -> None:
    first, second = news(contact(1)), reply(contact(2, wrote_at=clock.now()))
    provider.answers = [NotTaken(code, 400)]
    send(provider, limit=1)
    clock.move_to(clock.now() + timedelta(minutes=5))
    assert send(provider) == 0
    assert sender().stopped_why == str(code)
    assert Alarm.objects.filter(code="sending_stopped", subject=str(code)).exists()
    assert {state(first), state(second)} == {"queued"}
    with pytest.raises(Refusal):
        talks.resume_sending(by=cast.counter, at=clock.now())
    talks.resume_sending(by=cast.admin, at=clock.now())
    send(provider)
    assert {state(first), state(second)} == {"sent"}


def test_a_number_without_whatsapp_has_ended_and_says_why(cast: Cast, provider: Provider) -> None:
    message = news(contact(1))
    provider.answers = [NotTaken(131026, 400)]
    send(provider)
    assert (state(message), message.error) == ("failed", "131026")


def test_a_template_that_does_not_fit_is_a_dead_letter_and_is_not_used_again(cast: Cast, provider: Provider) -> None:
    message, later = news(contact(1)), news(contact(2))
    provider.answers = [NotTaken(132000, 400)]
    send(provider, limit=1)
    assert (state(message), message.error) == ("dead", "132000")
    assert Template.objects.get(name="loket_verified_v1", language="id").blocked_why == "132000"
    send(provider)
    assert (state(later), later.error) == ("queued", "no_template")


def test_what_fails_again_and_again_ends_as_a_dead_letter(cast: Cast, provider: Provider) -> None:
    message = news(contact(1, wrote_at=clock.now()))
    for _ in range(8):
        provider.answers = [NotTaken(131016, 503)]
        assert send(provider) == 1
        clock.move_to(clock.now() + timedelta(minutes=20))
    assert (state(message), message.error) == ("dead", "tried_often")


def test_every_invitation_code_suppresses_the_person(cast: Cast, provider: Provider) -> None:
    her = contact(1)
    news(her)
    provider.answers = [NotTaken(131050, 400)]
    send(provider)
    her.refresh_from_db()
    assert her.opted_out_at


# --- lost answers ---


def test_a_lost_answer_is_closed_by_its_status(cast: Cast, provider: Provider) -> None:
    message = news(contact(1))
    provider.answers = [Unknown("ReadTimeout")]
    send(provider)
    assert state(message) == "unknown"
    assert status(message, "delivered", wamid="wamid.lost")
    assert state(message) == "delivered"
    assert message.provider_id == key_of("wamid.lost")
    grace_passes(message)
    outcomes.sweep()
    send(provider)
    assert len(provider.taken) == 1


def test_news_whose_answer_was_lost_goes_again_after_the_grace_in_the_same_words(cast: Cast, provider: Provider) -> None:
    message = news(contact(1, wrote_at=clock.now()))
    provider.answers = [Unknown("ReadTimeout")]
    send(provider)
    grace_passes(message, 14)
    assert outcomes.sweep() == 0, "its status may still wait for the provider's next try"
    grace_passes(message)
    clock.move_to(clock.now() + timedelta(minutes=3))
    assert outcomes.sweep() == 1
    send(provider)
    assert state(message) == "sent"
    assert provider.taken[0][1] == provider.taken[1][1]


def test_behind_a_busy_inbox_nothing_goes_again(cast: Cast, provider: Provider) -> None:
    message = news(contact(1, wrote_at=clock.now()))
    provider.answers = [Unknown("ReadTimeout")]
    send(provider)
    waiting = Event.objects.create(kind="status", key="status|1", payload=b"", received_at=datetime.now(UTC) - timedelta(minutes=14))
    grace_passes(message)
    assert outcomes.sweep() == 0, "its status may be among those that nobody has read yet"
    Event.objects.filter(pk=waiting.pk).update(error="unmatched")
    assert outcomes.sweep() == 1


def test_what_an_officer_wrote_is_never_sent_twice_by_itself(cast: Cast, provider: Provider) -> None:
    her = contact(1, wrote_at=clock.now())
    message = talks.answer(her.pk, "Silakan datang besok.", by=cast.counter, at=clock.now())
    provider.answers = [Unknown("ReadTimeout")]
    send(provider)
    grace_passes(message)
    outcomes.sweep()
    send(provider)
    assert (state(message), message.error) == ("dead", "no_answer")
    assert len(provider.taken) == 1
    assert status(message, "delivered")
    assert (state(message), message.error) == ("delivered", "")


def test_a_sender_that_dies_between_claim_and_answer_doubles_nothing_an_officer_wrote(cast: Cast, provider: Provider) -> None:
    her = contact(1, wrote_at=clock.now())
    hers = talks.answer(her.pk, "Silakan datang besok.", by=cast.counter, at=clock.now())
    ours = news(contact(2, wrote_at=clock.now()))
    assert len(outbox.claim(provider, 10)) == 2
    grace_passes(hers, 3)
    grace_passes(ours, 3)
    outcomes.sweep()
    send(provider)
    assert (state(hers), state(ours)) == ("dead", "sent")


def test_what_failed_at_the_provider_while_its_sender_died_is_not_sent_a_second_time(cast: Cast, provider: Provider) -> None:
    message = news(contact(1, wrote_at=clock.now()))
    assert len(outbox.claim(provider, 10)) == 1
    assert not status(message, "failed", 131026), "asked again, once our own answer is here"
    grace_passes(message, 3)
    assert outcomes.sweep() == 1
    assert state(message) == "sent"
    assert status(message, "failed", 131026)
    send(provider)
    assert (state(message), provider.taken) == ("failed", [])


# --- statuses ---


def test_a_status_that_comes_before_our_own_answer_is_not_taken_back(cast: Cast, provider: Provider) -> None:
    message = news(contact(1))
    provider.before_answering = lambda _opaque: None if status(message, "delivered") else None
    send(provider)
    assert state(message) == "delivered"


def test_a_failure_that_comes_before_our_own_answer_waits_for_it(cast: Cast, provider: Provider) -> None:
    message = news(contact(1))
    told: list[bool] = []
    provider.before_answering = lambda _opaque: told.append(status(message, "failed", 131026))
    send(provider)
    assert told == [False]
    assert state(message) == "sent"
    assert status(message, "failed", 131026, wamid=f"wamid.{message.pk}.1")
    assert state(message) == "failed"


def test_failed_after_delivered_is_a_flag_and_no_step_down_in_either_order(cast: Cast, provider: Provider) -> None:
    first, second = news(contact(1)), news(contact(2))
    send(provider)
    for name, code in (("delivered", 0), ("failed", 131026)):
        status(first, name, code, wamid=f"wamid.{first.pk}.1")
    for name, code in (("failed", 131026), ("delivered", 0)):
        status(second, name, code, wamid=f"wamid.{second.pk}.2")
    assert (state(first), first.error) == ("delivered", "131026")
    assert first.failed_at
    assert (state(second), second.error) == ("delivered", "131026")


def test_statuses_climb_whatever_their_order(cast: Cast, provider: Provider) -> None:
    message = news(contact(1))
    send(provider)
    seen = []
    for name in ("delivered", "sent", "read", "delivered"):
        status(message, name)
        seen.append(state(message))
    assert seen == ["delivered", "delivered", "read", "read"]


def test_a_status_nobody_knows_is_asked_again_later(cast: Cast) -> None:
    assert not outcomes.climb({"id": "wamid.?", "status": "sent"}, clock.now())
    assert outcomes.climb({"id": "wamid.?", "status": "played"}, clock.now())


def test_a_failure_told_later_goes_through_the_same_table(cast: Cast, provider: Provider) -> None:
    her = contact(1, wrote_at=clock.now())
    message = news(her)
    send(provider)
    assert status(message, "failed", 131047, wamid=f"wamid.{message.pk}.1")
    assert state(message) == "queued"
    send(provider)
    assert [is_open for _, _, is_open in provider.taken] == [True, False]
    # The first failure, told once more, is about a try that is over.
    assert status(message, "failed", 131047, wamid=f"wamid.{message.pk}.1")
    assert state(message) == "sent"


# --- by hand ---


class Hand(Provider):
    by_hand = True


def test_without_a_provider_a_person_sends_and_says_so(cast: Cast) -> None:
    message = news(contact(1))
    hand = Hand()
    send(hand)
    assert state(message) == "by_hand"
    assert not hand.taken
    with pytest.raises(Refusal):
        talks.sent_by_hand(message.pk, by=cast.stranger, at=clock.now())
    for _ in range(2):
        talks.sent_by_hand(message.pk, by=cast.counter, at=clock.now())
    assert (state(message), message.sent_as) == ("sent", "hand")


def test_a_contact_without_number_or_id_is_a_dead_letter(cast: Cast, provider: Provider) -> None:
    her = contact(1)
    message = news(her)
    Contact.objects.filter(pk=her.pk).update(phone=None, phone_index=None)
    send(provider)
    assert (state(message), message.error) == ("dead", "no_address")
