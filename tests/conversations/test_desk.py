"""What people of the office do in a conversation, and that nothing of it stays when it is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import Error, connection, transaction

from loket.conversations import actions as talks
from loket.conversations import gateways, rules
from loket.conversations import queries as threads
from loket.conversations.models import Canned, Contact, Message, Note, Unsent
from loket.core import clock
from loket.core.actor import Actor
from loket.core.errors import Refusal
from loket.offices import queries as offices
from tests import working
from tests.cast import CILEGON, NOW, Cast

FILTER = threads.Filter


def chat(hours_ago: float = 0.1, *, phone: str = "+628120009001", name: str = "Melati") -> UUID:
    """Somebody who wrote so many hours ago and waits for a person."""
    at = clock.now() - timedelta(hours=hours_ago)
    contact = Contact.objects.get(pk=talks.contact_by_phone(phone, office=CILEGON, at=at, name=name))
    write(contact.pk, at)
    talks.call_person(Contact.objects.get(pk=contact.pk), at=at)
    return contact.pk


def write(contact: UUID, at: datetime, text: str = "Bagaimana permohonan saya?") -> None:
    row = Contact.objects.get(pk=contact)
    talks.receive(row, provider_id=f"wamid.{uuid4()}", kind="text", body=text, sent_at=at, at=clock.now())


def trace() -> dict[str, Any]:
    """Everything that a deed here could change."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM audit_entry")
        entries = cursor.fetchone()[0]
    contacts = list(Contact.objects.order_by("pk").values("pk", "owner", "owned_at", "person_since", "waiting_since", "unread",
                                                          "snoozed_until", "labels", "last_message_at"))  # fmt: skip
    messages = list(Message.objects.order_by("pk").values("pk", "state", "error", "tries", "provider_id"))
    return {"entries": entries, "contacts": contacts, "messages": messages, "notes": Note.objects.count(),
            "unsent": Unsent.objects.count(), "canned": Canned.objects.count()}  # fmt: skip


def refused(code: str, deed: Callable[[], object]) -> Refusal:
    before = trace()
    with pytest.raises(Refusal) as problem:
        deed()
    assert problem.value.code == code
    assert trace() == before
    return problem.value


def owner(contact: UUID) -> str:
    return Contact.objects.get(pk=contact).owner


def shown(cast: Cast, view: str, **more: Any) -> list[UUID]:
    return [row.id for row in threads.inbox(CILEGON, FILTER(view, **more), cast.verifier.name, clock.now()).lines()]


# --- whose it is ---


def test_of_two_who_claim_the_second_hears_who_was_first(cast: Cast) -> None:
    contact = chat()
    talks.claim(contact, by=cast.verifier, at=clock.now())
    problem = refused("owned", lambda: talks.claim(contact, by=cast.counter, at=clock.now()))
    assert "Verifier" in problem.text
    talks.claim(contact, by=cast.verifier, at=clock.now())
    assert owner(contact) == cast.verifier.name


def test_taking_over_names_from_whom_and_fails_when_she_no_longer_has_it(cast: Cast) -> None:
    contact = chat()
    talks.claim(contact, by=cast.verifier, at=clock.now())
    talks.claim(contact, taking_from=cast.verifier.name, by=cast.counter, at=clock.now())
    assert owner(contact) == cast.counter.name
    refused("owned", lambda: talks.claim(contact, taking_from=cast.verifier.name, by=cast.verifier2, at=clock.now()))
    assert [row.kind for row in threads.remarks(contact, CILEGON)] == ["claimed", "taken"]


