"""pywa, a client that others wrote, and the emulator understand each other; where they do not, it is said which one errs."""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from pywa import WhatsApp
from pywa import types as wa_types
from pywa.errors import WhatsAppError
from pywa.types import templates as wa_templates

from tests.emulator.conftest import ACCOUNT, PHONE_ID, SECRET, SITI, SITI_NUMBER, TOKEN, VERIFY, Emulator, Receiver

PHOTO = b"\xff\xd8\xff" + bytes(range(256)) * 4


@pytest.fixture
def peer(emulator: Emulator) -> Iterator[WhatsApp]:
    """pywa's client, pointed at the emulator; its address is fixed in its code, so it is set from outside."""
    with httpx.Client(trust_env=False, timeout=10) as session:
        client = WhatsApp(
            PHONE_ID, TOKEN, session=session, waba_id=ACCOUNT, verify_token=VERIFY, app_secret=SECRET, filter_updates=False,
        )  # fmt: skip
        client.api._session.base_url = f"{emulator.url}/v26.0"
        yield client


class Heard:
    """What pywa makes of each webhook, and what it logs when it can make nothing of one."""

    def __init__(self, client: WhatsApp, receiver: Receiver) -> None:
        self.client, self.receiver, self.seen = client, receiver, list[Any]()
        for on in ("message", "callback_button", "callback_selection", "message_status", "phone_number_change",
                   "template_status_update", "user_marketing_preferences"):  # fmt: skip
            getattr(client, f"on_{on}")(lambda _client, update: self.seen.append(update))
        self.fed = 0

    def everything(self) -> list[Any]:
        """Feeds what came since the last time, signature included; the updates that pywa made of it."""
        before = len(self.seen)
        for body, headers in self.receiver.posts[self.fed :]:
            assert self.client.webhook_update_validator(body, headers["X-Hub-Signature-256"]) is None
            assert self.client.webhook_update_handler(body) == ("ok", 200)
        self.fed = len(self.receiver.posts)
        return self.seen[before:]


@pytest.fixture
def heard(peer: WhatsApp, receiver: Receiver) -> Heard:
    return Heard(peer, receiver)


def shown(emulator: Emulator) -> list[dict[str, Any]]:
    return [one for one in emulator.see(f"conversation?number={SITI}")["messages"] if not one["mine"]]


def test_what_pywa_sends_is_what_the_phone_shows(emulator: Emulator, peer: WhatsApp) -> None:
    wamid = emulator.write()
    peer.send_message(SITI, "Halo *Siti*", tracker="saya")
    peer.send_message(
        SITI, "Mau apa?", footer="Gratis", header="Menu",
        buttons=[wa_types.Button("Ajukan", "a"), wa_types.Button("Status", "b")],
    )  # fmt: skip
    sections = [wa_types.Section("Layanan", [wa_types.SectionRow("KTP-el", "ktp", "Baru atau hilang")])]
    peer.send_message(SITI, "Pilih layanan", buttons=wa_types.SectionList("Lihat", sections))
    peer.send_message(SITI, "Isi formulir", buttons=wa_types.URLButton("Buka", "https://loket.test/f/"))
    peer.send_image(SITI, PHOTO, caption="Contoh", mime_type="image/jpeg")
    peer.send_location(SITI, latitude=-6.01, longitude=106.05, name="Kantor", address="Jalan Contoh 1")
    peer.send_reaction(SITI, emoji="👍", message_id=wamid)
    text, buttons, rows, link, photo, place, reaction = shown(emulator)
    assert text["text"] == "Halo *Siti*"
    assert [one["title"] for one in buttons["buttons"]] == ["Ajukan", "Status"]
    assert (buttons["header"], buttons["footer"]) == ("Menu", "Gratis")
    assert rows["list"]["sections"][0]["rows"][0] == {"id": "ktp", "title": "KTP-el", "description": "Baru atau hilang"}
    assert link["link"] == {"title": "Buka", "url": "https://loket.test/f/"}
    assert (photo["text"], emulator.client.get(f"/_/photo/{photo['media']['id']}").content) == ("Contoh", PHOTO)
    assert place["location"]["name"] == "Kantor"
    assert reaction["text"] == "👍"
    assert emulator.see("ledger")["outbound"][0]["biz_opaque_callback_data"] == "saya"
    # pywa sends no plus before a number; the provider guesses the country then.
    assert {row["to"] for row in emulator.see("ledger")["outbound"]} == {SITI}


