"""The provider's door: only signed bytes, every update once, whatever the order and however often."""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from loket.api import hooks
from loket.audit.models import Entry
from loket.bot import conversation
from loket.conversations import account, alarms, deliveries, inbox, outcomes
from loket.conversations.keys import data_key, key_of
from loket.conversations.models import Contact, Message
from loket.core import clock, codes, crypto
from loket.core.errors import Refusal
from loket.insight import queries as insight
from tests import cast as play
from tests import working
from tests.cast import CILEGON, ELSEWHERE, Cast
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


def post(body: bytes, signature: str | None = None, **headers: str) -> str:
    return answered(body, signature, **headers)[0]


def answered(body: bytes, signature: str | None = None, **headers: str) -> tuple[str, dict[str, str]]:
    told: list[tuple[str, dict[str, str]]] = []
    environ = {
        "PATH_INFO": "/hooks/whatsapp", "REQUEST_METHOD": "POST", "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        "HTTP_X_HUB_SIGNATURE_256": sign(settings.WA_APP_SECRET, body) if signature is None else signature, **headers,
    }  # fmt: skip
    list(hooks.answer(environ, lambda status, headers: told.append((status[:3], dict(headers)))))
    return told[0]


def entry(field: str, value: Any, time: int = 1591063200) -> bytes:
    """News of the account, which names its time beside the changes."""
    changes = [{"field": field, "value": value}]
    return json.dumps({"object": "whatsapp_business_account", "entry": [{"id": "1", "time": time, "changes": changes}]}).encode()


def rows(query: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall())


def heard() -> list[str]:
    """What the office reads of incoming messages, in the order in which they were understood."""
    found = Message.objects.filter(outgoing=False).select_related("contact").order_by("seq")
    return [data_key(row.contact).open_text("conversations_message", "body", row.pk, bytes(row.body)) for row in found]


def later(seconds: int) -> None:
    """So much real time passes for everything that waits in the inbox."""
    rows("UPDATE conversations_event SET due_at = due_at - %s * interval '1 second' RETURNING id", seconds)


def events() -> int:
    return int(rows("SELECT count(*) FROM conversations_event")[0][0])


def understand() -> None:
    while working.drain(conversation.turn):
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


def test_a_number_that_is_not_ours_is_answered_and_raises_an_alarm_for_the_head(cast: Cast) -> None:
    for number in ("999", "999", "998"):
        assert post(delivery(message(f"wamid.{number}.{events()}"), number=number)) == "200"
    understand()
    assert [(alarm.code, alarm.subject, alarm.count) for alarm in alarms.shown(CILEGON)] == [
        ("strange_number", "998", 1), ("strange_number", "999", 2)
    ]  # fmt: skip
    assert insight.attention(CILEGON).alarms == 2
    assert not Contact.objects.exists()


def test_an_alarm_is_open_until_the_head_or_an_admin_closes_it(cast: Cast) -> None:
    alarms.alarm("strange_number", subject="999", office=CILEGON, at=clock.now())
    alarm = alarms.shown(CILEGON)[0]
    with pytest.raises(Refusal):
        alarms.close(alarm.pk, by=cast.verifier, at=clock.now())
    with pytest.raises(Refusal):
        alarms.close(alarm.pk, by=replace(cast.head, office=ELSEWHERE), at=clock.now())
    alarms.close(alarm.pk, by=cast.head, at=clock.now())
    assert alarms.shown(CILEGON) == []
    assert Entry.objects.filter(action="channel.alarm_closed", actor="head").count() == 1
    alarms.alarm("strange_number", subject="999", office=CILEGON, at=clock.now())
    assert len(alarms.shown(CILEGON)) == 1


def test_a_malformed_sibling_takes_nothing_with_it(cast: Cast) -> None:
    odds: list[Any] = ["odd", None, 7, [], {"id": 3}, {"id": "wamid.x", "timestamp": "²"}, {"type": "text"}]
    for number, odd in enumerate(odds * 2):
        good = message(f"wamid.{number}")
        body = json.loads(delivery(*([odd, good] if number < len(odds) else [good, odd]), statuses=[odd]))
        body["entry"].insert(0, odd)
        body["entry"][1]["changes"].insert(0, odd)
        body["entry"][1]["changes"].append({"field": "messages", "value": odd})
        assert post(json.dumps(body).encode()) == "200"
    understand()
    assert {key_of(f"wamid.{number}") for number in range(14)} <= set(Message.objects.values_list("provider_id", flat=True))


