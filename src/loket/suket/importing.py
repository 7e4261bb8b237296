"""Reads lists of Suket into the register, as one set and as a whole: nothing stays of an import that breaks off."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from uuid import UUID

from django.db import connection, transaction

from loket.applications import actions as applications
from loket.audit import actions as audit
from loket.core import crypto, imports
from loket.core.actor import Actor, Role, require
from loket.core.errors import N_, Refusal
from loket.core.ids import uuid7
from loket.core.imports import Progress, Report
from loket.offices import queries as offices
from loket.offices import regions
from loket.residents import actions as residents
from loket.suket import sheet
from loket.suket.models import Import
from loket.suket.sheet import SuketRow

TABLE = "suket_letter"

# A letter is known by its resident. What has an outcome is history, and what Loket issued stands on paper: a list that
# names either changes nothing.
_MERGE = """
WITH known AS (
    SELECT n.id AS new_id, l.id, l.fingerprint, l.outcome <> '' OR l.code IS NOT NULL AS is_fixed FROM suket_new n
    JOIN LATERAL (SELECT id, fingerprint, outcome, code FROM suket_letter WHERE resident_id = n.resident_id
                  ORDER BY (outcome = '') DESC LIMIT 1) l ON true
), kept AS (
    INSERT INTO suket_change (source_id, letter_id, number, fingerprint, issued_on, kelurahan, resident)
    SELECT %s, l.id, l.number, l.fingerprint, l.issued_on, l.kelurahan, '{}'
    FROM known k JOIN suket_letter l ON l.id = k.id JOIN suket_new n ON n.id = k.new_id
    WHERE NOT k.is_fixed AND k.fingerprint <> n.fingerprint
), changed AS (
    UPDATE suket_letter l SET issued_on = n.issued_on, kelurahan = n.kelurahan, fingerprint = n.fingerprint
    FROM known k JOIN suket_new n ON n.id = k.new_id
    WHERE l.id = k.id AND NOT k.is_fixed AND k.fingerprint <> n.fingerprint RETURNING l.id, k.new_id
), added AS (
    INSERT INTO suket_letter (id, office_id, resident_id, number, fingerprint, issued_on, kelurahan, source_id,
                              registered_at, outcome, evidence, settled_by)
    SELECT n.id, %s, n.resident_id, n.number, n.fingerprint, n.issued_on, n.kelurahan, %s, %s, '', '', ''
    FROM suket_new n WHERE NOT EXISTS (SELECT 1 FROM known k WHERE k.new_id = n.id) RETURNING id
)
SELECT (SELECT count(*) FROM added), COALESCE((SELECT jsonb_object_agg(new_id, id) FROM changed), '{}')
"""


@transaction.atomic
def import_suket(
    path: Path, *, chosen: Mapping[str, int] | None = None, dry_run: bool = False, by: Actor, at: datetime,
    progress: Progress | None = None,
) -> Report:
    """Bring a list into the register; the same list again changes nothing. A dry run changes nothing either.

    `chosen` names the column (from 0) of each field of `sheet.FIELDS`, where a person has said it.
    """
    today = offices.office(by.office).today()
    parsed = sheet.read(path, regions.matcher(by.office), today=today, chosen=chosen)
    imports.hold(f"suket:{by.office}")
    report = Report(rows=len(parsed.rows) + len(parsed.rejected), rejected=len(parsed.rejected))
    source = Import.objects.create(
        office_id=by.office, file_digest=imports.file_digest(path), rows=report.rows, new=0, updated=0, unchanged=0,
        rejected=report.rejected, actor=by.name, at=at,
    )  # fmt: skip
    for start in range(0, len(parsed.rows), imports.CHUNK):
        part = parsed.rows[start : start + imports.CHUNK]
        _take(part, source, report, today, by=by, at=at)
        if progress:
            progress(min(start + imports.CHUNK, len(parsed.rows)), len(parsed.rows))
    report.unchanged, report.source = len(parsed.rows) - report.new - report.updated, source.pk
    source.new, source.updated, source.unchanged = report.new, report.updated, report.unchanged
    source.save(update_fields=["new", "updated", "unchanged"])
    counts = {"new": report.new, "rejected": report.rejected, "rows": report.rows, "updated": report.updated}
    audit.record(
        [audit.Fact("suket.import", body={"file": source.file_digest.hex(), "import": source.pk, **counts})], by=by, at=at
    )
    report.errors, report.report = imports.refused(path, parsed.headings, parsed.rejected)
    if dry_run:
        transaction.set_rollback(True)
    return report


@dataclass(frozen=True, slots=True)
class Undone:
    """What an undone import took back: letters removed, letters as they were before, letters that had to stay."""

    removed: int
    restored: int
    stayed: int


# A letter that somebody has worked on since, or that Loket issued anew, is no longer the list's alone.
_REMOVE = """
DELETE FROM suket_letter l WHERE l.source_id = %s AND l.outcome = '' AND l.code IS NULL
  AND NOT EXISTS (SELECT 1 FROM suket_attempt t WHERE t.letter_id = l.id)
  AND NOT EXISTS (SELECT 1 FROM suket_invitee i WHERE i.letter_id = l.id)
  AND NOT EXISTS (SELECT 1 FROM applications_application a WHERE a.resident_id = l.resident_id AND a.submitted_at >= l.registered_at)
