"""The only writer of applications: files them, moves them along the table of moves, tells the resident."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from loket.applications import filing as filings
from loket.applications import queries, rules
from loket.applications import statuses as siak
from loket.applications.filing import Address, Filing
from loket.applications.models import Application, Document
from loket.audit import actions as audit
from loket.catalogue import queries as catalogue
from loket.conversations import actions as conversations
from loket.core import codes, crypto, images, media
from loket.core.actor import Actor, Role
from loket.core.errors import N_, Refusal
from loket.core.ids import uuid7
from loket.offices import queries as offices
from loket.residents import actions as residents

TABLE = "applications_application"
CAUSE_BUSY = N_("antrean lebih panjang dari perkiraan")
CAUSE_CENTRE = N_("status rekaman Anda dari pusat belum siap cetak")


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a resident gets for her request."""

    id: UUID
    code: str
    state: str
    place: int | None
    promise_on: date


@dataclass(frozen=True, slots=True)
class Result:
    """How one item of a set came out; `problem` is set when it was refused."""

    code: str
    state: str | None = None
    problem: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """A verifier's decision about one case: `approve`, `return` or `reject`, with a reason for the last two."""

    code: str
    verdict: str
    reason: str = ""
    fields: tuple[str, ...] = ()


def file(filing: Filing, *, contact: UUID | None = None, by: Actor, at: datetime) -> Receipt:
    """File a request: checked whole before anything is written, then kept in one transaction.

    `contact` is the WhatsApp contact it came from; without one, the phone number decides.
    """
    office = offices.office(by.office)
    queries.require(by, Role.RESIDENT, Role.COUNTER)
    person = filings.check(filing, office, office.today())
    contents = [images.accept(paper.content) for paper in filing.papers]
    written: list[media.Stored] = []
    try:
        with transaction.atomic():
            resident = residents.meet(person, by=by, at=at)
            application = _insert(filing, person, resident, contact, office, by=by, at=at)
            written = media.store([(uuid7(), content) for content in contents], resident.data_key)
            _keep_documents(application, filing.papers, written, at)
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
                            "service": filing.service.code,
                            "state": [None, "submitted"],
                        },
                    )
                ],
                by=by,
                at=at,
            )
            place = queries.place(application)
            tell([application], "received", {application.pk: {"place": place}}, by=by, at=at)
    except BaseException:
        media.delete([item.id for item in written])
        raise
    return Receipt(application.pk, application.code, application.state, place, application.promise_on)


def _insert(
    filing: Filing,
    person: residents.Person,
    resident: residents.Known,
    contact: UUID | None,
    office: offices.OfficeView,
    *,
    by: Actor,
    at: datetime,
) -> Application:
    service = filing.service
    row = uuid7()
    claims = {
        "address": person.address,
        "birth_date": filing.birth_date.isoformat(),
        "kelurahan": person.kelurahan,
        "kk_number": person.kk_number,
        "line": filing.address.line,
        "name": person.name,
        "phone": person.phone,
        "postal_code": filing.address.postal_code,
    }
    assert person.phone  # a filing always has one: `filing.check` refuses it otherwise
    application = Application(
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
        contact_id=contact or conversations.contact_by_phone(person.phone, office=by.office, at=at, name=person.name),
        priority=service.priority,
        complete_at=at,
        submitted_at=at,
        promise_on=office.working_days_from(office.today(), service.promise_days),
        filed_by=by.name,
        claims=resident.data_key.seal(TABLE, "claims", row, json.dumps(claims)),
    )
    try:
        with transaction.atomic(savepoint=False):
            application.save(force_insert=True)
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
    return application


def _keep_documents(
    application: Application, papers: Sequence[filings.Paper], written: Sequence[media.Stored], at: datetime
) -> None:
    Document.objects.bulk_create(
        Document(id=item.id, application=application, kind=paper.kind, size=item.size, digest=item.digest, at=at)
        for paper, item in zip(papers, written, strict=True)
    )


def lock(codes_: Iterable[str], office: str) -> dict[str, Application]:
    """Hold the rows of these codes until the transaction ends, always in the same order; unknown codes are absent."""
    rows = Application.objects.select_for_update().filter(office_id=office, code__in=set(codes_)).order_by("id")
    return {row.code: row for row in rows}


def check_move(application: Application, name: str, by: Actor) -> None:
    """Refuse a move that the table does not know from this state, or not for this actor."""
    move = rules.MOVES[name]
    if not by.may(*move.roles):
        raise Refusal(
            "role", N_("Peran Anda tidak boleh melakukan ini. Minta bantuan petugas yang berwenang."), status=403
        )
    if application.state not in move.sources:
        raise Refusal(
            "state",
            N_("Permohonan {code} sedang berstatus {state}, jadi langkah ini tidak bisa dilakukan. Muat ulang halaman."),
            status=409,
            code=application.code,
            state=application.state,
        )


