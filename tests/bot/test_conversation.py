"""What residents write, and the one message that answers it."""

from __future__ import annotations

import itertools
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client

from loket import jobs
from loket.applications import actions as applications
from loket.applications import drafts
from loket.applications.models import Application, Draft
from loket.audit.models import Entry
from loket.bot import conversation, steps
from loket.conversations import actions as talks
from loket.conversations import composing, gateways, texts
from loket.conversations.inbox import Incoming
from loket.conversations.keys import data_key
from loket.conversations.models import Contact, Message
from loket.core import clock, codes
from loket.delivery import actions as delivery
from loket.offices import queries as offices
from loket.offices.models import Holiday
from tests import cast as play
from tests.cast import CILEGON, NOW, Cast
from wa_emulator import checks

PHONE = "+6289900123456"
NIK, KK = "3672995705900001", "3672991503120777"
FORM = f"#KTP#{NIK}#{KK}#Siti Aisyah#Kedaleman#Cibeber#Hilang"
_numbers = itertools.count()


def contact(phone: str = PHONE) -> Contact:
    return talks.contact_by_user(bsuid=None, phone=phone, name="Siti", office=CILEGON, at=clock.now())


def write(text: str = "", *, button: str = "", kind: str = "text", late: timedelta = timedelta()) -> None:
    """A message arrives, is kept and is answered."""
    at = clock.now()
    given = Incoming(f"wamid.{next(_numbers)}", kind, text, button, "", "", PHONE, "Siti", at - late)
    talks.receive(contact(), provider_id=given.provider_id, kind=kind, body=text, sent_at=given.sent_at, at=at)
    conversation.turn(contact(), given, at)


def queued() -> list[str]:
    return list(Message.objects.filter(outgoing=True, state="queued").order_by("seq").values_list("notice", flat=True))


def leave() -> None:
    """What is queued goes out."""
    for row in Message.objects.filter(outgoing=True, state="queued"):
        Message.objects.filter(pk=row.pk).update(state="sent", provider_id=row.pk.hex)


def say(text: str = "", *, button: str = "", kind: str = "text", late: timedelta = timedelta()) -> list[str]:
    """Write to the office, half a minute after the last time; the names of the messages that answer, which leave."""
    clock.move_to(clock.now() + timedelta(seconds=30))
    leave()
    write(text, button=button, kind=kind, late=late)
    answers = queued()
    leave()
    return answers


def shown() -> composing.Composed:
    """The newest answer as she reads it."""
    row = Message.objects.filter(outgoing=True).latest("seq")
    key = data_key(row.contact)
    private = json.loads(key.open_text("conversations_message", "body", row.pk, bytes(row.body))) if row.body else {}
    values = {"fee": 14000, "days": 7, "hours": "08.00–15.00 WIB", "office": "Disdukcapil Kota Cilegon",
              "pickup_place": "Disdukcapil Kota Cilegon, Jalan Contoh 1", **row.params}  # fmt: skip
    link = private.pop("link", "") or ("https://x/l/y/" if "code" in row.params else "")
    return composing.compose(row.notice, values, language=contact().language, link=link, private=private)


def token() -> str:
    """The link of the newest answer, as a path."""
    link = shown().link
    assert link
    return "/l/" + link[1].partition("/l/")[2]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("halo", "welcome"), ("mau urus ktp", "form_link"), ("status", "status_none"), ("petugas", "person_open"),
        ("batal", "cancel_none"), ("berhenti", "stopped"), ("english", "welcome"), (f"nik saya {NIK}", "form_link_read"),
        ("nik saya 367201570590001", "form_link_kindly_short"), (FORM, "form_link_read"), ("#KTP#", "form_link_kindly"),
        ("qwerty", "welcome"), ("biayanya berapa", "fees"), ("jam buka kantor", "hours"), ("apa syaratnya", "needs_list"),
        ("syarat ktp hilang", "needs"), ("lupa kode", "status_none"), ("mau perbaiki isian", "fix_none"),
        ("kirim lewat pos", "choose_not_yet"), ("saya ambil sendiri", "choose_not_yet"), ("mau komplain", "complaint"),
        ("ada calo", "broker"), ("ibu saya di rumah sakit, mendesak", "urgent_open"), ("terima kasih", "thanks"),
        ("bukan saya yang menerima", "not_me"), ("1", "menu"),
    ],
)  # fmt: skip
def test_each_message_is_answered_by_one(cast: Cast, text: str, answer: str) -> None:
    assert say(text) == ["welcome" if answer == "menu" else answer]
    composed = shown()
    assert composed.footer == texts.FOOTER[contact().language]
    checks.check({"messaging_product": "whatsapp", "to": "6281", **gateways.message(composed)})


