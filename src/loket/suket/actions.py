"""Settles letters of the register: each gets a dated outcome with evidence, or stays outstanding."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from django.db import connection

from loket.audit import actions as audit
from loket.core.actor import Actor

_SETTLE = """
UPDATE suket_letter l SET outcome = 'exchanged', outcome_on = %s, evidence = t.evidence, settled_by = %s, settled_at = %s
FROM unnest(%s::uuid[], %s::text[]) AS t(resident_id, evidence)
WHERE l.resident_id = t.resident_id AND l.office_id = %s AND l.outcome = '' RETURNING l.id, l.resident_id
"""


def exchange(evidence: Mapping[UUID, str], on: date, *, by: Actor, at: datetime) -> int:
    """Settle the letters of residents (by id) whose card is in the hand; `evidence` names the hand-over.

    Residents without an outstanding letter are passed over. Returns how many letters were settled.
    """
    if not evidence:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE, [on, by.name, at, list(evidence), list(evidence.values()), by.office])
        settled = cursor.fetchall()
    audit.record(
        [
            audit.Fact("suket.settle", None, resident, {"letter": str(letter), "outcome": "exchanged"})
            for letter, resident in settled
        ],
        by=by,
        at=at,
    )
    return len(settled)
