"""What residents hand in: a request, and what they send after a return."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from loket.applications import filing as filings
from loket.applications import queries, rules
from loket.applications.actions.moves import lock, move, tell
from loket.applications.filing import Filing
from loket.applications.models import Application, Document
from loket.audit import actions as audit
from loket.catalogue import queries as catalogue
from loket.conversations import actions as conversations
from loket.core import codes, images, media
from loket.core.actor import Actor, Role, require
from loket.core.errors import N_, Refusal
from loket.core.ids import uuid7
from loket.offices import queries as offices
from loket.residents import actions as residents

TABLE = "applications_application"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a resident gets for her request."""

    id: UUID
    code: str
    state: str
    place: int | None
    promise_on: date


def file(filing: Filing, *, chat: UUID | None = None, by: Actor, at: datetime) -> Receipt:
    """File a request: checked whole before anything is written, then kept in one transaction.

    News goes to the phone number that is stated. `chat` is the conversation that its form was asked for in: it gets the
    news only when it is that number's, or shares no number; whoever passes on the link of a form learns nothing more.
    """
    office = offices.office(by.office)
    require(by, Role.RESIDENT, Role.COUNTER)
    person = filings.check(filing, office, office.today())
    assert person.phone  # a filing always has one: `filing.check` refuses it otherwise
    contents = [images.accept(paper.content) for paper in filing.papers]
    with transaction.atomic():
        written: list[media.Stored] = []
        # Inside the block: once the commit has begun nobody knows whether it stands, and its photos must stay.
        try:
            resident = residents.meet(person, by=by, at=at)
            contact = conversations.contact_to_tell(chat, person.phone, office=by.office, at=at, name=person.name)
            written = media.store([(uuid7(), content) for content in contents], resident.data_key)
            application = _application(filing, person, resident, contact, office, by=by, at=at)
            place = _insert(application, filing.papers, written)
            audit.record(
                [
                    audit.Fact(
                        "application.file",
                        application.pk,
                        resident.id,
                        {
                            "channel": filing.channel,
                            "code": application.code,
                            "documents": [paper.kind for paper in filing.papers],
                            # What the figures count by: where, and what was promised at first.
                            "kelurahan": person.kelurahan,
                            "promise_on": application.promise_on.isoformat(),
                            "service": filing.service.code,
                            "state": [None, "submitted"],
                        },
                    )
                ],
                by=by,
                at=at,
            )
            tell([application], "received", {application.pk: {"place": place}}, by=by, at=at)
            if chat and contact != chat:
                conversations.notify([conversations.Notice(chat, "sent_elsewhere")], by=by, at=at)
        except BaseException:
            media.delete([item.id for item in written])
            raise
    return Receipt(application.pk, application.code, application.state, place, application.promise_on)


def _application(
    filing: Filing,
    person: residents.Person,
    resident: residents.Known,
    contact: UUID,
    office: offices.OfficeView,
    *,
    by: Actor,
    at: datetime,
) -> Application:
    service = filing.service
    row = uuid7()
    claims = {
        "address": person.address,
        "birth_date": str(person.birth_date),
        "kelurahan": person.kelurahan,
        "kk_number": person.kk_number,
        "line": filing.address.line,
        "name": person.name,
        "phone": person.phone,
        "postal_code": filing.address.postal_code,
    }
    return Application(
        id=row,
        office_id=by.office,
        code=codes.generate(),
        service=service.code,
        service_version=service.version,
        product=service.product,
        slot=service.slot,
        channel=filing.channel,
        state="submitted",
        state_at=at,
        resident_id=resident.id,
        contact_id=contact,
        priority=service.priority,
        complete_at=at,
        submitted_at=at,
        promise_on=office.working_days_from(office.today(), service.promise_days),
        filed_by=by.name,
        claims=resident.data_key.seal(TABLE, "claims", row, json.dumps(claims)),
    )