def test_an_answer_in_somebody_elses_conversation_needs_taking_over_and_keeps_the_draft(cast: Cast) -> None:
    contact = chat()
    talks.claim(contact, by=cast.verifier, at=clock.now())
    talks.save_draft(contact, "Kartu Anda sudah di rak.", by=cast.counter, at=clock.now())
    refused("owned", lambda: talks.answer(contact, "Kartu Anda sudah di rak.", by=cast.counter, at=clock.now()))
    assert threads.draft(contact, cast.counter.name, CILEGON) == "Kartu Anda sudah di rak."
    talks.answer(contact, "Kartu Anda sudah di rak.", taking_from=cast.verifier.name, by=cast.counter, at=clock.now())
    assert owner(contact) == cast.counter.name
    assert threads.draft(contact, cast.counter.name, CILEGON) == ""


def test_handing_over_needs_a_colleague_who_may_answer_and_a_note(cast: Cast) -> None:
    contact = chat()
    for to in (cast.printer.name, cast.stranger.name, cast.verifier.name, "tidak-ada"):
        refused("colleague", lambda to=to: talks.hand_over(contact, to, "Tolong", by=cast.verifier, at=clock.now()))
    refused("note_missing", lambda: talks.hand_over(contact, cast.counter.name, " ", by=cast.verifier, at=clock.now()))
    talks.hand_over(contact, cast.counter.name, "Warga minta dikirim Pos.", by=cast.verifier, at=clock.now())
    assert owner(contact) == cast.counter.name
    assert [(row.kind, row.other, row.text) for row in threads.remarks(contact, CILEGON)] == [
        ("handed", cast.counter.name, "Warga minta dikirim Pos.")
    ]


def test_a_silent_owner_loses_the_conversation_to_all_after_minutes_of_office_hours(cast: Cast) -> None:
    contact = chat()
    talks.claim(contact, by=cast.verifier, at=NOW)
    talks.save_draft(contact, "Sebentar, saya cari.", by=cast.verifier, at=clock.now())
    by = Actor("loket:return", CILEGON)
    minutes = offices.office(CILEGON).settings.chat_return_minutes
    assert talks.return_silent(CILEGON, by=by, at=NOW + timedelta(minutes=minutes - 1)) == 0
    assert talks.return_silent(CILEGON, by=by, at=NOW + timedelta(minutes=minutes)) == 1
    row = Contact.objects.get(pk=contact)
    assert (row.owner, row.waiting_since is not None) == ("", True)
    assert [row.kind for row in threads.remarks(contact, CILEGON)] == ["claimed", "returned"]
    assert threads.draft(contact, cast.verifier.name, CILEGON) == "Sebentar, saya cari."


def test_who_has_answered_or_put_it_aside_is_not_silent_and_nights_do_not_count(cast: Cast) -> None:
    answered, aside, night = chat(phone="+628120009002"), chat(phone="+628120009003"), chat(phone="+628120009004")
    for contact in (answered, aside):
        talks.claim(contact, by=cast.verifier, at=clock.now())
    talks.answer(answered, "Sudah.", by=cast.verifier, at=clock.now())
    talks.snooze(aside, NOW + timedelta(days=1), by=cast.verifier, at=clock.now())
    by = Actor("loket:return", CILEGON)
    assert talks.return_silent(CILEGON, by=by, at=NOW + timedelta(hours=3)) == 0
    evening = datetime(2020, 6, 2, 7, 50, tzinfo=UTC)  # 14.50 WIB, ten minutes before closing
    talks.claim(night, by=cast.verifier, at=evening)
    assert talks.return_silent(CILEGON, by=by, at=evening + timedelta(hours=12)) == 0
    assert talks.return_silent(CILEGON, by=by, at=evening + timedelta(hours=18)) == 1


def test_a_conversation_that_is_settled_goes_back_to_the_bot(cast: Cast) -> None:
    contact = chat()
    talks.claim(contact, by=cast.verifier, at=clock.now())
    talks.release(contact, by=cast.verifier, at=clock.now())
    row = Contact.objects.get(pk=contact)
    assert (row.owner, row.waiting_since, row.person_since, row.unread) == ("", None, None, 0)
    assert shown(cast, "terbuka") == []


# --- what is answered ---


