"""The register of Suket: one row per letter, ended only by a dated outcome with evidence."""

from __future__ import annotations

from django.db import models

from loket.conversations.models import Campaign, Contact
from loket.core.ids import uuid7
from loket.offices.models import Office
from loket.residents.models import Resident


class Outcome(models.TextChoices):
    """How a Suket ends. Unreachable is no outcome: such a letter stays outstanding."""

    EXCHANGED = "exchanged"
    DIED = "died"
    MOVED = "moved"
    DUPLICATE = "duplicate"
    HOLDS_CARD = "holds_card"


class Import(models.Model):
    """A list that was read into the register."""

    id = models.BigAutoField(primary_key=True)
    office = models.ForeignKey(Office, on_delete=models.PROTECT)
    file_digest = models.BinaryField(max_length=32)
    rows = models.IntegerField()
    new = models.IntegerField()
    updated = models.IntegerField()
    unchanged = models.IntegerField()
    rejected = models.IntegerField()
    actor = models.CharField(max_length=80)
    at = models.DateTimeField()
    undone_by = models.CharField(max_length=80, blank=True)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "suket_import"


class Change(models.Model):
    """What an import found before it wrote over it, as the tables held it (sealed), so that the whole can be undone."""

    id = models.BigAutoField(primary_key=True)
    source = models.ForeignKey(Import, on_delete=models.PROTECT)
    letter_id = models.UUIDField()
    number = models.BinaryField(null=True)
    fingerprint = models.BinaryField(max_length=16)
    issued_on = models.DateField(null=True)
    kelurahan = models.CharField(max_length=13, blank=True)
    # The resident's sealed columns, hexadecimal, as `residents.actions.stated` gives them.
    resident = models.JSONField()

    class Meta:
        db_table = "suket_change"
        constraints = [models.UniqueConstraint(fields=["source", "letter_id"], name="suket_change_once")]


class Letter(models.Model):
    """A Suket that a resident holds, outstanding until it has an outcome."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    office = models.ForeignKey(Office, on_delete=models.PROTECT, db_index=False)
    resident = models.ForeignKey(Resident, on_delete=models.PROTECT, db_index=False)
    number = models.BinaryField(null=True)
    # A keyed hash of number, date and kelurahan, by which an import sees whether anything changed.
    fingerprint = models.BinaryField(max_length=16, default=bytes(16))
    issued_on = models.DateField(null=True)
    kelurahan = models.CharField(max_length=13, blank=True)
    # Of letters that Loket itself issued: what the QR carries, how long it is good, by what rule, and who.
    code = models.CharField(max_length=11, null=True, unique=True)
    valid_until = models.DateField(null=True)
    reference = models.CharField(max_length=120, blank=True, db_default="")
    issued_by = models.CharField(max_length=80, blank=True, db_default="")
    source = models.ForeignKey(Import, null=True, on_delete=models.PROTECT, db_index=False)
    registered_at = models.DateTimeField()
    outcome = models.CharField(max_length=12, choices=Outcome.choices, blank=True)
    outcome_on = models.DateField(null=True)
    evidence = models.CharField(max_length=80, blank=True)
    settled_by = models.CharField(max_length=80, blank=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "suket_letter"
        constraints = [
            models.UniqueConstraint(
                fields=["resident"], condition=models.Q(outcome=""), name="suket_one_outstanding_per_resident"
            ),
            models.CheckConstraint(
                condition=models.Q(outcome="", outcome_on=None, settled_at=None)
                | (
                    models.Q(outcome__in=Outcome.values, outcome_on__isnull=False, settled_at__isnull=False)
                    & ~models.Q(evidence="")
                    & ~models.Q(settled_by="")
                ),
                name="suket_outcome_has_date_and_evidence",
            ),
            # No letter leaves the office without the rule that allowed it.
            models.CheckConstraint(
                condition=models.Q(code=None)
                | (models.Q(valid_until__isnull=False, issued_on__isnull=False) & ~models.Q(reference="") & ~models.Q(issued_by="")),
                name="suket_issued_by_a_rule",
            ),
        ]
        indexes = [
            models.Index(fields=["office"], name="suket_outstanding", condition=models.Q(outcome="")),
            models.Index(
                fields=["office", "settled_at"], name="suket_settled", condition=models.Q(settled_at__isnull=False)
            ),
            models.Index(fields=["office", "registered_at"], name="suket_registered"),
            models.Index(fields=["resident"], name="suket_by_resident"),
        ]


class Channel(models.TextChoices):
    """How somebody was contacted."""

    WHATSAPP = "whatsapp"
    SMS = "sms"
    EMAIL = "email"
    PHONE = "phone"
    KELURAHAN = "kelurahan"
    VISIT = "visit"


class Attempt(models.Model):
    """One attempt to reach the holder of a letter; `reached` says whether it arrived. Rows are never changed."""

    id = models.BigAutoField(primary_key=True)
    letter = models.ForeignKey(Letter, on_delete=models.PROTECT, db_index=False)
    channel = models.CharField(max_length=10, choices=Channel.choices)
    reached = models.BooleanField()
    # What makes the same attempt the same: a message's id, or the number of a list.
    key = models.CharField(max_length=80)
    actor = models.CharField(max_length=80)
    at = models.DateTimeField()

    class Meta:
        db_table = "suket_attempt"
        constraints = [models.UniqueConstraint(fields=["letter", "channel", "key"], name="suket_attempt_once")]


class Step(models.TextChoices):
    """How far a list has come that somebody brings in by the browser."""

    COLUMNS = "columns"
    CHECKING = "checking"
    CHECKED = "checked"
    IMPORTING = "importing"
    DONE = "done"
    FAILED = "failed"


class Staged(models.Model):
    """A list on its way into the register: uploaded, its columns said, checked, then read. The file is sealed."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    office = models.ForeignKey(Office, on_delete=models.PROTECT)
    actor = models.CharField(max_length=80)
    name = models.CharField(max_length=120)
    file = models.UUIDField()
    step = models.CharField(max_length=10, choices=Step.choices, default=Step.COLUMNS)
    columns = models.JSONField(null=True)
    done = models.IntegerField(default=0)
    total = models.IntegerField(default=0)
    # Counts, and the first refused rows without their cells.
    report = models.JSONField(null=True)
    # Why the list as a whole could not be read, as its Indonesian sentence and what goes into it.
    problem = models.JSONField(null=True)
    refused = models.UUIDField(null=True)
    source = models.ForeignKey(Import, null=True, on_delete=models.PROTECT)
    claimed_at = models.DateTimeField(null=True)
    at = models.DateTimeField()

    class Meta:
        db_table = "suket_staged"
        indexes = [
            models.Index(
                fields=["id"], name="suket_staged_waiting", condition=models.Q(step__in=["checking", "importing"])
            )
        ]


