# Sending: lanes, templates, rates and campaigns. Made by makemigrations; the guards at the end are written by hand.
from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

import loket.core.ids

# Who was invited, and on what proof, never changes: only what came of it.
_FROZEN = """
CREATE FUNCTION conversations_invitation_is_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (NEW.campaign_id, NEW.contact_id, NEW.consent) IS DISTINCT FROM (OLD.campaign_id, OLD.contact_id, OLD.consent)
       OR (OLD.message_id IS NOT NULL AND NEW.message_id IS DISTINCT FROM OLD.message_id) THEN
        RAISE EXCEPTION 'recipients of a campaign are frozen' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER conversations_invitation_frozen BEFORE UPDATE OR DELETE ON conversations_invitation
    FOR EACH ROW EXECUTE FUNCTION conversations_invitation_is_frozen();
CREATE FUNCTION conversations_template_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (NEW.office_id, NEW.notice, NEW.language, NEW.version, NEW.name, NEW.content)
       IS DISTINCT FROM (OLD.office_id, OLD.notice, OLD.language, OLD.version, OLD.name, OLD.content) THEN
        RAISE EXCEPTION 'a version of a template never changes' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER conversations_template_kept BEFORE UPDATE OR DELETE ON conversations_template
    FOR EACH ROW EXECUTE FUNCTION conversations_template_is_kept();
"""
_THAWED = """
DROP TRIGGER conversations_invitation_frozen ON conversations_invitation;
DROP FUNCTION conversations_invitation_is_frozen();
DROP TRIGGER conversations_template_kept ON conversations_template;
DROP FUNCTION conversations_template_is_kept();
"""
# What was queued before lanes stood where the old order put it.
_LANES = """
UPDATE conversations_message SET lane = 1
WHERE outgoing AND notice <> '' AND author NOT LIKE 'loket:bot%' AND author <> 'warga'
"""


