from __future__ import annotations

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

STATES = ("waiting", "kept", "unfit", "gone", "failed", "deleted")


class Migration(migrations.Migration):
    dependencies = [("conversations", "0002_incoming")]

    operations = [
        migrations.CreateModel(
            name="Media",
            fields=[
                (
                    "message",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, primary_key=True, serialize=False,
                        to="conversations.message",
                    ),
                ),
                ("state", models.CharField(choices=[(state, state) for state in STATES], max_length=8)),
                ("reason", models.CharField(blank=True, max_length=24)),
                ("digest", models.BinaryField(max_length=32, null=True)),
                ("tries", models.SmallIntegerField(default=0)),
                ("due_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("claimed_at", models.DateTimeField(null=True)),
                ("arrived_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("answered_at", models.DateTimeField(null=True)),
                ("settled_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "conversations_media",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(state__in=STATES), name="conversations_media_state_is_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(state="waiting", settled_at__isnull=True)
                        | (~models.Q(state="waiting") & models.Q(settled_at__isnull=False)),
                        name="conversations_media_settled_has_date",
                    ),
                    models.CheckConstraint(
                        condition=~models.Q(state="kept") | models.Q(digest__isnull=False),
                        name="conversations_media_kept_has_digest",
                    ),
                ],
                "indexes": [
                    models.Index(fields=["due_at"], name="conversations_media_due", condition=models.Q(state="waiting")),
                    models.Index(
                        fields=["arrived_at"], name="conversations_media_untold",
                        condition=models.Q(answered_at__isnull=True),
                    ),
                    models.Index(fields=["settled_at"], name="conversations_media_kept", condition=models.Q(state="kept")),
                ],
            },
        ),
    ]
