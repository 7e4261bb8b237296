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
    email = models.BinaryField(null=True)
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
            # What the people of the office have before them: few rows, however many conversations there were.
            models.Index(
                fields=["office", "waiting_since"],
                name="conversations_open",
                condition=~models.Q(owner="") | models.Q(waiting_since__isnull=False),
            ),
            models.Index(
                fields=["merged_into"], name="conversations_merged", condition=models.Q(merged_into__isnull=False)
            ),
        ]


class State(models.TextChoices):
    """States of an outgoing message. They only climb; `failed`, `dead` and `unknown` say what to do next.

    `held` waits for the resident to write and is never sent before; `withdrawn` was taken back unsent; `by_hand` waits
    for a person who sends it from the office's own phone.
    """

    HELD = "held"
    WITHDRAWN = "withdrawn"
    QUEUED = "queued"
    BY_HAND = "by_hand"
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
    # Sending: who goes first, how it went out, and since when it counts as a person reached outside a window.
    lane = models.SmallIntegerField(db_default=0)
    sent_as = models.CharField(max_length=8, db_default="")
    template = models.CharField(max_length=80, db_default="")
    reach_at = models.DateTimeField(null=True)
    # A `failed` that came after the message had arrived: noted, and no step down.
    failed_at = models.DateTimeField(null=True)
    requeued_at = models.DateTimeField(null=True)
    campaign = models.ForeignKey("Campaign", null=True, on_delete=models.PROTECT, db_index=False)
    fallback_of = models.ForeignKey("self", null=True, on_delete=models.PROTECT, db_index=False)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())
    seq = models.BigIntegerField(
        db_default=models.Func(
            models.Value("conversations_message_seq"), function="nextval", output_field=models.BigIntegerField()
        )
    )

    class Meta:
        db_table = "conversations_message"
        constraints = [
            models.CheckConstraint(condition=models.Q(lane__in=[0, 1, 2]), name="conversations_message_knows_its_lane"),
            # An invitation is one message of its campaign; nothing else stands in the last lane.
            models.CheckConstraint(
                condition=models.Q(lane=2, campaign__isnull=False)
                | models.Q(lane__lt=2, campaign__isnull=True),
                name="conversations_message_campaign_lane",
            ),
            models.UniqueConstraint(
                fields=["fallback_of", "kind"],
                condition=models.Q(fallback_of__isnull=False),
                name="conversations_message_one_fallback",
            ),
        ]
        indexes = [
            models.Index(fields=["contact", "seq"], name="conversations_thread"),
            models.Index(fields=["lane", "seq"], name="conversations_outbox", condition=models.Q(outgoing=True, state="queued")),
            models.Index(
                fields=["contact", "lane", "seq"],
                name="conversations_in_line",
                condition=models.Q(outgoing=True, state__in=["queued", "sending"]),
            ),
            models.Index(
                fields=["claimed_at"],
                name="conversations_unconfirmed",
                condition=models.Q(outgoing=True, state__in=["sending", "unknown"]),
            ),
            models.Index(
                fields=["reach_at", "contact"], name="conversations_reached", condition=models.Q(reach_at__isnull=False)
            ),
            models.Index(
                fields=["at"],
                name="conversations_not_sent",
                condition=models.Q(outgoing=True, state__in=["failed", "dead", "by_hand"]),
            ),
            models.Index(
                fields=["campaign", "state"], name="conversations_of_campaign", condition=models.Q(campaign__isnull=False)
            ),
            models.Index(
                fields=["case_id"], name="conversations_of_case", condition=models.Q(outgoing=True, case_id__isnull=False)
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


class Sender(models.Model):
    """The office's number at the provider: how fast it may go, what it may still reach today, and whether it stands still.

    One row per office, locked by whoever claims messages, so that the counts of two workers never add up to too much.
    `tier` is the number of people in 24 hours, None without limit; `stopped_why` a code of `failures`.
    """

    office = models.OneToOneField(Office, primary_key=True, on_delete=models.PROTECT)
    tier = models.IntegerField(null=True, default=250)
    quality = models.CharField(max_length=12, blank=True)
    # The earliest instant at which the number, and the campaigns of it, may send at their plain rate.
    free_at = models.DateTimeField(null=True)
    campaign_free_at = models.DateTimeField(null=True)
    hold_until = models.DateTimeField(null=True)
    holds = models.SmallIntegerField(default=0)
    stopped_at = models.DateTimeField(null=True)
    stopped_why = models.CharField(max_length=40, blank=True)
    news_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "conversations_sender"


class Pace(models.Model):
    """How soon one contact may be written to again."""

    contact = models.OneToOneField(Contact, primary_key=True, on_delete=models.CASCADE)
    free_at = models.DateTimeField(null=True)
    hold_until = models.DateTimeField(null=True)
    holds = models.SmallIntegerField(default=0)

    class Meta:
        db_table = "conversations_pace"


class Suppression(models.Model):
    """A number that gets no invitations, whoever it belongs to; looked at when an invitation is about to leave."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    office = models.ForeignKey(Office, on_delete=models.PROTECT, db_index=False)
    phone_index = models.BinaryField(max_length=16)
    why = models.CharField(max_length=40)
    by = models.CharField(max_length=80)
    at = models.DateTimeField()

    class Meta:
        db_table = "conversations_suppression"
        constraints = [models.UniqueConstraint(fields=["office", "phone_index"], name="conversations_suppressed_once")]


class Approval(models.TextChoices):
    """Where a version of a template stands with the provider."""

    DRAFT = "draft"
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    PAUSED = "paused"
    DISABLED = "disabled"


class Template(models.Model):
    """One version of a notice as the provider approves it. Words that change make a new version; `content` is never
    changed. `blocked_why` is the code for which Loket itself no longer uses it."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    office = models.ForeignKey(Office, on_delete=models.PROTECT, db_index=False)
    notice = models.CharField(max_length=40)
    language = models.CharField(max_length=2)
    version = models.IntegerField()
    name = models.CharField(max_length=80)
    content = models.JSONField()
    state = models.CharField(max_length=10, choices=Approval.choices, default=Approval.DRAFT)
    provider_id = models.CharField(max_length=80, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    blocked_why = models.CharField(max_length=40, blank=True)
    by = models.CharField(max_length=80)
    at = models.DateTimeField()
    state_at = models.DateTimeField()

    class Meta:
        db_table = "conversations_template"
        constraints = [
            models.UniqueConstraint(
                fields=["office", "notice", "language", "version"], name="conversations_template_version_once"
            ),
            models.UniqueConstraint(fields=["office", "name", "language"], name="conversations_template_name_once"),
        ]


class Course(models.TextChoices):
    """States of a campaign. Only a person leads it out of `draft` and `paused`."""

    DRAFT = "draft"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"


class Campaign(models.Model):
    """An invitation to many, sent in batches. `paused_why` is a code of
    `failures` or a reason of `campaigns.REASONS`, empty for a person."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    office = models.ForeignKey(Office, on_delete=models.PROTECT, db_index=False)
    name = models.CharField(max_length=80)
    notice = models.CharField(max_length=40)
    # What sizes a batch beside the day's reach: None and 0 mean that nothing else does.
    pilot = models.IntegerField(default=0)
    daily = models.IntegerField(null=True)
    office_hours = models.BooleanField(default=True)
    gates = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=Course.choices, default=Course.DRAFT)
    paused_why = models.CharField(max_length=40, blank=True)
    pilot_passed_at = models.DateTimeField(null=True)
    by = models.CharField(max_length=80)
    at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    # Gates look at what was sent since a person last started it.
    resumed_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "conversations_campaign"
        constraints = [
            models.UniqueConstraint(
                fields=["office"], condition=models.Q(state="running"), name="conversations_one_campaign_runs"
            ),
            models.UniqueConstraint(fields=["office", "name"], name="conversations_campaign_name_once"),
        ]


class Invitation(models.Model):
    """One recipient of a campaign, frozen when it was made; `consent` says where and when she agreed."""

    id = models.BigAutoField(primary_key=True)
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, db_index=False)
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, db_index=False)
    consent = models.CharField(max_length=120)
    message = models.OneToOneField(Message, null=True, on_delete=models.PROTECT)
    answer = models.CharField(max_length=12, blank=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "conversations_invitation"
        constraints = [
            models.UniqueConstraint(fields=["campaign", "contact"], name="conversations_invited_once"),
            models.CheckConstraint(condition=~models.Q(consent=""), name="conversations_invitation_has_consent"),
        ]
        indexes = [
            models.Index(fields=["campaign", "id"], name="conversations_to_invite", condition=models.Q(message__isnull=True)),
            models.Index(fields=["contact"], name="conversations_invited"),
        ]
