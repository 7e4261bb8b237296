"""Reads lists of enrolment statuses; what they release moves on by itself."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

from django.db import transaction

from loket.applications import actions as applications
from loket.applications import statuses
from loket.core import crypto, imports
from loket.core.actor import Actor
from loket.core.imports import Progress, Report
from loket.offices import queries as offices
from loket.residents.models import Enrolment


@transaction.atomic
def import_statuses(
    path: Path, *, dry_run: bool = False, by: Actor, at: datetime, progress: Progress | None = None
) -> Report:
    """Keep the statuses of a list; rows without a date count as of today. A dry run changes nothing."""
    today = offices.office(by.office).today()
    parsed = statuses.read_statuses(path, today=today)
    imports.hold(f"status:{by.office}")
    ring = crypto.keyring()
    # The last row of a NIK is the latest news.
    rows: dict[bytes, tuple[str, date]] = {
        crypto.index("nik", row.nik, ring): (row.status, row.as_of or today) for row in parsed.rows
    }
    report = Report(rows=len(parsed.rows) + len(parsed.rejected), rejected=len(parsed.rejected))
    items = [(index, status, as_of) for index, (status, as_of) in rows.items()]
    for start in range(0, len(items), imports.CHUNK):
        part = items[start : start + imports.CHUNK]
        known = Enrolment.objects.filter(office_id=by.office, nik_index__in=[index for index, *_ in part]).count()
        changed = applications.take_statuses(part, by=by, at=at)
        report.new += len(part) - known
        report.updated += changed - (len(part) - known)
        if progress:
            progress(min(start + imports.CHUNK, len(items)), len(items))
    report.unchanged = len(parsed.rows) - report.new - report.updated
    report.errors, report.report = imports.refused(path, parsed.headings, parsed.rejected)
    if dry_run:
        transaction.set_rollback(True)
    return report
