"""The register of Suket: one row per letter, ended only by a dated outcome with evidence."""

from __future__ import annotations

from django.db import models

from loket.core.ids import uuid7
from loket.offices.models import Office
from loket.residents.models import Resident


class Outcome(models.TextChoices):
    """How a Suket ends. Unreachable is no outcome: such a letter stays outstanding."""

    EXCHANGED = "exchanged"
    DIED = "died"
    MOVED = "moved"
    DUPLICATE = "duplicate"
    HOLDS_CARD = "holds_card"


class Import(models.Model):
    """A list that was read into the register."""

    id = models.BigAutoField(primary_key=True)
    office = models.ForeignKey(Office, on_delete=models.PROTECT)
    file_digest = models.BinaryField(max_length=32)
    rows = models.IntegerField()
    new = models.IntegerField()
    updated = models.IntegerField()
    unchanged = models.IntegerField()
    rejected = models.IntegerField()
    actor = models.CharField(max_length=80)
    at = models.DateTimeField()

    class Meta:
        db_table = "suket_import"


class Letter(models.Model):
    """A Suket that a resident holds, outstanding until it has an outcome."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    office = models.ForeignKey(Office, on_delete=models.PROTECT, db_index=False)
    resident = models.ForeignKey(Resident, on_delete=models.PROTECT, db_index=False)
    number = models.BinaryField(null=True)
    # A keyed hash of number, date and kelurahan, by which an import sees whether anything changed.
    fingerprint = models.BinaryField(max_length=16, default=bytes(16))
    issued_on = models.DateField(null=True)
    kelurahan = models.CharField(max_length=13, blank=True)
    source = models.ForeignKey(Import, null=True, on_delete=models.PROTECT, db_index=False)
    registered_at = models.DateTimeField()
    outcome = models.CharField(max_length=12, choices=Outcome.choices, blank=True)
    outcome_on = models.DateField(null=True)
    evidence = models.CharField(max_length=80, blank=True)
    settled_by = models.CharField(max_length=80, blank=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "suket_letter"
        constraints = [
            models.UniqueConstraint(
                fields=["resident"], condition=models.Q(outcome=""), name="suket_one_outstanding_per_resident"
            ),
            models.CheckConstraint(
                condition=models.Q(outcome="", outcome_on=None, settled_at=None)
                | (
                    models.Q(outcome__in=Outcome.values, outcome_on__isnull=False, settled_at__isnull=False)
                    & ~models.Q(evidence="")
                    & ~models.Q(settled_by="")
                ),
                name="suket_outcome_has_date_and_evidence",
            ),
        ]
        indexes = [
            models.Index(fields=["office"], name="suket_outstanding", condition=models.Q(outcome="")),
            models.Index(
                fields=["office", "settled_at"], name="suket_settled", condition=models.Q(settled_at__isnull=False)
            ),
            models.Index(fields=["office", "registered_at"], name="suket_registered"),
            models.Index(fields=["resident"], name="suket_by_resident"),
        ]
