"""Biometric recordings: the fact, the place and the moment. The biometrics themselves never enter Loket."""

from __future__ import annotations

from django.db import models

from loket.core.ids import uuid7
from loket.offices.models import Office, Region
from loket.residents.models import Resident


class Recording(models.Model):
    """That a resident's fingerprints, iris, photo and signature were taken, or must be taken again and why."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    office = models.ForeignKey(Office, on_delete=models.PROTECT)
    resident = models.ForeignKey(Resident, on_delete=models.PROTECT)
    kecamatan = models.ForeignKey(Region, on_delete=models.PROTECT)
    result = models.CharField(max_length=12, choices=[("recorded", "recorded"), ("repeat", "repeat")])
    reason = models.CharField(max_length=40, blank=True)
    key = models.CharField(max_length=80, unique=True)
    actor = models.CharField(max_length=80)
    at = models.DateTimeField()

    class Meta:
        db_table = "visits_recording"
        indexes = [models.Index(fields=["office", "at"], name="visits_by_day")]
