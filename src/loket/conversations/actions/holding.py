"""What waits for the resident to write: an answer behind a template."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from loket.audit import actions as audit
from loket.conversations import rules
from loket.conversations.actions.ownership import OFFICE, check_filled, forget_draft, locked, take, wanted
from loket.conversations.keys import MESSAGE, data_key
from loket.conversations.models import Message, State
from loket.core.actor import Actor, require
from loket.core.errors import N_, Refusal
from loket.core.ids import uuid7

# The same comparison as the guard `conversations_held_waits`: what it would refuse stays held.
_RELEASE = """
UPDATE conversations_message SET state = 'queued', due_at = %s
WHERE contact_id = %s AND state = 'held' AND date_trunc('second', at) <= %s
"""


@transaction.atomic
def hold(contact_id: UUID, text: str, *, taking_from: str = "", by: Actor, at: datetime) -> Message:
    """Keep an answer until the resident writes; then it goes by itself. The template that asks her to is the caller's.

    Refuses while the window is open, since the answer can go at once.
    """
    require(by, *OFFICE)
    contact = locked(contact_id, by)
    text = wanted(text)
    if rules.is_window_open(contact.last_inbound_at, at):
        raise Refusal("window_open", N_("Warga baru saja menulis. Balasan bisa dikirim langsung sekarang."), status=409)
    check_filled(text)
    take(contact, taking_from, by=by, at=at)
    row = uuid7()
    message = Message.objects.create(
        id=row, contact=contact, outgoing=True, kind="text", body=data_key(contact).seal(MESSAGE, "body", row, text),
        author=by.name, state=State.HELD, at=at,
    )  # fmt: skip
    # The office has said what it can: from now on the conversation waits for the resident.
    contact.unread, contact.waiting_since, contact.last_message_at = 0, None, at
    contact.save(update_fields=["unread", "waiting_since", "last_message_at", "owner", "owned_at", "person_since"])
    forget_draft(contact, by)
    audit.record([audit.Fact("chat.hold", body={"contact": str(contact.pk), "message": str(row)})], by=by, at=at)
    return message


@transaction.atomic
def rewrite_held(message_id: UUID, text: str, *, by: Actor, at: datetime) -> None:
    """Other words for an answer that still waits."""
    require(by, *OFFICE)
    message = _held(message_id, by)
    message.body = data_key(message.contact).seal(MESSAGE, "body", message.pk, wanted(text))
    message.author = by.name
    message.save(update_fields=["body", "author"])
    audit.record([audit.Fact("chat.rewrite_held", body={"message": str(message.pk)})], by=by, at=at)


@transaction.atomic
def withdraw_held(message_id: UUID, *, by: Actor, at: datetime) -> None:
    """An answer that waits is taken back and never sent; its words are not kept."""
    require(by, *OFFICE)
    message = _held(message_id, by)
    message.state, message.body = State.WITHDRAWN, None
    message.save(update_fields=["state", "body"])
    audit.record([audit.Fact("chat.withdraw_held", body={"message": str(message.pk)})], by=by, at=at)


def release_held(contact_id: UUID, *, sent_at: datetime, at: datetime) -> None:
    """What was held until she writes goes now, if her message opens the window."""
    if rules.is_window_open(sent_at, at):
        with connection.cursor() as cursor:
            cursor.execute(_RELEASE, [at, contact_id, sent_at])


def _held(message_id: UUID, by: Actor) -> Message:
    message = (
        Message.objects.select_for_update(of=("self",)).select_related("contact")
        .filter(pk=message_id, contact__office_id=by.office).first()
    )  # fmt: skip
    if message is None:
        raise Refusal("message_unknown", N_("Pesan ini tidak ada di kantor Anda."), status=404)
    if message.state != State.HELD:
        raise Refusal("not_held", N_("Balasan ini sudah tidak ditahan: sudah dikirim atau sudah ditarik."), status=409)
    return message