def move(
    applications: Sequence[Application],
    name: str,
    *,
    by: Actor,
    at: datetime,
    changes: Mapping[str, Any] | None = None,
    body: Mapping[UUID, dict[str, Any]] | None = None,
) -> None:
    """Make one move of locked rows as a set: one UPDATE, one INSERT of their entries in the trail.

    `changes` are further columns, the same for all; `body` adds to the entry of single cases.
    """
    if not applications:
        return
    for application in applications:
        check_move(application, name, by)
    target = rules.MOVES[name].target
    columns: dict[str, Any] = {"state": target, "state_at": at, **(changes or {})}
    if target in rules.FINAL:
        columns["finished_at"] = at
    Application.objects.filter(pk__in=[item.pk for item in applications]).update(**columns)
    facts = []
    for application in applications:
        own = (body or {}).get(application.pk, {})
        facts.append(
            audit.Fact(
                f"application.{name}", application.pk, application.resident_id,
                {"code": application.code, "state": [application.state, target], **own},
            )
        )  # fmt: skip
        for column, value in columns.items():
            setattr(application, column, value)
    audit.record(facts, by=by, at=at)


def tell(
    applications: Sequence[Application],
    notice: str,
    params: Mapping[UUID, dict[str, Any]] | None = None,
    private: Mapping[UUID, dict[str, str]] | None = None,
    *,
    by: Actor,
    at: datetime,
) -> None:
    """Queue a notice to the residents of these applications, in the caller's transaction."""
    conversations.notify(
        [
            conversations.Notice(
                contact_id=item.contact_id,
                notice=notice,
                case_id=item.pk,
                params={
                    "code": item.code,
                    "promise_on": item.promise_on.isoformat(),
                    "service": catalogue.service(item.service).names,
                    **((params or {}).get(item.pk, {})),
                },
                private=(private or {}).get(item.pk, {}),
            )
            for item in applications
            if item.contact_id
        ],
        by=by,
        at=at,
    )


@transaction.atomic
def decide(verdicts: Sequence[Verdict], *, by: Actor, at: datetime) -> list[Result]:
    """A verifier's decisions; each stands alone, all that stand are moved as sets."""
    queries.require(by, Role.VERIFIER)
    held = lock([item.code for item in verdicts], by.office)
    problems: dict[str, Refusal] = {}
    taken: dict[str, Verdict] = {}
    for item in verdicts:
        try:
            _check_verdict(item, held.get(item.code), taken, by)
            taken[item.code] = item
        except Refusal as problem:
            problems.setdefault(item.code, problem)
    groups: dict[str, list[Application]] = {"approve": [], "return": [], "reject": []}
    for code, item in taken.items():
        groups[item.verdict].append(held[code])
    _approve(groups["approve"], by=by, at=at)
    _send_back("return", groups["return"], taken, by=by, at=at)
    _send_back("reject", groups["reject"], taken, by=by, at=at)
    return [
        Result(item.code, problem=problems[item.code])
        if item.code in problems and taken.get(item.code) is not item
        else Result(item.code, held[item.code].state)
        for item in verdicts
    ]


def _check_verdict(item: Verdict, application: Application | None, taken: Mapping[str, Verdict], by: Actor) -> None:
    if application is None:
        raise queries.unknown(item.code)
    if item.code in taken:
        raise Refusal("twice", N_("Kode {code} tertulis dua kali dalam satu kiriman."), status=409, code=item.code)
    if item.verdict not in ("approve", "return", "reject"):
        raise Refusal("verdict", N_("Putusan harus approve, return, atau reject."), field="verdict")
    if item.verdict != "approve" and len(item.reason.strip()) < 5:
        raise Refusal(
            "reason_missing", N_("Tulis alasannya dengan kalimat yang dimengerti warga."), field="reason"
        )
    if len(item.reason) > 600:
        raise Refusal("reason_long", N_("Alasan paling panjang 600 huruf."), field="reason")
    if application.filed_by == by.name:
        raise Refusal(
            "two_people",
            N_("Permohonan {code} Anda daftarkan sendiri. Putusannya harus dari petugas lain."),
            status=409,
            code=application.code,
        )
    check_move(application, item.verdict, by)


def _approve(applications: list[Application], *, by: Actor, at: datetime) -> None:
    move(applications, "approve", by=by, at=at, changes={"verifier": by.name, "verified_at": at, "fix_fields": []})
    cards = [item for item in applications if item.slot == "card"]
    statuses = _enrolments(cards)
    ready = [item for item in cards if statuses.get(item.pk) == rules.PRINT_READY]
    waiting = [item for item in cards if statuses.get(item.pk) != rules.PRINT_READY]
    _release(ready, by=by, at=at)
    tell(
        waiting,
        "status",
        {item.pk: _explained(statuses.get(item.pk, "")) for item in waiting},
        by=by,
        at=at,
    )
    tell([item for item in applications if item.slot != "card"], "verified", by=by, at=at)


