"""Applications and their documents. The database itself refuses an unknown state and a step that no move makes."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from loket.applications import rules
from loket.conversations.models import Contact
from loket.core.ids import uuid7
from loket.offices.models import Office
from loket.residents.models import Resident

OPEN = ~models.Q(state__in=sorted(rules.FINAL))


class Application(models.Model):
    """One request for one product. Order of service: `priority`, then `complete_at`, then `queue_seq`.

    `slot` is what a person may have only one of at a time: `card`, or the service of a paper document.
    """

    id = models.UUIDField(primary_key=True, default=uuid7)
    office = models.ForeignKey(Office, on_delete=models.PROTECT, db_index=False)
    code = models.CharField(max_length=11, unique=True)
    service = models.CharField(max_length=20)
    service_version = models.SmallIntegerField(default=1)
    product = models.CharField(max_length=12)
    slot = models.CharField(max_length=20)
    channel = models.CharField(max_length=8, choices=[("online", "online"), ("counter", "counter")])
    state = models.CharField(max_length=16, choices=[(state, state) for state in rules.STATES])
    state_at = models.DateTimeField()
    resident = models.ForeignKey(Resident, on_delete=models.PROTECT)
    contact = models.ForeignKey(Contact, null=True, on_delete=models.PROTECT, db_index=False)
    priority = models.SmallIntegerField(default=5)
    complete_at = models.DateTimeField()
    queue_seq = models.BigIntegerField(
        db_default=models.Func(
            models.Value("applications_queue_seq"), function="nextval", output_field=models.BigIntegerField()
        )
    )
    submitted_at = models.DateTimeField()
    promise_on = models.DateField()
    filed_by = models.CharField(max_length=80)
    verifier = models.CharField(max_length=80, blank=True)
    verified_at = models.DateTimeField(null=True)
    printed_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    # What the resident stated when filing, as sealed JSON; the verifier holds it against the papers.
    claims = models.BinaryField()
    fix_fields = ArrayField(models.CharField(max_length=20), default=list)
    reason = models.BinaryField(null=True)
    # How the card goes home; the address is sealed under the resident's data key.
    method = models.CharField(max_length=8, blank=True, choices=[("post", "post"), ("pickup", "pickup")])
    chosen_at = models.DateTimeField(null=True)
    address = models.BinaryField(null=True)
    fee = models.IntegerField(null=True)
    reminded_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "applications_application"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=rules.STATES), name="applications_state_is_known"
            ),
            models.UniqueConstraint(
                fields=["resident", "slot"], condition=OPEN, name="applications_one_open_per_slot"
            ),
            models.CheckConstraint(
                condition=models.Q(fee__isnull=True) | models.Q(method="post"), name="applications_fee_only_by_post"
            ),
        ]
        indexes = [
            models.Index(
                fields=["office", "priority", "complete_at", "queue_seq"],
                name="applications_in_line",
                condition=models.Q(state__in=rules.IN_LINE),
            ),
            models.Index(
                fields=["office", "priority", "complete_at", "queue_seq"],
                name="applications_to_verify",
                condition=models.Q(state="submitted"),
            ),
            models.Index(
                fields=["office", "priority", "complete_at", "queue_seq"],
                name="applications_to_print",
                condition=models.Q(state="ready"),
            ),
            models.Index(fields=["office", "state", "state_at"], name="applications_open", condition=OPEN),
            models.Index(fields=["office", "submitted_at"], name="applications_by_day"),
            models.Index(fields=["office", "chosen_at"], name="applications_by_choice"),
            models.Index(
                fields=["office", "finished_at"],
                name="applications_finished",
                condition=models.Q(finished_at__isnull=False),
            ),
            models.Index(
                fields=["contact"], name="applications_by_contact", condition=models.Q(contact__isnull=False)
            ),
        ]


class LookField(models.Field):  # type: ignore[type-arg]
    """How a photo looks, as a string of 2048 bits (`core.images.look_bits`)."""

    def db_type(self, connection: object) -> str:
        return "bit(2048)"


class Document(models.Model):
    """A photo of a paper, sealed in a file of the media store named by `id`. A newer one replaces it in view.

    What the worker sees in it are hints for the officer: `fault` (a key of `core.images.TIPS`), `look`, and `twin`, the
    application that holds the same picture. `unjudged` until it has looked; `deleted_at` once the file is gone.
    """

    id = models.UUIDField(primary_key=True, default=uuid7)
    application = models.ForeignKey(Application, on_delete=models.PROTECT)
    kind = models.CharField(max_length=20)
    size = models.IntegerField()
    digest = models.BinaryField(max_length=32)
    at = models.DateTimeField()
    replaced_at = models.DateTimeField(null=True)
    unjudged = models.BooleanField(default=False, db_default=False)
    fault = models.CharField(max_length=10, blank=True, db_default="")
    look = LookField(null=True)
    twin = models.ForeignKey(Application, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "applications_document"
        indexes = [
            models.Index(fields=["id"], name="applications_to_judge", condition=models.Q(unjudged=True)),
            models.Index(fields=["kind"], name="applications_to_compare", condition=models.Q(look__isnull=False)),
            models.Index(fields=["id"], name="applications_document_kept", condition=models.Q(deleted_at__isnull=True)),
        ]


class Draft(models.Model):
    """A form begun and not yet sent: opened by a link, kept seven days, sealed under Loket's own key. Once it states a
    phone number, a lost link finds its way back to that number."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    office = models.ForeignKey(Office, on_delete=models.PROTECT, db_index=False)
    token_hash = models.BinaryField(max_length=32, unique=True)
    contact = models.ForeignKey(Contact, null=True, on_delete=models.PROTECT, db_index=False)
    application = models.ForeignKey(Application, null=True, on_delete=models.PROTECT, db_index=False)
    answers = models.BinaryField(null=True)
    phone_index = models.BinaryField(max_length=16, null=True)
    started_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        db_table = "applications_draft"
        indexes = [
            models.Index(
                fields=["phone_index"], name="applications_draft_by_phone", condition=models.Q(phone_index__isnull=False)
            )
        ]


class Recall(models.Model):
    """Somebody has lost her codes or her form and asks for them at a number. Whether that number is known is found out
    by the worker: the page that takes the wish knows no more than the one who types it."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    office = models.ForeignKey(Office, on_delete=models.PROTECT, db_index=False)
    phone = models.BinaryField()
    asked_at = models.DateTimeField()

    class Meta:
        db_table = "applications_recall"
