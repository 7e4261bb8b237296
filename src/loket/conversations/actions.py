"""Writes messages: what came in, what a person answers, and the notices that other rooms queue."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Greatest

from loket.audit import actions as audit
from loket.conversations import rules
from loket.conversations.models import Contact, Message, State
from loket.core import crypto
from loket.core.actor import Actor, Role, require
from loket.core.errors import N_, Refusal
from loket.core.ids import uuid7

CONTACT = "conversations_contact"
MESSAGE = "conversations_message"

_QUEUE = """
INSERT INTO conversations_message (id, contact_id, outgoing, kind, notice, params, case_id, author, state, due_at, at,
                                   error, tries, media_id, body)
SELECT t.id, t.contact_id, true, 'notice', t.notice, t.params::jsonb, t.case_id, %s, 'queued', %s, %s, '', 0, '', t.body
FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::uuid[], %s::bytea[])
     WITH ORDINALITY AS t(id, contact_id, notice, params, case_id, body, n) ORDER BY t.n
"""


@dataclass(frozen=True, slots=True)
class Notice:
    """A text of `conversations.texts` for one contact about one case.

    `params` hold no personal data; what a person wrote or may alone know goes into `private`, which is sealed.
    """

    contact_id: UUID
    notice: str
    case_id: UUID | None = None
    params: dict[str, Any] = field(default_factory=dict)
    private: dict[str, str] = field(default_factory=dict)


def key_of(provider_id: str) -> str:
    """What a message's id at the provider is kept as: Meta's ids carry the resident's number in the clear."""
    return crypto.index("wamid", provider_id, crypto.keyring()).hex()


def data_key(contact: Contact) -> crypto.DataKey:
    """The key under which a contact's name, number and messages are sealed."""
    return crypto.unwrap(bytes(contact.data_key), contact.pk, crypto.keyring())


def contact_by_phone(phone: str, *, office: str, at: datetime, name: str = "") -> UUID:
    """The contact with this number (E.164), made now if there is none."""
    keyring = crypto.keyring()
    phone_index = crypto.index("phone", phone, keyring)
    row = uuid7()
    wrapped = crypto.wrap(crypto.new_data_key(), row, keyring)
    key = crypto.unwrap(wrapped, row, keyring)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO conversations_contact (id, office_id, data_key, phone, phone_index, name, language, unread, "
            "owner, bot_step, bot_tries, created_at) VALUES (%s, %s, %s, %s, %s, %s, 'id', 0, '', '', 0, %s) "
            "ON CONFLICT (office_id, phone_index) DO NOTHING",
            [
                row,
                office,
                wrapped,
                key.seal(CONTACT, "phone", row, phone),
                phone_index,
                key.seal(CONTACT, "name", row, name) if name else None,
                at,
            ],
        )
        if cursor.rowcount == 1:
            return row
        cursor.execute(
            "SELECT id FROM conversations_contact WHERE office_id = %s AND phone_index = %s", [office, phone_index]
        )
        return UUID(str(cursor.fetchone()[0]))


def contact_to_tell(chat: UUID | None, phone: str, *, office: str, at: datetime, name: str = "") -> UUID:
    """Who gets the news of a request: the contact of the stated number (E.164), or the chat when that has no number."""
    if chat and Contact.objects.filter(pk=chat, phone_index=None).exists():
        return chat
    return contact_by_phone(phone, office=office, at=at, name=name)


def contact_by_user(*, bsuid: str | None, phone: str | None, name: str, office: str, at: datetime) -> Contact:
    """The contact of an incoming message: matched by user id first, then by number; what was missing is added."""
    keyring = crypto.keyring()
    contact = Contact.objects.filter(office_id=office, bsuid=bsuid).first() if bsuid else None
    if contact is None and phone:
        contact = Contact.objects.get(pk=contact_by_phone(phone, office=office, at=at, name=name))
        if bsuid and contact.bsuid and contact.bsuid != bsuid:
            # The number has a new holder, who must not inherit the cases of the earlier one.
            Contact.objects.filter(pk=contact.pk).update(phone=None, phone_index=None)
            contact = Contact.objects.get(pk=contact_by_phone(phone, office=office, at=at, name=name))
        if bsuid and not contact.bsuid:
            Contact.objects.filter(pk=contact.pk, bsuid=None).update(bsuid=bsuid)
            contact.bsuid = bsuid
    if contact is None:
        row = uuid7()
        wrapped = crypto.wrap(crypto.new_data_key(), row, keyring)
        contact, _ = Contact.objects.get_or_create(
            office_id=office, bsuid=bsuid, defaults={"id": row, "data_key": wrapped, "created_at": at}
        )
    if name and not contact.name:
        contact.name = data_key(contact).seal(CONTACT, "name", contact.pk, name)
        contact.save(update_fields=["name"])
    return contact