def test_bytes_that_are_no_json_are_kept_when_they_are_signed(cast: Cast) -> None:
    odds = [b"", b"null", b"[]", b"{", b'{"entry": 3}', b"\xff\x00", b"[" * 100_000, b'{"entry": {"a": 1}}']
    for body in odds:
        assert post(body) == "200"
    understand()
    assert len(rows("SELECT 1 FROM conversations_delivery")) == len(odds)
    assert rows("SELECT count(*) FROM conversations_event WHERE done_at IS NULL") == [(0,)]


def test_the_bytes_are_kept_as_they_came_and_nobody_reads_them_in_the_database(cast: Cast) -> None:
    body = delivery(message(text="rahasia saya"))
    post(body)
    sha, sealed, signature = rows("SELECT sha, body, signature FROM conversations_delivery")[0]
    assert bytes(sha) == hashlib.sha256(body).digest()
    assert signature == sign(settings.WA_APP_SECRET, body)
    assert crypto.system_key().open("conversations_delivery", "body", deliveries.row_of(bytes(sha)), bytes(sealed)) == body
    assert b"rahasia" not in bytes(sealed)
    assert not any(b"rahasia" in bytes(row[0]) for row in rows("SELECT payload FROM conversations_event"))


def test_the_same_bytes_again_add_nothing(cast: Cast) -> None:
    body = delivery(message(), statuses=[{"id": "wamid.out", "status": "sent", "timestamp": "1591063200"}])
    for _ in range(3):
        assert post(body) == "200"
    assert events() == 2
    assert len(rows("SELECT 1 FROM conversations_delivery")) == 1


def test_a_thousand_mixed_updates_of_nearly_three_megabytes_are_kept_once_each(cast: Cast) -> None:
    many = [message(f"wamid.{n}", "x" * 3800) for n in range(700)] + [message("wamid.0", "x" * 3800)]
    statuses = [{"id": f"wamid.o{n}", "status": "sent", "timestamp": "1591063200"} for n in range(299)]
    body = delivery(*many, statuses=statuses)
    assert 2_500_000 < len(body) < hooks.MAX_BYTES
    assert post(body) == "200"
    assert events() == 999
    ids = [row[0] for row in rows("SELECT key FROM conversations_event ORDER BY id LIMIT 3")]
    assert ids == [f"message|{key_of(f'wamid.{n}')}" for n in range(3)]


def test_a_provider_may_sign_in_base64_or_send_a_secret_header(cast: Cast, settings: Any) -> None:
    body = delivery(message())
    settings.WA_SIGNATURE = "hmac-sha256-base64 X-Tanda"
    proof = base64.b64encode(hmac.digest(b"rahasia-uji", body, "sha256")).decode()
    assert post(body, HTTP_X_TANDA=proof) == "200"
    assert post(body + b" ", HTTP_X_TANDA=proof) == "401"
    settings.WA_SIGNATURE = "secret Authorization Bearer"
    assert post(delivery(message("wamid.2")), HTTP_AUTHORIZATION="Bearer rahasia-uji") == "200"
    for wrong in ("Bearer rahasia", "rahasia-uji", "", "Bearer rahasia-ujié"):
        assert post(delivery(message("wamid.3")), HTTP_AUTHORIZATION=wrong) == "401"
    # A secret that is sent along is not kept beside the message.
    assert not rows("SELECT 1 FROM conversations_delivery WHERE signature LIKE '%%rahasia%%'")


def test_without_a_secret_nothing_is_taken(cast: Cast, settings: Any) -> None:
    settings.WA_APP_SECRET = ""
    assert post(delivery(message()), sign("", delivery(message()))) == "401"
    settings.WA_SIGNATURE = "secret X-Tanda"
    assert post(delivery(message()), HTTP_X_TANDA="") == "401"


def test_a_scheme_that_nobody_knows_is_said_in_a_sentence() -> None:
    with pytest.raises(ImproperlyConfigured, match="write hmac-sha256"):
        hooks.scheme_of("md5 X-Tanda")


def test_what_one_person_wrote_is_understood_in_the_order_in_which_it_was_written(cast: Cast) -> None:
    now = int(clock.now().timestamp())
    for number, age in enumerate((10, 40, 20, 30)):
        post(delivery(message(f"wamid.{number}", f"pesan {age}", timestamp=str(now - age))))
    understand()
    assert heard() == ["pesan 40", "pesan 30", "pesan 20", "pesan 10"]


