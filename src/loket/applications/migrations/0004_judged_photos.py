"""What the worker sees in a photo, and when its file was deleted."""

import django.db.models.deletion
from django.db import migrations, models

import loket.applications.models


class Migration(migrations.Migration):
    dependencies = [("applications", "0003_recall")]

    operations = [
        migrations.AddField("document", "unjudged", models.BooleanField(db_default=False, default=False)),
        migrations.AddField("document", "fault", models.CharField(blank=True, db_default="", max_length=10)),
        migrations.AddField("document", "look", loket.applications.models.LookField(null=True)),
        migrations.AddField(
            "document",
            "twin",
            models.ForeignKey(
                db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+",
                to="applications.application",
            ),
        ),
        migrations.AddField("document", "deleted_at", models.DateTimeField(null=True)),
        migrations.AddIndex(
            "document",
            models.Index(fields=["id"], name="applications_to_judge", condition=models.Q(unjudged=True)),
        ),
        migrations.AddIndex(
            "document",
            models.Index(fields=["kind"], name="applications_to_compare", condition=models.Q(look__isnull=False)),
        ),
        migrations.AddIndex(
            "document",
            models.Index(fields=["id"], name="applications_document_kept", condition=models.Q(deleted_at__isnull=True)),
        ),
    ]
