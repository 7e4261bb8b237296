"""Who writes: with a number, with an id alone, with a username, with a new number."""

from __future__ import annotations

from tests.emulator.conftest import SITI, Emulator, Receiver

OTHER = "6289900000002"


def test_somebody_with_a_number_has_a_user_id_as_well(emulator: Emulator, receiver: Receiver) -> None:
    emulator.write(name="Siti", text="halo")
    (value,) = receiver.values()
    (message,), (contact,) = value["messages"], value["contacts"]
    assert message["from"] == contact["wa_id"] == SITI
    assert message["from_user_id"] == contact["user_id"]
    assert contact["user_id"].startswith("ID.")
    assert contact["profile"] == {"name": "Siti"}


def test_somebody_without_a_shared_number_is_known_by_the_id_alone(emulator: Emulator, receiver: Receiver) -> None:
    emulator.write(text="halo", hides_number=True)
    emulator.write(OTHER, text="halo", hides_number=True, username="siti.aisyah")
    for value in receiver.values():
        (message,), (contact,) = value["messages"], value["contacts"]
        assert "from" not in message
        assert "wa_id" not in contact
        assert message["from_user_id"] == contact["user_id"]
    assert receiver.values()[1]["contacts"][0]["profile"]["username"] == "siti.aisyah"
    assert SITI.encode() not in receiver.posts[0][0]


def test_a_new_number_brings_a_new_id_and_the_chat_goes_along(emulator: Emulator, receiver: Receiver) -> None:
    emulator.write()
    before = receiver.updates("messages")[0]["from_user_id"]
    moved = emulator.do("change", {"number": SITI, "new_number": OTHER})
    emulator.settle()
    value = receiver.values()[-1]
    (message,) = value["messages"]
    assert "contacts" not in value
    assert (message["type"], message["from"]) == ("system", SITI)
    system = message["system"]
    assert (system["type"], system["wa_id"]) == ("user_changed_number", OTHER)
    assert (system["previous_user_id"], system["user_id"]) == (before, moved["user_id"])
    emulator.write(OTHER)
    assert receiver.updates("messages")[-1]["from_user_id"] == moved["user_id"] != before
    assert len(emulator.see(f"conversation?number={OTHER}")["messages"]) == 3
    emulator.sent(f"+{OTHER}")


def test_a_new_id_is_told_without_any_number(emulator: Emulator, receiver: Receiver) -> None:
    emulator.write()
    changed = emulator.do("change", {"number": SITI})
    emulator.settle()
    (message,) = receiver.values()[-1]["messages"]
    assert (message["system"]["type"], message["system"]["user_id"]) == ("user_changed_user_id", changed["user_id"])
    assert "from" not in message
    assert "wa_id" not in message["system"]


def test_cards_places_reactions_and_presses(emulator: Emulator, receiver: Receiver) -> None:
    emulator.write(contacts={"name": "Budi", "phone": "081290001234"})
    emulator.write(location={"latitude": -6.01, "longitude": 106.05, "name": "Rumah"})
    emulator.write(reaction={"message_id": "wamid.a", "emoji": "👍"})
    emulator.write(reaction={"message_id": "wamid.a"})
    emulator.write(button_reply={"id": "a", "title": "A"}, reply_to="wamid.a")
    emulator.write(list_reply={"id": "b", "title": "B", "description": "bb"})
    emulator.write(template_button={"payload": "p", "text": "P"}, forwarded=True)
    cards, place, reaction, taken_back, button, row, press = receiver.updates("messages")
    assert cards["contacts"][0]["phones"][0]["wa_id"] == "6281290001234"
    assert place["location"] == {"latitude": -6.01, "longitude": 106.05, "name": "Rumah"}
    assert reaction["reaction"] == {"message_id": "wamid.a", "emoji": "👍"}
    assert "emoji" not in taken_back["reaction"]
    assert button["interactive"] == {"type": "button_reply", "button_reply": {"id": "a", "title": "A"}}
    assert button["context"] == {"from": "622547800000", "id": "wamid.a"}
    assert row["interactive"]["list_reply"]["description"] == "bb"
    assert (press["button"], press["context"]) == ({"payload": "p", "text": "P"}, {"forwarded": True})
