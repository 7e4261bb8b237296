"""Contacts, messages in both directions, and what the provider delivered before it was understood."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from loket.core.ids import uuid7
from loket.offices.models import Office


class Contact(models.Model):
    """Somebody on WhatsApp: a business-scoped user id, a phone number, or both. A number is no identity.

    A contact that turned out to be somebody known is merged into that one: it stays, as another name of the same person.
    """

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
    opted_out_at = models.DateTimeField(null=True)
    bot_step = models.CharField(max_length=40, blank=True)
    bot_tries = models.SmallIntegerField(default=0)
    created_at = models.DateTimeField()
    merged_into = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    # The data keys of those who were merged into this one, wrapped for this row: their messages moved as they were sealed.
    former_keys = ArrayField(models.BinaryField(), default=list, db_default=models.Value([]))

    class Meta:
        db_table = "conversations_contact"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(merged_into__isnull=True) | ~models.Q(merged_into=models.F("id")),
                name="conversations_contact_not_in_itself",
            ),
            models.UniqueConstraint(fields=["office", "bsuid"], name="conversations_contact_once_per_bsuid"),
            models.UniqueConstraint(fields=["office", "phone_index"], name="conversations_contact_once_per_phone"),
        ]
        indexes = [
            models.Index(fields=["office", "-last_message_at"], name="conversations_recent"),
            models.Index(
                fields=["merged_into"], name="conversations_merged", condition=models.Q(merged_into__isnull=False)
            ),
        ]


class State(models.TextChoices):
    """States of an outgoing message. They only climb; `failed`, `dead` and `unknown` say what to do next."""

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


class Delivery(models.Model):
    """One request of the provider as it came, stored before it is acknowledged; kept for a month."""

    id = models.BigAutoField(primary_key=True)
    sha = models.BinaryField(max_length=32, unique=True)
    body = models.BinaryField()
    signature = models.CharField(max_length=200, blank=True)
    received_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "conversations_delivery"


class Event(models.Model):
    """One update of a delivery. `key` makes a repeat a no-op, for ever; the payload goes a month after it was understood.

    `sender` (a keyed hash) is the lane of one person: her updates are understood one after another, by `sent` (seconds,
    the provider's clock) and arrival. What no person sent has no lane. `message_id` is the message that came of it.
    """

    id = models.BigAutoField(primary_key=True)
    delivery = models.BigIntegerField(null=True)
    kind = models.CharField(max_length=12)
    key = models.CharField(max_length=240, unique=True)
    payload = models.BinaryField(null=True)
    sender = models.BigIntegerField(null=True)
    sent = models.BigIntegerField(db_default=0)
    received_at = models.DateTimeField(db_default=Now())
    due_at = models.DateTimeField(db_default=Now())
    done_at = models.DateTimeField(null=True)
    message_id = models.UUIDField(null=True, unique=True)
    tries = models.SmallIntegerField(default=0)
    error = models.CharField(max_length=80, blank=True)

    class Meta:
        db_table = "conversations_event"
        indexes = [
            models.Index(
                fields=["id"],
                name="conversations_from_people",
                condition=models.Q(done_at__isnull=True, sender__isnull=False),
            ),
            models.Index(
                fields=["sender", "sent", "id"],
                name="conversations_of_sender",
                condition=models.Q(done_at__isnull=True, sender__isnull=False),
            ),
            models.Index(
                fields=["due_at", "id"],
                name="conversations_of_provider",
                condition=models.Q(done_at__isnull=True, sender__isnull=True),
            ),
            models.Index(
                fields=["done_at"],
                name="conversations_to_forget",
                condition=models.Q(done_at__isnull=False, payload__isnull=False),
            ),
        ]


class Merge(models.Model):
    """Two contacts that are one person: what moved, and both as they were, so that it can be taken back."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    kept = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="+", db_index=False)
    gone = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="+", db_index=False)
    reason = models.CharField(max_length=16)
    messages = ArrayField(models.UUIDField(), default=list)
    before = models.JSONField()
    by = models.CharField(max_length=80)
    at = models.DateTimeField()
    undone_by = models.CharField(max_length=80, blank=True)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "conversations_merge"
        constraints = [
            models.UniqueConstraint(
                fields=["gone"], condition=models.Q(undone_at__isnull=True), name="conversations_merged_once"
            ),
        ]
        indexes = [models.Index(fields=["kept"], name="conversations_merged_with")]


class Alarm(models.Model):
    """Something about the channel that a person has to look at; one open alarm per code and subject, counted."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    office = models.ForeignKey(Office, on_delete=models.PROTECT, related_name="+", db_index=False)
    code = models.CharField(max_length=60)
    subject = models.CharField(max_length=160, blank=True)
    value = models.JSONField(default=dict)
    count = models.IntegerField(default=1)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    closed_by = models.CharField(max_length=80, blank=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "conversations_alarm"
        constraints = [
            models.UniqueConstraint(
                fields=["office", "code", "subject"],
                condition=models.Q(closed_at__isnull=True),
                name="conversations_alarm_once",
            ),
        ]


class AccountNews(models.Model):
    """The latest that the provider said about the office's account: per field of its webhook and per template or number."""

    id = models.BigAutoField(primary_key=True)
    office = models.ForeignKey(Office, on_delete=models.PROTECT, related_name="+", db_index=False)
    field = models.CharField(max_length=60)
    subject = models.CharField(max_length=160, blank=True)
    value = models.JSONField()
    sent = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        db_table = "conversations_account"
        constraints = [
            models.UniqueConstraint(fields=["office", "field", "subject"], name="conversations_account_latest"),
        ]