@pytest.mark.parametrize("flow", ["halo", "syarat", "mau urus ktp"])
@pytest.mark.parametrize(
    ("word", "answer"),
    [("MENU!!", "welcome"), ("  stattus ", "status_none"), ("Petugsa.", "person_open"), ("btal", "cancel_none"), ("*berhenti*", "stopped")],
)
def test_five_words_work_in_the_middle_of_everything(cast: Cast, flow: str, word: str, answer: str) -> None:
    say(flow)
    assert say(word) == [answer]


def test_a_number_means_the_options_of_the_last_question(cast: Cast) -> None:
    say("halo")
    assert say("2") == ["status_none"]
    say("apa syaratnya")
    assert say("3") == ["needs"]
    assert "KTP-el hilang" in shown().body
    # The last question is the newest: another service, from the buttons of this one.
    assert say("2") == ["needs_list"]
    assert say("tukar suket") == ["needs"] or shown().rows == ()
    say("menu")
    assert say("ajukan") == ["form_link"]


def test_every_choice_is_also_a_number_in_the_text(cast: Cast) -> None:
    say("apa syaratnya")
    composed = shown()
    assert len(composed.rows) == 7
    assert composed.buttons == ()
    for number, (_key, title, _more) in enumerate(composed.rows, 1):
        assert f"\n{number}. {title}" in composed.body
    call = gateways.message(composed)
    assert call["interactive"]["type"] == "list"
    checks.check({"messaging_product": "whatsapp", "to": "6281", **call})


def test_what_every_text_offers_leads_to_a_step() -> None:
    for step in steps.STEPS.values():
        for key in step.expects():
            assert conversation._pressed(key) != "old_button", (step.name, key)
    assert {name for step in steps.STEPS.values() for name in step.says} <= set(texts.TEXTS)


def test_a_number_after_a_day_answers_nothing_and_the_form_is_offered(cast: Cast) -> None:
    say(FORM)
    say("menu")
    clock.move_to(clock.now() + timedelta(hours=23, minutes=30))
    assert say("2") == ["expired_back"]
    assert say("1") == ["form_resume"]


@pytest.mark.parametrize("button", ["menu:9:apply", "menu:1:gone", "kuis:1:a", "rusak", "choose:1:post:0000000000Z"])
def test_an_old_button_is_answered_kindly_and_changes_nothing(cast: Cast, button: str) -> None:
    assert say(button=button) == ["old_button"]


@pytest.mark.parametrize(
    ("kind", "answer"),
    [("image", []), ("audio", []), ("sticker", []), ("location", ["other_kind"]), ("contacts", ["other_kind"]), ("unsupported", ["other_kind"]), ("reaction", [])],
)  # fmt: skip
def test_what_is_no_text_gets_one_polite_line_and_files_are_answered_when_they_are_looked_at(cast: Cast, kind: str, answer: list[str]) -> None:
    assert say(kind=kind) == answer


def test_two_failed_tries_offer_a_person_and_three_call_one(cast: Cast) -> None:
    assert [say("qwerty"), say("asdf"), say("zxcv")] == [["welcome"], ["offer_person"], ["person_open"]]
    assert contact().person_since is not None
    assert contact().bot_step == "unknown"
    assert say("halo") == ["welcome"]


def test_understanding_again_forgets_failed_tries(cast: Cast) -> None:
    say("qwerty")
    say("status")
    assert [say("asdf"), say("zxcv")] == [["not_understood"], ["offer_person"]]


