"""What people of the office do in a conversation: read, take over, answer, hand over, put aside, give back."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from loket.audit import actions as audit
from loket.conversations import rules
from loket.conversations.actions.ownership import (
    OFFICE,
    check_filled,
    event,
    forget_draft,
    locked,
    take,
    unknown,
    wanted,
)
from loket.conversations.keys import MESSAGE, data_key
from loket.conversations.models import Contact, Message, Note, State, Unsent
from loket.core.actor import Actor, require
from loket.core.errors import N_, Refusal
from loket.core.ids import uuid7
from loket.offices import queries as offices
from loket.staff import queries as staff

NOTE, UNSENT = Note._meta.db_table, Unsent._meta.db_table
_OWNER = ("owner", "owned_at", "person_since")
# Seen at most this often: half of what `queries.LOOKING` allows between two signs of life.
_SEEN = """
INSERT INTO conversations_presence (contact_id, officer, seen_at, typed_at)
VALUES (%(contact)s, %(officer)s, clock_timestamp(), CASE WHEN %(typing)s THEN clock_timestamp() END)
ON CONFLICT (contact_id, officer) DO UPDATE SET seen_at = EXCLUDED.seen_at, typed_at = EXCLUDED.typed_at
"""
_STILL = """
UPDATE conversations_presence SET seen_at = clock_timestamp(), typed_at = CASE WHEN %(typing)s THEN clock_timestamp() END
WHERE contact_id = %(contact)s AND officer = %(officer)s
  AND (seen_at < clock_timestamp() - interval '10 seconds' OR %(typing)s <> COALESCE(typed_at > clock_timestamp() - interval '10 seconds', false))
"""
_LEFT = """
UPDATE conversations_presence SET seen_at = LEAST(seen_at, clock_timestamp() - interval '30 seconds'), typed_at = NULL
WHERE contact_id = %s AND officer = %s
"""
_GONE = "DELETE FROM conversations_presence WHERE seen_at < clock_timestamp() - interval '10 minutes'"


@transaction.atomic
def open_thread(contact_id: UUID, *, by: Actor, at: datetime) -> None:
    """A person of the office reads a conversation; the reading is recorded before it is shown, and once per opening."""
    require(by, *OFFICE)
    if not Contact.objects.filter(pk=contact_id, office_id=by.office).exists():
        raise unknown()
    audit.record([audit.Fact("read.chat", body={"contact": str(contact_id)})], by=by, at=at)
    with connection.cursor() as cursor:
        cursor.execute(_SEEN, {"contact": contact_id, "officer": by.name, "typing": False})


def still_here(contact_id: UUID, *, typing: bool, by: Actor) -> None:
    """An open page's sign of life: who looks, who types. Nothing of it is kept beyond some minutes."""
    with connection.cursor() as cursor:
        cursor.execute(_STILL, {"contact": contact_id, "officer": by.name, "typing": typing})


def leave(contact_id: UUID, *, by: Actor) -> None:
    """The page was closed: nobody looks any more. The opening itself stands, because this word may come after that of the
    page which is loaded next."""
    with connection.cursor() as cursor:
        cursor.execute(_LEFT, [contact_id, by.name])


