"""Batches: who prints which cards in which order, and how each one came out."""

from __future__ import annotations

from django.db import models

from loket.applications.models import Application
from loket.core.ids import uuid7
from loket.offices.models import Office


class Batch(models.Model):
    """Cards one operator prints in order of service; as many as blanks were drawn for it."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    office = models.ForeignKey(Office, on_delete=models.PROTECT)
    number = models.IntegerField()
    operator = models.CharField(max_length=80)
    size = models.IntegerField()
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "printing_batch"
        constraints = [models.UniqueConstraint(fields=["office", "number"], name="printing_batch_number_once")]


class Item(models.Model):
    """One card of a batch. `result` is empty while a blank for it lies in the operator's drawer."""

    id = models.BigAutoField(primary_key=True)
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, db_index=False)
    application = models.ForeignKey(Application, on_delete=models.PROTECT)
    position = models.IntegerField()
    result = models.CharField(
        max_length=12, blank=True, choices=[("printed", "printed"), ("put_back", "put_back")]
    )
    spoiled = models.SmallIntegerField(default=0)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "printing_item"
        constraints = [
            models.UniqueConstraint(fields=["batch", "position"], name="printing_item_position_once"),
            models.UniqueConstraint(fields=["batch", "application"], name="printing_item_case_once_per_batch"),
            models.UniqueConstraint(
                fields=["application"], condition=models.Q(result=""), name="printing_item_in_one_open_batch"
            ),
        ]
