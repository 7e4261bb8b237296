"""The ledger: movements with two sides, and balances that only the database's own trigger writes."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from loket.offices.models import Office


class Place(models.TextChoices):
    """Where a blank can be. Everything but the ministry's centre is counted and can never be negative."""

    CENTRE = "centre"
    IN_TRANSIT = "in_transit"
    STORE = "store"
    DRAWER = "drawer"
    PRINTED = "printed"
    SPOILED = "spoiled"
    DESTROYED = "destroyed"
    RETURNED = "returned"
    MISSING = "missing"


class Movement(models.Model):
    """`quantity` pieces of `product` went from one place to another, for one document. Never updated, never deleted."""

    seq = models.BigAutoField(primary_key=True)
    office = models.ForeignKey(Office, on_delete=models.PROTECT, db_index=False)
    product = models.CharField(max_length=12)
    from_place = models.CharField(max_length=12, choices=Place.choices)
    to_place = models.CharField(max_length=12, choices=Place.choices)
    quantity = models.IntegerField()
    document = models.CharField(max_length=12)
    document_id = models.CharField(max_length=40)
    case_id = models.UUIDField(null=True)
    key = models.CharField(max_length=80, unique=True)
    actor = models.CharField(max_length=80)
    counter_signer = models.CharField(max_length=80, blank=True)
    reason = models.CharField(max_length=40, blank=True)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "stock_movement"
        constraints = [
            models.CheckConstraint(condition=models.Q(quantity__gt=0), name="stock_movement_moves_something"),
            models.CheckConstraint(
                condition=~models.Q(from_place=models.F("to_place")), name="stock_movement_has_two_sides"
            ),
            models.CheckConstraint(
                condition=models.Q(from_place__in=Place.values, to_place__in=Place.values),
                name="stock_movement_knows_its_places",
            ),
            models.CheckConstraint(
                condition=~(models.Q(document="") | models.Q(actor="") | models.Q(key="")),
                name="stock_movement_has_document_actor_and_key",
            ),
        ]
        indexes = [
            models.Index(fields=["case_id"], name="stock_by_case", condition=models.Q(case_id__isnull=False)),
            models.Index(fields=["office", "at"], name="stock_by_day"),
        ]


class Balance(models.Model):
    """How many pieces lie at a place: the sum of the movements, kept by a trigger."""

    id = models.BigAutoField(primary_key=True)
    office = models.ForeignKey(Office, on_delete=models.PROTECT, db_index=False)
    product = models.CharField(max_length=12)
    place = models.CharField(max_length=12, choices=Place.choices)
    quantity = models.IntegerField(default=0)

    class Meta:
        db_table = "stock_balance"
        constraints = [
            models.UniqueConstraint(fields=["office", "product", "place"], name="stock_balance_once_per_place"),
            models.CheckConstraint(
                condition=models.Q(quantity__gte=0) | models.Q(place=Place.CENTRE), name="stock_balance_not_negative"
            ),
        ]
