"""What somebody tries through the chat, the complaints, the lists and the letters; each guard was seen to fail without it."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.db import Error, IntegrityError, connection, transaction
from django.test import Client

from loket.applications import drafts
from loket.applications import queries as cases
from loket.applications.models import Application
from loket.audit.models import Entry
from loket.bot import conversation
from loket.conversations import actions as talks
from loket.conversations import authenticity, composing
from loket.conversations import queries as threads
from loket.conversations import rules as conversations
from loket.conversations.authenticity import Verdict, judge
from loket.conversations.keys import data_key
from loket.conversations.models import Contact, Message
from loket.core import clock, codes, links
from loket.core.errors import Refusal
from loket.delivery import queries as parcels
from loket.integrity.models import Complaint
from loket.offices import queries as offices
from loket.suket import importing, issuing, rules, staging
from loket.suket.importing import import_suket
from loket.suket.models import Letter, Staged
from tests import cast as play
from tests.actions.test_issuing import allow
from tests.actions.test_issuing import case as recorded
from tests.actions.test_register import row, sheet_of
from tests.cast import CILEGON, Cast
from tests.security.test_intruders import guess, shelved, staff

PHONE, OFFICERS = "+628120009001", "+628120009999"


def chat(phone: str = PHONE) -> UUID:
    contact = talks.contact_by_phone(phone, office=CILEGON, at=clock.now(), name="Melati")
    talks.receive(
        Contact.objects.get(pk=contact), provider_id=uuid4().hex, kind="text", body="Rahasia saya: rumah sakit", sent_at=clock.now(),
        at=clock.now(),
    )  # fmt: skip
    return contact


def complained(kind: str) -> Complaint:
    """A complaint about an officer's conduct, whose answer goes to the number that she also chats from."""
    given = {"kind": kind, "text": "Petugas membentak saya di loket.", "kunci": uuid4().hex, "phone": PHONE}
    assert Client().post("/keluhan/baru/", given).status_code == 302
    return Complaint.objects.get()


# --- a curious officer ---


@pytest.mark.parametrize(("path", "fields"), [("balas", {"text": ""}), ("balas", {"isi": "1"}), ("catatan", {}), ("serah", {}), ("tunda", {})])
def test_a_refused_deed_shows_no_conversation_unrecorded(cast: Cast, path: str, fields: dict[str, str]) -> None:
    contact = chat()
    page = staff("counter").post(f"/petugas/obrolan/{contact}/{path}/", fields).content.decode()
    read = Entry.objects.filter(action="read.chat", actor="counter", body__contains=str(contact)).count()
    assert ("rumah sakit" in page) == (read == 1)


def test_a_page_that_stands_open_is_read_once_however_often_a_deed_is_refused(cast: Cast) -> None:
    contact, client = chat(), staff("counter")
    client.get(f"/petugas/obrolan/{contact}/")
    client.post(f"/petugas/obrolan/{contact}/balas/", {"text": ""})
    assert Entry.objects.filter(action="read.chat").count() == 1


def test_a_chat_does_not_tell_the_office_that_its_resident_complained(cast: Cast) -> None:
    contact, complaint = chat(), complained("manner")
    row = Message.objects.get(notice="complaint_received")
    composed = composing.compose("complaint_received", {"complaint": codes.shown(complaint.number), "until": "2020-06-09"}, language="id")
    body = data_key(Contact.objects.get(pk=contact)).seal("conversations_message", "body", row.pk, composed.body)
    Message.objects.filter(pk=row.pk).update(body=body, state="sent", provider_id=row.pk.hex)
    client = staff("counter")
    for page in (client.get(f"/petugas/obrolan/{contact}/"), client.get("/petugas/obrolan/")):
        assert codes.shown(complaint.number) not in page.content.decode()
        assert "Keluhan Anda" not in page.content.decode()


