"""Movements are append-only; balances follow them and are written by nobody else."""

from django.db import migrations

from loket.core.sql import append_only, append_only_reverse
from loket.stock import sql


class Migration(migrations.Migration):
    dependencies = [("stock", "0001_initial"), ("core", "0002_append_only")]

    operations = [
        migrations.RunSQL(append_only("stock_movement"), append_only_reverse("stock_movement")),
        migrations.RunSQL(sql.LEDGER, sql.LEDGER_REVERSE),
    ]
