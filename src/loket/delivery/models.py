"""Envelopes on manifests, what happened to them on the way, and the hand-over that ends the journey."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from loket.applications.models import Application
from loket.core.ids import uuid7
from loket.offices.models import Office


class Manifest(models.Model):
    """The list that office and post both sign: closed by the office with a count, handed over by scanning."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    office = models.ForeignKey(Office, on_delete=models.PROTECT)
    number = models.IntegerField()
    opened_by = models.CharField(max_length=80)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    count = models.IntegerField(null=True)
    handed_at = models.DateTimeField(null=True)
    courier = models.CharField(max_length=80, blank=True)

    class Meta:
        db_table = "delivery_manifest"
        constraints = [models.UniqueConstraint(fields=["office", "number"], name="delivery_manifest_number_once")]


class Parcel(models.Model):
    """One envelope's trip with the post."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    manifest = models.ForeignKey(Manifest, on_delete=models.PROTECT)
    application = models.ForeignKey(Application, on_delete=models.PROTECT)
    tracking_number = models.CharField(max_length=20, null=True, unique=True)
    fee = models.IntegerField()
    attempts = models.SmallIntegerField(default=0)
    handed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    outcome = models.CharField(
        max_length=10,
        blank=True,
        choices=[("delivered", "delivered"), ("returned", "returned"), ("taken_out", "taken_out")],
    )

    class Meta:
        db_table = "delivery_parcel"
        constraints = [
            models.UniqueConstraint(
                fields=["application"], condition=models.Q(outcome=""), name="delivery_parcel_one_on_the_way"
            )
        ]


class Event(models.Model):
    """A scan at the door. Never changed; `scan_id` makes a repeat the same answer."""

    id = models.BigAutoField(primary_key=True)
    scan_id = models.CharField(max_length=64, unique=True)
    parcel = models.ForeignKey(Parcel, on_delete=models.PROTECT)
    outcome = models.CharField(max_length=10)
    reason = models.CharField(max_length=40, blank=True)
    actor = models.CharField(max_length=80)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "delivery_event"


class PickupCode(models.Model):
    """The one-time code for the shelf; sealed so that it can be told again, hashed so that it can be checked."""

    application = models.OneToOneField(Application, primary_key=True, on_delete=models.PROTECT)
    digest = models.BinaryField(max_length=16)
    sealed = models.BinaryField()
    made_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "delivery_pickup_code"


class Handover(models.Model):
    """The card is in the hand: who received it, in what relation, and what became of the Suket or old card."""

    application = models.OneToOneField(Application, primary_key=True, on_delete=models.PROTECT)
    method = models.CharField(max_length=8)
    receiver = models.BinaryField()
    relation = models.CharField(max_length=20)
    suket = models.CharField(max_length=16)
    actor = models.CharField(max_length=80)
    at = models.DateTimeField()

    class Meta:
        db_table = "delivery_handover"
