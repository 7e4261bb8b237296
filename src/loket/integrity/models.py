"""Complaints and what was answered to them."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from loket.applications.models import Application
from loket.conversations.models import Contact
from loket.core.ids import uuid7
from loket.integrity import rules
from loket.offices.models import Office


class Complaint(models.Model):
    """One complaint. `number` is a random code and all that an anonymous resident holds; `about` are the accounts that
    never see it. The words are sealed under Loket's own key: a complaint may have no name."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    office = models.ForeignKey(Office, on_delete=models.PROTECT, db_index=False)
    number = models.CharField(max_length=11, unique=True)
    kind = models.CharField(max_length=10, choices=[(kind, kind) for kind in rules.KINDS])
    state = models.CharField(max_length=10, choices=[(state, state) for state in rules.STATES])
    text = models.BinaryField()
    photo = models.UUIDField(null=True)
    application = models.ForeignKey(Application, null=True, on_delete=models.PROTECT)
    contact = models.ForeignKey(Contact, null=True, on_delete=models.PROTECT, db_index=False)
    about = ArrayField(models.CharField(max_length=80), default=list)
    filed_at = models.DateTimeField()
    answer_by = models.DateField()
    answered_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=80, blank=True)

    class Meta:
        db_table = "integrity_complaint"
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=rules.STATES), name="integrity_state_is_known"),
            models.CheckConstraint(
                condition=~models.Q(state="closed") | (models.Q(closed_at__isnull=False) & ~models.Q(closed_by="")),
                name="integrity_closed_by_somebody",
            ),
        ]
        indexes = [models.Index(fields=["office", "state", "answer_by"], name="integrity_in_line")]


class Reply(models.Model):
    """One answer of the office; never changed. A photo that proves one answer proves no other."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT)
    text = models.BinaryField()
    author = models.CharField(max_length=80)
    photo = models.UUIDField(null=True)
    photo_digest = models.BinaryField(max_length=32, null=True)
    at = models.DateTimeField()

    class Meta:
        db_table = "integrity_reply"
        constraints = [models.UniqueConstraint(fields=["photo_digest"], name="integrity_evidence_once")]
