"""Keeps what people write, and what the bot remembers of a conversation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Value
from django.db.models.functions import Coalesce

from loket.conversations.actions.holding import release_held
from loket.conversations.actions.media import expect
from loket.conversations.keys import MESSAGE, data_key, key_of
from loket.conversations.models import Contact
from loket.core.ids import uuid7

# Each message of each resident goes through these two: written out, they cost a third of what the ORM needs to say them.
# What was put aside comes back at once.
_WROTE = """
UPDATE conversations_contact SET last_inbound_at = GREATEST(last_inbound_at, %(sent)s), last_message_at = %(at)s,
    unread = unread + 1, waiting_since = COALESCE(waiting_since, %(sent)s), snoozed_until = NULL
WHERE id = %(contact)s RETURNING last_inbound_at, last_message_at, unread, waiting_since
"""
# Whoever the bot answers waits for nobody, unless a person was called for.
_BOT_ANSWERS = """
UPDATE conversations_contact SET bot_step = %s, bot_tries = %s,
    waiting_since = CASE WHEN owner = '' AND person_since IS NULL THEN NULL ELSE waiting_since END,
    unread = CASE WHEN owner = '' AND person_since IS NULL THEN 0 ELSE unread END
WHERE id = %s
"""



def receive(
    contact: Contact,
    *,
    provider_id: str,
    kind: str,
    body: str,
    sent_at: datetime,
    at: datetime,
    media_id: str = "",
) -> UUID | None:
    """Keep an incoming message, once per provider id, and bring `contact` up to it; None says it was known already."""
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
        cursor.execute(_WROTE, {"sent": sent_at, "at": at, "contact": contact.pk})
        contact.last_inbound_at, contact.last_message_at, contact.unread, contact.waiting_since = cursor.fetchone()
        contact.snoozed_until = None
    release_held(contact.pk, sent_at=sent_at, at=at)
    if media_id:
        expect(row, kind, at=at)
    return row


def step_taken(contact: Contact, step: str) -> None:
    """The bot understood: it remembers where the conversation stands and forgets failed tries."""
    _bot_answers(contact, step, 0)


def not_understood(contact: Contact) -> int:
    """The bot did not understand; returns how often in a row (`contact` is locked)."""
    _bot_answers(contact, contact.bot_step, contact.bot_tries + 1)
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


def _bot_answers(contact: Contact, step: str, tries: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_BOT_ANSWERS, [step, tries, contact.pk])