RETURNING l.resident_id
"""
_RESTORE = """
UPDATE suket_letter l SET number = c.number, fingerprint = c.fingerprint, issued_on = c.issued_on, kelurahan = c.kelurahan
FROM suket_change c WHERE c.source_id = %s AND l.id = c.letter_id AND l.outcome = '' AND l.code IS NULL RETURNING l.resident_id, c.resident
"""
# Whom only this list has brought, and nobody has met since.
_STRANGERS = """
SELECT r.id FROM residents_resident r WHERE r.id = ANY(%s) AND r.met_at = %s
  AND NOT EXISTS (SELECT 1 FROM suket_letter l WHERE l.resident_id = r.id)
  AND NOT EXISTS (SELECT 1 FROM applications_application a WHERE a.resident_id = r.id)
"""


@transaction.atomic
def undo_import(import_id: int, *, by: Actor, at: datetime) -> Undone:
    """Take a whole list back: what it added goes, what it wrote over is as before. The newest list goes first.

    Letters that were settled, invited, tried or filed for since then stay, and so do the statuses that the list told.
    """
    require(by, Role.ADMIN)
    imports.hold(f"suket:{by.office}")
    source = Import.objects.select_for_update().filter(pk=import_id, office_id=by.office).first()
    if source is None:
        raise Refusal("import_unknown", N_("Impor ini tidak ada di kantor Anda."), status=404)
    if source.undone_at:
        raise Refusal("import_undone", N_("Impor ini sudah dibatalkan sebelumnya."), status=409)
    newer = Import.objects.filter(office_id=by.office, pk__gt=source.pk, undone_at=None).exclude(new=0, updated=0)
    if (last := newer.order_by("-pk").first()) is not None:
        raise Refusal(
            "import_not_newest", N_("Batalkan dulu impor nomor {newer}, yang lebih baru."), status=409, newer=last.pk
        )
    with connection.cursor() as cursor:
        cursor.execute(_REMOVE, [source.pk])
        removed = [row for (row,) in cursor.fetchall()]
        cursor.execute(_RESTORE, [source.pk])
        restored = {row: json.loads(before) if isinstance(before, str) else before for row, before in cursor.fetchall()}
        cursor.execute(_STRANGERS, [removed, source.at])
        strangers = [row for (row,) in cursor.fetchall()]
    residents.bring_back(restored)
    residents.forget(strangers)
    stayed = source.new + source.updated - len(removed) - len(restored)
    source.undone_by, source.undone_at = by.name, at
    source.save(update_fields=["undone_by", "undone_at"])
    counts = {"removed": len(removed), "restored": len(restored), "stayed": stayed}
    audit.record([audit.Fact("suket.undo", body={"import": source.pk, **counts})], by=by, at=at)
    return Undone(**counts)


def _keep_residents(source: Import, changed: Mapping[UUID, UUID]) -> None:
    """What was known of the residents whose letters change, beside what was known of the letters."""
    before = residents.stated(list(changed.values()))
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE suket_change c SET resident = t.resident::jsonb FROM unnest(%s::uuid[], %s::text[]) AS t(letter_id, resident) "
            "WHERE c.source_id = %s AND c.letter_id = t.letter_id",
            [list(changed), [json.dumps(before[resident]) for resident in changed.values()], source.pk],
        )


def _take(
    rows: Sequence[SuketRow], source: Import, report: Report, today: date, *, by: Actor, at: datetime
) -> None:
    known = residents.meet_all([_person(row) for row in rows], by=by, at=at)
    letters = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE IF NOT EXISTS suket_new (id uuid, resident_id uuid, number bytea, fingerprint bytea, "
            "issued_on date, kelurahan text) ON COMMIT DROP"
        )
        cursor.execute("TRUNCATE suket_new")
        with cursor.copy("COPY suket_new FROM STDIN WITH (FORMAT BINARY)") as copy:
            copy.set_types(["uuid", "uuid", "bytea", "bytea", "date", "text"])
            for row, resident in zip(rows, known, strict=True):
                letter = uuid7()
                letters[letter] = (row, resident)
                copy.write_row(
                    (letter, resident.id, _number(row, resident, letter), _fingerprint(row), row.issued_on,
                     row.kelurahan_code or "")
                )  # fmt: skip
        cursor.execute("ANALYZE suket_new")
        cursor.execute(_MERGE, [source.pk, by.office, source.pk, at])
        new, stated = cursor.fetchone()
        changed = {UUID(stands): letters[UUID(given)] for given, stands in json.loads(stated).items()}
        _renumber(changed)
        _keep_residents(source, {letter: resident.id for letter, (_, resident) in changed.items()})
        residents.restate([(resident, _person(row)) for row, resident in changed.values()])
    report.new += new
    report.updated += len(changed)
    statuses = [(resident.nik_index, row.status, today) for row, resident in zip(rows, known, strict=True) if row.status]
    if statuses:
        applications.take_statuses(statuses, by=by, at=at)


def _renumber(changed: dict[UUID, tuple[SuketRow, residents.Known]]) -> None:
    """The sealed number of a changed letter is bound to the row that stands, so it is sealed anew for it."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE suket_letter SET number = %s WHERE id = %s",
            [(_number(row, resident, letter), letter) for letter, (row, resident) in changed.items()],
        )


def _person(row: SuketRow) -> residents.Person:
    return residents.Person(
        nik=row.nik, name=row.name, kk_number=row.kk_number, birth_date=row.birth_date, phone=row.phone,
        address=row.address, kelurahan=row.kelurahan_code or "",
    )  # fmt: skip


def _number(row: SuketRow, resident: residents.Known, letter: UUID) -> bytes | None:
    return resident.data_key.seal(TABLE, "number", letter, row.number) if row.number else None


def _fingerprint(row: SuketRow) -> bytes:
    """Tells whether anything that the list says has changed, without opening anything."""
    said = (
        row.number, row.issued_on, row.kelurahan_code, row.name, row.birth_date, row.kk_number, row.phone, row.address
    )  # fmt: skip
    return crypto.index("suket", "|".join(map(str, said)), crypto.keyring())
