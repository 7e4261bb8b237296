"""What people of the office do in a conversation: read, take over, answer, give back."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from loket.audit import actions as audit
from loket.conversations import rules
from loket.conversations.actions.incoming import MESSAGE
from loket.conversations.actions.merging import data_key
from loket.conversations.models import Contact, Message, State
from loket.core.actor import Actor, Role, require
from loket.core.errors import N_, Refusal
from loket.core.ids import uuid7

_OFFICE = (Role.VERIFIER, Role.COUNTER)


@transaction.atomic
def open_thread(contact_id: UUID, *, by: Actor, at: datetime) -> None:
    """A person of the office reads a conversation; the reading is recorded before it is shown."""
    require(by, *_OFFICE)
    if not Contact.objects.filter(pk=contact_id, office_id=by.office).exists():
        raise _unknown()
    audit.record([audit.Fact("read.chat", body={"contact": str(contact_id)})], by=by, at=at)


@transaction.atomic
def answer(contact_id: UUID, text: str, *, by: Actor, at: datetime) -> Message:
    """A person of the office answers; outside the reply window free text is refused and a template is the way."""
    require(by, *_OFFICE)
    contact = Contact.objects.select_for_update().filter(pk=contact_id, office_id=by.office).first()
    if contact is None:
        raise _unknown()
    if not text.strip():
        raise Refusal("empty", N_("Tulis balasannya dulu."), field="text")
    if not rules.is_window_open(contact.last_inbound_at, at):
        raise Refusal(
            "window_closed",
            N_("Warga terakhir menulis lebih dari 24 jam lalu. Pakai pemberitahuan baku, atau tunggu warga menulis."),
            status=409,
        )
    row = uuid7()
    message = Message.objects.create(
        id=row,
        contact=contact,
        outgoing=True,
        kind="text",
        body=data_key(contact).seal(MESSAGE, "body", row, text.strip()[:4000]),
        author=by.name,
        state=State.QUEUED,
        due_at=at,
        at=at,
    )
    contact.unread, contact.waiting_since, contact.last_message_at = 0, None, at
    contact.owner = contact.owner or by.name
    contact.save(update_fields=["unread", "waiting_since", "last_message_at", "owner"])
    audit.record([audit.Fact("chat.answer", body={"contact": str(contact.pk), "message": str(row)})], by=by, at=at)
    return message


@transaction.atomic
def claim(contact_id: UUID, *, by: Actor, at: datetime) -> None:
    """Take a conversation over: the bot is silent while a person owns it."""
    require(by, *_OFFICE)
    if not Contact.objects.filter(pk=contact_id, office_id=by.office).update(owner=by.name):
        raise _unknown()
    audit.record([audit.Fact("chat.claim", body={"contact": str(contact_id)})], by=by, at=at)


@transaction.atomic
def release(contact_id: UUID, *, by: Actor, at: datetime) -> None:
    """Give a conversation back to the bot."""
    require(by, *_OFFICE)
    changed = Contact.objects.filter(pk=contact_id, office_id=by.office).update(
        owner="", unread=0, waiting_since=None, bot_step="", bot_tries=0
    )
    if not changed:
        raise _unknown()
    audit.record([audit.Fact("chat.release", body={"contact": str(contact_id)})], by=by, at=at)


def _unknown() -> Refusal:
    return Refusal("conversation_unknown", N_("Percakapan ini tidak ada di kantor Anda."), status=404)
