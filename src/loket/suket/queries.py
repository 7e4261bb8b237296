"""Reads of the register: the segments, the list behind each of them, one letter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection

from loket.applications import statuses
from loket.core import crypto
from loket.core.errors import N_, Refusal
from loket.residents.models import Resident
from loket.suket import rules
from loket.suket.importing import TABLE
from loket.suket.models import Attempt, Import, Letter, Outcome
from loket.suket.rules import Segment

RESIDENT = "residents_resident"

# One row per outstanding letter with the first segment that fits it (the order of `rules.Segment`).
PLACED = """
SELECT l.id, l.resident_id, l.issued_on, l.kelurahan, l.registered_at, l.number, a.code, a.state,
       COALESCE(e.status, '') AS status,
       CASE WHEN a.state = ANY(%(card)s) THEN 'waiting'
            WHEN e.status IS DISTINCT FROM %(ready)s THEN 'blocked'
            WHEN a.state IS NOT NULL THEN 'printable'
            WHEN NOT COALESCE(t.reached, false) AND (r.phone IS NULL OR t.tried) THEN 'unreachable'
            WHEN t.reached THEN 'silent'
            ELSE 'printable' END AS segment
FROM suket_letter l
JOIN residents_resident r ON r.id = l.resident_id
LEFT JOIN residents_enrolment e ON e.office_id = r.office_id AND e.nik_index = r.nik_index
LEFT JOIN LATERAL (
    SELECT code, state FROM applications_application
    WHERE resident_id = l.resident_id AND slot = 'card' AND state NOT IN ('rejected', 'cancelled', 'delivered', 'collected')
    ORDER BY submitted_at DESC LIMIT 1) a ON true
LEFT JOIN LATERAL (SELECT bool_or(reached) AS reached, true AS tried FROM suket_attempt WHERE letter_id = l.id
                   HAVING count(*) > 0) t ON true
WHERE l.office_id = %(office)s AND l.outcome = ''
"""
_OUTSTANDING = f"SELECT segment, status, count(*) FROM ({PLACED}) placed GROUP BY 1, 2"
_SETTLED = "SELECT outcome, count(*) FROM suket_letter WHERE office_id = %(office)s AND outcome <> '' GROUP BY 1"
_PAGE = f"""
SELECT p.id, p.resident_id, r.data_key, r.name, p.issued_on, p.kelurahan, p.code, p.state, p.status
FROM ({PLACED}) p JOIN residents_resident r ON r.id = p.resident_id
WHERE p.segment = %(segment)s AND (%(status)s = '*' OR p.status = %(status)s)
  AND (COALESCE(p.issued_on, '0001-01-01'), p.id) > (%(after_on)s, %(after)s)
ORDER BY COALESCE(p.issued_on, '0001-01-01'), p.id LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Status:
    """Letters that stand still at one enrolment status; an empty code says that no list has named them yet."""

    code: str
    count: int
    meaning: str
    todo: str
    who_acts: str


@dataclass(frozen=True, slots=True)
class Register:
    """All letters of an office: `outstanding` by segment, `settled` by outcome; every letter is in exactly one."""

    outstanding: dict[Segment, int]
    settled: dict[str, int]
    blocked: list[Status]

    @property
    def all(self) -> int:
        return self.left + sum(self.settled.values())

    @property
    def left(self) -> int:
        return sum(self.outstanding.values())


@dataclass(frozen=True, slots=True)
class Holder:
    """One letter in a list, with the name as the office may see it and the case that would end it."""

    id: UUID
    name: str
    issued_on: date | None
    kelurahan: str
    code: str
    state: str
    status: str


@dataclass(frozen=True, slots=True)
class Attempted:
    """One attempt to reach a holder."""

    channel: str
    reached: bool
    actor: str
    at: datetime


def outstanding(office: str) -> int:
    """Letters without an outcome: whoever holds one still waits for a card."""
    return Letter.objects.filter(office_id=office, outcome="").count()


