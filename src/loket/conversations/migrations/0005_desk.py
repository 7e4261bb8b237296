from __future__ import annotations

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import loket.core.ids
from loket.conversations import sql as guards
from loket.core import sql


class Migration(migrations.Migration):
    dependencies = [("conversations", "0004_sending"), ("offices", "0002_counter"), ("core", "0002_append_only")]

    operations = [
        migrations.CreateModel(
            name="Canned",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=40)),
                ("version", models.IntegerField()),
                ("text_id", models.CharField(max_length=1000)),
                ("text_en", models.CharField(max_length=1000)),
                ("retired", models.BooleanField(default=False)),
                ("author", models.CharField(max_length=40)),
                ("at", models.DateTimeField()),
            ],
            options={
                "db_table": "conversations_canned",
            },
        ),
        migrations.CreateModel(
            name="Note",
            fields=[
                ("id", models.UUIDField(default=loket.core.ids.uuid7, primary_key=True, serialize=False)),
                ("kind", models.CharField(choices=[("note", "Note"), ("claimed", "Claimed"), ("taken", "Taken"), ("handed", "Handed"), ("returned", "Returned"), ("released", "Released"), ("filed", "Filed")], max_length=10)),
                ("author", models.CharField(max_length=40)),
                ("other", models.CharField(blank=True, max_length=40)),
                ("case_id", models.UUIDField(null=True)),
                ("body", models.BinaryField(null=True)),
                ("at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "db_table": "conversations_note",
            },
        ),
        migrations.CreateModel(
            name="Presence",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("officer", models.CharField(max_length=40)),
                ("seen_at", models.DateTimeField()),
                ("typed_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "conversations_presence",
            },
        ),
        migrations.CreateModel(
            name="Unsent",
            fields=[
                ("id", models.UUIDField(default=loket.core.ids.uuid7, primary_key=True, serialize=False)),
                ("officer", models.CharField(max_length=40)),
                ("body", models.BinaryField()),
                ("saved_at", models.DateTimeField()),
            ],
            options={
                "db_table": "conversations_unsent",
            },
        ),
        migrations.AddField(
            model_name="contact",
            name="labels",
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=24), db_default=[], size=None),
        ),
        migrations.AddField(
            model_name="contact",
            name="owned_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="contact",
            name="person_since",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="contact",
            name="snoozed_until",
            field=models.DateTimeField(null=True),
        ),
        migrations.AlterField(
            model_name="message",
            name="state",
            field=models.CharField(blank=True, choices=[("held", "Held"), ("withdrawn", "Withdrawn"), ("queued", "Queued"), ("by_hand", "By Hand"), ("sending", "Sending"), ("unknown", "Unknown"), ("sent", "Sent"), ("delivered", "Delivered"), ("read", "Read"), ("failed", "Failed"), ("dead", "Dead")], max_length=12),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(condition=models.Q(models.Q(("owner", ""), _negated=True), ("waiting_since__isnull", False), _connector="OR"), fields=["office", "waiting_since"], name="conversations_open"),
        ),
        migrations.AddField(
            model_name="canned",
            name="office",
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to="offices.office"),
        ),
        migrations.AddField(
            model_name="note",
            name="contact",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="conversations.contact"),
        ),
        migrations.AddField(
            model_name="presence",
            name="contact",
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, to="conversations.contact"),
        ),
        migrations.AddField(
            model_name="unsent",
            name="contact",
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to="conversations.contact"),
        ),
        migrations.AddConstraint(
            model_name="canned",
            constraint=models.UniqueConstraint(fields=("office", "name", "version"), name="conversations_canned_version_once"),
        ),
        migrations.AddConstraint(
            model_name="presence",
            constraint=models.UniqueConstraint(fields=("contact", "officer"), name="conversations_presence_once"),
        ),
        migrations.AddConstraint(
            model_name="unsent",
            constraint=models.UniqueConstraint(fields=("contact", "officer"), name="conversations_unsent_once"),
        ),
        migrations.RunSQL(
            "UPDATE conversations_contact SET owned_at = COALESCE(waiting_since, last_message_at, created_at), "
            "person_since = COALESCE(waiting_since, last_message_at, created_at) WHERE owner <> ''",
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(sql.append_only("conversations_canned"), sql.append_only_reverse("conversations_canned")),
        migrations.RunSQL(guards.HELD_WAITS, guards.HELD_WAITS_REVERSE),
        migrations.RunSQL(guards.PRESENCE, guards.PRESENCE_REVERSE),
    ]