def test_after_the_window_an_answer_is_refused_and_says_what_to_do(cast: Cast) -> None:
    contact = chat(25)
    refused("window_closed", lambda: talks.answer(contact, "Halo", by=cast.verifier, at=clock.now()))


def test_a_place_nobody_filled_in_is_not_sent(cast: Cast) -> None:
    contact = chat()
    problem = refused("unfilled", lambda: talks.answer(contact, "Kode Anda {kode}.", by=cast.verifier, at=clock.now()))
    assert "{kode}" in problem.text
    talks.answer(contact, "Tulis {begini} saja.", by=cast.verifier, at=clock.now())


def test_an_answer_held_behind_a_template_goes_when_the_resident_writes(cast: Cast) -> None:
    contact = chat(30)
    row = talks.hold(contact, "Kartu Anda sudah jadi.", by=cast.verifier, at=clock.now())
    assert working.send_due(gateways.Console()) == 0
    assert [one.text for one in threads.held(contact, CILEGON)] == ["Kartu Anda sudah jadi."]
    write(contact, clock.now() - timedelta(hours=26))  # a message that comes late and opens no window
    row.refresh_from_db()
    assert row.state == "held"
    clock.move_to(NOW + timedelta(minutes=10))
    write(contact, clock.now())
    row.refresh_from_db()
    assert row.state == "queued"
    assert working.send_due(gateways.Console()) == 1
    row.refresh_from_db()
    assert row.state == "sent"
    assert threads.held(contact, CILEGON) == []


def test_a_resident_who_writes_in_the_second_of_the_holding_gets_her_answer(cast: Cast) -> None:
    contact = chat(30)
    held_at = NOW + timedelta(milliseconds=700)
    row = talks.hold(contact, "Sudah jadi.", by=cast.verifier, at=held_at)
    write(contact, NOW)  # the provider's clock has whole seconds
    row.refresh_from_db()
    assert row.state == "queued"


def test_nothing_but_the_resident_lets_a_held_answer_go(cast: Cast) -> None:
    row = talks.hold(chat(30), "Sudah jadi.", by=cast.verifier, at=clock.now())
    for state in ("queued", "sending", "sent", "failed"):
        with pytest.raises(Error), transaction.atomic():
            Message.objects.filter(pk=row.pk).update(state=state)
    talks.withdraw_held(row.pk, by=cast.verifier, at=clock.now())
    with pytest.raises(Error), transaction.atomic():
        Message.objects.filter(pk=row.pk).update(state="queued")


def test_a_held_answer_can_be_rewritten_and_withdrawn_until_it_goes(cast: Cast) -> None:
    contact = chat(30)
    row = talks.hold(contact, "Sudah jadi.", by=cast.verifier, at=clock.now())
    talks.rewrite_held(row.pk, "Sudah jadi, di rak.", by=cast.counter, at=clock.now())
    assert [one.text for one in threads.held(contact, CILEGON)] == ["Sudah jadi, di rak."]
    refused("message_unknown", lambda: talks.rewrite_held(row.pk, "Hai", by=cast.stranger, at=clock.now()))
    talks.withdraw_held(row.pk, by=cast.verifier, at=clock.now())
    row.refresh_from_db()
    assert (row.state, row.body) == ("withdrawn", None)
    refused("not_held", lambda: talks.rewrite_held(row.pk, "Hai", by=cast.verifier, at=clock.now()))


def test_with_an_open_window_nothing_is_held(cast: Cast) -> None:
    contact = chat()
    refused("window_open", lambda: talks.hold(contact, "Halo", by=cast.verifier, at=clock.now()))


