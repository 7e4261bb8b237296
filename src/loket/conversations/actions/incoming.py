"""Keeps what people write, and what the bot remembers of a conversation."""

from __future__ import annotations

from datetime import datetime

from django.db import connection
from django.db.models import F
from django.db.models.functions import Greatest

from loket.conversations.actions.identity import data_key
from loket.conversations.actions.media import expect
from loket.conversations.models import Contact, Message
from loket.core import crypto
from loket.core.ids import uuid7

MESSAGE = "conversations_message"



def key_of(provider_id: str) -> str:
    """What a message's id at the provider is kept as: Meta's ids carry the resident's number in the clear."""
    return crypto.index("wamid", provider_id, crypto.keyring()).hex()


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
    if media_id:
        expect(row, kind, at=at)
    return Message.objects.get(pk=row)


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