def test_a_message_that_fails_waits_for_its_turn_and_nobody_else_waits_with_it(cast: Cast) -> None:
    now = int(clock.now().timestamp())
    post(delivery(message("wamid.1", "racun", timestamp=str(now - 30)), message("wamid.2", "sesudahnya")))
    post(delivery({**message("wamid.3", "orang lain"), "from": "6289900000001"}))

    def turn(contact: Contact, incoming: inbox.Incoming, at: Any) -> None:
        if incoming.text == "racun":
            raise RuntimeError(incoming.text)

    def drain() -> list[str]:
        working.drain(turn)
        return heard()

    assert drain() == ["orang lain"]
    assert rows("SELECT error FROM conversations_event WHERE tries > 0") == [("RuntimeError",)]
    assert drain() == ["orang lain"]
    later(6)
    assert drain() == ["orang lain"]
    later(61)
    # The third failure puts it aside: what the same person wrote later goes on.
    assert drain() == ["orang lain", "sesudahnya"]
    assert insight.attention(CILEGON).not_understood == 1


def test_what_was_put_aside_is_tried_again_when_an_admin_asks(cast: Cast) -> None:
    post(delivery(message("wamid.1", "racun")))

    def fails(*_given: object) -> None:
        raise RuntimeError

    for _ in range(3):
        working.drain(fails)
        later(61)
    [(event,)] = rows("SELECT id FROM conversations_event")
    understand()
    assert heard() == []
    with pytest.raises(Refusal):
        inbox.try_again(event, by=cast.verifier, at=clock.now())
    inbox.try_again(event, by=cast.admin, at=clock.now())
    understand()
    assert heard() == ["racun"]
    with pytest.raises(Refusal):
        inbox.try_again(event, by=cast.admin, at=clock.now())
    assert Entry.objects.filter(action="inbox.try_again").count() == 1


def test_a_message_of_hours_ago_is_shown_and_not_answered(cast: Cast) -> None:
    post(delivery(message(text="menu", timestamp=str(int(clock.now().timestamp()) - 7200))))
    understand()
    assert heard() == ["menu"]
    assert Contact.objects.get().unread == 1
    assert not Message.objects.filter(outgoing=True).exists()


def test_text_that_no_table_likes_is_kept_all_the_same(cast: Cast) -> None:
    texts = ["setengah \ud83d", "nol \x00 di tengah", "😀" * 1024, "", "\u202e terbalik"]
    for number, text in enumerate(texts):
        body = json.loads(delivery(message(f"wamid.{number}", text)))
        body["entry"][0]["changes"][0]["value"]["contacts"][0]["profile"]["name"] = text
        assert post(json.dumps(body).encode()) == "200"
    understand()
    assert heard() == [text.replace("\ud83d", "?") for text in texts]


def test_a_message_from_nobody_belongs_to_nobody(cast: Cast) -> None:
    play.file(cast)
    body = json.loads(delivery({"id": "wamid.1", "timestamp": "1591063200", "type": "text", "text": {"body": "halo"}}))
    body["entry"][0]["changes"][0]["value"]["contacts"] = []
    post(json.dumps(body).encode())
    understand()
    assert heard() == []
    assert rows("SELECT error FROM conversations_event") == [("ValueError",)]


def test_a_reaction_and_a_group_message_are_no_turn_of_the_conversation(cast: Cast) -> None:
    post(delivery({**message("wamid.1"), "type": "reaction", "reaction": {"message_id": "wamid.0"}}))
    post(delivery(message("wamid.2", group_id="grup")))
    understand()
    assert heard() == []
    assert rows("SELECT count(*) FROM conversations_event WHERE done_at IS NOT NULL") == [(2,)]


def sent_message() -> Message:
    """An answer of the bot that is under way to the provider."""
    post(delivery(message()))
    understand()
    Message.objects.filter(outgoing=True).update(state="sending", claimed_at=datetime.now(UTC))
    return Message.objects.get(outgoing=True)


def test_a_status_that_comes_before_our_send_returned_is_applied_later(cast: Cast) -> None:
    sent = sent_message()
    post(delivery(statuses=[{"id": "wamid.out", "status": "delivered", "timestamp": "1591063200"}]))
    understand()
    sent.refresh_from_db()
    assert sent.state == "sending"
    Message.objects.filter(pk=sent.pk).update(state="sent", provider_id=key_of("wamid.out"))
    later(6)
    understand()
    sent.refresh_from_db()
    assert sent.state == "delivered"


def test_a_status_of_a_message_that_nobody_knows_is_closed_after_its_last_try(cast: Cast) -> None:
    post(delivery(statuses=[{"id": "wamid.lain", "status": "read", "timestamp": "1591063200"}]))
    for pause in (0, *inbox.UNMATCHED):
        later(pause + 1)
        understand()
    assert rows("SELECT error, tries, done_at IS NOT NULL FROM conversations_event") == [("unmatched", 5, True)]
    assert insight.attention(CILEGON).not_understood == 0