def test_what_failed_is_sent_once_more_by_hand_and_only_what_failed(cast: Cast) -> None:
    contact = chat()
    row = talks.answer(contact, "Halo", by=cast.verifier, at=clock.now())
    refused("not_failed", lambda: talks.retry(row.pk, by=cast.verifier, at=clock.now()))
    Message.objects.filter(pk=row.pk).update(state="failed", error="131026", tries=3)
    assert threads.line(contact, CILEGON).is_broken
    refused("message_unknown", lambda: talks.retry(row.pk, by=cast.stranger, at=clock.now()))
    talks.retry(row.pk, by=cast.counter, at=clock.now())
    row.refresh_from_db()
    assert (row.state, row.error, row.tries) == ("queued", "", 0)
    Message.objects.filter(pk=row.pk).update(state="failed", error="131026")
    clock.move_to(NOW + timedelta(hours=25))
    refused("window_closed", lambda: talks.retry(row.pk, by=cast.counter, at=clock.now()))


# --- notes, labels, aside ---


def test_a_note_is_sealed_and_lies_where_nothing_is_sent_from(cast: Cast) -> None:
    contact = chat()
    talks.note(contact, "Warga sedang sakit, telepon saja.", by=cast.verifier, at=clock.now())
    assert Message.objects.filter(outgoing=True).count() == 0
    assert b"sakit" not in bytes(Note.objects.get().body or b"")
    assert [row.text for row in threads.remarks(contact, CILEGON)] == ["Warga sedang sakit, telepon saja."]
    refused("empty", lambda: talks.note(contact, "  ", by=cast.verifier, at=clock.now()))


def test_labels_are_few_short_and_nobodys_number(cast: Cast) -> None:
    contact = chat()
    talks.label(contact, ["Suket ", "pindah  datang", "suket", ""], by=cast.verifier, at=clock.now())
    assert Contact.objects.get(pk=contact).labels == ["pindah datang", "suket"]
    for wrong in (["3672012703900001"], ["x" * 25], [f"label {n}" for n in range(9)]):
        refused("labels", lambda wrong=wrong: talks.label(contact, wrong, by=cast.verifier, at=clock.now()))
    assert shown(cast, "terbuka", labels=("suket",)) == [contact]
    assert shown(cast, "terbuka", labels=("suket", "lain")) == []


def test_what_is_put_aside_comes_back_by_itself_or_at_once_when_she_writes(cast: Cast) -> None:
    contact = chat()
    until = NOW + timedelta(hours=2)
    for wrong in (NOW - timedelta(minutes=1), NOW + timedelta(days=32)):
        refused("snooze", lambda wrong=wrong: talks.snooze(contact, wrong, by=cast.verifier, at=clock.now()))
    talks.snooze(contact, until, by=cast.verifier, at=clock.now())
    assert (shown(cast, "untuk-saya"), shown(cast, "ditunda")) == ([], [contact])
    clock.move_to(until)
    assert (shown(cast, "untuk-saya"), shown(cast, "ditunda")) == ([contact], [])
    talks.snooze(contact, until + timedelta(hours=2), by=cast.verifier, at=clock.now())
    write(contact, clock.now())
    assert shown(cast, "untuk-saya") == [contact]


# --- drafts ---


def test_a_draft_is_each_officers_own_sealed_and_ends_when_it_is_emptied(cast: Cast) -> None:
    contact = chat()
    talks.save_draft(contact, "Dari verifikator", by=cast.verifier, at=clock.now())
    talks.save_draft(contact, "Dari loket", by=cast.counter, at=clock.now())
    talks.save_draft(contact, "Dari loket, lanjut", by=cast.counter, at=clock.now())
    assert threads.draft(contact, cast.verifier.name, CILEGON) == "Dari verifikator"
    assert threads.draft(contact, cast.counter.name, CILEGON) == "Dari loket, lanjut"
    assert all(b"Dari" not in bytes(row.body) for row in Unsent.objects.all())
    talks.save_draft(contact, " ", by=cast.counter, at=clock.now())
    assert threads.draft(contact, cast.counter.name, CILEGON) == ""
    refused("conversation_unknown", lambda: talks.save_draft(contact, "Hai", by=cast.stranger, at=clock.now()))