def numbers_to_invite(office: str) -> list[str]:
    """The WhatsApp numbers (E.164) of residents whose Suket is outstanding, once each, in the order of the register.

    Doors record the reading before they use them (`conversations.campaigns.create` does).
    """
    rows = (
        Letter.objects.filter(office_id=office, outcome="", resident__phone__isnull=False)
        .order_by("registered_at", "id")
        .values_list("resident_id", "resident__data_key", "resident__phone")
    )
    ring, table = crypto.keyring(), Resident._meta.db_table
    numbers = (crypto.unwrap(bytes(key), row, ring).open_text(table, "phone", row, bytes(phone)) for row, key, phone in rows if phone)
    return list(dict.fromkeys(numbers))


def given(office: str) -> dict[str, Any]:
    """What fills the places of `PLACED`."""
    return {"office": office, "card": list(rules.CARD_EXISTS), "ready": rules.PRINT_READY}


def register(office: str) -> Register:
    """The register by segment on one snapshot: all = outstanding + settled."""
    outstanding = dict.fromkeys(Segment, 0)
    settled: dict[str, int] = dict.fromkeys(Outcome.values, 0)
    blocked: dict[str, int] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT 'left', segment, status, count FROM ({_OUTSTANDING}) o "
            f"UNION ALL SELECT 'settled', outcome, '', count FROM ({_SETTLED}) s",
            given(office),
        )
        for part, name, status, count in cursor.fetchall():
            if part == "settled":
                settled[name] += count
                continue
            outstanding[Segment(name)] += count
            if name == Segment.BLOCKED:
                blocked[status] = blocked.get(status, 0) + count
    return Register(outstanding, settled, [_status(code, blocked[code]) for code in sorted(blocked, key=lambda c: -blocked[c])])


def _status(code: str, count: int) -> Status:
    meaning = statuses.explain(code)
    return Status(code, count, meaning.meaning, meaning.todo, meaning.who_acts)


def holders(
    office: str, segment: Segment, *, status: str = "*", after: str = "", limit: int = 50
) -> tuple[list[Holder], str]:
    """The letters of a segment, oldest first, from a cursor on; with the cursor of the next page or an empty text."""
    on, _, row = after.partition("_")
    with connection.cursor() as cursor:
        cursor.execute(
            _PAGE,
            {
                **given(office), "segment": segment.value, "status": status, "limit": limit + 1,
                "after_on": date.fromisoformat(on) if on else date(1, 1, 1), "after": UUID(row) if row else UUID(int=0),
            },
        )  # fmt: skip
        rows = cursor.fetchall()
    found = [_holder(*row) for row in rows[:limit]]
    following = f"{found[-1].issued_on or date(1, 1, 1)}_{found[-1].id}" if len(rows) > limit else ""
    return found, following


def _holder(
    letter: UUID, resident: UUID, data_key: bytes, name: bytes, issued_on: date | None, kelurahan: str,
    code: str | None, state: str | None, status: str,
) -> Holder:  # fmt: skip
    key = crypto.unwrap(bytes(data_key), resident, crypto.keyring())
    return Holder(
        letter, key.open_text(RESIDENT, "name", resident, bytes(name)), issued_on, kelurahan, code or "", state or "", status
    )


def letter(letter_id: UUID, office: str) -> tuple[Letter, Holder, str]:
    """One letter with its holder and the number that stands on it."""
    found = Letter.objects.select_related("resident").filter(pk=letter_id, office_id=office).first()
    if found is None:
        raise Refusal("letter_unknown", N_("Suket ini tidak ada di daftar kantor Anda."), status=404)
    key = crypto.unwrap(bytes(found.resident.data_key), found.resident_id, crypto.keyring())
    number = key.open_text(TABLE, "number", found.pk, bytes(found.number)) if found.number else ""
    holder = Holder(
        found.pk, key.open_text(RESIDENT, "name", found.resident_id, bytes(found.resident.name)), found.issued_on,
        found.kelurahan, "", "", "",
    )  # fmt: skip
    return found, holder, number


def attempts(letter_id: UUID) -> list[Attempted]:
    """Every attempt to reach the holder of a letter, newest first."""
    rows = Attempt.objects.filter(letter_id=letter_id).order_by("-id")
    return [Attempted(row.channel, row.reached, row.actor, row.at) for row in rows]


def imports(office: str, limit: int = 20) -> list[Import]:
    """The lists that were read, newest first."""
    return list(Import.objects.filter(office_id=office).order_by("-id")[:limit])