def test_one_status_that_fails_takes_none_of_its_neighbours_with_it(cast: Cast) -> None:
    sent = sent_message()
    odd = {"id": "wamid.x", "status": "failed", "errors": "odd", "timestamp": "1591063200"}
    good = {"id": "wamid.out", "status": "delivered", "timestamp": "1591063200", "biz_opaque_callback_data": str(sent.pk)}
    post(delivery(statuses=[odd, good, {**odd, "id": "wamid.y"}]))
    understand()
    sent.refresh_from_db()
    assert sent.state == "delivered"
    assert rows("SELECT count(*) FROM conversations_event WHERE error <> ''") == [(2,)]


def test_news_of_the_account_is_kept_shown_and_never_replaced_by_older_news(cast: Cast) -> None:
    paused = {"event": "PAUSED", "message_template_id": 42, "message_template_name": "siap", "reason": "NONE"}
    post(entry("message_template_status_update", paused, 1591063200))
    post(entry("message_template_status_update", {**paused, "event": "APPROVED"}, 1591060000))
    post(entry("business_capability_update", {"max_daily_conversation_per_phone": 2000}))
    post(entry("message_template_status_update", {**paused, "message_template_id": 43, "event": "APPROVED"}))
    understand()
    assert {(row.field, row.subject, row.value.get("event")) for row in account.latest(CILEGON)} == {
        ("business_capability_update", "", None), ("message_template_status_update", "42", "PAUSED"),
        ("message_template_status_update", "43", "APPROVED"),
    }  # fmt: skip
    assert [(alarm.code, alarm.subject) for alarm in alarms.shown(CILEGON)] == [
        ("business_capability_update", ""), ("message_template_status_update", "42")
    ]  # fmt: skip


def test_a_field_that_nobody_knows_is_named_and_its_value_stays_sealed(cast: Cast) -> None:
    assert post(entry("user_things", {"wa_id": PHONE})) == "200"
    body = json.loads(delivery(message()))
    body["entry"][0]["changes"][0]["value"]["errors"] = [{"code": 131000, "title": "odd"}]
    assert post(json.dumps(body).encode()) == "200"
    understand()
    assert {(alarm.code, alarm.subject, bool(alarm.value)) for alarm in alarms.shown(CILEGON)} == {
        ("unknown_field", "user_things", False), ("errors", "", True)
    }  # fmt: skip
    assert [row.field for row in account.latest(CILEGON)] == ["errors"]
    assert heard() == ["halo"]


def test_other_rooms_hear_the_news_of_a_field_by_its_name(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[account.News] = []
    monkeypatch.setitem(account.HANDLERS, "phone_number_quality_update", (told.append,))
    post(entry("phone_number_quality_update", {"display_phone_number": "62254000000", "event": "FLAGGED"}))
    understand()
    assert [(news.field, news.value["event"], news.sent, news.office) for news in told] == [
        ("phone_number_quality_update", "FLAGGED", 1591063200, CILEGON)
    ]


def test_after_a_month_the_content_is_gone_and_a_repeat_still_adds_nothing(cast: Cast) -> None:
    body = delivery(message())
    post(body)
    post(delivery(message("wamid.2", timestamp="odd"), {**message("wamid.3"), "from": "62899001"}))
    understand()
    post(delivery(message("wamid.4")))
    rows("UPDATE conversations_event SET done_at = done_at - interval '31 days' RETURNING id")
    rows("UPDATE conversations_delivery SET received_at = received_at - interval '31 days' RETURNING id")
    inbox.clean()
    assert rows("SELECT 1 FROM conversations_delivery") == []
    # What nobody has understood yet keeps its content.
    assert rows("SELECT count(*), count(payload) FROM conversations_event") == [(4, 1)]
    assert post(body) == "200"
    understand()
    assert events() == 4
    assert Message.objects.filter(provider_id=key_of("wamid.1")).count() == 1


def test_what_the_web_and_the_worker_share_is_one_effect_per_message(cast: Cast) -> None:
    for number in range(3):
        post(delivery(message("wamid.1"), message(f"wamid.{number}x")))
        understand()
    made = rows("SELECT e.key, m.provider_id FROM conversations_event e JOIN conversations_message m ON m.id = e.message_id")
    assert sorted(key for key, _id in made) == sorted(f"message|{provider}" for _key, provider in made)
    assert len(made) == 4


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
    assert outcomes.sweep() == 1
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
    status, headers = answered(body)
    assert (status, headers["Retry-After"]) == ("503", "5")
