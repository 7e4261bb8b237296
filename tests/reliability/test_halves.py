"""Nothing is half done: what fails in the middle leaves no trace, and takes nothing else with it."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from loket import jobs
from loket.applications import drafts
from loket.applications.models import Draft
from loket.conversations import deliveries, gateways
from loket.conversations.models import Contact, Message
from loket.core import clock, crypto, media
from loket.core.ids import uuid7
from loket.delivery import actions as delivery
from loket.delivery import queries as parcels
from tests import cast as play
from tests import working
from tests.api.test_webhook import delivery as update
from tests.api.test_webhook import message
from tests.cast import CILEGON, Cast


def test_a_disk_that_takes_a_part_gets_the_rest(monkeypatch: pytest.MonkeyPatch, server: str) -> None:
    whole = os.write
    monkeypatch.setattr(media.os, "write", lambda descriptor, content: whole(descriptor, bytes(content[:1000])))
    row, content = uuid7(), os.urandom(5000)
    media.store([(row, content)], crypto.system_key())
    assert media.read(row, crypto.system_key()) == content
    media.delete([row])


def test_a_disk_that_is_full_leaves_no_file(monkeypatch: pytest.MonkeyPatch, server: str) -> None:
    def full(_descriptor: int, _content: bytes) -> int:
        raise OSError(28, "No space left on device")

    row = uuid7()
    monkeypatch.setattr(media.os, "write", full)
    with pytest.raises(OSError, match="No space"):
        media.store([(row, b"x" * 5000)], crypto.system_key())
    assert row not in set(media.orphans(set()))


class Post(gateways.Gateway):
    """Takes every message and says so."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    def send(self, to: str, composed: Any, *, window_open: bool, opaque: str) -> str:
        self.sent.append(opaque)
        return f"wamid.{opaque}"


def test_one_contact_that_does_not_open_keeps_no_other_message_back(cast: Cast) -> None:
    broken = play.file(cast)
    play.file(cast)
    contact = Message.objects.get(case_id=broken.id).contact_id
    Contact.objects.filter(pk=contact).update(data_key=os.urandom(60))
    via = Post()
    working.send_due(via)
    states = dict(Message.objects.values_list("contact_id", "state"))
    assert states.pop(contact) == "dead"
    assert set(states.values()) == {"sent"}


def test_one_form_that_does_not_open_keeps_no_step_from_its_turn(cast: Cast) -> None:
    drafts.start(contact=None, by=cast.resident, at=clock.now())
    Draft.objects.update(answers=os.urandom(60))
    play.printed(cast)
    clock.move_to(cast.at + timedelta(days=8))
    jobs.tend()
    assert Draft.objects.count() == 0
    assert Message.objects.filter(notice="choose_reminder").count() == 1


def test_an_update_that_fails_is_tried_again_later_and_then_counted(cast: Cast) -> None:
    pieces = deliveries.split(update(message()), "100000000000001")
    deliveries.keep(b"x", pieces)

    def fails(*_given: object) -> None:
        raise RuntimeError

    tried = []
    for passed in (0, 3, 3, 50, 11, 700):
        with connection.cursor() as cursor:
            cursor.execute("UPDATE conversations_event SET due_at = due_at - %s * interval '1 second'", [passed])
        working.drain(fails)
        with connection.cursor() as cursor:
            cursor.execute("SELECT tries FROM conversations_event")
            tried.append(cursor.fetchone()[0])
    assert tried == [1, 1, 2, 2, 3, 3]
    from loket.insight import queries as insight

    assert insight.attention(CILEGON).not_understood == 1


def test_an_odd_update_takes_none_of_the_others_with_it(cast: Cast) -> None:
    body = json.loads(update(message("wamid.1"), message("wamid.2")))
    changes = body["entry"][0]["changes"]
    changes.insert(0, {"field": "messages", "value": "odd"})
    changes[1]["value"]["messages"].insert(1, "odd")
    kinds = [piece.kind for piece in deliveries.split(json.dumps(body).encode(), "100000000000001")]
    assert sorted(kinds) == ["message", "message", "other", "other"]


def test_a_manifest_that_waits_for_the_post_is_never_out_of_sight(cast: Cast) -> None:
    codes = [play.printed(cast) for _ in range(3)]
    for code in codes:
        delivery.choose(code, "post", by=cast.resident, at=clock.now())
    first, _results = delivery.open_manifest([codes[0]], by=cast.dispatcher, at=clock.now())
    delivery.close_manifest(first.pk, 1, by=cast.dispatcher, at=clock.now())
    for code in codes[1:]:
        manifest, _results = delivery.open_manifest([code], by=cast.dispatcher, at=clock.now())
        delivery.close_manifest(manifest.pk, 1, by=cast.dispatcher, at=clock.now())
        delivery.hand_over(manifest.pk, [(code, "")], by=cast.courier, at=clock.now())
    assert [row.number for row in parcels.manifests(CILEGON, limit=1)] == [3, 1]


def test_two_workers_remind_once(cast: Cast) -> None:
    play.printed(cast)
    clock.move_to(cast.at + timedelta(days=4))
    silent = parcels.waiting_for_choice(CILEGON, clock.now() - timedelta(days=3))
    for _ in range(2):
        delivery.remind(silent, by=cast.admin, at=clock.now())
    assert Message.objects.filter(notice="choose_reminder").count() == 1
    assert uuid4()