def test_the_bot_is_silent_while_a_person_has_the_chat_and_for_what_came_late(cast: Cast) -> None:
    assert say("halo", late=timedelta(hours=2)) == []
    assert Message.objects.filter(outgoing=False).count() == 1
    talks.claim(contact().pk, by=cast.counter, at=clock.now())
    assert say("halo") == []
    talks.release(contact().pk, by=cast.counter, at=clock.now())
    assert say("halo") == ["welcome"]


def test_texts_in_a_row_are_one_turn_with_one_answer(cast: Cast) -> None:
    for text in ("halo", "mau", "bikin ktp"):
        write(text)
        clock.move_to(clock.now() + timedelta(seconds=0.5))
    assert queued() == ["form_link"]
    due = Message.objects.get(outgoing=True).due_at
    assert clock.now() - timedelta(seconds=1) < due < clock.now() + conversation.PAUSE
    leave()
    write("selamat pagi")
    assert queued() == []


def test_pieces_that_never_end_are_answered_all_the_same(cast: Cast) -> None:
    start = clock.now()
    for _ in range(12):
        write("emm gini")
        clock.move_to(clock.now() + timedelta(seconds=0.7))
    assert Message.objects.filter(outgoing=True).latest("seq").due_at <= start + timedelta(seconds=9)
    assert contact().bot_tries == 1


def test_a_repeated_message_is_joined_and_keeps_its_place(cast: Cast) -> None:
    play.file(cast)
    code = play.file(cast, phone=PHONE).code
    complete = Application.objects.get(code=code).complete_at
    text = "ktp saya sudah jadi belum"
    assert say(text) == ["status_list"]
    assert say(text) == ["merged_case"]
    assert "Urutan Anda tetap nomor 2" in shown().body
    assert [say(text), say(text)] == [[], []]
    assert Application.objects.get(code=code).complete_at == complete
    clock.move_to(clock.now() + timedelta(hours=7))
    assert say(text) == ["status_list"]
    assert say(text) == ["merged_case"]


def test_whoever_waits_for_a_person_is_told_her_place_once_in_six_hours(cast: Cast) -> None:
    earlier = contact("+6281230001111")
    talks.receive(earlier, provider_id="x", kind="text", body="petugas", sent_at=clock.now(), at=clock.now())
    talks.call_person(earlier, reason="person", at=clock.now())
    assert say("petugas") == ["person_open"]
    since = contact().person_since
    assert say("saya mau bertanya soal anak saya") == ["merged_chat"]
    assert "nomor 2" in shown().body
    assert [say("tolong ya"), say("petugas"), say("qwerty")] == [[], [], []]
    # What the bot knows it answers, and her place stays.
    assert say("status") == ["status_none"]
    assert contact().person_since == since


def test_at_night_she_hears_once_when_people_are_back(cast: Cast) -> None:
    Holiday.objects.create(office_id=CILEGON, on=datetime(2020, 6, 3).date(), name="Libur")
    offices.forget()
    clock.move_to(datetime(2020, 6, 2, 13, tzinfo=UTC))
    assert say("petugas") == ["person_closed"]
    assert "mulai Kamis, 4 Juni 2020 pukul 08.00 WIB" in shown().body.replace("\u00a0", " ")
    assert say("petugas") == ["merged_chat"]
    assert say("petugas") == []
    assert say("jam buka kantor") == ["hours"]
    assert "Libur: Rabu, 3 Juni 2020" in shown().body.replace("\u00a0", " ")


def test_her_own_request_is_shown_with_its_state(cast: Cast) -> None:
    code = play.file(cast, phone=PHONE).code
    assert say("status") == ["status_list"]
    line = Message.objects.filter(notice="status_list").latest("seq").params["lines"]
    assert line.startswith(f"*{codes.shown(code)}*: sedang diperiksa. Urutan 1.")
    assert say(f"ini kodenya {codes.shown(code).lower()} ya") == ["status_list"]
    assert say("saya lupa kodenya") == ["own_codes"]
    assert codes.shown(code) in shown().body


def test_what_needs_mending_gets_its_link_and_cancelling_its_page(cast: Cast) -> None:
    code = play.file(cast, phone=PHONE).code
    assert say("batal") == ["cancel_link"]
    assert Application.objects.get(code=code).state == "submitted"
    applications.decide([applications.Verdict(code, "return", "Foto gelap", ("kk",))], by=cast.verifier, at=clock.now())
    assert say("mau perbaiki isian") == ["fix_link"]


