"""The movable clock, the answers already given, so that a repeated call changes nothing, and the tries that were made."""

from __future__ import annotations

from django.db import models


class Clock(models.Model):
    """How far the core clock stands from real time; one row. Only the demo moves it."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    offset = models.DurationField()

    class Meta:
        db_table = "core_clock"
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="core_clock_has_one_row")]


class Answer(models.Model):
    """The answer to a create, by idempotency key; same key and body get it again, another body is refused.

    `scope` separates callers; `body_hash` is a keyed hash, since bodies hold personal data.
    """

    id = models.BigAutoField(primary_key=True)
    scope = models.CharField(max_length=80)
    key = models.CharField(max_length=255)
    body_hash = models.BinaryField(max_length=32)
    status = models.SmallIntegerField()
    body = models.TextField()
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "core_answer"
        constraints = [models.UniqueConstraint(fields=["scope", "key"], name="core_answer_once_per_key")]


class Attempt(models.Model):
    """Guesses counted per subject and window, so that limits hold across processes."""

    id = models.BigAutoField(primary_key=True)
    subject = models.BinaryField(max_length=16)
    window = models.DateTimeField()
    count = models.IntegerField(default=0)

    class Meta:
        db_table = "core_attempt"
        constraints = [models.UniqueConstraint(fields=["subject", "window"], name="core_attempt_once_per_window")]
