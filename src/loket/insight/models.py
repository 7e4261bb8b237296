"""Figures frozen per day, how far and how sure; the plan of each morning; what residents think of the service."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from loket.applications.models import Application
from loket.core.ids import uuid7
from loket.offices.models import Office


class Figure(models.Model):
    """One measure of one full day: a name of `insight.measures`, and the kelurahan, '' for the whole office.

    Of a measure by kelurahan `-` is the part whose kelurahan is not known, so that the parts add up to the whole. The whole
    office has a row for every day; a kelurahan has one where its value is not zero.
    """

    id = models.BigAutoField(primary_key=True)
    office = models.ForeignKey(Office, on_delete=models.PROTECT, db_index=False)
    kelurahan = models.CharField(max_length=13, blank=True, db_default="")
    measure = models.CharField(max_length=40)
    on = models.DateField(db_column="on_date")
    value = models.IntegerField()

    class Meta:
        db_table = "insight_figure"
        constraints = [
            # In the order in which pages read: one place, some measures, a stretch of days; the value lies in the index.
            models.UniqueConstraint(
                fields=["office", "kelurahan", "measure", "on"], include=["value"], name="insight_figure_once"
            )
        ]


class Frozen(models.Model):
    """How far an office's days are frozen: all before `until`, from a trail that was whole up to transaction `xid` and entry
    `seq`. What the trail says later of an earlier day is frozen anew."""

    office = models.OneToOneField(Office, primary_key=True, on_delete=models.PROTECT)
    since = models.DateField()
    until = models.DateField()
    xid = models.BigIntegerField()
    seq = models.BigIntegerField()
    # The `until` that the nightly check has seen.
    checked = models.DateField(null=True)

    class Meta:
        db_table = "insight_frozen"


class Alarm(models.Model):
    """A frozen figure that is not what the trail says, found by the nightly check; `settled_at` when both agree again."""

    id = models.BigAutoField(primary_key=True)
    office = models.ForeignKey(Office, on_delete=models.PROTECT, db_index=False)
    on = models.DateField(db_column="on_date")
    measure = models.CharField(max_length=40)
    kelurahan = models.CharField(max_length=13, blank=True)
    frozen = models.IntegerField(null=True)
    counted = models.IntegerField(null=True)
    found_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "insight_alarm"
        constraints = [
            models.UniqueConstraint(
                fields=["office", "on", "measure", "kelurahan"], condition=models.Q(settled_at=None), name="insight_alarm_open_once"
            )
        ]


class Outlook(models.Model):
    """What the plan said on the morning of a day, from which scenario: pages show this one until the next night."""

    id = models.BigAutoField(primary_key=True)
    office = models.ForeignKey(Office, on_delete=models.PROTECT, db_index=False)
    on = models.DateField(db_column="on_date")
    # The dates are None where the plan cannot know; `recent` is what it starts from, as `planning.stored` writes it.
    zero_on = models.DateField(null=True)
    earliest = models.DateField(null=True)
    latest = models.DateField(null=True)
    binding = models.CharField(max_length=10, blank=True)
    remaining = models.IntegerField(null=True)
    unknown = models.JSONField(default=list)
    recent = models.JSONField()

    class Meta:
        db_table = "insight_outlook"
        constraints = [models.UniqueConstraint(fields=["office", "on"], name="insight_outlook_once")]


class Digest(models.Model):
    """That the head of an office was sent the sentences of a week; `on` is its Monday."""

    id = models.BigAutoField(primary_key=True)
    office = models.ForeignKey(Office, on_delete=models.PROTECT, db_index=False)
    on = models.DateField(db_column="on_date")
    at = models.DateTimeField()

    class Meta:
        db_table = "insight_digest"
        constraints = [models.UniqueConstraint(fields=["office", "on"], name="insight_digest_once")]


class SurveyInvitation(models.Model):
    """Whom the office has asked for an opinion, and when; nobody is asked twice about one request."""

    application = models.OneToOneField(Application, primary_key=True, on_delete=models.PROTECT)
    at = models.DateTimeField()

    class Meta:
        db_table = "insight_survey_invitation"


class SurveyAnswer(models.Model):
    """One opinion, kept apart from whose it is: a keyed `mark` of the request keeps it to one, and only the day is
    written down. `marks` are the nine elements of Permenpan RB 14/2017 in their order, 1 (bad) to 4 (very good)."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    office = models.ForeignKey(Office, on_delete=models.PROTECT, db_index=False)
    mark = models.BinaryField(max_length=16, unique=True)
    on = models.DateField(db_column="on_date")
    service = models.CharField(max_length=20)
    channel = models.CharField(max_length=8)
    marks = ArrayField(models.SmallIntegerField(), size=9)
    # Words may hold anything a person writes: sealed under Loket's own key.
    comment = models.BinaryField(null=True)

    class Meta:
        db_table = "insight_survey_answer"
        indexes = [models.Index(fields=["office", "on"], name="insight_survey_by_day")]