def test_a_button_chooses_only_for_ones_own_case(cast: Cast) -> None:
    mine, other = play.printed(cast, phone=PHONE), play.printed(cast)
    assert say(button=f"choose:1:post:{other}") == ["old_button"]
    assert say(button=f"choose:1:post:{mine}") == ["chosen_post"]
    assert say(button=f"choose:1:post:{mine}") == ["chosen_before"]
    manifest, _results = delivery.open_manifest([mine], by=cast.dispatcher, at=clock.now())
    delivery.close_manifest(manifest.pk, 1, by=cast.dispatcher, at=clock.now())
    assert say(button=f"choose:1:pickup:{mine}") == ["refused"]


def test_a_number_about_a_card_is_asked_back_before_it_counts(cast: Cast) -> None:
    code = play.printed(cast, phone=PHONE)
    assert say("1") == ["confirm_post"]
    assert "Rp14.000" in shown().body
    assert not Application.objects.get(code=code).method
    assert say("1") == ["chosen_post"]
    assert say("ganti ambil sendiri") == ["confirm_pickup"]
    assert say("ya") == ["ready_pickup"]
    assert say("mau ambil sendiri") == ["pickup_where"]


def test_not_me_calls_a_person_at_once(cast: Cast) -> None:
    assert say(button=f"received:1:notme:{play.file(cast).code}") == ["not_me"]
    assert contact().person_since is not None


def test_stopping_stands_in_the_trail_and_english_stays(cast: Cast) -> None:
    say("stop")
    assert contact().opted_out_at is not None
    assert Entry.objects.filter(action="chat.opt_out").count() == 1
    assert say("english") == ["welcome"]
    assert contact().language == "en"
    assert shown().buttons[0][1] == "Make a request"
    assert shown().footer == texts.FOOTER["en"]
    say("indonesia")
    assert contact().language == "id"


# --- the form of a chat ---


def test_an_old_form_is_read_into_the_form_and_never_echoed(cast: Cast) -> None:
    say(f"#KTP#{KK}#{NIK[:4]} {NIK[4:].replace('0', 'O', 1)}#Siti Aisyah#Kedaleman#Cibeber#Hilang")
    body = shown().body
    assert "NIK 36••••••••••••••, KK 36••••••••••••••, S*** A***" in body
    assert not re.search(r"\d{5}", body)
    row = Message.objects.filter(outgoing=True).latest("seq")
    assert row.params == {}
    browser = Client()
    browser.get(token())
    page = browser.get("/ajukan/isi/layanan/").content.decode()
    assert re.search(r'value="KTP_LOST"[^>]*checked', page)
    browser.post("/ajukan/isi/layanan/", {"service": "KTP_LOST"})
    page = browser.get("/ajukan/isi/nomor/").content.decode()
    assert f'value="{NIK}"' in page
    assert f'value="{KK}"' in page


def test_a_begun_form_is_offered_again_and_opens_where_it_was_left(cast: Cast) -> None:
    assert say("mau bikin ktp") == ["form_link"]
    first = Client()
    first.get(token())
    assert say("ajukan ktp dong") == ["form_link"]
    first.post("/ajukan/isi/layanan/", {"service": "KTP_NEW"})
    assert say("halo kak") == ["welcome_back"]
    assert say("1") == ["form_resume"]
    link, second = token(), Client()
    assert second.get(link).headers["Location"] == "/ajukan/isi/nomor/"
    assert Draft.objects.count() == 1
    # Her first browser goes on until she fills in the form by the new link.
    assert first.get("/ajukan/isi/nomor/").status_code == 200
    second.post("/ajukan/isi/nomor/", {"nik": NIK, "kk_number": KK})
    assert first.get("/ajukan/isi/nomor/").status_code == 302
    assert Client().get(link).status_code == 410
    assert say("formulir baru") == ["form_link"]
    assert Draft.objects.count() == 2


