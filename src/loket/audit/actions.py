"""Writes the trail: one statement however many entries, each with its salted leaf hash."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import connection

from loket.core.actor import Actor

_INSERT = """
INSERT INTO audit_entry (xid, office, actor, action, case_id, subject_id, body, salt, leaf, at, recorded_at)
SELECT pg_current_xact_id()::text::bigint, %s, %s, t.action, t.case_id, t.subject_id, t.body, t.salt, t.leaf,
       %s, clock_timestamp()
FROM unnest(%s::text[], %s::uuid[], %s::uuid[], %s::text[], %s::bytea[], %s::bytea[])
     WITH ORDINALITY AS t(action, case_id, subject_id, body, salt, leaf, n)
ORDER BY t.n
"""


@dataclass(frozen=True, slots=True)
class Fact:
    """What an entry says: the action, the case and the resident it is about, and before/after without personal data."""

    action: str
    case_id: UUID | None = None
    subject_id: UUID | None = None
    body: dict[str, Any] = field(default_factory=dict)


def canonical(value: object) -> str:
    """JSON with sorted keys and no blanks, as RFC 8785 orders it for the plain types used here."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def leaf(salt: bytes, *, office: str, actor: str, at: datetime, fact: Fact) -> bytes:
    """The salted leaf hash of an entry: SHA-256(0x00 ‖ salt ‖ canonical JSON), 32 bytes."""
    text = canonical(
        {
            "action": fact.action,
            "actor": actor,
            "at": at.astimezone(UTC).isoformat(timespec="microseconds"),
            "body": fact.body,
            "case": str(fact.case_id) if fact.case_id else None,
            "office": office,
            "subject": str(fact.subject_id) if fact.subject_id else None,
        }
    )
    return hashlib.sha256(b"\x00" + salt + text.encode()).digest()


def record(facts: Iterable[Fact], *, by: Actor, at: datetime) -> None:
    """Write entries of one actor at one instant, inside the caller's transaction."""
    rows = list(facts)
    if not rows:
        return
    salts = [os.urandom(16) for _ in rows]
    leaves = [
        leaf(salt, office=by.office, actor=by.name, at=at, fact=fact) for salt, fact in zip(salts, rows, strict=True)
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT,
            [
                by.office,
                by.name,
                at,
                [fact.action for fact in rows],
                [fact.case_id for fact in rows],
                [fact.subject_id for fact in rows],
                [canonical(fact.body) for fact in rows],
                salts,
                leaves,
            ],
        )
