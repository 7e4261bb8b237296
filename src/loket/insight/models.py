"""Figures frozen per day, so that pages need not count a million rows."""

from __future__ import annotations

from django.db import models

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
