"""Deliveries as they came, events in lanes per sender, what was made of each, merges of contacts, the channel's alarms."""

from __future__ import annotations

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models
from django.db.models import F, Q

import loket.core.ids

# Whoever queues a message for a contact that was merged away queues it for the one who is left: no room has to know.
FOLLOW = """
CREATE FUNCTION conversations_follow_merge() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE next uuid;
BEGIN
    LOOP
        SELECT merged_into_id INTO next FROM conversations_contact WHERE id = NEW.contact_id;
        EXIT WHEN next IS NULL;
        NEW.contact_id := next;
    END LOOP;
    RETURN NEW;
END $$;
CREATE TRIGGER conversations_message_follows BEFORE INSERT ON conversations_message
    FOR EACH ROW EXECUTE FUNCTION conversations_follow_merge();
"""
UNFOLLOW = """
DROP TRIGGER conversations_message_follows ON conversations_message;
DROP FUNCTION conversations_follow_merge();
"""


class Migration(migrations.Migration):
    dependencies = [("conversations", "0001_initial"), ("offices", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("sha", models.BinaryField(max_length=32, unique=True)),
                ("body", models.BinaryField()),
                ("signature", models.CharField(blank=True, max_length=200)),
                ("received_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={"db_table": "conversations_delivery"},
        ),
        migrations.RemoveIndex("event", "conversations_inbox"),
        migrations.RemoveField("event", "delivery"),
        migrations.AddField("event", "delivery", models.BigIntegerField(null=True)),
        migrations.AddField("event", "sender", models.BigIntegerField(null=True)),
        migrations.AddField("event", "sent", models.BigIntegerField(db_default=0)),
        migrations.AddField("event", "due_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
        migrations.AddField("event", "message_id", models.UUIDField(null=True, unique=True)),
        migrations.AlterField("event", "payload", models.BinaryField(null=True)),
        migrations.AddIndex(
            "event",
            models.Index(
                fields=["id"], name="conversations_from_people", condition=Q(done_at__isnull=True, sender__isnull=False)
            ),
        ),
        migrations.AddIndex(
            "event",
            models.Index(
                fields=["sender", "sent", "id"], name="conversations_of_sender",
                condition=Q(done_at__isnull=True, sender__isnull=False),
            ),
        ),
        migrations.AddIndex(
            "event",
            models.Index(
                fields=["due_at", "id"], name="conversations_of_provider",
                condition=Q(done_at__isnull=True, sender__isnull=True),
            ),
        ),
        migrations.AddIndex(
            "event",
            models.Index(
                fields=["done_at"], name="conversations_to_forget", condition=Q(done_at__isnull=False, payload__isnull=False)
            ),
        ),
        migrations.AddField(
            "contact",
            "merged_into",
            models.ForeignKey(
                "conversations.contact", null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", db_index=False
            ),
        ),
        migrations.AddField(
            "contact",
            "former_keys",
            django.contrib.postgres.fields.ArrayField(models.BinaryField(), default=list, db_default=models.Value([])),
        ),
        migrations.AddConstraint(
            "contact",
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | ~Q(merged_into=F("id")), name="conversations_contact_not_in_itself"
            ),
        ),
        migrations.AddIndex(
            "contact",
            models.Index(fields=["merged_into"], name="conversations_merged", condition=Q(merged_into__isnull=False)),
        ),
        migrations.CreateModel(
            name="Merge",
            fields=[
                ("id", models.UUIDField(default=loket.core.ids.uuid7, primary_key=True, serialize=False)),
                ("reason", models.CharField(max_length=16)),
                ("messages", django.contrib.postgres.fields.ArrayField(models.UUIDField(), default=list)),
                ("before", models.JSONField()),
                ("by", models.CharField(max_length=80)),
                ("at", models.DateTimeField()),
                ("undone_by", models.CharField(blank=True, max_length=80)),
                ("undone_at", models.DateTimeField(null=True)),
                (
                    "kept",
                    models.ForeignKey(
                        "conversations.contact", on_delete=django.db.models.deletion.PROTECT, related_name="+", db_index=False
                    ),
                ),
                (
                    "gone",
                    models.ForeignKey(
                        "conversations.contact", on_delete=django.db.models.deletion.PROTECT, related_name="+", db_index=False
                    ),
                ),
            ],
            options={"db_table": "conversations_merge"},
        ),
        migrations.AddConstraint(
            "merge",
            models.UniqueConstraint(fields=["gone"], condition=Q(undone_at__isnull=True), name="conversations_merged_once"),
        ),
        migrations.AddIndex("merge", models.Index(fields=["kept"], name="conversations_merged_with")),
        migrations.CreateModel(
            name="Alarm",
            fields=[
                ("id", models.UUIDField(default=loket.core.ids.uuid7, primary_key=True, serialize=False)),
                (
                    "office",
                    models.ForeignKey(
                        "offices.office", on_delete=django.db.models.deletion.PROTECT, related_name="+", db_index=False
                    ),
                ),
                ("code", models.CharField(max_length=60)),
                ("subject", models.CharField(blank=True, max_length=160)),
                ("value", models.JSONField(default=dict)),
                ("count", models.IntegerField(default=1)),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                ("closed_by", models.CharField(blank=True, max_length=80)),
                ("closed_at", models.DateTimeField(null=True)),
            ],
            options={"db_table": "conversations_alarm"},
        ),
        migrations.AddConstraint(
            "alarm",
            models.UniqueConstraint(
                fields=["office", "code", "subject"], condition=Q(closed_at__isnull=True), name="conversations_alarm_once"
            ),
        ),
        migrations.CreateModel(
            name="AccountNews",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "office",
                    models.ForeignKey(
                        "offices.office", on_delete=django.db.models.deletion.PROTECT, related_name="+", db_index=False
                    ),
                ),
                ("field", models.CharField(max_length=60)),
                ("subject", models.CharField(blank=True, max_length=160)),
                ("value", models.JSONField()),
                ("sent", models.BigIntegerField()),
                ("at", models.DateTimeField()),
            ],
            options={"db_table": "conversations_account"},
        ),
        migrations.AddConstraint(
            "accountnews",
            models.UniqueConstraint(fields=["office", "field", "subject"], name="conversations_account_latest"),
        ),
        migrations.RunSQL(FOLLOW, UNFOLLOW),
    ]
