"""A second way: SMS and e-mail are off until configured, go once, for cards that wait only, and hold no more than the code."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.core import mail
from django.test import override_settings

from loket.conversations import actions as talks
from loket.conversations import fallbacks
from loket.conversations.gateways import NotTaken
from loket.conversations.models import Message
from loket.core import clock
from tests import working
from tests.cast import CILEGON, Cast
from tests.conversations.conftest import Provider, contact, news


@pytest.fixture
def sms() -> Iterator[list[dict[str, Any]]]:
    """An SMS service over HTTP; what it took."""
    taken: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            taken.append({**body, "key": self.headers["X-Key"]})
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/"
    with override_settings(SMS_URL=address, SMS_AUTH="X-Key: kunci", SMS_FIELDS='{"msisdn": "{to}", "message": "{text}"}'):
        yield taken
    server.shutdown()
    server.server_close()


def not_on_whatsapp(provider: Provider, notice: str = "choose") -> Message:
    message = news(contact(1), notice)
    provider.answers = [NotTaken(131026, 400)]
    working.send_due(provider)
    return message


def test_nothing_goes_another_way_until_it_is_configured(cast: Cast, provider: Provider) -> None:
    not_on_whatsapp(provider)
    assert fallbacks.sweep(CILEGON, clock.now()) == 0


def test_a_card_that_waits_is_told_by_sms_once_with_the_code_and_no_link_into_the_case(
    cast: Cast, provider: Provider, sms: list[dict[str, Any]]
) -> None:
    not_on_whatsapp(provider)
    assert fallbacks.sweep(CILEGON, clock.now()) == 1
    assert fallbacks.sweep(CILEGON, clock.now()) == 0
    working.send_due(provider)
    [taken] = sms
    assert (taken["msisdn"], taken["key"]) == ("+6281210000001", "kunci")
    assert "7K4M-2QX9-T3A" in taken["message"]
    assert "/l/" not in taken["message"]
    assert len(taken["message"]) <= 160
    assert Message.objects.get(kind="sms").state == "sent"
    assert not provider.taken


def test_other_news_does_not_go_another_way(cast: Cast, provider: Provider, sms: list[dict[str, Any]]) -> None:
    not_on_whatsapp(provider, "verified")
    assert fallbacks.sweep(CILEGON, clock.now()) == 0


def test_what_was_never_delivered_goes_another_way_after_a_day(cast: Cast, provider: Provider, sms: list[dict[str, Any]]) -> None:
    news(contact(1), "choose")
    working.send_due(provider)
    assert fallbacks.sweep(CILEGON, clock.now() + timedelta(hours=23)) == 0
    assert fallbacks.sweep(CILEGON, clock.now() + timedelta(hours=25)) == 1


def test_an_address_is_used_where_sms_is_off(cast: Cast, provider: Provider) -> None:
    message = not_on_whatsapp(provider)
    with override_settings(EMAIL_HOST="mail.example", EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend"):
        assert fallbacks.sweep(CILEGON, clock.now()) == 0
        talks.reach_by_email(message.contact_id, "siti@contoh.id", by=cast.counter, at=clock.now())
        assert fallbacks.sweep(CILEGON, clock.now()) == 1
        working.send_due(provider)
    [letter] = mail.outbox
    assert letter.to == ["siti@contoh.id"]
    assert "7K4M-2QX9-T3A" in letter.body
