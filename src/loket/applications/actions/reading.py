"""Readings of personal data by people of the office: each is recorded before it is shown."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from loket.applications import queries
from loket.applications.models import Document
from loket.audit import actions as audit
from loket.core import codes, crypto, media
from loket.core.actor import Actor, Role, require
from loket.core.errors import N_, Refusal
from loket.residents import nik as niks


@transaction.atomic
def open_case(code: str, *, purpose: str, by: Actor, at: datetime) -> queries.Case:
    """A person of the office opens a case; the reading is recorded and the resident can see it."""
    application = queries.by_code(code, by.office)
    audit.record(
        [audit.Fact("read.case", application.pk, application.resident_id, {"purpose": purpose})], by=by, at=at
    )
    return queries.case(application)


@transaction.atomic
def reveal_nik(code: str, reason: str, *, by: Actor, at: datetime) -> str:
    """The whole NIK of one case, for a recorded reason."""
    require(by, Role.VERIFIER, Role.COUNTER, Role.AUDITOR, Role.RECORDER)
    check_reason(reason, N_("Tulis alasan membuka NIK, paling sedikit 5 huruf."))
    application = queries.by_code(code, by.office)
    audit.record(
        [audit.Fact("read.nik", application.pk, application.resident_id, {"reason": reason.strip()[:200]})], by=by, at=at
    )
    return queries.case(application).nik


@transaction.atomic
def search_nik(nik: str, reason: str, *, by: Actor, at: datetime) -> list[queries.Row]:
    """Applications of the resident with this whole NIK; recorded with its reason, found or not."""
    require(by, Role.VERIFIER, Role.COUNTER, Role.AUDITOR, Role.RECORDER)
    check_reason(reason, N_("Tulis alasan mencari dengan NIK, paling sedikit 5 huruf."))
    nik_index = crypto.index("nik", nik, crypto.keyring())
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM residents_resident WHERE office_id = %s AND nik_index = %s", [by.office, nik_index]
        )
        found = cursor.fetchone()
    fact = audit.Fact("read.search_nik", None, found[0] if found else None, {"reason": reason.strip()[:200]})
    audit.record([fact], by=by, at=at)
    return queries.by_nik(nik_index, by.office)


def search(sought: str, reason: str, *, limit: int = 20, by: Actor, at: datetime) -> list[queries.Row]:
    """What one search field finds: a code, a whole NIK with a recorded reason, or a name (up to `limit`). Refuses what can be none of
    them and says what is wrong with it."""
    digits = "".join(letter for letter in sought if letter.isdigit())
    if len(digits) >= 12 and not any(map(str.isalpha, sought)):
        return search_nik(niks.parse_nik(sought, strict=False).digits, reason, by=by, at=at)
    try:
        found = queries.by_codes([codes.parse(sought)], by.office)
        if found or digits:
            return found
    except Refusal:
        if digits and len(sought.replace("-", "").strip()) == codes.LENGTH:
            raise
    if len(sought.strip()) < 2:
        raise Refusal("search_short", N_("Tulis kode, nama, atau NIK lengkap."), field="cari")
    return queries.by_name(sought, by.office, limit=limit)


@transaction.atomic
def photo(document: UUID, *, by: Actor, at: datetime) -> bytes:
    """The photo of one paper, opened for a person of the office that holds the case."""
    require(by, Role.VERIFIER, Role.COUNTER, Role.AUDITOR)
    row = Document.objects.select_related("application").filter(pk=document, application__office_id=by.office).first()
    if row is None:
        raise Refusal("document_unknown", N_("Berkas ini tidak ada di kantor Anda."), status=404)
    audit.record(
        [audit.Fact("read.photo", row.application_id, row.application.resident_id, {"kind": row.kind})], by=by, at=at
    )
    return media.read(row.pk, queries.resident_key(row.application))


def check_reason(reason: str, missing: str) -> None:
    """A reason is said, and holds no number of anybody: the trail keeps it in the clear and for ever."""
    if len(reason.strip()) < 5:
        raise Refusal("reason_missing", missing, field="reason")
    if sum(map(str.isdigit, reason)) >= 9:
        raise Refusal("reason_numbers", N_("Jangan tulis NIK atau nomor HP di alasan. Cukup keperluannya."), field="reason")
