"""Queues the notices of other rooms, in the transaction of what they tell."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from loket.audit import actions as audit
from loket.conversations import rules
from loket.conversations.keys import MESSAGE, data_key
from loket.conversations.models import Contact
from loket.conversations.queries import root
from loket.core import crypto
from loket.core.actor import Actor
from loket.core.ids import uuid7

_QUEUE = """
INSERT INTO conversations_message (id, contact_id, outgoing, kind, notice, params, case_id, author, state, due_at, at,
                                   error, tries, media_id, body, lane)
SELECT t.id, t.contact_id, true, 'notice', t.notice, t.params::jsonb, t.case_id, %s, 'queued', %s, %s, '', 0, '', t.body, %s
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
                int(rules.lane_of(by.name)),
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
    found = Contact.objects.filter(pk__in=contacts)
    # A message for a contact that was merged away lands with the one who is left, and is sealed for that one.
    return {
        contact.pk: data_key(Contact.objects.get(pk=root(contact.pk)) if contact.merged_into_id else contact)
        for contact in found
    }