class Wave(models.Model):
    """An invitation to some of the holders, chosen and sized at one instant. Rows are never changed."""

    id = models.UUIDField(primary_key=True)
    office = models.ForeignKey(Office, on_delete=models.PROTECT, db_index=False)
    number = models.IntegerField()
    name = models.CharField(max_length=60)
    segment = models.CharField(max_length=12)
    kelurahan = models.CharField(max_length=13, blank=True)
    # Letters at least so many months old; 0 for all.
    months = models.SmallIntegerField()
    # Where and when the holders agreed, or the rule by which the office may call them.
    basis = models.CharField(max_length=120)
    # What bounded it, as sentences with what fills them, and how many requests were expected of it (None: nothing told).
    limits = models.JSONField()
    expected = models.IntegerField(null=True)
    campaign = models.OneToOneField(Campaign, null=True, on_delete=models.PROTECT)
    actor = models.CharField(max_length=80)
    at = models.DateTimeField()

    class Meta:
        db_table = "suket_wave"
        constraints = [
            models.UniqueConstraint(fields=["office", "number"], name="suket_wave_number_once"),
            models.CheckConstraint(condition=~models.Q(basis=""), name="suket_wave_has_basis"),
        ]


class Invitee(models.Model):
    """A letter in a wave, frozen: by which way its holder is called, and where she lived by the register. Rows are never changed."""

    id = models.BigAutoField(primary_key=True)
    wave = models.ForeignKey(Wave, on_delete=models.PROTECT, db_index=False)
    letter = models.ForeignKey(Letter, on_delete=models.PROTECT)
    channel = models.CharField(max_length=10, choices=Channel.choices)
    contact = models.ForeignKey(Contact, null=True, on_delete=models.PROTECT)
    kelurahan = models.CharField(max_length=13, blank=True)

    class Meta:
        db_table = "suket_invitee"
        constraints = [
            models.UniqueConstraint(fields=["wave", "letter"], name="suket_invited_once"),
            models.CheckConstraint(
                condition=models.Q(channel="whatsapp", contact__isnull=False)
                | models.Q(channel__in=["phone", "kelurahan"], contact=None),
                name="suket_invitee_has_its_way",
            ),
        ]


class Handout(models.Model):
    """A list of a wave that was given to somebody, and came back."""

    id = models.BigAutoField(primary_key=True)
    wave = models.ForeignKey(Wave, on_delete=models.PROTECT, db_index=False)
    channel = models.CharField(max_length=10, choices=Channel.choices)
    kelurahan = models.CharField(max_length=13, blank=True)
    receiver = models.CharField(max_length=80)
    by = models.CharField(max_length=80)
    at = models.DateTimeField()
    back_by = models.CharField(max_length=80, blank=True)
    back_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "suket_handout"
        constraints = [models.UniqueConstraint(fields=["wave", "channel", "kelurahan"], name="suket_handed_out_once")]
