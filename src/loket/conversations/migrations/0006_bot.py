from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

import loket.core.ids


class Migration(migrations.Migration):
    dependencies = [("offices", "0001_initial"), ("conversations", "0005_desk")]

    operations = [
        migrations.CreateModel(
            name="Mark",
            fields=[
                ("mark", models.BinaryField(max_length=16, primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
            ],
            options={"db_table": "conversations_mark"},
        ),
        migrations.CreateModel(
            name="Fraud",
            fields=[
                ("id", models.UUIDField(default=loket.core.ids.uuid7, primary_key=True, serialize=False)),
                ("mark", models.BinaryField(max_length=16)),
                ("kind", models.CharField(max_length=8)),
                ("body", models.BinaryField()),
                ("times", models.IntegerField(default=1)),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                ("seen_by", models.CharField(blank=True, max_length=40)),
                ("seen_at", models.DateTimeField(null=True)),
                ("office", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to="offices.office")),
            ],
            options={
                "db_table": "conversations_fraud",
                "constraints": [
                    models.UniqueConstraint(fields=("office", "mark"), name="conversations_fraud_once"),
                    models.CheckConstraint(condition=models.Q(("times__gte", 1)), name="conversations_fraud_times"),
                ],
            },
        ),
    ]
