"""The table of the trail. Rows are written once; the database refuses to change or remove them."""

from __future__ import annotations

from django.contrib.postgres.indexes import BrinIndex
from django.db import models


class Entry(models.Model):
    """One change, decision or reading of personal data.

    `body` is canonical JSON without personal data; `leaf` = SHA-256(0x00 ‖ salt ‖ canonical entry), computed when
    the entry is written, so that sealing can begin at any time later. Order is by `seq`, never by a clock.
    """

    seq = models.BigAutoField(primary_key=True)
    # The transaction that wrote the entry: sealing takes only what is below the oldest running one.
    xid = models.BigIntegerField()
    office = models.CharField(max_length=13)
    actor = models.CharField(max_length=80)
    action = models.CharField(max_length=40)
    case_id = models.UUIDField(null=True)
    subject_id = models.UUIDField(null=True)
    body = models.TextField()
    salt = models.BinaryField(max_length=16)
    leaf = models.BinaryField(max_length=32)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "audit_entry"
        indexes = [
            models.Index(fields=["case_id", "seq"], name="audit_by_case", condition=models.Q(case_id__isnull=False)),
            # The entries of a day, and of a transaction, lie side by side: a few bytes for every thousand of them find
            # a day among years, and what is new.
            BrinIndex(fields=["at", "xid"], name="audit_by_day", pages_per_range=16, autosummarize=True),
            models.Index(
                fields=["subject_id", "seq"], name="audit_by_subject", condition=models.Q(subject_id__isnull=False)
            ),
        ]
