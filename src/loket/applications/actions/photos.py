"""Photos of papers after they came in: looked at by the worker for hints to the officer, deleted when their time is over."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from loket.applications import drafts, queries
from loket.applications.models import Document
from loket.audit import actions as audit
from loket.core import crypto, images, media
from loket.core.actor import Actor
from loket.core.errors import Refusal

log = logging.getLogger(__name__)

# The same picture in the case of somebody else. One family card serves a whole family, which is no news.
_TWIN = """
SELECT a.id FROM applications_document d
JOIN applications_application a ON a.id = d.application_id JOIN residents_resident r ON r.id = a.resident_id
JOIN applications_application own ON own.id = %(application)s JOIN residents_resident me ON me.id = own.resident_id
WHERE d.look IS NOT NULL AND d.id <> %(id)s AND a.office_id = own.office_id
  AND ((d.kind = %(kind)s AND a.resident_id <> own.resident_id AND r.kk_index IS DISTINCT FROM me.kk_index)
    OR (a.id = own.id AND d.kind <> %(kind)s AND d.replaced_at IS NULL))
  AND bit_count(d.look # %(look)s::bit(2048)) <= %(within)s
ORDER BY a.id = own.id DESC, d.at, d.id LIMIT 1
"""
_KEPT_TOO_LONG = """
UPDATE applications_document SET deleted_at = %s, look = NULL, unjudged = false
WHERE id IN (
    SELECT d.id FROM applications_document d JOIN applications_application a ON a.id = d.application_id
    WHERE d.deleted_at IS NULL AND a.office_id = %s AND a.finished_at < %s LIMIT 500 FOR UPDATE OF d SKIP LOCKED)
RETURNING id, application_id
"""


@transaction.atomic
def judge_due() -> int:
    """Look at one photo that nobody has looked at yet; returns how many. A worker that dies in it gives it back."""
    document = (
        Document.objects.select_for_update(skip_locked=True, of=("self",)).select_related("application")
        .filter(unjudged=True).order_by("id").first()
    )  # fmt: skip
    if document is None:
        return 0
    try:
        seen = images.judge(media.read(document.pk, queries.resident_key(document.application)))
    except (Refusal, crypto.CryptoError) as problem:
        # Gone, erased, or not to be decoded: the officer sees it as it is.
        log.warning("document %s cannot be judged: %s", document.pk, type(problem).__name__)
        Document.objects.filter(pk=document.pk).update(unjudged=False)
        return 1
    look = images.look_bits(seen.look) if seen.look else None
    Document.objects.filter(pk=document.pk).update(
        unjudged=False, fault=seen.fault, look=look, twin=_twin(document, look) if look else None
    )
    return 1


def _twin(document: Document, look: str) -> UUID | None:
    values: dict[str, Any] = {
        "application": document.application_id, "id": document.pk, "kind": document.kind, "look": look,
        "within": images.SAME_WITHIN,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_TWIN, values)
        row = cursor.fetchone()
    return row[0] if row else None


def delete_old_photos(kept_days: int, *, by: Actor, at: datetime) -> int:
    """Delete the photos of cases that ended longer ago than this, and say so in the trail of each; returns how many."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_KEPT_TOO_LONG, [at, by.office, at - timedelta(days=kept_days)])
        found = cursor.fetchall()
        cases: dict[UUID, int] = {}
        for _row, case in found:
            cases[case] = cases.get(case, 0) + 1
        audit.record(
            [audit.Fact("case.photos_deleted", case, None, {"count": count, "days": kept_days}) for case, count in cases.items()],
            by=by, at=at,
        )  # fmt: skip
    # After the commit: a crash between leaves files without a row, which the sweep of orphans finds.
    media.delete(row for row, _case in found)
    return len(found)


def files_in_use() -> set[UUID]:
    """Every file of the media store that a paper or an unsent form names."""
    return set(Document.objects.filter(deleted_at=None).values_list("pk", flat=True)) | drafts.files()
