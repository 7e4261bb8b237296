"""Contacts, messages in both directions, and what the provider delivered before it was understood."""

from __future__ import annotations

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
        indexes = [models.Index(fields=["office", "-last_message_at"], name="conversations_recent")]


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


class Media(models.Model):
    """The file of an incoming message: fetched from the provider, then kept as a photo (`Message.photo`) or turned away.

    `reason` says why it was not kept, or what is wrong with the photo that was. `answered_at` is null until the one answer
    to all that came at once has told of it. Moments are the database's own, but for `settled_at`.
    """

    WAITING, KEPT, UNFIT, GONE, FAILED, DELETED = "waiting", "kept", "unfit", "gone", "failed", "deleted"
    STATES = (WAITING, KEPT, UNFIT, GONE, FAILED, DELETED)

    message = models.OneToOneField(Message, primary_key=True, on_delete=models.PROTECT)
    state = models.CharField(max_length=8, choices=[(state, state) for state in STATES])
    reason = models.CharField(max_length=24, blank=True)
    digest = models.BinaryField(max_length=32, null=True)
    tries = models.SmallIntegerField(default=0)
    due_at = models.DateTimeField(db_default=Now())
    claimed_at = models.DateTimeField(null=True)
    arrived_at = models.DateTimeField(db_default=Now())
    answered_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "conversations_media"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=("waiting", "kept", "unfit", "gone", "failed", "deleted")),
                name="conversations_media_state_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(state="waiting", settled_at__isnull=True)
                | (~models.Q(state="waiting") & models.Q(settled_at__isnull=False)),
                name="conversations_media_settled_has_date",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="kept") | models.Q(digest__isnull=False), name="conversations_media_kept_has_digest"
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="conversations_media_due", condition=models.Q(state="waiting")),
            models.Index(
                fields=["arrived_at"], name="conversations_media_untold", condition=models.Q(answered_at__isnull=True)
            ),
            models.Index(fields=["settled_at"], name="conversations_media_kept", condition=models.Q(state="kept")),
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
