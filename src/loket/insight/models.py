"""Figures frozen per day, so that pages need not count a million rows."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from loket.applications.models import Application
from loket.core.ids import uuid7
from loket.offices.models import Office


class Figure(models.Model):
    """One measure of one day: `measure` such as `filed.online`, `chosen.post`, `suket.outstanding`."""

    id = models.BigAutoField(primary_key=True)
    office = models.ForeignKey(Office, on_delete=models.PROTECT, db_index=False)
    on = models.DateField(db_column="on_date")
    measure = models.CharField(max_length=40)
    value = models.IntegerField()

    class Meta:
        db_table = "insight_figure"
        constraints = [models.UniqueConstraint(fields=["office", "measure", "on"], name="insight_figure_once")]


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
