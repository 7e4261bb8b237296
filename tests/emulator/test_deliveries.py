"""How webhooks reach the product: signed, again and again, doubled, mixed up, in heaps."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest

from tests.emulator.conftest import ACCOUNT, NOW, SECRET, SITI, Emulator, Receiver

WEEK = 7 * 86400


def many(emulator: Emulator, count: int, text: str = "halo") -> list[str]:
    """People who each write once, held back until all are there; their wamids."""
    emulator.do("knobs", {"paused": True})
    sent = emulator.do("send", [{"from": f"62899{place:08}", "text": text} for place in range(count)])
    emulator.do("knobs", {"paused": False})
    emulator.settle()
    return [one["wamid"] for one in sent]


def test_the_signature_is_over_the_very_bytes_and_these_are_ascii(emulator: Emulator, receiver: Receiver) -> None:
    emulator.write(text="Apa kabar? 👋 https://loket.test é", name="Siti Ä")
    ((body, headers),) = receiver.posts
    assert headers["X-Hub-Signature-256"] == "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    assert b"\\ud83d\\udc4b https:\\/\\/loket.test \\u00e9" in body
    assert receiver.updates("messages")[0]["text"]["body"] == "Apa kabar? 👋 https://loket.test é"


def test_what_is_not_taken_comes_again_the_same_at_once_and_then_ever_more_rarely(
    emulator: Emulator, receiver: Receiver
) -> None:
    receiver.down = True
    emulator.write()
    assert len(receiver.posts) == 2, "at once, and once more without a pause"
    emulator.advance(WEEK + 1)
    bodies = {body for body, _ in receiver.posts}
    signatures = {headers["X-Hub-Signature-256"] for _, headers in receiver.posts}
    assert len(bodies) == len(signatures) == 1
    counts = emulator.see("counts")
    assert (counts["deliveries_dropped"], counts["deliveries_pending"]) == (1, 0)
    assert counts["attempts"] == len(receiver.posts) == 16
    # Dropped is dropped.
    receiver.down = False
    emulator.advance(WEEK)
    assert len(receiver.posts) == 16


@pytest.mark.parametrize("status", [201, 301, 401, 404, 500])
def test_only_a_200_ends_it(emulator: Emulator, receiver: Receiver, status: int) -> None:
    receiver.statuses = [status]
    emulator.write()
    assert len(receiver.posts) == 2
    (row,) = emulator.see("ledger")["inbound"]
    assert row["deliveries"] == [{"state": "accepted", "attempts": 2, "last_result": "HTTP 200", "copy": False}]


def test_while_the_clock_advances_everything_happens_in_its_order(emulator: Emulator, receiver: Receiver) -> None:
    emulator.do("knobs", {"delivered_after_seconds": 600.0, "review_seconds": 300.0})
    emulator.write()
    wamid = emulator.sent()
    body = {"type": "BODY", "text": "Permohonan sudah selesai."}
    call = {"name": "a", "language": "id", "category": "UTILITY", "components": [body]}
    emulator.api("POST", f"{ACCOUNT}/message_templates", json=call)
    emulator.settle()
    assert [one["status"] for one in receiver.updates("statuses")] == ["sent"]
    emulator.advance(3600)
    fields = [json.loads(body)["entry"][0]["changes"][0]["field"] for body, _ in receiver.posts]
    assert fields == ["messages", "messages", "message_template_status_update", "messages"]
    assert [(one["id"], one["status"]) for one in receiver.updates("statuses")][1:] == [(wamid, "delivered")]
    sent, delivered = (int(one["timestamp"]) for one in receiver.updates("statuses"))
    assert delivered - sent == 600


def test_a_thousand_updates_in_one_post_messages_and_statuses_mixed(emulator: Emulator, receiver: Receiver) -> None:
    emulator.write()
    receiver.posts.clear()
    emulator.do("knobs", {"batch_size": 1000, "paused": True, "messages_per_second": 1000})
    for _ in range(40):
        emulator.sent()
    emulator.do("send", [{"from": f"62899{place:08}", "text": "halo"} for place in range(960)])
    emulator.do("knobs", {"paused": False})
    emulator.settle()
    assert len(receiver.posts) == 1
    assert len(receiver.updates("messages")) == 960
    assert len(receiver.updates("statuses")) == 40


def test_no_post_is_larger_than_three_megabytes(emulator: Emulator, receiver: Receiver) -> None:
    emulator.do("knobs", {"batch_size": 1000})
    many(emulator, 600, "é/" * 2000)
    sizes = [len(body) for body, _ in receiver.posts]
    assert max(sizes) <= 3 * 2**20
    assert max(sizes) > 2 * 2**20
    assert len(receiver.updates("messages")) == 600


def test_repeats_come_byte_for_byte_or_in_other_company_and_a_week_late(emulator: Emulator, receiver: Receiver) -> None:
    knobs = {"dup_rate": 1.0, "dup_mixed": True, "dup_delay_seconds": 100.0, "late_dup_rate": 1.0, "batch_size": 4}
    emulator.do("knobs", knobs)
    wamids = many(emulator, 40)
    emulator.advance(161)
    soon = [one["id"] for one in receiver.updates("messages")]
    assert sorted(soon) == sorted(wamids * 2)
    bodies = [body for body, _ in receiver.posts]
    assert 0 < len(bodies) - len(set(bodies)) < 10
    emulator.do("knobs", {"dup_rate": 0.0, "late_dup_rate": 0.0})
    emulator.advance(WEEK)
    assert len(receiver.updates("messages")) > 100
    copies = [one["copy"] for row in emulator.see("ledger")["inbound"] for one in row["deliveries"]]
    assert copies.count(False) == 40
    assert len(copies) == len(receiver.updates("messages"))


def test_a_share_of_the_updates_is_drawn_from_the_window(emulator: Emulator, receiver: Receiver) -> None:
    wamids = many(emulator, 100)
    assert [one["id"] for one in receiver.updates("messages")] == wamids
    receiver.posts.clear()
    emulator.do("knobs", {"shuffle_window": 50, "shuffle_rate": 0.2})
    wamids = many(emulator, 100)
    order = [wamids.index(one["id"]) for one in receiver.updates("messages")]
    assert sorted(order) == list(range(100))
    jumps = sum(later < earlier for earlier, later in zip(order, order[1:], strict=False))
    assert 10 < jumps < 40


def test_the_same_seed_and_calls_give_the_same_bytes(emulator: Emulator, receiver: Receiver) -> None:
    def day() -> list[bytes]:
        receiver.posts.clear()
        emulator.do("reset", {"everything": True, "now": NOW})
        emulator.do("knobs", {"dup_rate": 0.5, "shuffle_window": 10, "batch_size": 3, "plan_mix": {"silent": 0.5}})
        many(emulator, 30)
        emulator.sent("+6289900000000")
        emulator.advance(3600)
        return [body for body, _ in receiver.posts]

    assert day() == day()


def test_several_couriers_carry_everything_once(emulator: Emulator, receiver: Receiver) -> None:
    emulator.do("knobs", {"couriers": 8})
    wamids = many(emulator, 400)
    assert sorted(one["id"] for one in receiver.updates("messages")) == sorted(wamids)


def test_what_nobody_planned_for(emulator: Emulator, receiver: Receiver) -> None:
    emulator.do("knobs", {"unknown_fields": True})
    emulator.write(raw={"type": "hologram", "hologram": {"x": 1}})
    emulator.write(raw={"type": "interactive", "interactive": {"type": "nfm_reply", "nfm_reply": {"response_json": "{}"}}})
    emulator.write(unsupported="poll")
    emulator.do("webhook", {"errors": [{"code": 131000, "title": "Something went wrong"}]})
    emulator.do("webhook", {"field": "news", "value": {"a": [1]}})
    emulator.do("webhook", {"value": {"metadata": {"phone_number_id": "9"}, "messages": [{"id": "x"}]}})
    emulator.settle()
    types = [one.get("type") for one in receiver.updates("messages")]
    assert types == ["hologram", "interactive", "unsupported", None]
    assert all("x_beta" in value for value in receiver.values()[:3])
    assert receiver.values("news") == [{"a": [1]}]
    assert [value["metadata"]["phone_number_id"] for value in receiver.values()][-1] == "9"
    assert [one["code"] for one in receiver.updates("errors")] == [131000]
    view = emulator.see(f"conversation?number={SITI}")
    assert [one.get("unsupported") for one in view["messages"]] == ["hologram", "interactive", "unsupported"]


@pytest.mark.parametrize(("path", "body"), [
    ("knobs", {"color": 1}), ("knobs", {"dup_rate": "much"}), ("knobs", {"plan": "best"}), ("knobs", {"plans": {"1": "best"}}),
    ("knobs", {"refusals": ["x"]}), ("clock", {}), ("clock", {"now": "2020-06-03T08:00:00"}), ("send", {"from": SITI}),
    ("send", {"from": "x", "text": "a"}), ("account", {"tier": "TIER_1"}), ("template", {"status": "OPEN"}),
    ("change", {"number": "6280000000"}),
])  # fmt: skip
def test_a_tester_who_asks_for_what_there_is_not_is_told(emulator: Emulator, path: str, body: Any) -> None:
    answer = emulator.client.post(f"/_/{path}", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]