def _release(applications: list[Application], *, by: Actor, at: datetime) -> None:
    move(applications, "release", by=by, at=at)
    tell(applications, "in_line", by=by, at=at)


def _send_back(
    name: str, applications: list[Application], verdicts: Mapping[str, Verdict], *, by: Actor, at: datetime
) -> None:
    if not applications:
        return
    office = offices.office(by.office)
    reasons = {item.pk: verdicts[item.code].reason.strip() for item in applications}
    move(
        applications,
        name,
        by=by,
        at=at,
        changes={"verifier": by.name},
        body={item.pk: {"fields": list(verdicts[item.code].fields)} for item in applications},
    )
    for item in applications:
        item.reason = queries.resident_key(item).seal(TABLE, "reason", item.pk, reasons[item.pk])
        item.fix_fields = list(verdicts[item.code].fields)
    Application.objects.bulk_update(applications, ["reason", "fix_fields"])
    until = (office.today() + timedelta(days=office.settings.fix_within_days)).isoformat()
    tell(
        applications,
        "needs_fix" if name == "return" else "rejected",
        {item.pk: {"fields": item.fix_fields, "until": until} for item in applications},
        {item.pk: {"reason": reasons[item.pk]} for item in applications},
        by=by,
        at=at,
    )


@transaction.atomic
def take_statuses(rows: Sequence[tuple[bytes, str, date]], *, by: Actor, at: datetime) -> int:
    """Keep enrolment statuses (NIK index, status, as of) and move the cases they release or hold; returns how many
    were new or changed. Every other news is told to the resident in plain words."""
    changed = residents.note_statuses(rows, by=by, at=at)
    if not changed:
        return 0
    affected = list(
        Application.objects.select_for_update(of=("self",))
        .filter(
            office_id=by.office, resident__nik_index__in=list(changed), slot="card", state__in=["verified", "ready"]
        )
        .select_related("resident")
        .order_by("id")
    )
    status = {item.pk: changed[bytes(item.resident.nik_index)] for item in affected}
    _release(
        [item for item in affected if item.state == "verified" and status[item.pk] == rules.PRINT_READY], by=by, at=at
    )
    held = [item for item in affected if item.state == "ready" and status[item.pk] != rules.PRINT_READY]
    move(held, "hold", by=by, at=at, body={item.pk: {"status": status[item.pk]} for item in held})
    waiting = [item for item in affected if status[item.pk] != rules.PRINT_READY]
    tell(waiting, "status", {item.pk: _explained(status[item.pk]) for item in waiting}, by=by, at=at)
    audit.record([audit.Fact("enrolment.note", body={"changed": len(changed), "rows": len(rows)})], by=by, at=at)
    return len(changed)


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
    contents = [images.accept(paper.content) for paper in papers]
    key = queries.resident_key(application)
    written = media.store([(uuid7(), content) for content in contents], key)
    try:
        with transaction.atomic():
            held = lock([code], by.office)[code]
            claims = json.loads(key.open_text(TABLE, "claims", held.pk, bytes(held.claims)))
            claims.update({name: text.strip() for name, text in values.items() if name in asked and text.strip()})
            changes: dict[str, Any] = {
                "claims": key.seal(TABLE, "claims", held.pk, json.dumps(claims)),
                "fix_fields": [],
                "reason": None,
            }
            if papers:
                changes["complete_at"] = at
                Document.objects.filter(
                    application=held, kind__in=[paper.kind for paper in papers], replaced_at=None
                ).update(replaced_at=at)
            body = {"fields": sorted(asked), "complete_at": [_iso(held.complete_at), _iso(at if papers else held.complete_at)]}
            move([held], "correct", by=by, at=at, changes=changes, body={held.pk: body})
            _keep_documents(held, papers, written, at)
            tell([held], "corrected", by=by, at=at)
    except BaseException:
        media.delete([item.id for item in written])
        raise
    return Receipt(held.pk, held.code, held.state, queries.place(held), held.promise_on)


@transaction.atomic
def cancel(code: str, *, by: Actor, at: datetime) -> None:
    """The resident no longer wants it; possible until it is being printed."""
    application = lock([code], by.office).get(code)
    if application is None:
        raise queries.unknown(code)
    move([application], "cancel", by=by, at=at)
    tell([application], "cancelled", by=by, at=at)