_COLUMNS = (
    "id", "office_id", "code", "service", "service_version", "product", "slot", "channel", "state", "state_at",
    "resident_id", "contact_id", "priority", "complete_at", "submitted_at", "promise_on", "filed_by", "claims",
)  # fmt: skip
# The row, its papers and its place in one statement: filing is what an office's server does most.
_FILE = f"""
WITH filed AS (
    INSERT INTO applications_application ({", ".join(_COLUMNS)}, verifier, method, fix_fields)
    VALUES ({", ".join(f"%({name})s" for name in _COLUMNS)}, '', '', '{{}}')
    RETURNING id, office_id, priority, complete_at, queue_seq
), papers AS (
    INSERT INTO applications_document (id, application_id, kind, size, digest, at, unjudged)
    SELECT paper.id, filed.id, paper.kind, paper.size, paper.digest, filed.complete_at, true
    FROM filed, unnest(%(papers)s::uuid[], %(kinds)s::text[], %(sizes)s::int[], %(digests)s::bytea[])
                AS paper(id, kind, size, digest)
)
SELECT count(*) + 1 FROM applications_application a JOIN filed ON filed.office_id = a.office_id
WHERE a.state IN ({queries.written(rules.IN_LINE)})
  AND (a.priority, a.complete_at, a.queue_seq) < (filed.priority, filed.complete_at, filed.queue_seq)
"""


def _insert(application: Application, papers: Sequence[filings.Paper], written: Sequence[media.Stored]) -> int:
    """Keep a new application with its papers; returns its place in the order of service."""
    values = {name: getattr(application, name) for name in _COLUMNS} | {
        "papers": [item.id for item in written],
        "kinds": [paper.kind for paper in papers],
        "sizes": [item.size for item in written],
        "digests": [item.digest for item in written],
    }
    try:
        with transaction.atomic(savepoint=False), connection.cursor() as cursor:
            cursor.execute(_FILE, values)
            return int(cursor.fetchone()[0])
    except IntegrityError as error:
        if "applications_one_open_per_slot" not in str(error):
            raise
        raise Refusal(
            "already_open",
            N_(
                "Permohonan yang sama untuk orang ini masih berjalan, dan urutannya tidak berubah. "
                "Kirim kata STATUS ke WhatsApp kami untuk melihatnya."
            ),
            status=409,
        ) from error


def correct(
    code: str, papers: Sequence[filings.Paper], values: Mapping[str, str], *, by: Actor, at: datetime
) -> Receipt:
    """What a resident sends after a return. Only what was flagged is taken; the place in the queue moves only when a
    paper was missing, and then to its arrival."""
    application = queries.by_code(code, by.office)
    asked = set(application.fix_fields)
    unknown = [paper.kind for paper in papers if paper.kind not in asked]
    missing = [kind for kind in _documents(application) if kind in asked and kind not in {p.kind for p in papers}]
    if unknown or missing:
        raise Refusal(
            "document_missing",
            N_("Kirim foto yang diminta: {missing}."),
            field=(missing or unknown)[0],
            missing=", ".join(missing or sorted(asked)),
        )
    given = {name: text.strip() for name, text in values.items() if name in asked or ("address" in asked and name == "kelurahan")}
    empty = next((name for name in filings.FIELDS if name in asked and not given.get(name)), None)
    if empty:
        raise Refusal("empty", N_("Isi bagian yang diminta."), field=empty)
    office = offices.office(by.office)
    contents = [images.accept(paper.content) for paper in papers]
    key = queries.resident_key(application)
    with transaction.atomic():
        written = media.store([(uuid7(), content) for content in contents], key)
        try:
            held = lock([code], by.office)[code]
            claims = json.loads(key.open_text(TABLE, "claims", held.pk, bytes(held.claims)))
            claims = filings.corrected(claims, given, queries.case(held).nik, office, office.today())
            changes: dict[str, Any] = {
                "claims": key.seal(TABLE, "claims", held.pk, json.dumps(claims)),
                "fix_fields": [],
                "reason": None,
            }
            if "phone" in given:
                changes["contact_id"] = conversations.contact_by_phone(claims["phone"], office=by.office, at=at)
            if papers:
                changes["complete_at"] = at
                Document.objects.filter(
                    application=held, kind__in=[paper.kind for paper in papers], replaced_at=None
                ).update(replaced_at=at)
            body = {"fields": sorted(asked), "complete_at": [_iso(held.complete_at), _iso(at if papers else held.complete_at)]}
            move([held], "correct", by=by, at=at, changes=changes, body={held.pk: body})
            Document.objects.bulk_create(
                Document(
                    id=item.id, application=held, kind=paper.kind, size=item.size, digest=item.digest, at=at, unjudged=True
                )
                for paper, item in zip(papers, written, strict=True)
            )
            tell([held], "corrected", by=by, at=at)
        except BaseException:
            media.delete([item.id for item in written])
            raise
    return Receipt(held.pk, held.code, held.state, queries.place(held), held.promise_on)


def _documents(application: Application) -> tuple[str, ...]:
    return catalogue.service(application.service).documents


def _iso(at: datetime) -> str:
    return at.isoformat()
