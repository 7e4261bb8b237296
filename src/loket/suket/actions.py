"""Settles letters of the register: each gets a dated outcome with evidence, or stays outstanding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from django.db import connection, transaction

from loket.audit import actions as audit
from loket.core.actor import Actor, Role, require
from loket.core.errors import N_, Refusal
from loket.suket.models import Letter, Outcome

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


@transaction.atomic
def settle(letters: Sequence[UUID], outcome: str, on: date, evidence: str, *, by: Actor, at: datetime) -> int:
    """Give letters an outcome other than exchange: died, moved, duplicate, or already holds a card."""
    require(by, Role.VERIFIER, Role.ADMIN)
    if outcome not in Outcome.values or outcome == Outcome.EXCHANGED:
        raise Refusal("outcome", N_("Pilih alasan penyelesaian dari daftar."), field="outcome")
    if len(evidence.strip()) < 5:
        raise Refusal("evidence", N_("Tulis buktinya, misalnya nomor akta kematian."), field="evidence")
    rows = list(Letter.objects.select_for_update().filter(pk__in=letters, office_id=by.office, outcome=""))
    Letter.objects.filter(pk__in=[row.pk for row in rows]).update(
        outcome=outcome, outcome_on=on, evidence=evidence.strip()[:80], settled_by=by.name, settled_at=at
    )
    audit.record(
        [audit.Fact("suket.settle", None, row.resident_id, {"letter": str(row.pk), "outcome": outcome}) for row in rows],
        by=by,
        at=at,
    )
    return len(rows)
