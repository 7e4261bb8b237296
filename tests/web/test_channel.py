"""The keeper's page of the WhatsApp channel: warnings are closed, messages put aside are tried again."""

from __future__ import annotations

from django.test import Client

from loket.bot import conversation
from loket.conversations import alarms
from loket.core import clock
from tests import working
from tests.api.test_webhook import _ours, delivery, entry, heard, later, message, post, rows, understand  # noqa: F401
from tests.cast import CILEGON, PASSWORD, Cast

PAGE = "/kelola/saluran/"


def staff(name: str) -> Client:
    client = Client()
    assert client.post("/masuk/", {"nama": name, "sandi": PASSWORD}).status_code == 302
    return client


def fails(*_given: object) -> None:
    raise RuntimeError


def trouble() -> None:
    """A number that is not ours, a paused template, and a message that cannot be understood."""
    post(delivery(message("wamid.1"), number="999"))
    post(entry("message_template_status_update", {"event": "PAUSED", "message_template_id": 42}))
    post(delivery(message("wamid.2", "racun")))
    for _ in range(3):
        working.drain(fails)
        later(61)


def test_the_head_sees_the_warnings_on_her_page_and_closes_them_one_by_one(cast: Cast) -> None:
    trouble()
    head = staff("head")
    assert "2 peringatan dari saluran WhatsApp." in head.get("/pimpinan/").content.decode()
    page = head.get(PAGE).content.decode()
    assert "nomor 999, yang bukan nomor kantor ini" in page
    assert "Pesan baku 42 ditolak, dijeda, atau dihentikan" in page
    for alarm in alarms.shown(CILEGON):
        assert head.post(PAGE, {"tutup": str(alarm.pk)}).status_code == 302
    assert "Tidak ada peringatan." in head.get(PAGE).content.decode()
    assert head.post(PAGE, {"tutup": "odd"}).status_code == 422


def test_an_admin_has_a_message_read_once_more(cast: Cast) -> None:
    trouble()
    admin = staff("admin")
    page = admin.get(PAGE).content.decode()
    assert "RuntimeError" in page
    assert "racun" not in page
    [(event,)] = rows("SELECT id FROM conversations_event WHERE done_at IS NULL")
    assert admin.post(PAGE, {"coba": str(event)}).status_code == 302
    while working.drain(conversation.turn):
        pass
    assert heard() == ["racun"]
    assert "Semua pesan masuk terbaca." in admin.get(PAGE).content.decode()
    assert admin.post(PAGE, {"coba": str(event)}).status_code == 422
    assert clock.now()


def test_nobody_else_sees_the_channel(cast: Cast) -> None:
    trouble()
    for name in ("verifier", "counter", "auditor"):
        assert staff(name).get(PAGE).status_code == 403
    assert Client().get(PAGE).status_code == 302
