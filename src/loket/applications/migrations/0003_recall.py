"""Lost links and codes: a form is found by its number, and wishes wait for the worker; what is finished is found by day."""

import django.db.models.deletion
from django.db import migrations, models

import loket.core.ids


class Migration(migrations.Migration):
    dependencies = [("applications", "0002_guards"), ("offices", "0002_counter")]

    operations = [
        migrations.AddField("draft", "phone_index", models.BinaryField(max_length=16, null=True)),
        migrations.AddIndex(
            "draft",
            models.Index(
                condition=models.Q(("phone_index__isnull", False)), fields=["phone_index"], name="applications_draft_by_phone"
            ),
        ),
        migrations.AddIndex(
            "application",
            models.Index(
                condition=models.Q(("finished_at__isnull", False)), fields=["office", "finished_at"], name="applications_finished"
            ),
        ),
        migrations.CreateModel(
            name="Recall",
            fields=[
                ("id", models.UUIDField(default=loket.core.ids.uuid7, primary_key=True, serialize=False)),
                ("phone", models.BinaryField()),
                ("asked_at", models.DateTimeField()),
                (
                    "office",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, to="offices.office"
                    ),
                ),
            ],
            options={"db_table": "applications_recall"},
        ),
    ]
