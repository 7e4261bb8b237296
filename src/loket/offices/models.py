"""Offices and what differs between them: regions, hours, holidays, the fee of the post, settings."""

from __future__ import annotations

from django.db import models


class Office(models.Model):
    """One Disdukcapil. `code` is Kemendagri's, such as 36.72; `settings` holds what `offices.rules` gives defaults for."""

    code = models.CharField(max_length=13, primary_key=True)
    name = models.CharField(max_length=120)
    city = models.CharField(max_length=80)
    zone = models.CharField(max_length=40, default="Asia/Jakarta")
    address = models.CharField(max_length=200)
    wa_number = models.CharField(max_length=20)
    opens_at = models.TimeField()
    closes_at = models.TimeField()
    settings = models.JSONField(default=dict)

    class Meta:
        db_table = "offices_office"

    def __str__(self) -> str:
        return self.name


class Region(models.Model):
    """A kecamatan or kelurahan of an office, by Kemendagri code."""

    code = models.CharField(max_length=13, primary_key=True)
    office = models.ForeignKey(Office, on_delete=models.PROTECT)
    name = models.CharField(max_length=80)
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT)
    postal_code = models.CharField(max_length=5, blank=True)

    class Meta:
        db_table = "offices_region"

    def __str__(self) -> str:
        return self.name


class Holiday(models.Model):
    """A day on which the office is closed, beside Saturdays and Sundays."""

    id = models.BigAutoField(primary_key=True)
    office = models.ForeignKey(Office, on_delete=models.PROTECT)
    on = models.DateField(db_column="on_date")
    name = models.CharField(max_length=120)

    class Meta:
        db_table = "offices_holiday"
        constraints = [models.UniqueConstraint(fields=["office", "on"], name="offices_holiday_once")]


class Counter(models.Model):
    """The last number given to something an office counts without gaps: batches, manifests."""

    id = models.BigAutoField(primary_key=True)
    office = models.ForeignKey(Office, on_delete=models.PROTECT, db_index=False)
    name = models.CharField(max_length=20)
    value = models.IntegerField()

    class Meta:
        db_table = "offices_counter"
        constraints = [models.UniqueConstraint(fields=["office", "name"], name="offices_counter_once")]