def receive(
    contact: Contact,
    *,
    provider_id: str,
    kind: str,
    body: str,
    sent_at: datetime,
    at: datetime,
    media_id: str = "",
) -> Message | None:
    """Keep an incoming message, once per provider id; None says it was known already."""
    row = uuid7()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO conversations_message (id, contact_id, outgoing, provider_id, kind, body, notice, params, "
            "author, state, error, tries, media_id, at) "
            "VALUES (%s, %s, false, %s, %s, %s, '', '{}', '', '', '', 0, %s, %s) ON CONFLICT (provider_id) DO NOTHING",
            [
                row,
                contact.pk,
                key_of(provider_id),
                kind,
                data_key(contact).seal(MESSAGE, "body", row, body),
                media_id,
                sent_at,
            ],
        )
        if cursor.rowcount == 0:
            return None
    Contact.objects.filter(pk=contact.pk).update(
        last_inbound_at=Greatest(F("last_inbound_at"), sent_at),
        last_message_at=at,
        unread=F("unread") + 1,
        waiting_since=contact.waiting_since or sent_at,
    )
    return Message.objects.get(pk=row)


def notify(notices: Sequence[Notice], *, by: Actor, at: datetime) -> None:
    """Queue notices in the caller's transaction; the worker composes and sends them after the commit."""
    if not notices:
        return
    ids = [uuid7() for _ in notices]
    keys = _keys({item.contact_id for item in notices if item.private})
    bodies = [
        keys[item.contact_id].seal(MESSAGE, "body", row, json.dumps(item.private)) if item.private else None
        for row, item in zip(ids, notices, strict=True)
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            _QUEUE,
            [
                by.name,
                at,
                at,
                ids,
                [item.contact_id for item in notices],
                [item.notice for item in notices],
                [audit.canonical(item.params) for item in notices],
                [item.case_id for item in notices],
                bodies,
            ],
        )


def _keys(contacts: set[UUID]) -> dict[UUID, crypto.DataKey]:
    if not contacts:
        return {}
    return {contact.pk: data_key(contact) for contact in Contact.objects.filter(pk__in=contacts)}


_OFFICE = (Role.VERIFIER, Role.COUNTER)


def step_taken(contact: Contact, step: str) -> None:
    """The bot understood: it remembers where the conversation stands and forgets failed tries."""
    Contact.objects.filter(pk=contact.pk).update(bot_tries=0, bot_step=step)


def not_understood(contact: Contact) -> int:
    """The bot did not understand; returns how often in a row."""
    Contact.objects.filter(pk=contact.pk).update(bot_tries=F("bot_tries") + 1)
    return contact.bot_tries + 1


def call_person(contact: Contact, *, at: datetime) -> None:
    """The conversation waits for somebody of the office, since its first call."""
    Contact.objects.filter(pk=contact.pk).update(bot_tries=0)
    Contact.objects.filter(pk=contact.pk, waiting_since=None).update(waiting_since=at)


def opt_out(contact: Contact, *, by: Actor, at: datetime) -> None:
    """No more invitations; news about her own requests still comes."""
    Contact.objects.filter(pk=contact.pk).update(opted_out_at=at)
    audit.record([audit.Fact("chat.opt_out", body={"contact": str(contact.pk)})], by=by, at=at)


def speak(contact: Contact, language: str) -> None:
    """From now on in this language: `id` or `en`."""
    Contact.objects.filter(pk=contact.pk).update(language=language)
    contact.language = language


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
