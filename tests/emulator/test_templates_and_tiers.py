"""Templates from their writing to their pause, and how many people may be written to in a day."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.conftest import ACCOUNT, PHONE_ID, Emulator, Receiver, refused

BODY = "KTP-el dengan kode {{1}} sudah dicetak. Tolong dipilih sebelum {{2}} supaya cepat sampai."
NAMED = "KTP-el dengan kode {{kode}} sudah dicetak. Tolong dipilih sebelum {{tanggal}} supaya cepat sampai."
LIMIT = "whatsapp_business_manager_messaging_limit"


def written(body: str = BODY, example: Any = None, **more: Any) -> dict[str, Any]:
    component = {"type": "BODY", "text": body, "example": example or {"body_text": [["ABCD", "5 Juni"]]}}
    return {"name": "siap", "language": "id", "category": "UTILITY", "components": [component], **more}


def create(emulator: Emulator, call: dict[str, Any]) -> Any:
    return emulator.api("POST", f"{ACCOUNT}/message_templates", json=call)


def listed(emulator: Emulator, **query: str) -> list[dict[str, Any]]:
    return list(emulator.api("GET", f"{ACCOUNT}/message_templates", params=query).json()["data"])


def call(*values: str, name: str = "siap", language: str = "id", **more: Any) -> dict[str, Any]:
    parameters = [{"type": "text", "text": value} for value in values]
    components = [{"type": "body", "parameters": parameters}] if values else []
    return {"type": "template", "template": {"name": name, "language": {"code": language}, "components": components, **more}}


def known(emulator: Emulator, name: str = "siap", body: str = "Permohonan Anda sudah selesai diproses.", **more: Any) -> None:
    emulator.do("templates", [{"name": name, "language": "id", "body": body, **more}])


def test_a_template_waits_is_judged_and_the_office_is_told(emulator: Emulator, receiver: Receiver) -> None:
    made = create(emulator, written()).json()
    assert made["status"] == "PENDING"
    assert refused(emulator.send(**call("ABCD", "5 Juni"))) == 132001
    emulator.advance(61)
    (told,) = receiver.values("message_template_status_update")
    assert (told["event"], told["message_template_id"], told["message_template_name"]) == ("APPROVED", int(made["id"]), "siap")
    (found,) = listed(emulator, name="siap", fields="name,status,components")
    assert (found["status"], found["components"][0]["text"]) == ("APPROVED", BODY)
    assert emulator.send(**call("ABCD", "5 Juni")).json()["messages"][0]["message_status"] == "accepted"


@pytest.mark.parametrize(("change", "subcode"), [
    ({"name": "Siap Cetak"}, None), ({"language": "Bahasa"}, None), ({"category": "NEWS"}, None),
    ({"body": "{{1}}", "example": {"body_text": [["a"]]}}, 2388299),
    ({"body": "Kode {{1}}", "example": {"body_text": [["a"]]}}, 2388299),
    ({"body": "Kode {{1}} dan {{2}} ini."}, 2388293), ({"body": "Kode {{1}}{{2}} ini sudah lama sekali selesai."}, 2388072),
    ({"body": "Kode {{2}} dan juga {{1}} ini sudah lama selesai."}, 2388072),
    ({"body": BODY, "example": {"body_text": [["a"]]}}, 2388043), ({"body": "x" * 1025}, 2388040),
])  # fmt: skip
def test_what_may_not_be_written_is_refused_at_once(emulator: Emulator, change: dict[str, Any], subcode: int | None) -> None:
    answer = create(emulator, written(**change))
    assert (refused(answer), answer.json()["error"].get("error_subcode")) == (100, subcode)
    assert listed(emulator) == []


def test_a_name_and_language_exists_once_and_a_sale_is_no_utility(emulator: Emulator, receiver: Receiver) -> None:
    create(emulator, written())
    assert create(emulator, written()).json()["error"]["error_subcode"] == 2388024
    create(emulator, written(name="jual", body="Ada promo {{1}} sampai tanggal {{2}} untuk semua warga kota."))
    emulator.advance(61)
    events = {one["message_template_name"]: one["event"] for one in receiver.values("message_template_status_update")}
    assert events == {"siap": "APPROVED", "jual": "REJECTED"}
    assert refused(emulator.send(**call("a", "b", name="jual"))) == 132001
    assert emulator.api("DELETE", f"{ACCOUNT}/message_templates", params={"name": "jual"}).json() == {"success": True}
    assert [one["name"] for one in listed(emulator)] == ["siap"]


def test_parameters_must_fit_the_template(emulator: Emulator) -> None:
    buttons = [{"type": "URL", "text": "Lihat", "url": "https://loket.test/l/{{1}}"}]
    known(emulator, body=BODY)
    known(emulator, "tautan", buttons=buttons)
    known(emulator, "nama", body=NAMED)
    for answer, code in (
        (emulator.send(**call("ABCD")), 132000),
        (emulator.send(**call("ABCD", "5", "6")), 132000),
        (emulator.send(**call("AB\nCD", "5")), 100),
        (emulator.send(**call("AB      CD", "5")), 100),
        (emulator.send(**call("x" * 1024, "5")), 132005),
        (emulator.send(**call("", "5")), 131008),
        (emulator.send(**call(name="tautan")), 131008),
        (emulator.send(**call("ABCD", "5", name="nama")), 132012),
        (emulator.send(**call(name="tiada")), 132001),
        (emulator.send(**call("ABCD", "5", language="en")), 132001),
    ):
        assert refused(answer) == code
    emulator.sent(**call("ABCD", "5"))
    link = {"type": "button", "sub_type": "url", "index": "0", "parameters": [{"type": "text", "text": "abc"}]}
    emulator.sent(**call(name="tautan", components=[link]))
    named = [{"type": "text", "parameter_name": key, "text": "x"} for key in ("tanggal", "kode")]
    emulator.sent(**call(name="nama", components=[{"type": "body", "parameters": named}]))
    bodies = [row["body"] for row in emulator.see("ledger")["outbound"]]
    assert bodies[0] == BODY.replace("{{1}}", "ABCD").replace("{{2}}", "5")
    assert bodies[2] == NAMED.replace("{{kode}}", "x").replace("{{tanggal}}", "x")


def test_a_paused_template_comes_back_by_itself_and_the_third_pause_is_for_good(emulator: Emulator, receiver: Receiver) -> None:
    known(emulator)
    for hours, code in ((3, 132015), (6, 132015), (24, 132016)):
        emulator.do("template", {"name": "siap", "language": "id", "status": "PAUSED"})
        assert refused(emulator.send(**call())) == code
        emulator.advance(hours * 3600 + 1)
    assert refused(emulator.send(**call())) == 132016
    told = receiver.values("message_template_status_update")
    assert [one["event"] for one in told] == ["PAUSED", "APPROVED", "PAUSED", "APPROVED", "DISABLED"]
    assert [one.get("other_info", {}).get("title") for one in told[:4]] == ["FIRST_PAUSE", "UNPAUSE", "SECOND_PAUSE", "UNPAUSE"]


def test_marketing_does_not_reach_whoever_opted_out_of_it(emulator: Emulator, receiver: Receiver) -> None:
    known(emulator)
    known(emulator, "ajakan", category="MARKETING")
    emulator.do("meet", {"number": "6289900000001", "name": "Siti"})
    emulator.do("meet", {"number": "6289900000001", "opted_out": True})
    refused_one, taken = emulator.sent(**call(name="ajakan")), emulator.sent(**call())
    emulator.settle()
    (wish,) = receiver.values("user_preferences")
    assert wish["user_preferences"][0]["value"] == "stop"
    states = {(one["id"], one["status"]) for one in receiver.updates("statuses")}
    assert (refused_one, "failed") in states
    assert (taken, "failed") not in states


def test_a_user_id_takes_no_authentication_template(emulator: Emulator) -> None:
    known(emulator, "otp", category="AUTHENTICATION")
    emulator.write()
    (person,) = emulator.see("people")
    body = {"messaging_product": "whatsapp", "recipient": person["user_id"], **call(name="otp")}
    assert refused(emulator.api("POST", f"{PHONE_ID}/messages", json=body)) == 131062


def test_so_many_people_a_day_outside_a_window_and_nobody_twice(emulator: Emulator) -> None:
    known(emulator)
    emulator.do("knobs", {"messages_per_second": 1000})
    emulator.write("6289900009999")
    for person in range(250):
        emulator.sent(f"+62899000{person:05}", **call())
    assert refused(emulator.send("+6289900001000", **call())) == 131048
    # Neither somebody reached today nor somebody with an open window counts.
    emulator.advance(1)
    emulator.sent("+6289900000000", **call())
    emulator.sent("+6289900009999", **call())
    assert emulator.see("account") | {"used_in_24h": 250, "limit": 250} == emulator.see("account")
    emulator.advance(24 * 3600)
    emulator.sent("+6289900001000", **call())


def test_who_is_never_delivered_to_does_not_count(emulator: Emulator) -> None:
    known(emulator)
    emulator.do("knobs", {"plan": "failed_late"})
    emulator.sent(**call())
    emulator.advance(60)
    assert emulator.see("account")["used_in_24h"] == 0


def test_a_good_number_that_uses_half_its_limit_gets_the_next_one_after_six_hours(
    emulator: Emulator, receiver: Receiver
) -> None:
    known(emulator)
    emulator.do("knobs", {"messages_per_second": 1000, "auto_tier": True})
    for person in range(125):
        emulator.sent(f"+62899000{person:05}", **call())
    emulator.advance(6 * 3600 - 1)
    assert emulator.api("GET", PHONE_ID, params={"fields": LIMIT}).json()[LIMIT] == "TIER_250"
    emulator.advance(2)
    assert emulator.api("GET", PHONE_ID, params={"fields": LIMIT}).json()[LIMIT] == "TIER_2K"
    (told,) = receiver.values("business_capability_update")
    assert told["max_daily_conversations_per_business"] == "TIER_2K"


def test_quality_falls_is_told_and_read(emulator: Emulator, receiver: Receiver) -> None:
    emulator.do("account", {"quality": "RED", "tier": "TIER_2K"})
    emulator.do("account", {"tier": "TIER_250"})
    emulator.settle()
    assert emulator.api("GET", PHONE_ID, params={"fields": f"quality_rating,{LIMIT}"}).json() == {
        "quality_rating": "RED", LIMIT: "TIER_250", "id": PHONE_ID,
    }  # fmt: skip
    assert [one["event"] for one in receiver.values("phone_number_quality_update")] == ["FLAGGED", "UPGRADE", "DOWNGRADE"]
    assert refused(emulator.api("GET", PHONE_ID, params={"fields": "warna"})) == 100
