"""The provider's door: only signed bytes, every update once, whatever the order and however often."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from loket.api import hooks
from loket.bot import conversation
from loket.conversations import inbox, outbox
from loket.conversations.actions import key_of
from loket.conversations.models import Contact, Message
from loket.core import clock, codes
from tests import cast as play
from tests.cast import Cast
from tests.conftest import _connect
from wa_emulator.shapes import sign

PHONE = "6289900123456"


@pytest.fixture(autouse=True)
def _ours(settings: Any) -> None:
    settings.WA_APP_SECRET, settings.WA_PHONE_ID, settings.WA_VERIFY_TOKEN = "rahasia-uji", "100000000000001", "token-uji"


def message(id_: str = "wamid.1", text: str = "halo", **more: Any) -> dict[str, Any]:
    return {
        "from": PHONE, "id": id_, "timestamp": str(int(clock.now().timestamp())), "type": "text",
        "text": {"body": text}, **more,
    }  # fmt: skip


def delivery(*messages: dict[str, Any], statuses: list[dict[str, Any]] | None = None, number: str | None = None) -> bytes:
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "62254000000", "phone_number_id": number or settings.WA_PHONE_ID},
        "contacts": [{"profile": {"name": "Siti"}, "wa_id": PHONE}],
        **({"messages": list(messages)} if messages else {}),
        **({"statuses": statuses} if statuses else {}),
    }
    return json.dumps(
        {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [{"field": "messages", "value": value}]}]}
    ).encode()


def post(body: bytes, signature: str | None = None) -> str:
    told: list[str] = []
    environ = {
        "PATH_INFO": "/hooks/whatsapp", "REQUEST_METHOD": "POST", "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        "HTTP_X_HUB_SIGNATURE_256": sign(settings.WA_APP_SECRET, body) if signature is None else signature,
    }  # fmt: skip
    list(hooks.answer(environ, lambda status, _headers: told.append(status)))
    return told[0][:3]


def events() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM conversations_event")
        return int(cursor.fetchone()[0])


def understand() -> None:
    while inbox.drain(conversation.turn):
        pass


@pytest.mark.parametrize("signature", ["", "sha256=", "sha256=" + "0" * 64, "sha1=abc", "sha256=" + "é" * 64])
def test_a_forged_signature_is_refused_and_leaves_no_trace(cast: Cast, signature: str) -> None:
    assert post(delivery(message()), signature) == "401"
    assert events() == 0


def test_one_changed_byte_breaks_the_signature(cast: Cast) -> None:
    body = delivery(message())
    assert post(body.replace(b"halo", b"hola"), sign(settings.WA_APP_SECRET, body)) == "401"


def test_a_message_sent_four_times_is_one_message_with_one_answer(cast: Cast) -> None:
    for text in (delivery(message()), delivery(message()), delivery(message(), message("wamid.2", "menu")), delivery(message())):
        assert post(text) == "200"
        understand()
    assert Message.objects.filter(outgoing=False).count() == 2
    assert Message.objects.filter(outgoing=True).count() == 2


def said() -> str:
    """The newest answer as it was queued."""
    answer = Message.objects.filter(outgoing=True).latest("seq")
    return f"{answer.notice} {json.dumps(answer.params, ensure_ascii=False)}"


def test_a_code_from_another_number_shows_its_state_and_gives_no_link(cast: Cast) -> None:
    code = play.file(cast).code
    post(delivery(message(text=codes.shown(code).lower())))
    understand()
    assert said().startswith("status_elsewhere")
    assert "sedang diperiksa" in said()
    # The parameter from which a link to the case would be made.
    assert '"code"' not in said()


def test_an_unknown_code_and_a_nik_in_the_chat_are_answered(cast: Cast) -> None:
    post(delivery(message(text=codes.shown(codes.generate()))))
    understand()
    assert said().startswith("code_unknown")
    post(delivery(message("wamid.2", "NIK saya 367201570590001")))
    understand()
    assert said().startswith("form_link_kindly")
    assert "3672015" not in said()


def test_unknown_types_and_fields_are_kept_and_hurt_nobody(cast: Cast) -> None:
    strange = {"from": PHONE, "id": "wamid.9", "timestamp": "1591063200", "type": "hologram", "hologram": {"x": 1}}
    assert post(delivery(strange, message("wamid.10", new_field={"a": [1]}))) == "200"
    assert post(json.dumps({"object": "whatsapp_business_account", "entry": [{"changes": [{"field": "news"}]}]}).encode()) == "200"
    understand()
    assert Message.objects.filter(provider_id=key_of("wamid.10")).exists()


def test_a_number_that_is_not_ours_is_answered_and_raises_an_alarm(cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        assert post(delivery(message(), number="999")) == "200"
    understand()
    assert "not ours" in caplog.text
    assert not Contact.objects.exists()


def test_statuses_only_climb_whatever_their_order(cast: Cast) -> None:
    post(delivery(message()))
    understand()
    sent = Message.objects.get(outgoing=True)
    Message.objects.filter(pk=sent.pk).update(state="sent", provider_id=key_of("wamid.out"))
    for name in ("read", "delivered", "sent", "read"):
        post(delivery(statuses=[{"id": "wamid.out", "status": name, "timestamp": "1591063200", "recipient_id": PHONE}]))
        understand()
    sent.refresh_from_db()
    assert sent.state == "read"


def test_what_is_too_large_is_refused_before_it_is_read(cast: Cast) -> None:
    assert post(b"x" * (hooks.MAX_BYTES + 1)) == "413"


def test_a_claim_of_a_dead_worker_comes_back(cast: Cast) -> None:
    post(delivery(message()))
    understand()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE conversations_message SET state = 'sending', claimed_at = clock_timestamp() - interval '5 minutes' WHERE outgoing"
        )
    assert outbox.sweep() == 1
    assert Message.objects.get(outgoing=True).state == "queued"


@pytest.fixture
def no_database(server: str, django_db_blocker: Any) -> Iterator[None]:
    """A Loket whose database answers to nobody."""
    with django_db_blocker.unblock():
        _connect("postgresql://nobody:x@127.0.0.1:1/nothing")
        yield
        _connect(server)


def test_while_the_database_is_away_the_provider_keeps_its_message(no_database: None) -> None:
    value = {"metadata": {"phone_number_id": settings.WA_PHONE_ID}, "messages": [{"id": "wamid.3", "from": PHONE, "type": "text"}]}
    body = json.dumps({"entry": [{"id": "1", "changes": [{"field": "messages", "value": value}]}]}).encode()
    assert post(body) == "503"