def forget_gone() -> int:
    """Whoever gave no sign of life for ten minutes has gone, and opens anew; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(_GONE)
        return int(cursor.rowcount)


@transaction.atomic
def answer(contact_id: UUID, text: str, *, taking_from: str = "", by: Actor, at: datetime) -> Message:
    """A person of the office answers, and has the conversation from then on.

    Refused while somebody else has it, unless `taking_from` names her; outside the reply window, where a template is
    the way; and with a place that was not filled in.
    """
    require(by, *OFFICE)
    contact = locked(contact_id, by)
    text = wanted(text)
    if not rules.is_window_open(contact.last_inbound_at, at):
        raise Refusal(
            "window_closed",
            N_("Warga terakhir menulis lebih dari 24 jam lalu. Pakai pemberitahuan baku, atau tunggu warga menulis."),
            status=409,
        )
    check_filled(text)
    take(contact, taking_from, by=by, at=at)
    row = uuid7()
    message = Message.objects.create(
        id=row,
        contact=contact,
        outgoing=True,
        kind="text",
        body=data_key(contact).seal(MESSAGE, "body", row, text),
        author=by.name,
        state=State.QUEUED,
        due_at=at,
        at=at,
    )
    contact.unread, contact.waiting_since, contact.last_message_at = 0, None, at
    contact.save(update_fields=["unread", "waiting_since", "last_message_at", *_OWNER])
    forget_draft(contact, by)
    audit.record([audit.Fact("chat.answer", body={"contact": str(contact.pk), "message": str(row)})], by=by, at=at)
    return message


@transaction.atomic
def claim(contact_id: UUID, *, taking_from: str = "", by: Actor, at: datetime) -> None:
    """Take a conversation: the bot is silent while a person has it. Of two at once one wins, the other hears who."""
    require(by, *OFFICE)
    contact = locked(contact_id, by)
    if contact.owner == by.name:
        return
    before = contact.owner
    take(contact, taking_from, by=by, at=at)
    contact.save(update_fields=_OWNER)
    audit.record([audit.Fact("chat.claim", body={"contact": str(contact_id), "owner": [before, by.name]})], by=by, at=at)


@transaction.atomic
def hand_over(contact_id: UUID, to: str, note: str, *, by: Actor, at: datetime) -> None:
    """Give a conversation to a colleague who may answer it, with a note on what is to be done."""
    require(by, *OFFICE)
    contact = locked(contact_id, by)
    if to == by.name or to not in staff.colleagues(by.office, OFFICE):
        raise Refusal("colleague", N_("Pilih rekan yang boleh membalas obrolan di kantor ini."), field="kepada")
    if not note.strip():
        raise Refusal("note_missing", N_("Tulis catatan untuk rekan Anda: apa yang sudah dan perlu dikerjakan."), field="catatan_serah")
    row = uuid7()
    Note.objects.create(
        id=row, contact=contact, kind=Note.Kind.HANDED, author=by.name, other=to, at=at,
        body=data_key(contact).seal(NOTE, "body", row, wanted(note)),
    )  # fmt: skip
    before, contact.owner, contact.owned_at = contact.owner, to, at
    contact.person_since = contact.person_since or contact.waiting_since or at
    contact.snoozed_until = None
    contact.save(update_fields=[*_OWNER, "snoozed_until"])
    audit.record([audit.Fact("chat.hand_over", body={"contact": str(contact_id), "owner": [before, to]})], by=by, at=at)


@transaction.atomic
def release(contact_id: UUID, *, by: Actor, at: datetime) -> None:
    """A conversation is settled and given back to the bot."""
    require(by, *OFFICE)
    contact = locked(contact_id, by)
    event(contact, Note.Kind.RELEASED, by=by, at=at)
    contact.owner, contact.owned_at, contact.person_since = "", None, None
    contact.unread, contact.waiting_since, contact.snoozed_until = 0, None, None
    contact.bot_step, contact.bot_tries = "", 0
    contact.save(update_fields=[*_OWNER, "unread", "waiting_since", "snoozed_until", "bot_step", "bot_tries"])
    audit.record([audit.Fact("chat.release", body={"contact": str(contact_id)})], by=by, at=at)


@transaction.atomic
def return_silent(office: str, *, by: Actor, at: datetime) -> int:
    """Conversations whose owner lets a resident wait go back to everybody; returns how many. Drafts stay where they are."""
    view = offices.office(office)
    since = view.hours.before(at, view.settings.chat_return_minutes)
    silent = Contact.objects.select_for_update(skip_locked=True).filter(
        office_id=office, waiting_since__lte=since, owned_at__lte=since
    ).exclude(owner="")  # fmt: skip
    found = [contact for contact in silent if not rules.is_snoozed(contact.snoozed_until, at)]
    ids = [contact.pk for contact in found]
    Note.objects.bulk_create(
        Note(contact=contact, kind=Note.Kind.RETURNED, author=by.name, other=contact.owner, at=at) for contact in found
    )
    Contact.objects.filter(pk__in=ids).update(owner="", owned_at=None)
    facts = [audit.Fact("chat.return", body={"contact": str(one.pk), "owner": [one.owner, ""]}) for one in found]
    audit.record(facts, by=by, at=at)
    return len(found)


@transaction.atomic
def note(contact_id: UUID, text: str, *, by: Actor, at: datetime) -> None:
    """A private note among colleagues: sealed like the messages, in a table from which nothing is sent."""
    require(by, *OFFICE)
    contact = locked(contact_id, by)
    row = uuid7()
    body = data_key(contact).seal(NOTE, "body", row, wanted(text))
    Note.objects.create(id=row, contact=contact, kind=Note.Kind.NOTE, author=by.name, body=body, at=at)
    audit.record([audit.Fact("chat.note", body={"contact": str(contact_id), "note": str(row)})], by=by, at=at)


@transaction.atomic
def label(contact_id: UUID, labels: list[str], *, by: Actor, at: datetime) -> None:
    """The labels of a conversation, all of them anew."""
    require(by, *OFFICE)
    contact = locked(contact_id, by)
    before, contact.labels = contact.labels, rules.labels(labels)
    if before != contact.labels:
        contact.save(update_fields=["labels"])
        body = {"contact": str(contact_id), "labels": [before, contact.labels]}
        audit.record([audit.Fact("chat.label", body=body)], by=by, at=at)


@transaction.atomic
def snooze(contact_id: UUID, until: datetime | None, *, by: Actor, at: datetime) -> None:
    """Put a conversation aside until an instant, at most a month ahead; None brings it back."""
    require(by, *OFFICE)
    contact = locked(contact_id, by)
    if until is not None and not at < until <= at + timedelta(days=31):
        raise Refusal("snooze", N_("Pilih waktu setelah sekarang, paling lama 31 hari."), field="tunda")
    contact.snoozed_until = until
    contact.save(update_fields=["snoozed_until"])
    body = {"contact": str(contact_id), "until": until.isoformat() if until else None}
    audit.record([audit.Fact("chat.snooze", body=body)], by=by, at=at)


def save_draft(contact_id: UUID, text: str, *, begun: datetime | None = None, by: Actor, at: datetime) -> None:
    """Keep what an officer has begun to write; nobody else's deed takes it away. An empty text ends it.

    `begun` is when the page was shown that saves by itself: what she has sent since must not come back as a draft,
    although the page's last saving arrives after it.
    """
    require(by, *OFFICE)
    contact = Contact.objects.filter(pk=contact_id, office_id=by.office).first()
    if contact is None:
        raise unknown()
    if not text.strip():
        forget_draft(contact, by)
        return
    if begun and Message.objects.filter(contact=contact, outgoing=True, author=by.name, at__gte=begun).exists():
        return
    # The row's id is in what is sealed: a draft that was there keeps its own.
    row = Unsent.objects.filter(contact=contact, officer=by.name).values_list("pk", flat=True).first() or uuid7()
    body = data_key(contact).seal(UNSENT, "body", row, text[:4000])
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO conversations_unsent (id, contact_id, officer, body, saved_at) VALUES (%s, %s, %s, %s, %s) "
            "ON CONFLICT (contact_id, officer) DO UPDATE SET id = EXCLUDED.id, body = EXCLUDED.body, saved_at = EXCLUDED.saved_at",
            [row, contact.pk, by.name, body, at],
        )


@transaction.atomic
def retry(message_id: UUID, *, by: Actor, at: datetime) -> None:
    """Send once more what failed; a free answer only while the window is open."""
    require(by, *OFFICE)
    message = (
        Message.objects.select_for_update(of=("self",)).select_related("contact")
        .filter(pk=message_id, contact__office_id=by.office, outgoing=True).first()
    )  # fmt: skip
    if message is None:
        raise Refusal("message_unknown", N_("Pesan ini tidak ada di kantor Anda."), status=404)
    if message.state not in (State.FAILED, State.DEAD):
        raise Refusal("not_failed", N_("Pesan ini tidak gagal, jadi tidak perlu dikirim ulang."), status=409)
    if not message.notice and not rules.is_window_open(message.contact.last_inbound_at, at):
        raise Refusal("window_closed", N_("Jendela 24 jam sudah tutup. Tahan balasan ini di balik templat."), status=409)
    message.state, message.error, message.tries, message.due_at = State.QUEUED, "", 0, at
    # What was once refused gets a new id from the provider.
    message.provider_id = None
    # Its age counts anew: somebody has just said that it is still worth sending.
    message.requeued_at = at
    message.save(update_fields=["state", "error", "tries", "due_at", "provider_id", "requeued_at"])
    audit.record([audit.Fact("chat.retry", body={"message": str(message.pk)})], by=by, at=at)


@transaction.atomic
def filed(contact_id: UUID, case_id: UUID, *, by: Actor, at: datetime) -> None:
    """A request was made out of this conversation; whose number stands in it decides who gets its news."""
    event(locked(contact_id, by), Note.Kind.FILED, by=by, at=at, case_id=case_id)


@transaction.atomic
def sought(kind: str, reason: str, *, by: Actor, at: datetime) -> None:
    """A search by a name or a whole number is recorded with its reason, found or not, and before anything is shown."""
    require(by, *OFFICE)
    audit.record([audit.Fact("read.search_chat", body={"by": kind, "reason": reason.strip()[:200]})], by=by, at=at)