def test_pywa_writes_a_template_waits_for_it_and_sends_it(emulator: Emulator, peer: WhatsApp, heard: Heard) -> None:
    body = "KTP-el dengan kode {{kode}} sudah selesai dicetak. Terima kasih."
    template = wa_templates.Template(
        name="siap", language=wa_templates.TemplateLanguage.INDONESIAN, category=wa_templates.TemplateCategory.UTILITY,
        parameter_format=wa_templates.ParamFormat.NAMED,
        components=[wa_templates.BodyText(body, kode="ABCD"), wa_templates.FooterText(text="Layanan gratis.")],
    )  # fmt: skip
    made = peer.create_template(template)
    assert made.status == wa_templates.TemplateStatus.PENDING
    emulator.advance(61)
    (told,) = heard.everything()
    assert (told.new_status, told.template_name) == (wa_templates.TemplateStatus.APPROVED, "siap")
    (found,) = peer.get_templates(name="siap")
    assert (found.status, found.id) == (wa_templates.TemplateStatus.APPROVED, made.id)
    sent = peer.send_template(SITI, "siap", wa_templates.TemplateLanguage.INDONESIAN, [wa_templates.BodyText.params(kode="XYZ9")])
    assert sent.id
    assert shown(emulator)[0]["text"] == body.replace("{{kode}}", "XYZ9")
    with pytest.raises(WhatsAppError) as refusal:
        peer.send_template(SITI, "tiada", wa_templates.TemplateLanguage.INDONESIAN, [])
    assert refusal.value.code == 132001


def test_pywa_understands_every_kind_of_message(emulator: Emulator, peer: WhatsApp, heard: Heard) -> None:
    photo = {"base64": base64.b64encode(PHOTO).decode(), "caption": "KK"}
    for content in (
        {"text": "Apa kabar? 👋", "name": "Siti"}, {"button_reply": {"id": "a", "title": "Ajukan"}, "reply_to": "wamid.q"},
        {"list_reply": {"id": "ktp", "title": "KTP-el", "description": "Baru"}},
        {"template_button": {"payload": "ya", "text": "Ya"}}, {"image": photo},
        {"document": {**photo, "filename": "kk.pdf"}}, {"audio": photo}, {"location": {"latitude": -6.0, "longitude": 106.0}},
        {"contacts": {"name": "Budi", "phone": "081290001234"}}, {"reaction": {"message_id": "wamid.x", "emoji": "👍"}},
        {"reaction": {"message_id": "wamid.x"}}, {"unsupported": "poll"},
    ):  # fmt: skip
        emulator.write(**content)
    heard.everything()
    text, button, row, press, image, document, audio, place, card, reaction, taken_back, poll = heard.seen
    assert (text.text, text.from_user.name, text.from_user.wa_id) == ("Apa kabar? 👋", "Siti", SITI)
    assert text.from_user.bsuid == emulator.see("people")[0]["user_id"]
    assert (button.data, button.title, button.reply_to_message.id) == ("a", "Ajukan", "wamid.q")
    assert (row.data, row.description) == ("ktp", "Baru")
    assert (press.data, press.title) == ("ya", "Ya")
    assert (image.caption, image.image.mime_type, document.document.filename) == ("KK", "image/jpeg", "kk.pdf")
    assert (audio.audio.voice, place.location.latitude, card.contacts[0].name.formatted_name) == (True, -6.0, "Budi")
    assert (reaction.reaction.emoji, taken_back.reaction.emoji) == ("👍", None)
    assert poll.type == wa_types.MessageType.UNSUPPORTED


def test_pywa_fetches_media_in_two_hops(emulator: Emulator, peer: WhatsApp, heard: Heard, tmp_path: Any) -> None:
    emulator.write(image={"base64": base64.b64encode(PHOTO).decode()})
    (message,) = heard.everything()
    told = peer.get_media_url(message.image.id)
    assert (told.file_size, told.mime_type) == (len(PHOTO), "image/jpeg")
    assert peer.download_media(url=told.url, path=tmp_path, filename="kk.jpg").read_bytes() == PHOTO


