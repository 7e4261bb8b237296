"""Templates: what the provider would refuse never leaves, versions never change, and an approved one stays in use."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import override_settings

from loket.conversations import actions as talks
from loket.conversations import gateways, templates, texts
from loket.conversations.composing import Composed
from loket.conversations.models import Message, Template
from loket.conversations.texts import FOOTER, TEXTS
from loket.core import clock
from loket.core.errors import Refusal
from tests import working
from tests.cast import CILEGON, Cast
from tests.conversations.conftest import Provider, contact, news
from tests.emulator.conftest import ACCOUNT, PHONE_ID, TOKEN, Emulator

NOTICES = [(notice, language) for notice in templates.NOTICES for language in templates.LANGUAGES]


@pytest.mark.parametrize(("notice", "language"), NOTICES)
def test_the_words_of_every_template_are_as_the_provider_takes_them(notice: str, language: str) -> None:
    assert templates.problems(notice, language) == []


@pytest.mark.parametrize("name", sorted(TEXTS))
@pytest.mark.parametrize("language", ["id", "en"])
def test_every_text_keeps_the_limits_of_a_free_message(name: str, language: str) -> None:
    given = TEXTS[name]
    title = 2 if language == "en" else 1
    assert len(given.en if language == "en" else given.id) <= 1024
    assert len(FOOTER[language]) <= 60
    assert len(given.buttons) <= 3
    assert all(len(button[title]) <= 20 for button in given.buttons)
    assert given.link is None or len(given.link[title - 1]) <= 20


@pytest.mark.parametrize(("part", "words"), [("edges", "{code} sudah jadi."), ("edges", "Kode Anda {code}."),
                                             ("neighbours", "Kode {code} {office} sudah jadi dan siap diambil hari ini."),
                                             ("density", "Kode {code} di {office} jadi"), ("body", "Kode {code} " + "jadi " * 205)])  # fmt: skip
def test_words_that_the_provider_refuses_are_named(part: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TEXTS, "verified", texts.Text(words, words))
    assert part in templates.problems("verified", "id")


def ensure(cast: Cast) -> int:
    return templates.ensure(CILEGON, by=cast.admin, at=clock.now())


def test_new_words_are_a_new_version_and_the_same_words_are_none(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ensure(cast) == len(NOTICES)
    assert ensure(cast) == 0
    monkeypatch.setitem(TEXTS, "verified", texts.Text("Permohonan {code} benar dan kami siapkan.", "Request {code} is right and under way."))
    assert ensure(cast) == 2
    assert sorted(Template.objects.filter(notice="verified", language="id").values_list("version", flat=True)) == [1, 2]


def test_a_version_never_changes_in_the_database_either(cast: Cast) -> None:
    ensure(cast)
    for attempt in (lambda rows: rows.update(content={}), lambda rows: rows.delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            attempt(Template.objects.filter(notice="verified"))


@pytest.fixture
def managed() -> Iterator[None]:
    """A provider whose approvals Loket reads."""
    with override_settings(WA_KIND="meta", WA_BASE_URL="http://127.0.0.1:9", WA_TOKEN="x", WA_ACCOUNT_ID="1"):
        gateways.provider.cache_clear()
        yield
    gateways.provider.cache_clear()


def approve(cast: Cast, name: str, state: str = "APPROVED") -> int:
    return templates.approval(CILEGON, name=name, language="id", state=state, reason="NONE", by=cast.admin, at=clock.now())


def test_the_approved_version_stays_in_use_until_the_new_one_is_approved(
    cast: Cast, provider: Provider, managed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    ensure(cast)
    approve(cast, "loket_verified_v1")
    monkeypatch.setitem(TEXTS, "verified", texts.Text("Permohonan {code} benar dan kami siapkan.", "Request {code} is right and under way."))
    ensure(cast)
    message = news(contact(1))
    working.send_due(provider)
    composed = provider.taken[-1][1]
    assert composed.template == "loket_verified_v1"
    assert "12 Juni 2020" in composed.body
    approve(cast, "loket_verified_v2")
    news(message.contact)
    working.send_due(provider)
    assert provider.taken[-1][1].template == "loket_verified_v2"
    approve(cast, "loket_verified_v2", "PAUSED")
    news(message.contact)
    working.send_due(provider)
    assert provider.taken[-1][1].template == "loket_verified_v1"


def test_without_an_approval_news_waits_and_goes_at_once_when_it_comes(cast: Cast, provider: Provider, managed: None) -> None:
    ensure(cast)
    message = news(contact(1))
    assert working.send_due(provider) == 0
    message.refresh_from_db()
    assert (message.state, message.error) == ("queued", "no_template")
    approve(cast, "loket_verified_v1")
    assert working.send_due(provider) == 1


def test_an_officer_picks_a_template_fills_it_and_it_goes_to_a_shut_window(cast: Cast, provider: Provider) -> None:
    her = contact(1)
    picked = {choice.notice: choice for choice in templates.for_picker(CILEGON, "id")}
    assert picked["needs_fix"].places == ("reason", "until")
    with pytest.raises(Refusal) as refused:
        talks.send_template(her.pk, picked["needs_fix"].name, {"code": "7K4M2QX9T3A", "until": "2020-06-16"}, by=cast.verifier, at=clock.now())
    assert refused.value.field == "reason"
    given = {"code": "7K4M2QX9T3A", "until": "2020-06-16", "reason": "Foto KK buram"}
    message = talks.send_template(her.pk, picked["needs_fix"].name, given, by=cast.verifier, at=clock.now())
    assert "buram" not in str(message.params)
    working.send_due(provider)
    assert "Yang perlu diperbaiki: Foto KK buram" in provider.taken[0][1].body
    with pytest.raises(Refusal):
        talks.send_template(her.pk, picked["go_on"].name, {}, by=cast.stranger, at=clock.now())


def test_a_preview_reads_like_the_message(cast: Cast) -> None:
    shown = templates.preview("ready_pickup", "id", {"hours": "08.00–12.00 WIB"})
    assert "{" not in shown.body
    assert "08.00–12.00 WIB" in shown.body


def test_each_template_is_taken_approved_and_sent_by_a_provider_over_http(cast: Cast, start: Any) -> None:
    """The emulator judges every form as the provider would, and shows on the phone what the officer saw in the preview."""
    emulator: Emulator = start("--seed", "templat")
    with override_settings(WA_KIND="meta", WA_BASE_URL=emulator.url, WA_TOKEN=TOKEN, WA_ACCOUNT_ID=ACCOUNT, WA_PHONE_ID=PHONE_ID):
        gateways.provider.cache_clear()
        ensure(cast)
        assert templates.sync(CILEGON, by=cast.admin, at=clock.now()) == len(NOTICES)
        emulator.advance(120)
        templates.sync(CILEGON, by=cast.admin, at=clock.now())
        assert set(Template.objects.values_list("state", flat=True)) == {"approved"}
        news(contact(1), "choose")
        api = gateways.provider()
        assert api is not None
        assert working.send_due(api) == 1
    gateways.provider.cache_clear()
    message = Message.objects.get(notice="choose")
    assert message.state == "sent"
    shown = emulator.see("ledger")["outbound"][0]
    assert shown["body"].startswith("KTP-el Anda (7K4M-2QX9-T3A) sudah selesai dicetak.")
    assert "Rp14.000" in shown["body"]


def test_what_goes_out_as_json_fits_the_rules_for_buttons_and_links() -> None:
    composed = Composed("Halo.", FOOTER["id"], (), ("Lihat", "http://testserver/l/abc/"), "received", (("code", "A\n B"),), "loket_received_v1", "id")
    with override_settings(BASE_URL="http://testserver"):
        call = gateways.template(composed)["template"]
    assert call["components"][0]["parameters"][0]["text"] == "A B"
    assert call["components"][1] == {"type": "button", "sub_type": "url", "index": "0", "parameters": [{"type": "text", "text": "abc/"}]}


def test_a_verdict_that_overtakes_the_answer_to_its_submission_stands(cast: Cast) -> None:
    ensure(cast)
    row = Template.objects.get(name="loket_choose_v1", language="id")

    class Quick(gateways.CloudApi):
        """Judges before it answers."""

        def __init__(self) -> None:
            super().__init__("http://127.0.0.1:9", "/", ("X", "y"))

        def submit_template(self, form: dict[str, Any]) -> dict[str, Any]:
            approve(cast, form["name"])
            return {"id": "7", "status": "PENDING"}

    templates._submit(Quick(), row, by=cast.admin, at=clock.now())
    row.refresh_from_db()
    assert (row.state, row.provider_id) == ("approved", "7")
