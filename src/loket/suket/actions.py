"""Settles letters of the register: each gets a dated outcome with evidence, or stays outstanding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import connection, transaction

from loket.audit import actions as audit
from loket.core import dates
from loket.core.actor import Actor, require
from loket.core.errors import N_, Refusal
from loket.offices import queries as offices
from loket.suket import rules
from loket.suket.models import Letter

_SETTLE = """
UPDATE suket_letter l SET outcome = 'exchanged', outcome_on = %s, evidence = t.evidence, settled_by = %s, settled_at = %s
FROM unnest(%s::uuid[], %s::text[]) AS t(resident_id, evidence)
WHERE l.resident_id = t.resident_id AND l.office_id = %s AND l.outcome = '' RETURNING l.id, l.resident_id
"""
_ATTEMPT = """
INSERT INTO suket_attempt (letter_id, channel, reached, key, actor, at)
SELECT l.id, t.channel, t.reached, t.key, %s, %s
FROM unnest(%s::uuid[], %s::text[], %s::boolean[], %s::text[]) AS t(letter_id, channel, reached, key)
JOIN suket_letter l ON l.id = t.letter_id AND l.office_id = %s
ON CONFLICT (letter_id, channel, key) DO NOTHING RETURNING letter_id
"""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to reach the holder of a letter. `key` makes a repeat the same attempt: a message's id, a list's number."""

    letter_id: UUID
    channel: str
    reached: bool
    key: str


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
def settle(letter_id: UUID, outcome: str, evidence: str, on: date, *, by: Actor, at: datetime) -> None:
    """End a letter by hand: its holder died, moved away, holds another Suket or already has the card.

    The same outcome again changes nothing; another one is refused, since a settled letter is history.
    """
    require(by, *rules.SETTLERS)
    rules.check_outcome(outcome, evidence)
    dates.check_past(on, offices.office(by.office).today(), "on")
    letter = Letter.objects.select_for_update().filter(pk=letter_id, office_id=by.office).first()
    if letter is None:
        raise Refusal("letter_unknown", N_("Suket ini tidak ada di daftar kantor Anda."), status=404)
    if letter.outcome == outcome:
        return
    if letter.outcome:
        raise Refusal("letter_settled", N_("Suket ini sudah selesai. Hasilnya tidak diubah lagi."), status=409)
    letter.outcome, letter.outcome_on = outcome, on
    letter.evidence, letter.settled_by, letter.settled_at = evidence.strip()[:80], by.name, at
    letter.save(update_fields=["outcome", "outcome_on", "evidence", "settled_by", "settled_at"])
    audit.record(
        [audit.Fact("suket.settle", None, letter.resident_id, {"letter": str(letter.pk), "outcome": outcome})], by=by, at=at
    )


@transaction.atomic
def note_attempts(attempts: Sequence[Attempt], *, by: Actor, at: datetime) -> int:
    """Keep attempts to reach holders, as one set; one that is known already changes nothing. Returns how many were new."""
    if not attempts:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            _ATTEMPT,
            [
                by.name,
                at,
                [item.letter_id for item in attempts],
                [item.channel for item in attempts],
                [item.reached for item in attempts],
                [item.key for item in attempts],
                by.office,
            ],
        )
        new = cursor.fetchall()
    audit.record([audit.Fact("suket.attempt", body={"letter": str(letter)}) for (letter,) in new], by=by, at=at)
    return len(new)
