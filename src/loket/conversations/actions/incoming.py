"""Keeps what people write, and what the bot remembers of a conversation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import F, Value
from django.db.models.functions import Coalesce, Greatest

from loket.conversations.actions.holding import resident_wrote
from loket.conversations.actions.media import expect
from loket.conversations.keys import MESSAGE, data_key, key_of
from loket.conversations.models import Contact, Message
from loket.core.ids import uuid7


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
    resident_wrote(contact.pk, sent_at=sent_at, at=at)
    if media_id:
        expect(row, kind, at=at)
    return Message.objects.get(pk=row)


def step_taken(contact: Contact, step: str) -> None:
    """The bot understood: it remembers where the conversation stands and forgets failed tries."""
    Contact.objects.filter(pk=contact.pk).update(bot_tries=0, bot_step=step)
    _bot_answers(contact)


def not_understood(contact: Contact) -> int:
    """The bot did not understand; returns how often in a row (`contact` is locked)."""
    Contact.objects.filter(pk=contact.pk).update(bot_tries=contact.bot_tries + 1)
    _bot_answers(contact)
    return contact.bot_tries + 1


def call_person(contact: Contact, *, reason: str = "person", at: datetime) -> None:
    """The conversation waits for somebody of the office, since its first call; `reason` is the step that called."""
    Contact.objects.filter(pk=contact.pk).update(
        bot_tries=0, bot_step=reason,
        waiting_since=Coalesce("waiting_since", Value(at)), person_since=Coalesce("person_since", Value(at)),
    )  # fmt: skip


def withdraw(messages: Sequence[UUID], contact: Contact) -> int:
    """Take back answers of the bot that have not left: more was written, and one answer goes to all of it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM conversations_message WHERE id = ANY(%s) AND contact_id = %s AND outgoing AND state = 'queued' "
            "AND tries = 0 AND author = 'loket:bot'",
            [list(messages), contact.pk],
        )
        return int(cursor.rowcount)


def _bot_answers(contact: Contact) -> None:
    """Whoever the bot answers waits for nobody, unless a person was called for."""
    Contact.objects.filter(pk=contact.pk, owner="", person_since=None).update(waiting_since=None, unread=0)
