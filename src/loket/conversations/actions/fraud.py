"""What residents report as a fraud, and that somebody of the office has seen it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from loket.audit import actions as audit
from loket.conversations.models import Fraud
from loket.core import crypto
from loket.core.actor import Actor, Role, require
from loket.core.errors import N_, Refusal
from loket.core.ids import uuid7

FRAUD = Fraud._meta.db_table
READERS = (Role.VERIFIER, Role.COUNTER, Role.HEAD, Role.AUDITOR)
_REPORT = """
INSERT INTO conversations_fraud (id, office_id, mark, kind, body, times, first_at, last_at, seen_by)
VALUES (%s, %s, %s, %s, %s, 1, %s, %s, '')
ON CONFLICT (office_id, mark) DO UPDATE SET times = conversations_fraud.times + 1, last_at = EXCLUDED.last_at
"""


@transaction.atomic
def report_fraud(kind: str, pasted: str, *, by: Actor, at: datetime) -> None:
    """Keep what somebody received, for the office to look at. The same again is counted, not kept twice."""
    require(by, Role.RESIDENT)
    typed = pasted.strip()[:4000]
    if not typed:
        raise Refusal("pasted_missing", N_("Tempel dulu nomor, tautan, atau pesan yang Anda terima."), field="tempelan")
    row = uuid7()
    mark = crypto.index("fraud", " ".join(typed.casefold().split()), crypto.keyring())
    sealed = crypto.system_key().seal(FRAUD, "body", row, typed)
    with connection.cursor() as cursor:
        cursor.execute(_REPORT, [row, by.office, mark, kind, sealed, at, at])
    audit.record([audit.Fact("fraud.report", body={"kind": kind})], by=by, at=at)


@transaction.atomic
def open_frauds(*, by: Actor, at: datetime) -> None:
    """Somebody of the office reads the reports, which may hold what belongs to residents; recorded before it is shown."""
    require(by, *READERS)
    audit.record([audit.Fact("read.frauds")], by=by, at=at)


@transaction.atomic
def see_fraud(fraud_id: UUID, *, by: Actor, at: datetime) -> None:
    """A report has been looked into."""
    require(by, *READERS)
    changed = Fraud.objects.filter(pk=fraud_id, office_id=by.office, seen_at=None).update(seen_by=by.name, seen_at=at)
    if not changed:
        raise Refusal("fraud_unknown", N_("Laporan ini tidak ada atau sudah ditandai."), status=404)
    audit.record([audit.Fact("fraud.seen", body={"fraud": str(fraud_id)})], by=by, at=at)