def test_pywa_marks_as_read_and_types(emulator: Emulator, peer: WhatsApp) -> None:
    wamid = emulator.write()
    assert peer.mark_message_as_read(wamid)
    assert peer.indicate_typing(wamid)
    view = emulator.see(f"conversation?number={SITI}")
    assert (view["messages"][0]["tick"], view["typing"]) == ("read", True)


def test_pywa_reads_statuses_and_their_price(emulator: Emulator, peer: WhatsApp, heard: Heard) -> None:
    emulator.do("knobs", {"plan": "read"})
    emulator.write()
    sent = peer.send_message(SITI_NUMBER, "Halo", tracker="saya")
    emulator.advance(60)
    states = heard.everything()[1:]
    assert [(one.id, one.status.value, one.tracker) for one in states] == [
        (sent.id, "sent", "saya"), (sent.id, "delivered", "saya"), (sent.id, "read", "saya"),
    ]  # fmt: skip
    (price,) = [one.pricing for one in states if one.pricing]
    assert (price.model.value, price.category.value) == ("PMP", "service")
    assert {one.from_user.wa_id for one in states} == {SITI}


def test_refusals_reach_pywa_with_their_code(emulator: Emulator, peer: WhatsApp) -> None:
    with pytest.raises(WhatsAppError) as refusal:
        peer.send_message(SITI, "Halo")
    assert (refusal.value.code, refusal.value.fbtrace_id is not None) == (131047, True)
    assert "24 hours" in str(refusal.value.details)


def test_people_without_a_number_and_with_a_new_one(emulator: Emulator, peer: WhatsApp, heard: Heard) -> None:
    emulator.write(text="halo", hides_number=True, username="siti.aisyah")
    (message,) = heard.everything()
    assert (message.from_user.wa_id, message.from_user.username) == (None, "siti.aisyah")
    peer.send_message(message.from_user.bsuid, "Halo")
    assert emulator.see("ledger")["outbound"][0]["message"]["recipient"] == message.from_user.bsuid
    emulator.settle()
    assert heard.everything()[0].from_user.bsuid == message.from_user.bsuid
    emulator.write("6289900000002")
    moved = emulator.do("change", {"number": "6289900000002", "new_number": "6289900000003"})
    emulator.settle()
    change = heard.everything()[1]
    assert (change.old_wa_id, change.new_wa_id, change.new_user_id) == ("6289900000002", "6289900000003", moved["user_id"])


def test_an_opt_out_reaches_pywa(emulator: Emulator, peer: WhatsApp, heard: Heard) -> None:
    emulator.write()
    emulator.do("meet", {"number": SITI, "opted_out": True})
    emulator.settle()
    assert heard.everything()[1].value.value == "stop"


# Where pywa and the provider's documentation part, the emulator follows the documentation. Each of these is pywa's: when
# a later pywa mends one, its test fails and goes.


def test_pywa_errs_on_a_failed_status_which_names_no_contact(
    emulator: Emulator, peer: WhatsApp, heard: Heard, caplog: pytest.LogCaptureFixture
) -> None:
    emulator.do("knobs", {"plan": "failed"})
    emulator.write()
    peer.send_message(SITI, "Halo")
    emulator.settle()
    with caplog.at_level(logging.ERROR):
        assert [type(one).__name__ for one in heard.everything()] == ["Message"]
    assert "Failed to construct update" in caplog.text


def test_pywa_errs_on_a_new_user_id_which_comes_without_a_number(
    emulator: Emulator, peer: WhatsApp, heard: Heard, caplog: pytest.LogCaptureFixture
) -> None:
    emulator.write()
    emulator.do("change", {"number": SITI})
    emulator.settle()
    with caplog.at_level(logging.ERROR):
        assert [type(one).__name__ for one in heard.everything()] == ["Message"]
    assert "Failed to construct update" in caplog.text


def test_pywa_reads_one_update_of_a_batch(emulator: Emulator, peer: WhatsApp, heard: Heard, receiver: Receiver) -> None:
    emulator.do("knobs", {"batch_size": 10, "paused": True})
    emulator.do("send", [{"from": SITI, "text": "a"}, {"from": SITI, "text": "b"}, {"from": SITI, "text": "c"}])
    emulator.do("knobs", {"paused": False})
    emulator.settle()
    assert len(receiver.updates("messages")) == 3
    assert len(heard.everything()) == 1
