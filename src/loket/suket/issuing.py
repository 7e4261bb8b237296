"""Issues a Suket, where the office has been allowed to: forbidden in normal times, switched on with a legal reference."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from loket.applications import queries as cases
from loket.audit import actions as audit
from loket.core import codes, crypto
from loket.core.actor import Actor, Role, require
from loket.core.errors import N_, Refusal
from loket.core.ids import uuid7
from loket.offices import actions as offices_actions
from loket.offices import queries as offices
from loket.residents.models import Enrolment
from loket.suket import rules
from loket.suket.importing import TABLE
from loket.suket.models import Letter
from loket.suket.queries import RESIDENT

ISSUERS = (Role.VERIFIER, Role.COUNTER)
MONTHS = 6


@dataclass(frozen=True, slots=True)
class Paper:
    """What stands on a letter. The holder's NIK is among it, so whoever makes one has read it."""

    code: str
    number: str
    issued_on: date
    valid_until: date
    reference: str
    issued_by: str
    name: str
    nik: str
    birth_date: str
    address: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What anybody may know of a letter by its code: nothing about its holder."""

    office: str
    issued_on: date
    valid_until: date
    state: str


@transaction.atomic
def switch(reference: str, pattern: str, *, by: Actor, at: datetime) -> None:
    """Allow the office to issue Suket from now on, by the letter or rule that allows it; an empty reference forbids it."""
    require(by, Role.HEAD)
    reference, pattern = reference.strip()[:120], pattern.strip()[:60]
    if reference and len(reference) < 8:
        raise Refusal("reference_short", N_("Tulis nomor dan tanggal surat yang mengizinkan."), field="reference")
    rules.check_pattern(pattern)
    today = offices.office(by.office).today()
    offices_actions.set_up(
        {"suket_reference": reference, "suket_since": today.isoformat() if reference else "", "suket_number": pattern},
        by=by, at=at,
    )  # fmt: skip


@transaction.atomic
def issue(code: str, *, by: Actor, at: datetime) -> UUID:
    """A letter for the resident of an open card request, who has been recorded; the same request again gives the same
    letter. It is valid for six months and stays outstanding until the card is in the hand."""
    require(by, *ISSUERS)
    office = offices.office(by.office)
    reference = office.settings.suket_reference
    if not reference:
        raise Refusal(
            "suket_forbidden",
            N_("Menerbitkan Suket sedang tidak diizinkan. Blangko tersedia, jadi cetak KTP-el. Kepala dinas dapat membukanya."),
            status=409,
        )
    application = cases.by_code(code, by.office)
    if application.slot != "card" or application.finished_at:
        raise Refusal("suket_no_case", N_("Suket hanya untuk permohonan KTP-el yang masih berjalan."), status=409)
    resident = type(application.resident).objects.select_for_update().get(pk=application.resident_id)
    standing = Letter.objects.filter(resident=resident, outcome="").first()
    today = office.today()
    if standing is not None and standing.code and standing.valid_until and standing.valid_until >= today:
        return standing.pk
    status = Enrolment.objects.filter(office_id=by.office, nik_index=bytes(resident.nik_index)).first()
    if status is None or status.status == "UNREGISTERED":
        raise Refusal("suket_not_recorded", N_("Warga ini belum direkam. Rekam dulu sidik jari dan fotonya."), status=409)
    key = cases.resident_key(application)
    serial = offices_actions.next_number(by.office, f"suket-{today.year}")
    number = office.settings.suket_number.format(number=serial, office=by.office, year=today.year)
    # A letter that ran out is renewed: one person holds one letter.
    letter = standing or Letter(
        id=uuid7(), office_id=by.office, resident=resident, kelurahan=resident.kelurahan, registered_at=at
    )
    letter.number, letter.code = key.seal(TABLE, "number", letter.pk, number), codes.generate()
    letter.issued_on, letter.valid_until = today, months_later(today, MONTHS)
    letter.reference, letter.issued_by = reference, by.name
    letter.save(force_insert=standing is None)
    fact = audit.Fact(
        "suket.issue", application.pk, resident.pk,
        {"letter": str(letter.pk), "number": number, "reference": reference, "renewed": standing is not None},
    )  # fmt: skip
    audit.record([fact], by=by, at=at)
    return letter.pk


@transaction.atomic
def paper(letter_id: UUID, *, by: Actor, at: datetime) -> Paper:
    """What is printed on a letter; the reading is recorded before it is shown."""
    require(by, *ISSUERS)
    letter = Letter.objects.select_related("resident").filter(pk=letter_id, office_id=by.office).exclude(code=None).first()
    if letter is None or letter.valid_until is None or letter.issued_on is None or letter.code is None:
        raise Refusal("letter_unknown", N_("Suket ini tidak ada di daftar kantor Anda."), status=404)
    audit.record([audit.Fact("read.suket", None, letter.resident_id, {"letter": str(letter.pk)})], by=by, at=at)
    person = letter.resident
    key = crypto.unwrap(bytes(person.data_key), person.pk, crypto.keyring())

    def told(column: str) -> str:
        sealed = getattr(person, column)
        return key.open_text(RESIDENT, column, person.pk, bytes(sealed)) if sealed else ""

    return Paper(
        letter.code, key.open_text(TABLE, "number", letter.pk, bytes(letter.number or b"")), letter.issued_on,
        letter.valid_until, letter.reference, letter.issued_by, told("name"), told("nik"), told("birth_date"), told("address"),
    )  # fmt: skip


def standing(code: str, today: date) -> Standing:
    """Whether a letter is one of ours and still good: `valid`, `expired` or `settled`."""
    letter = Letter.objects.select_related("office").filter(code=codes.parse(code)).first()
    if letter is None or letter.issued_on is None or letter.valid_until is None:
        raise Refusal("suket_unknown", N_("Suket dengan kode ini tidak pernah kami terbitkan."), status=404)
    state = "settled" if letter.outcome else "expired" if letter.valid_until < today else "valid"
    return Standing(letter.office.name, letter.issued_on, letter.valid_until, state)


def months_later(day: date, months: int) -> date:
    """The same day so many months later, or the last of that month where it has no such day."""
    index = day.year * 12 + day.month - 1 + months
    year, month = index // 12, index % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))