class Migration(migrations.Migration):
    dependencies = [("conversations", "0003_media")]

    operations = [
        migrations.CreateModel(
            name='Campaign',
            fields=[
                ('id', models.UUIDField(default=loket.core.ids.uuid7, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=80)),
                ('notice', models.CharField(max_length=40)),
                ('pilot', models.IntegerField(default=0)),
                ('daily', models.IntegerField(null=True)),
                ('office_hours', models.BooleanField(default=True)),
                ('gates', models.JSONField(default=dict)),
                ('state', models.CharField(choices=[('draft', 'Draft'), ('running', 'Running'), ('paused', 'Paused'), ('finished', 'Finished')], default='draft', max_length=10)),
                ('paused_why', models.CharField(blank=True, max_length=40)),
                ('pilot_passed_at', models.DateTimeField(null=True)),
                ('by', models.CharField(max_length=80)),
                ('at', models.DateTimeField()),
                ('started_at', models.DateTimeField(null=True)),
                ('resumed_at', models.DateTimeField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
            ],
            options={
                'db_table': 'conversations_campaign',
            },
        ),
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('consent', models.CharField(max_length=120)),
                ('answer', models.CharField(blank=True, max_length=12)),
                ('answered_at', models.DateTimeField(null=True)),
            ],
            options={
                'db_table': 'conversations_invitation',
            },
        ),
        migrations.CreateModel(
            name='Pace',
            fields=[
                ('contact', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, serialize=False, to='conversations.contact')),
                ('free_at', models.DateTimeField(null=True)),
                ('hold_until', models.DateTimeField(null=True)),
                ('holds', models.SmallIntegerField(default=0)),
            ],
            options={
                'db_table': 'conversations_pace',
            },
        ),
        migrations.CreateModel(
            name='Sender',
            fields=[
                ('office', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, serialize=False, to='offices.office')),
                ('tier', models.IntegerField(default=250, null=True)),
                ('quality', models.CharField(blank=True, max_length=12)),
                ('free_at', models.DateTimeField(null=True)),
                ('campaign_free_at', models.DateTimeField(null=True)),
                ('hold_until', models.DateTimeField(null=True)),
                ('holds', models.SmallIntegerField(default=0)),
                ('stopped_at', models.DateTimeField(null=True)),
                ('stopped_why', models.CharField(blank=True, max_length=40)),
                ('news_at', models.DateTimeField(null=True)),
            ],
            options={
                'db_table': 'conversations_sender',
            },
        ),
        migrations.CreateModel(
            name='Suppression',
            fields=[
                ('id', models.UUIDField(default=loket.core.ids.uuid7, primary_key=True, serialize=False)),
                ('phone_index', models.BinaryField(max_length=16)),
                ('why', models.CharField(max_length=40)),
                ('by', models.CharField(max_length=80)),
                ('at', models.DateTimeField()),
            ],
            options={
                'db_table': 'conversations_suppression',
            },
        ),
        migrations.CreateModel(
            name='Template',
            fields=[
                ('id', models.UUIDField(default=loket.core.ids.uuid7, primary_key=True, serialize=False)),
                ('notice', models.CharField(max_length=40)),
                ('language', models.CharField(max_length=2)),
                ('version', models.IntegerField()),
                ('name', models.CharField(max_length=80)),
                ('content', models.JSONField()),
                ('state', models.CharField(choices=[('draft', 'Draft'), ('pending', 'Pending'), ('approved', 'Approved'), ('rejected', 'Rejected'), ('paused', 'Paused'), ('disabled', 'Disabled')], default='draft', max_length=10)),
                ('provider_id', models.CharField(blank=True, max_length=80)),
                ('reason', models.CharField(blank=True, max_length=200)),
                ('blocked_why', models.CharField(blank=True, max_length=40)),
                ('by', models.CharField(max_length=80)),
                ('at', models.DateTimeField()),
                ('state_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'conversations_template',
            },
        ),
        migrations.RemoveIndex(
            model_name='message',
            name='conversations_outbox',
        ),
        migrations.AddField(
            model_name='contact',
            name='email',
            field=models.BinaryField(null=True),
        ),
        migrations.AddField(
            model_name='message',
            name='failed_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='message',
            name='fallback_of',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, to='conversations.message'),
        ),
        migrations.AddField(
            model_name='message',
            name='lane',
            field=models.SmallIntegerField(db_default=0),
        ),
        migrations.AddField(
            model_name='message',
            name='reach_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='message',
            name='requeued_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='message',
            name='sent_as',
            field=models.CharField(db_default='', max_length=8),
        ),
        migrations.AddField(
            model_name='message',
            name='template',
            field=models.CharField(db_default='', max_length=80),
        ),
        migrations.AlterField(
            model_name='message',
            name='state',
            field=models.CharField(blank=True, choices=[('queued', 'Queued'), ('by_hand', 'By Hand'), ('sending', 'Sending'), ('unknown', 'Unknown'), ('sent', 'Sent'), ('delivered', 'Delivered'), ('read', 'Read'), ('failed', 'Failed'), ('dead', 'Dead')], max_length=12),
        ),
        migrations.AddField(
            model_name='campaign',
            name='office',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='offices.office'),
        ),
        migrations.AddField(
            model_name='message',
            name='campaign',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, to='conversations.campaign'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('outgoing', True), ('state', 'queued')), fields=['lane', 'seq'], name='conversations_outbox'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('outgoing', True), ('state__in', ['queued', 'sending'])), fields=['contact', 'lane', 'seq'], name='conversations_in_line'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('outgoing', True), ('state__in', ['sending', 'unknown'])), fields=['claimed_at'], name='conversations_unconfirmed'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('reach_at__isnull', False)), fields=['reach_at', 'contact'], name='conversations_reached'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('outgoing', True), ('state__in', ['failed', 'dead', 'by_hand'])), fields=['at'], name='conversations_not_sent'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('campaign__isnull', False)), fields=['campaign', 'state'], name='conversations_of_campaign'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('case_id__isnull', False), ('outgoing', True)), fields=['case_id'], name='conversations_of_case'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.CheckConstraint(condition=models.Q(('lane__in', [0, 1, 2])), name='conversations_message_knows_its_lane'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('campaign__isnull', False), ('lane', 2)), models.Q(('campaign__isnull', True), ('lane__lt', 2)), _connector='OR'), name='conversations_message_campaign_lane'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.UniqueConstraint(condition=models.Q(('fallback_of__isnull', False)), fields=('fallback_of', 'kind'), name='conversations_message_one_fallback'),
        ),
        migrations.AddField(
            model_name='invitation',
            name='campaign',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='conversations.campaign'),
        ),
        migrations.AddField(
            model_name='invitation',
            name='contact',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='conversations.contact'),
        ),
        migrations.AddField(
            model_name='invitation',
            name='message',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, to='conversations.message'),
        ),
        migrations.AddField(
            model_name='suppression',
            name='office',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='offices.office'),
        ),
        migrations.AddField(
            model_name='template',
            name='office',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='offices.office'),
        ),
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'running')), fields=('office',), name='conversations_one_campaign_runs'),
        ),
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.UniqueConstraint(fields=('office', 'name'), name='conversations_campaign_name_once'),
        ),
        migrations.AddIndex(
            model_name='invitation',
            index=models.Index(condition=models.Q(('message__isnull', True)), fields=['campaign', 'id'], name='conversations_to_invite'),
        ),
        migrations.AddIndex(
            model_name='invitation',
            index=models.Index(fields=['contact'], name='conversations_invited'),
        ),
        migrations.AddConstraint(
            model_name='invitation',
            constraint=models.UniqueConstraint(fields=('campaign', 'contact'), name='conversations_invited_once'),
        ),
        migrations.AddConstraint(
            model_name='invitation',
            constraint=models.CheckConstraint(condition=models.Q(('consent', ''), _negated=True), name='conversations_invitation_has_consent'),
        ),
        migrations.AddConstraint(
            model_name='suppression',
            constraint=models.UniqueConstraint(fields=('office', 'phone_index'), name='conversations_suppressed_once'),
        ),
        migrations.AddConstraint(
            model_name='template',
            constraint=models.UniqueConstraint(fields=('office', 'notice', 'language', 'version'), name='conversations_template_version_once'),
        ),
        migrations.AddConstraint(
            model_name='template',
            constraint=models.UniqueConstraint(fields=('office', 'name', 'language'), name='conversations_template_name_once'),
        ),
        migrations.RunSQL(_LANES, migrations.RunSQL.noop),
        migrations.RunSQL(_FROZEN, _THAWED),
    ]
