"""What becomes of a message: the plans, the price, and who is named in a status."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.emulator.conftest import PHONE_ID, SITI, SITI_NUMBER, Emulator, Receiver


def statuses(receiver: Receiver, wamid: str) -> list[str]:
    return [one["status"] for one in receiver.updates("statuses") if one["id"] == wamid]


@pytest.mark.parametrize(("plan", "told", "final"), [
    ("normal", ["sent", "delivered"], "delivered"), ("read", ["sent", "delivered", "read"], "read"),
    ("silent", ["sent"], "sent"), ("mute", [], None), ("read_without_delivered", ["sent", "read"], "read"),
    ("failed", ["failed"], "failed"), ("failed_late", ["sent", "failed"], "failed"),
    ("delivered_then_failed", ["sent", "delivered", "failed"], "delivered"),
])  # fmt: skip
def test_a_plan_tells_its_statuses_in_order(
    emulator: Emulator, receiver: Receiver, plan: str, told: list[str], final: str | None
) -> None:
    emulator.do("knobs", {"plans": {SITI: plan}})
    emulator.write()
    wamid = emulator.sent()
    emulator.advance(60)
    assert statuses(receiver, wamid) == told
    (row,) = emulator.see("ledger")["outbound"]
    assert (row["plan"], row["final"], row["failed_after_delivered"]) == (plan, final, plan == "delivered_then_failed")


def test_the_shares_of_a_mix_are_kept(emulator: Emulator) -> None:
    emulator.do("knobs", {"plan_mix": {"silent": 0.3, "failed": 0.2}, "messages_per_second": 1000})
    emulator.do("send", [{"from": f"62899{place:08}", "text": "a"} for place in range(200)])
    for place in range(200):
        emulator.sent(f"+62899{place:08}")
    plans = [row["plan"] for row in emulator.see("ledger")["outbound"]]
    assert 40 < plans.count("silent") < 80
    assert 20 < plans.count("failed") < 60
    assert plans.count("normal") + plans.count("silent") + plans.count("failed") == 200


def test_a_status_may_come_before_the_answer(emulator: Emulator, receiver: Receiver) -> None:
    emulator.do("knobs", {"plan": "status_first"})
    emulator.write()
    wamid = emulator.sent()
    assert statuses(receiver, wamid) == ["sent"]


@pytest.fixture
def hasty(emulator: Emulator) -> Iterator[httpx.Client]:
    headers = {"Authorization": "Bearer token-uji"}
    with httpx.Client(base_url=emulator.url, timeout=0.5, headers=headers, trust_env=False) as client:
        yield client


@pytest.mark.parametrize(("plan", "problem"), [("reply_lost", httpx.RemoteProtocolError), ("reply_slow", httpx.ReadTimeout)])
def test_an_answer_is_lost_and_the_message_went_all_the_same(
    emulator: Emulator, receiver: Receiver, hasty: httpx.Client, plan: str, problem: type[Exception]
) -> None:
    emulator.do("knobs", {"plan": plan, "slow_reply_seconds": 1.0})
    emulator.write()
    call = {"messaging_product": "whatsapp", "to": SITI_NUMBER, "type": "text", "text": {"body": "Halo"}}
    with pytest.raises(problem):
        hasty.post(f"/v26.0/{PHONE_ID}/messages", json=call | {"biz_opaque_callback_data": "saya"})
    emulator.advance(60)
    assert [one["biz_opaque_callback_data"] for one in receiver.updates("statuses")] == ["saya", "saya"]


def test_the_price_stands_on_one_status_and_no_conversation_on_any(emulator: Emulator, receiver: Receiver) -> None:
    emulator.write()
    wamids = [emulator.sent() for _ in range(20)]
    emulator.advance(60)
    priced = [one for one in receiver.updates("statuses") if "pricing" in one]
    assert sorted(one["id"] for one in priced) == sorted(wamids)
    assert {one["status"] for one in priced} == {"sent", "delivered"}
    assert priced[0]["pricing"] == {"billable": True, "pricing_model": "PMP", "type": "regular", "category": "service"}
    assert not [one for one in receiver.updates("statuses") if "conversation" in one]


def test_who_is_named_in_a_status(emulator: Emulator, receiver: Receiver) -> None:
    emulator.write()
    (person,) = emulator.see("people")
    emulator.do("knobs", {"plan": "failed_late"})
    by_number = emulator.sent()
    call = {"messaging_product": "whatsapp", "recipient": person["user_id"], "type": "text", "text": {"body": "Halo"}}
    by_id = emulator.api("POST", f"{PHONE_ID}/messages", json=call).json()["messages"][0]["id"]
    emulator.advance(60)
    named = {
        (one["id"], one["status"]): (one.get("recipient_id"), one.get("recipient_user_id"))
        for one in receiver.updates("statuses")
    }
    assert named == {
        (by_number, "sent"): (SITI, person["user_id"]), (by_number, "failed"): (SITI, None),
        (by_id, "sent"): (None, person["user_id"]), (by_id, "failed"): (None, person["user_id"]),
    }  # fmt: skip
    without_contacts = [value for value in receiver.values() if "contacts" not in value]
    assert {one["status"] for value in without_contacts for one in value["statuses"]} == {"failed"}


def test_a_reaction_is_only_ever_sent(emulator: Emulator, receiver: Receiver) -> None:
    wamid = emulator.write()
    mine = emulator.sent(type="reaction", reaction={"message_id": wamid, "emoji": "👍"})
    emulator.advance(60)
    assert statuses(receiver, mine) == ["sent"]


def test_looking_at_the_phone_marks_as_read_what_the_plan_lets_be_read(emulator: Emulator, receiver: Receiver) -> None:
    emulator.write()
    seen = emulator.sent()
    emulator.do("knobs", {"plan": "silent"})
    unseen = emulator.sent()
    emulator.advance(60)
    emulator.see(f"conversation?number={SITI}&looking=1")
    emulator.advance(1)
    assert statuses(receiver, seen) == ["sent", "delivered", "read"]
    assert statuses(receiver, unseen) == ["sent"]


def test_a_read_mark_marks_what_was_before_and_typing_is_shown_for_a_while(emulator: Emulator) -> None:
    emulator.write()
    second = emulator.write()
    mark = {"messaging_product": "whatsapp", "status": "read", "message_id": second, "typing_indicator": {"type": "text"}}
    assert emulator.api("POST", f"{PHONE_ID}/messages", json=mark).json() == {"success": True}
    view = emulator.see(f"conversation?number={SITI}")
    assert ([one["tick"] for one in view["messages"]], view["typing"]) == (["read", "read"], True)
    emulator.advance(26)
    assert not emulator.see(f"conversation?number={SITI}")["typing"]
    emulator.advance(31 * 86400)
    assert emulator.api("POST", f"{PHONE_ID}/messages", json=mark).status_code == 400
