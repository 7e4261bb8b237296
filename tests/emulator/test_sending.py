"""What the provider refuses to send, in its own words and codes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.conftest import PHONE_ID, SITI, SITI_NUMBER, Emulator, Receiver, refused

TEXT = {"type": "text", "text": {"body": "Halo"}}


def reply(title: str = "Ya", id_: str = "ya") -> dict[str, Any]:
    return {"type": "reply", "reply": {"id": id_, "title": title}}


def buttons(*given: dict[str, Any], **more: Any) -> dict[str, Any]:
    interactive = {"type": "button", "body": {"text": "Pilih"}, "action": {"buttons": list(given)}, **more}
    return {"type": "interactive", "interactive": interactive}


def listing(*sections: dict[str, Any], button: str = "Pilih") -> dict[str, Any]:
    action = {"button": button, "sections": list(sections)}
    return {"type": "interactive", "interactive": {"type": "list", "body": {"text": "Pilih"}, "action": action}}


def rows(count: int, title: str = "A", **more: Any) -> dict[str, Any]:
    return {"title": title, "rows": [{"id": f"{title}{place}", "title": f"Baris {place}", **more} for place in range(count)]}


def cta(label: str, url: str = "https://loket.test/") -> dict[str, Any]:
    action = {"name": "cta_url", "parameters": {"display_text": label, "url": url}}
    return {"type": "interactive", "interactive": {"type": "cta_url", "body": {"text": "Buka"}, "action": action}}


FITS = {
    "longest text": {"type": "text", "text": {"body": "x" * 4096}},
    "three buttons": buttons(reply("A" * 20, "a"), reply("B", "b" * 256), reply("C", "c"), footer={"text": "f" * 60}),
    "ten rows": listing(rows(5), rows(5, "B", description="d" * 72)),
    "a link": cta("L" * 20),
    "a place": {"type": "location", "location": {"latitude": -6.01, "longitude": 106.05, "name": "Kantor"}},
    "a card": {"type": "contacts", "contacts": [{"name": {"formatted_name": "Kantor Pos"}}]},
}
DOES_NOT_FIT = {
    "text too long": ({"type": "text", "text": {"body": "x" * 4097}}, 100),
    "empty text": ({"type": "text", "text": {"body": " "}}, 100),
    "unknown type": ({"type": "hologram", "hologram": {}}, 100),
    "four buttons": (buttons(*(reply(f"B{n}", f"b{n}") for n in range(4))), 131009),
    "no button": (buttons(), 131009),
    "title too long": (buttons(reply("A" * 21)), 131009),
    "id too long": (buttons(reply("A", "a" * 257)), 131009),
    "id with a space": (buttons(reply("A", "a ")), 131009),
    "two of one id": (buttons(reply("A", "a"), reply("B", "a")), 131009),
    "body too long": (buttons(reply(), body={"text": "x" * 1025}), 131009),
    "footer too long": (buttons(reply(), footer={"text": "x" * 61}), 131009),
    "header too long": (buttons(reply(), header={"type": "text", "text": "x" * 61}), 131009),
    "eleven rows": (listing(rows(5), rows(6, "B")), 131009),
    "eleven sections": (listing(*(rows(1, f"S{n}") for n in range(11))), 131009),
    "row title too long": (listing({"rows": [{"id": "a", "title": "t" * 25}]}), 131009),
    "row description too long": (listing(rows(1, description="d" * 73)), 131009),
    "row id too long": (listing({"rows": [{"id": "a" * 201, "title": "t"}]}), 131009),
    "section without a title": (listing(rows(1), {"rows": [{"id": "z", "title": "t"}]}), 131008),
    "list button too long": (listing(rows(1), button="b" * 21), 131009),
    "link label too long": (cta("L" * 21), 131009),
    "link to nowhere": (cta("L", "loket"), 131009),
    "callback data too long": ({**TEXT, "biz_opaque_callback_data": "x" * 513}, 100),
    "caption too long": ({"type": "image", "image": {"link": "https://x.test/a.jpg", "caption": "c" * 1025}}, 131009),
    "medium that nobody knows": ({"type": "image", "image": {"id": "1"}}, 131009),
    "place beyond the pole": ({"type": "location", "location": {"latitude": 91, "longitude": 0}}, 131009),
}


def test_what_is_as_long_as_allowed_goes(emulator: Emulator) -> None:
    emulator.write()
    for name, content in FITS.items():
        assert emulator.send(**content).status_code == 200, name


def test_what_is_longer_or_more_is_refused_and_leaves_no_message(emulator: Emulator) -> None:
    emulator.write()
    for name, (content, code) in DOES_NOT_FIT.items():
        answer = emulator.send(**content)
        assert (answer.status_code, refused(answer)) == (400, code), name
    assert emulator.see("counts")["outbound"] == 0


def test_free_text_goes_for_24_hours_from_the_persons_own_message(emulator: Emulator) -> None:
    assert refused(emulator.send()) == 131047
    emulator.write()
    emulator.advance(24 * 3600 - 1)
    emulator.sent()
    emulator.advance(1)
    answer = emulator.send()
    assert refused(answer) == 131047
    assert "24 hours" in answer.json()["error"]["error_data"]["details"]


def test_a_reaction_and_a_late_webhook_open_no_window(emulator: Emulator) -> None:
    emulator.write(reaction={"message_id": "wamid.x", "emoji": "👍"})
    emulator.write(text="kemarin", at="2020-06-02T07:59:59+07:00")
    assert refused(emulator.send()) == 131047


def test_a_closed_window_may_be_told_later(emulator: Emulator, receiver: Receiver) -> None:
    emulator.do("knobs", {"window_errors": "async"})
    wamid = emulator.sent()
    emulator.settle()
    (status,) = receiver.updates("statuses")
    assert (status["id"], status["status"], status["errors"][0]["code"]) == (wamid, "failed", 131047)
    assert "contacts" not in receiver.values()[0]


def test_to_wins_over_recipient_and_the_answer_says_which_was_used(emulator: Emulator) -> None:
    emulator.write()
    emulator.write("6289900000002")
    person = {row["number"]: row for row in emulator.see("people")}
    both = emulator.send(recipient=person["6289900000002"]["user_id"], **TEXT).json()
    assert both["contacts"] == [{"input": SITI_NUMBER, "wa_id": SITI}]
    user_id = person[SITI]["user_id"]
    alone = emulator.api(
        "POST", f"{PHONE_ID}/messages", json={"messaging_product": "whatsapp", "recipient": user_id, **TEXT}
    )
    assert alone.json()["contacts"] == [{"input": user_id, "user_id": user_id}]
    nobody = emulator.api("POST", f"{PHONE_ID}/messages", json={"messaging_product": "whatsapp", "recipient": "ID.1", **TEXT})
    assert refused(nobody) == 131009


def test_to_one_person_45_at_once_and_then_one_in_six_seconds(emulator: Emulator) -> None:
    emulator.write()
    for _ in range(45):
        emulator.sent()
    assert refused(emulator.send()) == 131056
    emulator.advance(6)
    emulator.sent()
    assert refused(emulator.send()) == 131056
    emulator.write("6289900000002")
    emulator.sent("+6289900000002")


def test_the_number_sends_so_many_a_second_and_says_when_to_come_back(emulator: Emulator) -> None:
    emulator.do("knobs", {"messages_per_second": 20})
    for person in range(21):
        emulator.write(f"62899000001{person:02}")
    for person in range(20):
        emulator.sent(f"+62899000001{person:02}")
    answer = emulator.send("+6289900000120")
    assert (answer.status_code, refused(answer), answer.headers["Retry-After"]) == (429, 130429, "1")
    emulator.advance(1)
    emulator.sent("+6289900000120")


def test_a_wrong_token_and_an_unknown_object_are_told_apart(emulator: Emulator) -> None:
    for headers in ({"Authorization": "Bearer x"}, {"Authorization": ""}):
        answer = emulator.api("POST", f"{PHONE_ID}/messages", json={}, headers=headers)
        assert (answer.status_code, refused(answer)) == (401, 190)
    answer = emulator.api("POST", "999/messages", json={"messaging_product": "whatsapp", "to": SITI_NUMBER, **TEXT})
    assert (answer.status_code, refused(answer), answer.json()["error"]["error_subcode"]) == (400, 100, 33)
    assert refused(emulator.api("POST", f"{PHONE_ID}/messages", content=b"{")) == 100


def test_errors_on_order_for_the_next_sends_or_for_one_person(emulator: Emulator, receiver: Receiver) -> None:
    emulator.write()
    emulator.write("6289900000002")
    orders = {"refusals_for": {SITI: [{"code": 131026, "when": "async"}]}, "refusals": [131000, {"http": 502, "times": 2}]}
    emulator.do("knobs", orders)
    wamid = emulator.sent()
    answers = [emulator.send("+6289900000002") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [500, 502, 502, 200]
    emulator.settle()
    failed = [status for status in receiver.updates("statuses") if status["status"] == "failed"]
    assert [(one["id"], one["errors"][0]["code"]) for one in failed] == [(wamid, 131026)]


def test_a_refusal_may_come_both_ways(emulator: Emulator, receiver: Receiver) -> None:
    emulator.write()
    emulator.do("knobs", {"refusals": [{"code": 131049, "when": "both"}]})
    assert refused(emulator.send(biz_opaque_callback_data="saya", **TEXT)) == 131049
    emulator.settle()
    (status,) = receiver.updates("statuses")
    assert (status["status"], status["biz_opaque_callback_data"]) == ("failed", "saya")


@pytest.mark.parametrize(("state", "code", "inside"), [
    ("RESTRICTED", 368, 200), ("LOCKED", 131031, 403), ("UNPAID", 131042, 400), ("UNREGISTERED", 133010, 400),
])  # fmt: skip
def test_a_stopped_account_sends_nothing_that_it_is_stopped_from(
    emulator: Emulator, receiver: Receiver, state: str, code: int, inside: int
) -> None:
    emulator.write()
    emulator.do("account", {"state": state})
    assert emulator.send().status_code == inside
    assert refused(emulator.send("+6289900000009")) == code
    emulator.settle()
    told = receiver.values("account_update") + receiver.values("account_alerts")
    assert len(told) == (0 if state == "UNREGISTERED" else 1)


def test_a_solution_provider_with_its_own_header_and_path(start: Any, receiver: Receiver) -> None:
    emulator = start("--auth", "D360-API-KEY:")
    emulator.write()
    call = {"messaging_product": "whatsapp", "to": SITI_NUMBER, **TEXT}
    assert emulator.client.post("/messages", json=call, headers={"D360-API-KEY": "token-uji"}).status_code == 200
    assert refused(emulator.client.post("/messages", json=call)) == 190