@transaction.atomic
def advance_paper(codes_: Sequence[str], name: str, *, by: Actor, at: datetime) -> list[Result]:
    """`sign` or `send` papers as a set; each item stands alone."""
    held = lock(codes_, by.office)
    results: list[Result] = []
    moved: list[Application] = []
    for code in dict.fromkeys(codes_):
        try:
            if code not in held:
                raise queries.unknown(code)
            if held[code].slot == "card":
                raise Refusal("is_card", N_("Permohonan {code} adalah kartu, bukan dokumen kertas."), code=code)
            check_move(held[code], name, by)
            moved.append(held[code])
            results.append(Result(code, rules.MOVES[name].target))
        except Refusal as problem:
            results.append(Result(code, problem=problem))
    move(moved, name, by=by, at=at)
    if name == "send":
        tell(moved, "sent", by=by, at=at)
    return results


@transaction.atomic
def slip(applications: Sequence[Application], until: date, cause: str, *, by: Actor, at: datetime) -> None:
    """A promise that cannot be kept: the resident hears first, with the cause and the new date."""
    Application.objects.filter(pk__in=[item.pk for item in applications]).update(promise_on=until)
    facts = [
        audit.Fact(
            "application.slip", item.pk, item.resident_id,
            {"cause": cause, "promise_on": [item.promise_on.isoformat(), until.isoformat()]},
        )
        for item in applications
    ]  # fmt: skip
    audit.record(facts, by=by, at=at)
    tell(
        applications, "delayed", {item.pk: {"cause": cause, "promise_on": until.isoformat()} for item in applications},
        by=by, at=at,
    )  # fmt: skip


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
    queries.require(by, Role.VERIFIER, Role.COUNTER, Role.AUDITOR, Role.RECORDER)
    if len(reason.strip()) < 5:
        raise Refusal("reason_missing", N_("Tulis alasan membuka NIK."), field="reason")
    application = queries.by_code(code, by.office)
    audit.record(
        [audit.Fact("read.nik", application.pk, application.resident_id, {"reason": reason.strip()[:200]})], by=by, at=at
    )
    return queries.case(application).nik


@transaction.atomic
def search_nik(nik: str, reason: str, *, by: Actor, at: datetime) -> list[queries.Row]:
    """Applications of the resident with this whole NIK; recorded with its reason, found or not."""
    queries.require(by, Role.VERIFIER, Role.COUNTER, Role.AUDITOR, Role.RECORDER)
    if len(reason.strip()) < 5:
        raise Refusal("reason_missing", N_("Tulis alasan mencari dengan NIK."), field="reason")
    nik_index = crypto.index("nik", nik, crypto.keyring())
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM residents_resident WHERE office_id = %s AND nik_index = %s", [by.office, nik_index]
        )
        found = cursor.fetchone()
    fact = audit.Fact("read.search_nik", None, found[0] if found else None, {"reason": reason.strip()[:200]})
    audit.record([fact], by=by, at=at)
    return queries.by_nik(nik_index, by.office)


@transaction.atomic
def photo(document: UUID, *, by: Actor, at: datetime) -> bytes:
    """The photo of one paper, opened for a person of the office that holds the case."""
    queries.require(by, Role.VERIFIER, Role.COUNTER, Role.AUDITOR)
    row = Document.objects.select_related("application").filter(pk=document, application__office_id=by.office).first()
    if row is None:
        raise Refusal("document_unknown", N_("Berkas ini tidak ada di kantor Anda."), status=404)
    audit.record(
        [audit.Fact("read.photo", row.application_id, row.application.resident_id, {"kind": row.kind})], by=by, at=at
    )
    return media.read(row.pk, queries.resident_key(row.application))


def set_delivery(
    application: Application, method: str, address: Address | None, *, fee: int | None, at: datetime
) -> None:
    """Keep how the card goes home; `delivery.choose` is the action that decides whether it may."""
    application.method, application.chosen_at, application.fee = method, at, fee
    if address is not None:
        office = offices.office(application.office_id)
        filings.check_address(address, office)
        application.address = queries.resident_key(application).seal(
            TABLE, "address", application.pk, filings.address_text(address, office)
        )
    application.save(update_fields=["method", "chosen_at", "fee", "address"])


def _explained(status: str) -> dict[str, Any]:
    """A status of SIAK as the resident hears it: what it means and what to do."""
    known = siak.explain(status)
    return {"status": status, "meaning": known.meaning, "todo": known.todo}


def _enrolments(applications: list[Application]) -> dict[UUID, str]:
    if not applications:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.id, e.status FROM applications_application a JOIN residents_resident r ON r.id = a.resident_id "
            "JOIN residents_enrolment e ON e.office_id = r.office_id AND e.nik_index = r.nik_index "
            "WHERE a.id = ANY(%s)",
            [[item.pk for item in applications]],
        )
        return dict(cursor.fetchall())


def _documents(application: Application) -> tuple[str, ...]:
    return catalogue.service(application.service).documents


def _iso(at: datetime) -> str:
    return at.isoformat()

