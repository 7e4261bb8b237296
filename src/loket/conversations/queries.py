"""Reads of conversations: the list, one thread, opened for the people of the same office."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from loket.conversations import rules
from loket.conversations.actions import CONTACT, MESSAGE, data_key
from loket.conversations.models import Contact, Message
from loket.core import crypto
from loket.core.errors import N_, Refusal


@dataclass(frozen=True, slots=True)
class Line:
    """One conversation in the list."""

    id: UUID
    name: str
    phone: str
    unread: int
    owner: str
    last_at: datetime | None
    waiting_since: datetime | None


@dataclass(frozen=True, slots=True)
class Bubble:
    """One message as the thread shows it; `photo` is the id of a kept picture."""

    id: UUID
    outgoing: bool
    text: str
    at: datetime
    author: str
    state: str
    error: str
    photo: UUID | None


def recent(office: str, limit: int = 50) -> list[Line]:
    """Conversations with the newest message first."""
    contacts = Contact.objects.filter(office_id=office, last_message_at__isnull=False).order_by("-last_message_at")
    return [_line(contact) for contact in contacts[:limit]]


def line(contact_id: UUID, office: str) -> Line:
    """One conversation's head."""
    return _line(_contact(contact_id, office))


def contact_of_phone(phone: str, office: str) -> Contact | None:
    """The contact with this number (E.164), if there is one."""
    phone_index = crypto.index("phone", phone, crypto.keyring())
    return Contact.objects.filter(office_id=office, phone_index=phone_index).first()


def window_closes_at(contact_id: UUID, office: str) -> datetime | None:
    """Until when free text may be sent."""
    return rules.window_closes_at(_contact(contact_id, office).last_inbound_at)


def thread(contact_id: UUID, office: str, limit: int = 100) -> list[Bubble]:
    """The newest messages of one conversation, oldest first; doors go through `actions.open_thread`, which records it."""
    contact = _contact(contact_id, office)
    key = data_key(contact)
    rows = list(Message.objects.filter(contact=contact).order_by("-seq")[:limit])
    bubbles = []
    for row in reversed(rows):
        body = key.open_text(MESSAGE, "body", row.pk, bytes(row.body)) if row.body else ""
        # A notice that was not sent yet holds its parameters, not its text.
        text = "" if row.notice and row.state in ("queued", "sending") else rules.for_the_office(_text(body), row.notice)
        bubbles.append(Bubble(row.pk, row.outgoing, text, row.at, row.author, row.state, row.error, row.photo))
    return bubbles


def _contact(contact_id: UUID, office: str) -> Contact:
    contact = Contact.objects.filter(pk=contact_id, office_id=office).first()
    if contact is None:
        raise Refusal("conversation_unknown", N_("Percakapan ini tidak ada di kantor Anda."), status=404)
    return contact


def _line(contact: Contact) -> Line:
    key = data_key(contact)
    return Line(
        contact.pk,
        key.open_text(CONTACT, "name", contact.pk, bytes(contact.name)) if contact.name else "",
        key.open_text(CONTACT, "phone", contact.pk, bytes(contact.phone)) if contact.phone else "",
        contact.unread,
        contact.owner,
        contact.last_message_at,
        contact.waiting_since,
    )


def _text(body: str) -> str:
    """Composed messages are kept as JSON with their buttons; plain text stands for itself."""
    if not body.startswith("{"):
        return body
    try:
        return str(json.loads(body).get("body", body))
    except ValueError:
        return body
