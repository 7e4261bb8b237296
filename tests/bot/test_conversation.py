"""What residents write, and the one message that answers it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from loket.audit.models import Entry
from loket.bot import conversation, words
from loket.conversations import actions as talks
from loket.conversations.inbox import Incoming
from loket.conversations.models import Contact, Message
from loket.core import clock, codes
from loket.delivery import actions as delivery
from tests import cast as play
from tests.cast import CILEGON, Cast

PHONE = "+6289900123456"


def contact() -> Contact:
    return talks.contact_by_user(bsuid=None, phone=PHONE, name="Siti", office=CILEGON, at=clock.now())


def say(text: str = "", *, button: str = "", kind: str = "text", late: timedelta = timedelta()) -> list[str]:
    """Write to the office; the names of the messages that answer."""
    before = set(Message.objects.values_list("pk", flat=True))
    at = clock.now()
    conversation.turn(contact(), Incoming("wamid.x", kind, text, button, "", "", PHONE, "Siti", at - late), at)
    return list(Message.objects.exclude(pk__in=before).order_by("seq").values_list("notice", flat=True))


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Halo", "menu"), ("punten", "menu"), ("mau tukar suket", "apply"), ("KTP ilang", "apply"), ("gawe ktp", "apply"),
        ("udah jadi blm?", "status"), ("tos rampung?", "status"), ("2", "status"), ("minta petugas", "person"),
        ("tulung", "person"), ("batal aja", "cancel"), ("wurung", "cancel"), ("BERHENTI", "stop"), ("english please", "english"),
        ("asdf", ""), ("", ""),
    ],
)  # fmt: skip
def test_the_usual_words_are_understood(text: str, intent: str) -> None:
    assert words.intent(text) == intent


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("halo", "welcome"), ("mau urus ktp", "form_link"), ("status", "status_none"), ("petugas", "person_open"),
        ("batal", "status_none"), ("berhenti", "stopped"), ("english", "welcome"), ("nik saya 3672015705900001", "form_link_kindly"),
        ("#KTP#3672015705900001#Siti", "form_link_kindly"), ("qwerty", "welcome"),
    ],
)  # fmt: skip
def test_each_message_is_answered_by_one(cast: Cast, text: str, answer: str) -> None:
    assert say(text) == [answer]


def test_a_photo_is_answered_later_with_all_that_came_at_once(cast: Cast) -> None:
    at = clock.now()
    conversation.turn(contact(), Incoming("wamid.x", "image", "status", "", "1", "", PHONE, "Siti", at), at)
    assert not Message.objects.exists()


def test_three_failed_tries_call_a_person(cast: Cast) -> None:
    assert [say("qwerty") for _ in range(3)] == [["welcome"], ["not_understood"], ["person_open"]]
    assert contact().waiting_since is not None
    assert say("halo") == ["welcome"]


def test_the_bot_is_silent_while_a_person_has_the_chat_and_for_what_came_late(cast: Cast) -> None:
    assert say("halo", late=timedelta(hours=2)) == []
    talks.claim(contact().pk, by=cast.counter, at=clock.now())
    assert say("halo") == []
    talks.release(contact().pk, by=cast.counter, at=clock.now())
    assert say("halo") == ["welcome"]


def test_her_own_request_is_shown_with_its_state(cast: Cast) -> None:
    code = play.file(cast, phone=PHONE).code
    assert say("status") == ["status_list"]
    line = Message.objects.filter(notice="status_list").latest("seq").params["lines"]
    assert line.startswith(f"*{codes.shown(code)}*: sedang diperiksa. Urutan 1.")


def test_a_button_chooses_only_for_ones_own_case(cast: Cast) -> None:
    mine, other = play.printed(cast, phone=PHONE), play.printed(cast)
    assert say(button=f"choose:1:post:{other}") == ["welcome"]
    assert say(button=f"choose:1:post:{mine}") == ["chosen_post"]
    manifest, _results = delivery.open_manifest([mine], by=cast.dispatcher, at=clock.now())
    delivery.close_manifest(manifest.pk, 1, by=cast.dispatcher, at=clock.now())
    assert say(button=f"choose:1:pickup:{mine}") == ["refused"]


def test_not_me_calls_a_person_at_once(cast: Cast) -> None:
    assert say(button=f"received:1:notme:{play.file(cast).code}") == ["not_me"]
    assert contact().waiting_since is not None


def test_stopping_stands_in_the_trail_and_english_stays(cast: Cast) -> None:
    say("stop")
    assert contact().opted_out_at is not None
    assert Entry.objects.filter(action="chat.opt_out").count() == 1
    say("english")
    assert contact().language == "en"
