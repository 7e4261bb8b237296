"""Contacts, messages in both directions, and what the provider delivered before it was understood."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from loket.core.ids import uuid7
from loket.offices.models import Office


class Contact(models.Model):
    """Somebody on WhatsApp: a business-scoped user id, a phone number, or both. A number is no identity."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    office = models.ForeignKey(Office, on_delete=models.PROTECT, db_index=False)
    data_key = models.BinaryField()
    bsuid = models.CharField(max_length=160, null=True)
    phone = models.BinaryField(null=True)
    phone_index = models.BinaryField(max_length=16, null=True)
    name = models.BinaryField(null=True)
    language = models.CharField(max_length=2, default="id")
    # The reply window counts from the resident's own message time, not from its arrival.
    last_inbound_at = models.DateTimeField(null=True)
    last_message_at = models.DateTimeField(null=True)
    unread = models.IntegerField(default=0)
    owner = models.CharField(max_length=40, blank=True)
    waiting_since = models.DateTimeField(null=True)
    # A person of the office is called for, or has it: since when. The settling clock counts from here.
    person_since = models.DateTimeField(null=True)
    owned_at = models.DateTimeField(null=True)
    snoozed_until = models.DateTimeField(null=True)
    labels = ArrayField(models.CharField(max_length=24), db_default=[])
    opted_out_at = models.DateTimeField(null=True)
    bot_step = models.CharField(max_length=40, blank=True)
    bot_tries = models.SmallIntegerField(default=0)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "conversations_contact"
        constraints = [
            models.UniqueConstraint(fields=["office", "bsuid"], name="conversations_contact_once_per_bsuid"),
            models.UniqueConstraint(fields=["office", "phone_index"], name="conversations_contact_once_per_phone"),
        ]
        indexes = [
            models.Index(fields=["office", "-last_message_at"], name="conversations_recent"),
            # What the people of the office have before them: few rows, however many conversations there were.
            models.Index(
                fields=["office", "waiting_since"],
                name="conversations_open",
                condition=~models.Q(owner="") | models.Q(waiting_since__isnull=False),
            ),
        ]


class State(models.TextChoices):
    """States of an outgoing message. They only climb; `failed`, `dead` and `unknown` say what to do next.

    `held` waits for the resident to write and is never sent before; `withdrawn` was taken back unsent.
    """

    HELD = "held"
    WITHDRAWN = "withdrawn"
    QUEUED = "queued"
    SENDING = "sending"
    UNKNOWN = "unknown"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    DEAD = "dead"


class Message(models.Model):
    """One message. Outgoing ones are the outbox: queued in the transaction of what they tell, composed when sent.

    `notice` and `params` name a text of `conversations.texts`; `params` hold no personal data. `body` is sealed
    under the contact's data key.
    """

    id = models.UUIDField(primary_key=True, default=uuid7)
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, db_index=False)
    outgoing = models.BooleanField()
    provider_id = models.CharField(max_length=160, null=True, unique=True)
    kind = models.CharField(max_length=16)
    body = models.BinaryField(null=True)
    notice = models.CharField(max_length=40, blank=True)
    params = models.JSONField(default=dict)
    case_id = models.UUIDField(null=True)
    author = models.CharField(max_length=80, blank=True)
    state = models.CharField(max_length=12, choices=State.choices, blank=True)
    error = models.CharField(max_length=40, blank=True)
    tries = models.SmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    claimed_at = models.DateTimeField(null=True)
    media_id = models.CharField(max_length=160, blank=True)
    photo = models.UUIDField(null=True)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())
    seq = models.BigIntegerField(
        db_default=models.Func(
            models.Value("conversations_message_seq"), function="nextval", output_field=models.BigIntegerField()
        )
    )

    class Meta:
        db_table = "conversations_message"
        indexes = [
            models.Index(fields=["contact", "seq"], name="conversations_thread"),
            models.Index(
                fields=["due_at", "seq"],
                name="conversations_outbox",
                condition=models.Q(outgoing=True, state__in=["queued", "sending"]),
            ),
        ]


