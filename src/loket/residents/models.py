"""Residents, encrypted; found only by keyed index, name token or code."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from loket.core.ids import uuid7
from loket.offices.models import Office


class Resident(models.Model):
    """A person one office has met. Every personal field is sealed under the person's own data key.

    Erasing `data_key` erases the person.
    """

    id = models.UUIDField(primary_key=True, default=uuid7)
    office = models.ForeignKey(Office, on_delete=models.PROTECT, db_index=False)
    data_key = models.BinaryField()
    nik = models.BinaryField()
    nik_index = models.BinaryField(max_length=16)
    kk_number = models.BinaryField(null=True)
    kk_index = models.BinaryField(max_length=16, null=True)
    name = models.BinaryField()
    name_tokens = ArrayField(models.IntegerField())
    birth_date = models.BinaryField(null=True)
    phone = models.BinaryField(null=True)
    phone_index = models.BinaryField(max_length=16, null=True)
    address = models.BinaryField(null=True)
    kelurahan = models.CharField(max_length=13, blank=True)
    met_at = models.DateTimeField()

    class Meta:
        db_table = "residents_resident"
        constraints = [models.UniqueConstraint(fields=["office", "nik_index"], name="residents_one_per_nik")]
        indexes = [
            # In kB. What has not entered the index yet is read by every search, and its length weighs on the plan.
            GinIndex(fields=["name_tokens"], name="residents_by_name", gin_pending_list_limit=64),
            models.Index(fields=["kk_index"], name="residents_by_kk", condition=models.Q(kk_index__isnull=False)),
        ]


class Enrolment(models.Model):
    """What the last list from SIAK said about a NIK, known only by its keyed index: no copy of the register."""

    id = models.BigAutoField(primary_key=True)
    office = models.ForeignKey(Office, on_delete=models.PROTECT, db_index=False)
    nik_index = models.BinaryField(max_length=16)
    status = models.CharField(max_length=32)
    as_of = models.DateField()
    at = models.DateTimeField()

    class Meta:
        db_table = "residents_enrolment"
        constraints = [models.UniqueConstraint(fields=["office", "nik_index"], name="residents_one_status_per_nik")]