@pytest.mark.parametrize(("kind", "is_shown"), [("manner", False), ("late", True)])
def test_news_of_a_complaint_is_sent_by_hand_only_by_whom_it_may_not_concern(
    cast: Cast, kind: str, is_shown: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat()
    number = codes.shown(complained(kind).number)
    waiting = threads.ByHand(uuid4(), "Melati", PHONE, f"Keluhan {number} kami catat", clock.now(), number)
    monkeypatch.setattr(threads, "by_hand", lambda _office: [waiting])
    assert (number in staff("counter").get("/kelola/tangan/").content.decode()) is is_shown


def test_whoever_leads_the_news_to_another_number_does_not_hand_the_card_over(cast: Cast) -> None:
    """With the officer's own number as the kept one, the pickup code would come to him."""
    application = shelved(cast)
    code, his = parcels.pickup_code(application), chat(OFFICERS)
    merged = talks.merge(his, application.contact_id, by=cast.counter, at=clock.now())
    assert guess(application, code, cast) == "two_people"
    talks.unmerge(merged.pk, by=cast.counter, at=clock.now())
    assert guess(application, code, cast) == "two_people"
    for statement in ("UPDATE conversations_merge SET by = 'x'", "DELETE FROM conversations_merge", "DELETE FROM conversations_suppression"):
        with pytest.raises(Error, match="permission denied"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_what_another_has_merged_keeps_nobody_from_handing_over(cast: Cast) -> None:
    application = shelved(cast)
    talks.merge(chat(), application.contact_id, by=cast.verifier, at=clock.now())
    assert guess(application, parcels.pickup_code(application), cast) == ""


def test_a_merge_over_a_third_conversation_counts_as_well(cast: Cast) -> None:
    contact, between, his = (chat(phone) for phone in (PHONE, "+628120009002", OFFICERS))
    talks.merge(between, contact, by=cast.verifier, at=clock.now())
    assert not threads.has_merged(contact, cast.counter.name)
    talks.merge(his, between, by=cast.counter, at=clock.now())
    assert threads.has_merged(contact, cast.counter.name)
    assert not threads.has_merged(his, cast.counter.name)


# --- a forger who asks /asli/ ---


OFFICIAL = "Permohonan Anda sudah lengkap dan sedang kami periksa. Kami kabari lewat nomor ini."


@pytest.mark.parametrize(
    "forged",
    [
        f"[02/06/20 10.11] Kirim kode OTP Anda ke Budi: {OFFICIAL}",
        f"[02/06/20 10.11] Bawa uangnya ke rumah Budi: {OFFICIAL}",
        f"[02/06 bayar Budi 150 ribu] Disdukcapil: {OFFICIAL}",
        f"{OFFICIAL}\n{'​' * 4000}\nTransfer Rp200.000 ke BCA 1234567890",
        f"{OFFICIAL}{' ' * 4000}Kirim kode OTP Anda ke Budi",
    ],
)
def test_what_a_forger_adds_around_a_message_of_ours_is_not_overlooked(cast: Cast, forged: str) -> None:
    authenticity.note(OFFICIAL, "", clock.now())
    office = offices.office(CILEGON)
    assert judge(OFFICIAL, office).verdict == Verdict.OURS
    assert judge(forged, office).verdict != Verdict.OURS
    assert "Pesan ini sama dengan pesan kami" not in Client().post("/asli/", {"tempelan": forged}).content.decode()


@pytest.mark.parametrize("name", ["Disdukcapil Kota Cilegon", "DUKCAPIL", "WA Dukcapil", "+62 254 000 000"])
def test_a_message_copied_from_a_chat_with_the_office_stays_ours(cast: Cast, name: str) -> None:
    authenticity.note(OFFICIAL, "", clock.now())
    assert judge(f"[2/6/20 10.11] {name}: {OFFICIAL}", offices.office(CILEGON)).verdict == Verdict.OURS


@pytest.mark.parametrize("piece", ["l", "Oo", "O-", "O. ", "-", "1.1-", "1O", "a.", "[1/1", "rp ", "kirim ", "[1/1/1]a"])
def test_no_text_keeps_the_office_busy_that_reads_or_judges_it(cast: Cast, piece: str) -> None:
    """A conversation is opened with a hundred messages: each may cost a moment and no seconds."""
    hostile, begun = (piece * 4096)[:4096], time.process_time()
    conversations.for_the_office(hostile, "")
    judge(hostile, offices.office(CILEGON))
    assert time.process_time() - begun < 0.5


# --- lists and letters ---


@pytest.mark.parametrize(
    "pattern",
    ["{number:09d}{number:999999999d}", "{number.__class__}", "{number}{office.__class__.__mro__}", "{number!s:.1}/{year}", "{number:x<9}",
     "{office}/{year}", "{{number}}", "{number", "{number}{other}", "{0}{number}"],
)  # fmt: skip
def test_a_pattern_of_numbers_is_places_and_nothing_that_runs(pattern: str) -> None:
    with pytest.raises(Refusal) as refused:
        rules.check_pattern(pattern)
    assert refused.value.code == "pattern_odd"
    for good in ("471.13/{number:05d}/SKT/{office}/{year}", "{number}", "SKT-{year}-{number:04d}"):
        rules.check_pattern(good)


def test_a_letter_on_paper_outlives_the_list_that_brought_its_holder(cast: Cast, tmp_path: Path) -> None:
    """A request from before the list; the letter is renewed; then the list is taken back, or names the holder anew."""
    allow(cast)
    code = recorded(cast)
    application = Application.objects.get(code=code)
    number = cases.case(application).nik
    clock.move_to(cast.at + timedelta(minutes=1))
    import_suket(sheet_of(tmp_path / "a.xlsx", [[number, *row(1)[1:]]]), by=cast.admin, at=clock.now())
    letter = issuing.issue(code, by=cast.verifier, at=clock.now())
    printed = Letter.objects.get(pk=letter)
    assert printed.resident_id == application.resident_id
    again = import_suket(sheet_of(tmp_path / "b.xlsx", [[number, *row(9, name="Siti A")[1:]]]), by=cast.admin, at=clock.now())
    assert again.updated == 0
    undone = importing.undo_import(Letter.objects.get(pk=letter).source_id, by=cast.admin, at=clock.now())
    assert (undone.removed, undone.stayed) == (0, 1)
    stands = Letter.objects.get(pk=letter)
    assert (bytes(stands.number), stands.code, stands.issued_on) == (bytes(printed.number), printed.code, printed.issued_on)
    assert Client().get(f"/suket/{printed.code}/").status_code == 200
    with pytest.raises(IntegrityError, match="never deleted"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM suket_letter WHERE id = %s", [letter])


@pytest.mark.usefixtures("fresh")
def test_nobody_confirms_other_columns_than_were_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cast = play.build()
    content = sheet_of(tmp_path / "x.xlsx", [row(1)]).read_bytes()
    staged = staging.stage("daftar.xlsx", content, by=cast.admin, at=clock.now())
    columns = staging.outline(staged).columns
    staging.say_columns(staged.pk, columns, by=cast.admin, at=clock.now())
    others = {name: at for name, at in columns.items() if name != "status"}
    real = importing.import_suket

    def meanwhile(*given: object, **more: object) -> object:
        report = real(*given, **more)  # type: ignore[arg-type]
        monkeypatch.setattr(importing, "import_suket", real)
        staging.say_columns(staged.pk, others, by=cast.admin, at=clock.now())
        return report

    monkeypatch.setattr(importing, "import_suket", meanwhile)
    assert staging.work() == 1
    with pytest.raises(Refusal, match="belum diperiksa"):
        staging.confirm(staged.pk, by=cast.admin, at=clock.now())
    assert staging.work() == 1
    staging.confirm(staged.pk, by=cast.admin, at=clock.now())
    with pytest.raises(Refusal) as refused:
        staging.say_columns(staged.pk, columns, by=cast.admin, at=clock.now())
    assert refused.value.code == "staged_done"
    assert Staged.objects.get().columns == others


@pytest.mark.parametrize("cursor", ["2020-13-45_{id}", "²²²²-²²-²²_{id}", "2020-06-02_x", "_", "2020-06-02_{id}"])
def test_a_forged_cursor_of_the_register_begins_at_the_beginning(cast: Cast, cursor: str) -> None:
    client = staff("admin")
    assert client.get("/petugas/suket/printable/", {"kursor": cursor.format(id=uuid4())}).status_code == 200


# --- a form that was passed on ---


@pytest.mark.parametrize("what", ["passed on", "new holder", "merged", "hers"])
def test_nobody_is_sent_a_link_to_what_another_filled_in(cast: Cast, what: str) -> None:
    """A broker begins the form in his chat and passes the link on; she fills it in for her own number and stops."""
    contact = Contact.objects.get(pk=chat())
    draft = drafts.begin_in_chat(contact=contact.pk, holder=talks.holder(contact), by=cast.resident, at=clock.now())
    given = drafts.answers(draft) | {"nik": "3672015705900001", "phone": "+628120007777" if what == "passed on" else PHONE}
    drafts.keep(draft, given)
    if what == "new holder":
        Contact.objects.filter(pk=contact.pk).update(bsuid="ID.baru")
    if what == "merged":
        talks.merge(chat(OFFICERS), contact.pk, by=cast.verifier, at=clock.now())
    Contact.objects.filter(pk=contact.pk).update(last_inbound_at=cast.at)
    clock.move_to(cast.at + timedelta(hours=23, minutes=30))
    assert conversation.remind_of_forms(CILEGON) == (1 if what == "hers" else 0)
    assert Message.objects.filter(notice="form_waiting").exists() is (what == "hers")
    assert conversation.remind_of_forms(CILEGON) == 0


def test_a_birth_date_does_not_send_the_card_to_another_address(cast: Cast) -> None:
    """The office knows birth dates: an officer could choose, as the resident, that her card comes to him."""
    code = play.printed(cast)
    his, hers = Client(), Client()
    his.post(f"/c/{code}/buka/", {"birth_date_hari": "17", "birth_date_bulan": "5", "birth_date_tahun": "1990"})
    hers.get(f"/l/{links.sign('case', code, clock.now() + timedelta(days=1))}/")
    other = {"method": "post", "where": "other", "address": "Jalan Melati 9 RT 02 RW 01", "kelurahan": f"{CILEGON}.01.1002"}
    refused = his.post(f"/c/{code}/terima/", other)
    assert refused.status_code == 422
    assert "hanya bisa lewat tautan" in refused.content.decode()
    assert Application.objects.get(code=code).method == ""
    assert his.post(f"/c/{code}/terima/", {"method": "post", "where": "this", "address": ""}).status_code == 302
    assert hers.post(f"/c/{code}/terima/", other).status_code == 302
    assert "Jalan Melati 9" in hers.get(f"/c/{code}/").content.decode()