@pytest.mark.parametrize("change", ["another user id", "another number", "a number of somebody else in the form"])
def test_a_begun_form_is_offered_to_nobody_else(cast: Cast, change: str) -> None:
    say(FORM)
    draft = Draft.objects.get()
    if change == "another user id":
        Contact.objects.filter(pk=contact().pk).update(bsuid="ID.baru")
    elif change == "another number":
        Contact.objects.filter(pk=contact().pk).update(bsuid="ID.lama")
        given = drafts.answers(draft)
        drafts.keep(draft, given | {drafts.HOLDER: talks.holder(contact())})
        Contact.objects.filter(pk=contact().pk).update(phone_index=b"0" * 16)
        talks.contact_by_user(bsuid="ID.lama", phone=PHONE, name="", office=CILEGON, at=clock.now())
        Contact.objects.filter(bsuid="ID.lama").update(phone_index=b"1" * 16)
        holder = talks.holder(Contact.objects.get(bsuid="ID.lama"))
        assert drafts.of_chat(draft.contact_id, holder, b"1" * 16, clock.now()) is None
        return
    else:
        drafts.keep(draft, drafts.answers(draft) | {"phone": "+6281230001111"})
    assert say("halo") == ["welcome"]
    assert say("mau bikin ktp") == ["form_link"]
    assert Draft.objects.count() == 2


def test_a_form_for_somebody_else_is_another_form(cast: Cast) -> None:
    say(FORM)
    say(FORM.replace("5705900001", "1705900002"))
    assert Draft.objects.count() == 2


def test_an_unsent_form_is_remembered_once_before_the_window_shuts(cast: Cast) -> None:
    say(FORM)
    for hours, told in ((22, 0), (1.2, 1), (0.2, 1), (2, 1)):
        clock.move_to(clock.now() + timedelta(hours=hours))
        conversation.remind_of_forms(CILEGON)
        assert Message.objects.filter(notice="form_waiting").count() == told
    assert jobs.tend() == 0


# --- what every text promises ---

_ASKS = re.compile(
    r"(?<!we )\b(?:kirim(?:kan)?|tulis(?:kan)?|sebut(?:kan)?|balas|beri(?:kan)?|bagikan|send|write|reply|give|tell us)\b[^.?!]{0,60}"
    r"\b(?:NIK|Nomor KK|foto|OTP|PIN|uang|transfer|KTP|photo|money|pulsa)\b",
    re.IGNORECASE,
)
_NEVER = re.compile(r"\b(?:jangan|tidak|bukan|never|not|do not)\b", re.IGNORECASE)


@pytest.mark.parametrize("name", texts.TEXTS)
def test_no_text_asks_for_a_nik_a_photo_an_otp_or_money(name: str) -> None:
    given = texts.TEXTS[name]
    for text in (given.id, given.en, *texts.FOOTER.values()):
        for sentence in re.split(r"(?<=[.?!])\s|\n", text):
            assert not _ASKS.search(sentence) or _NEVER.search(sentence), sentence


def test_the_guard_would_see_a_text_that_asks() -> None:
    for sentence in ("Kirim NIK Anda.", "Balas dengan foto KTP.", "Send us your OTP.", "Tulis Nomor KK di sini."):
        assert _ASKS.search(sentence)


@pytest.mark.parametrize("name", texts.TEXTS)
def test_every_text_fits_whatsapp_and_stands_in_both_languages(name: str) -> None:
    given = texts.TEXTS[name]
    assert given.en != given.id or given.id in ("{lines}", "{sentence}")
    assert len(given.buttons) <= 3
    assert all(len(title) <= 20 for _key, *titles in given.buttons for title in titles)
    assert all(len(label) <= 20 for label in (*(given.link or ()), *(given.list_label or ())))
    assert max(len(given.id), len(given.en)) <= 700
    assert sorted(re.findall(r"\{(\w+)\}", given.id)) == sorted(re.findall(r"\{(\w+)\}", given.en)), name
    assert all(len(line) <= 60 for line in texts.FOOTER.values())


def test_no_text_is_written_outside_the_table() -> None:
    source = Path(conversation.__file__).with_name("answers.py").read_text()
    assert not re.search(r'Reply\(\s*f?"[^"]* [^"]*"', source)
    assert NOW.tzinfo