def test_a_saving_that_arrives_after_the_answer_does_not_bring_the_draft_back(cast: Cast) -> None:
    contact, begun = chat(), clock.now()
    talks.answer(contact, "Sudah di rak.", by=cast.verifier, at=begun + timedelta(seconds=5))
    talks.save_draft(contact, "Sudah di ra", begun=begun, by=cast.verifier, at=begun + timedelta(seconds=6))
    assert threads.draft(contact, cast.verifier.name, CILEGON) == ""
    talks.save_draft(contact, "Berikutnya", begun=begun + timedelta(seconds=7), by=cast.verifier, at=begun + timedelta(seconds=8))
    assert threads.draft(contact, cast.verifier.name, CILEGON) == "Berikutnya"


# --- the list ---


def test_who_waits_longest_stands_first_and_every_view_holds_its_own(cast: Cast) -> None:
    old, new = chat(5, phone="+628120009005"), chat(1, phone="+628120009006")
    mine, theirs = chat(2, phone="+628120009007"), chat(3, phone="+628120009008")
    talks.claim(mine, by=cast.verifier, at=clock.now())
    talks.claim(theirs, by=cast.counter, at=clock.now())
    talks.answer(theirs, "Sudah.", by=cast.counter, at=clock.now())
    assert shown(cast, "untuk-saya") == [old, mine, new]
    assert shown(cast, "menunggu") == [old, mine, new]
    assert shown(cast, "saya") == [mine]
    assert shown(cast, "bebas") == [old, new]
    assert shown(cast, "terbuka") == [old, mine, new, theirs]
    assert threads.inbox(CILEGON, FILTER(), cast.verifier.name, clock.now()).counts == {
        "untuk-saya": 3, "menunggu": 3, "saya": 1, "bebas": 2, "terbuka": 4, "ditunda": 0, "lewat": 3,
    }  # fmt: skip


def test_the_promise_clock_ticks_in_office_hours_and_what_is_late_can_be_picked_out(cast: Cast) -> None:
    late, early = chat(1, phone="+628120009009"), chat(0.5, phone="+628120009010")  # since eight, since half past
    due = threads.line(late, CILEGON).reply_due
    assert due is not None
    assert abs(due - NOW) < timedelta(minutes=1)  # opened at eight, an hour of it until nine
    assert shown(cast, "untuk-saya", overdue=True) == [late]
    assert early in shown(cast, "untuk-saya")


def test_whom_the_bot_answers_waits_for_nobody_until_a_person_is_called(cast: Cast) -> None:
    at = clock.now()
    contact = talks.contact_by_phone("+628120009011", office=CILEGON, at=at)
    write(contact, at)
    talks.step_taken(Contact.objects.get(pk=contact), "menu")
    assert shown(cast, "menunggu") == []
    talks.call_person(Contact.objects.get(pk=contact), at=at)
    write(contact, at)
    talks.step_taken(Contact.objects.get(pk=contact), "status")
    assert shown(cast, "menunggu") == [contact]


def test_another_office_sees_and_does_nothing(cast: Cast) -> None:
    contact, by, at = chat(), cast.stranger, clock.now()
    deeds: list[Callable[[], object]] = [
        lambda: talks.open_thread(contact, by=by, at=at), lambda: talks.claim(contact, by=by, at=at),
        lambda: talks.answer(contact, "Hai", by=by, at=at), lambda: talks.hold(contact, "Hai", by=by, at=at),
        lambda: talks.hand_over(contact, cast.counter.name, "Hai", by=by, at=at), lambda: talks.release(contact, by=by, at=at),
        lambda: talks.note(contact, "Hai", by=by, at=at), lambda: talks.label(contact, ["a"], by=by, at=at),
        lambda: talks.snooze(contact, None, by=by, at=at), lambda: talks.filed(contact, uuid4(), by=by, at=at),
        lambda: threads.thread(contact, by.office), lambda: threads.remarks(contact, by.office),
        lambda: threads.line(contact, by.office), lambda: threads.held(contact, by.office),
    ]  # fmt: skip
    for deed in deeds:
        refused("conversation_unknown", deed)
    assert threads.inbox(by.office, FILTER("semua"), by.name, at).lines() == []


