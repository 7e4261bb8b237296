"""Scans are append-only."""

from django.db import migrations

from loket.core import sql


class Migration(migrations.Migration):
    dependencies = [("delivery", "0001_initial"), ("core", "0002_append_only")]

    operations = [
        migrations.RunSQL(sql.append_only("delivery_event"), sql.append_only_reverse("delivery_event")),
    ]