class Event(models.Model):
    """One update as the provider sent it, stored before it is acknowledged. `key` makes a repeat a no-op."""

    id = models.BigAutoField(primary_key=True)
    delivery = models.BinaryField(max_length=32)
    kind = models.CharField(max_length=12)
    key = models.CharField(max_length=240, unique=True)
    payload = models.BinaryField()
    received_at = models.DateTimeField(db_default=Now())
    done_at = models.DateTimeField(null=True)
    tries = models.SmallIntegerField(default=0)
    error = models.CharField(max_length=80, blank=True)

    class Meta:
        db_table = "conversations_event"
        indexes = [
            models.Index(fields=["id"], name="conversations_inbox", condition=models.Q(done_at__isnull=True)),
        ]


class Note(models.Model):
    """What people of the office say to each other about a conversation, and who had it when. A table apart from the
    messages, so that nothing in it can ever be sent. `body` is sealed under the contact's data key."""

    class Kind(models.TextChoices):
        NOTE = "note"
        CLAIMED = "claimed"
        TAKEN = "taken"
        HANDED = "handed"
        RETURNED = "returned"
        RELEASED = "released"
        FILED = "filed"

    id = models.UUIDField(primary_key=True, default=uuid7)
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    author = models.CharField(max_length=40)
    # From whom it was taken, to whom it was handed, from whom it came back.
    other = models.CharField(max_length=40, blank=True)
    case_id = models.UUIDField(null=True)
    body = models.BinaryField(null=True)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "conversations_note"


class Unsent(models.Model):
    """An answer begun and not sent: one per officer and conversation, whoever owns it meanwhile."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, db_index=False)
    officer = models.CharField(max_length=40)
    body = models.BinaryField()
    saved_at = models.DateTimeField()

    class Meta:
        db_table = "conversations_unsent"
        constraints = [models.UniqueConstraint(fields=["contact", "officer"], name="conversations_unsent_once")]


class Presence(models.Model):
    """Who has a conversation open, and who is typing: real time of the database, because browsers come and go in it.

    The table is unlogged: after a crash nobody is looking.
    """

    id = models.BigAutoField(primary_key=True)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, db_index=False, db_constraint=False)
    officer = models.CharField(max_length=40)
    seen_at = models.DateTimeField()
    typed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "conversations_presence"
        constraints = [models.UniqueConstraint(fields=["contact", "officer"], name="conversations_presence_once")]


class Canned(models.Model):
    """One version of a ready-made answer. A change is a new row, so that who changed what stays to be seen."""

    id = models.BigAutoField(primary_key=True)
    office = models.ForeignKey(Office, on_delete=models.PROTECT, db_index=False)
    name = models.CharField(max_length=40)
    version = models.IntegerField()
    text_id = models.CharField(max_length=1000)
    text_en = models.CharField(max_length=1000)
    retired = models.BooleanField(default=False)
    author = models.CharField(max_length=40)
    at = models.DateTimeField()

    class Meta:
        db_table = "conversations_canned"
        constraints = [
            models.UniqueConstraint(fields=["office", "name", "version"], name="conversations_canned_version_once")
        ]


class Mark(models.Model):
    """A message of ours as a keyed hash of its words: what `authenticity` can recognise. It leads to nobody."""

    mark = models.BinaryField(max_length=16, primary_key=True)
    at = models.DateTimeField()

    class Meta:
        db_table = "conversations_mark"


class Fraud(models.Model):
    """Something that residents report as a fraud: sealed under Loket's own key, once however often it is reported."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    office = models.ForeignKey(Office, on_delete=models.PROTECT, db_index=False)
    mark = models.BinaryField(max_length=16)
    kind = models.CharField(max_length=8)
    body = models.BinaryField()
    times = models.IntegerField(default=1)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    seen_by = models.CharField(max_length=40, blank=True)
    seen_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "conversations_fraud"
        constraints = [
            models.UniqueConstraint(fields=["office", "mark"], name="conversations_fraud_once"),
            models.CheckConstraint(condition=models.Q(times__gte=1), name="conversations_fraud_times"),
        ]