def test_whoever_may_not_answer_does_nothing_here(cast: Cast) -> None:
    contact, by, at = chat(), cast.printer, clock.now()
    for deed in (
        lambda: talks.claim(contact, by=by, at=at), lambda: talks.note(contact, "Hai", by=by, at=at),
        lambda: talks.open_thread(contact, by=by, at=at), lambda: talks.save_draft(contact, "Hai", by=by, at=at),
        lambda: talks.write_canned("Jam", "a", "b", by=by, at=at), lambda: talks.sought("name", "alasan", by=by, at=at),
    ):  # fmt: skip
        refused("role", deed)


# --- who looks ---


def test_others_see_who_looks_and_who_types_and_nobody_sees_herself(cast: Cast) -> None:
    contact = chat()
    assert threads.thread_version(contact, cast.verifier.name) == ""
    talks.open_thread(contact, by=cast.verifier, at=clock.now())
    assert threads.lookers(contact, cast.verifier.name) == []
    assert threads.lookers(contact, cast.counter.name) == [threads.Looker(cast.verifier.name, False)]
    talks.still_here(contact, typing=True, by=cast.verifier)
    assert threads.lookers(contact, cast.counter.name) == [threads.Looker(cast.verifier.name, True)]
    _ago(contact, "26 seconds")
    assert threads.lookers(contact, cast.counter.name) == []
    assert threads.thread_version(contact, cast.verifier.name) != ""
    _ago(contact, "11 minutes")
    assert threads.thread_version(contact, cast.verifier.name) == ""
    assert talks.forget_gone() == 1


def test_a_page_that_was_not_opened_cannot_say_that_it_is_still_open(cast: Cast) -> None:
    contact = chat()
    talks.still_here(contact, typing=True, by=cast.counter)
    assert threads.lookers(contact, cast.verifier.name) == []


def _ago(contact: UUID, span: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE conversations_presence SET seen_at = seen_at - %s::interval WHERE contact_id = %s", [span, contact])


# --- ready-made answers ---


def test_a_ready_made_answer_changes_by_versions_that_stay(cast: Cast) -> None:
    talks.write_canned("Jam buka", "Kami buka {jam_buka}.", "We are open {jam_buka}.", by=cast.head, at=clock.now())
    talks.write_canned("Jam buka", "Kantor buka {jam_buka}.", "Open {jam_buka}.", by=cast.admin, at=clock.now())
    assert [(row.version, row.author) for row in threads.canned_versions(CILEGON, "Jam buka")] == [(2, "admin"), (1, "head")]
    assert [row.text_id for row in threads.canned(CILEGON)] == ["Kantor buka {jam_buka}."]
    with pytest.raises(Error), transaction.atomic():
        Canned.objects.update(text_id="Lain")
    talks.write_canned("Jam buka", "Kantor buka.", "Open.", retired=True, by=cast.head, at=clock.now())
    assert threads.canned(CILEGON) == []


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [("x", "Halo", "canned_name"), ("Jam", " ", "canned_text"), ("Jam", "Halo {nik}", "canned_place"), ("Jam", "x" * 1001, "canned_text")],
)
def test_a_ready_made_answer_has_a_name_two_languages_and_known_places(cast: Cast, name: str, text: str, code: str) -> None:
    refused(code, lambda: talks.write_canned(name, text, "Hello", by=cast.head, at=clock.now()))


def test_what_is_known_is_filled_in_and_the_rest_stays_to_be_seen() -> None:
    assert rules.fill("Halo {nama}, kode {kode}.", {"nama": "Melati", "kode": ""}) == "Halo Melati, kode {kode}."
