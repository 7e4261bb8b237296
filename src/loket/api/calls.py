"""The calls of the contract: each turns a body into plain values, asks one action, and answers."""

from __future__ import annotations

import binascii
from typing import Any
from uuid import UUID

import pybase64
from django.http import HttpRequest, HttpResponse

from loket.api import shapes
from loket.api.door import actor, api, code, once, results, stored_codes
from loket.applications import actions as applications
from loket.applications import queries as cases
from loket.applications import rules, statuses
from loket.applications.filing import Address, Filing, Paper
from loket.audit import queries as trail
from loket.catalogue import queries as catalogue
from loket.core import clock, crypto, text
from loket.core.actor import Role
from loket.core.errors import N_, Refusal
from loket.delivery import actions as delivery
from loket.delivery import queries as parcels
from loket.offices import queries as offices
from loket.printing import actions as printing
from loket.residents import nik as niks
from loket.stock import actions as stock_actions
from loket.stock import queries as stock_queries

STAFF = tuple(role for role in Role if role is not Role.RESIDENT)


@api.post("applications", response={201: shapes.ReceiptOut})
def file_application(request: HttpRequest, payload: shapes.ApplicationIn) -> HttpResponse:
    """File a request for a resident; complete papers get a code, a place and a promise at once."""
    by = actor(request, Role.RESIDENT, Role.COUNTER)
    if payload.channel == "counter" and Role.COUNTER not in by.roles:
        raise Refusal("channel", N_("Hanya petugas loket yang boleh memakai kanal counter."), field="channel", status=403)

    def work() -> tuple[int, Any]:
        receipt = applications.file(
            Filing(
                service=catalogue.service(payload.service),
                nik=payload.nik,
                kk_number=payload.kk_number,
                name=payload.name,
                birth_date=payload.birth_date,
                phone=payload.phone,
                address=_address(payload.address),
                papers=[Paper(item.kind, _bytes(item.content_base64)) for item in payload.documents],
                channel=payload.channel,
            ),
            by=by,
            at=clock.now(),
        )
        return 201, {
            "code": receipt.code,
            "state": receipt.state,
            "place": receipt.place,
            "promise_on": receipt.promise_on,
        }

    return once(request, by, work)


@api.get("applications/{code_text}")
def show_application(request: HttpRequest, code_text: str) -> dict[str, Any]:
    """State, place, promise, timeline and who must act; personal data masked."""
    by = actor(request)
    application = cases.by_code(code(code_text), by.office)
    known = cases.case(application)
    parcel = parcels.parcel(application)
    return {
        "code": application.code,
        "service": application.service,
        "channel": application.channel,
        "state": application.state,
        "place": cases.place(application),
        "promise_on": application.promise_on,
        "complete_at": application.complete_at,
        "method": application.method or None,
        "fee": application.fee,
        "tracking_number": parcel.tracking_number if parcel else None,
        "who_acts": who_acts(application.state, known.enrolment if application.slot == "card" else ""),
        "enrolment_status": known.enrolment or None,
        "resident": {"name": text.mask_name(known.name), "nik": text.mask_nik(known.nik)},
        "timeline": [
            {"at": line.at, "action": line.action, "state": line.body["state"][1]}
            for line in trail.story(application.pk)
            if "state" in line.body
        ],
    }


def who_acts(state: str, enrolment: str = "") -> str:
    """Who must act next: the resident, the office, the centre, the post, or nobody any more."""
    if state == "verified" and enrolment:
        return statuses.explain(enrolment).who_acts
    if state in rules.FINAL:
        return "nobody"
    if state in ("needs_fix", "on_shelf", "returned_home"):
        return "resident"
    return "post" if state in ("in_transit", "manifested") else "office"


@api.post("enrolment-statuses", response=shapes.Results)
def note_statuses(request: HttpRequest, payload: shapes.Statuses) -> HttpResponse:
    """What SIAK says about residents; only PRINT_READY_RECORD goes on to the printer."""
    by = actor(request, Role.RECORDER, Role.ADMIN)

    def work() -> tuple[int, Any]:
        rows, found = [], []
        today = offices.office(by.office).today()
        for item in payload.items:
            try:
                nik = niks.parse_nik(item.nik, strict=False).digits
                if item.as_of > today:
                    raise Refusal("as_of", N_("Tanggal status tidak boleh setelah hari ini."), field="as_of")
                status = statuses.parse(item.status)
                rows.append((crypto.index("nik", nik, crypto.keyring()), status.code, item.as_of))
                found.append(applications.Result("", status.code))
            except Refusal as problem:
                found.append(applications.Result("", problem=problem))
        if rows:
            applications.take_statuses(rows, by=by, at=clock.now())
        return 200, {"results": results(found)}

    return once(request, by, work)


@api.post("verifications", response=shapes.Results)
def verify(request: HttpRequest, payload: shapes.Verdicts) -> HttpResponse:
    """Approve, return with a reason, or reject with a reason."""
    by = actor(request, Role.VERIFIER)

    def work() -> tuple[int, Any]:
        verdicts = [
            applications.Verdict(name, item.verdict, item.reason, tuple(item.fields))
            for name, item in zip(stored_codes([item.code for item in payload.items]), payload.items, strict=True)
        ]
        return 200, {"results": results(applications.decide(verdicts, by=by, at=clock.now()))}

    return once(request, by, work)


@api.post("batches", response=shapes.BatchOut)
def open_batch(request: HttpRequest, payload: shapes.BatchIn) -> HttpResponse:
    """The next cards in order of service, at most the blanks on hand."""
    by = actor(request, Role.PRINTER)

    def work() -> tuple[int, Any]:
        batch, found = printing.open_batch(payload.size, by=by, at=clock.now())
        return 200, {"batch": batch.pk, "codes": found}

    return once(request, by, work)


@api.post("batches/{batch}/results", response=shapes.Results)
def settle_batch(request: HttpRequest, batch: UUID, payload: shapes.Prints) -> HttpResponse:
    """How each card came out; a spoiled blank draws another and the case keeps its place."""
    by = actor(request, Role.PRINTER)

    def work() -> tuple[int, Any]:
        outcomes = [
            printing.Outcome(name, item.result)
            for name, item in zip(stored_codes([item.code for item in payload.items]), payload.items, strict=True)
        ]
        return 200, {"results": results(printing.settle(batch, outcomes, by=by, at=clock.now()))}

    return once(request, by, work)


@api.post("applications/{code_text}/choice")
def choose(request: HttpRequest, code_text: str, payload: shapes.ChoiceIn) -> HttpResponse:
    """Kantor Pos or pickup, asked after printing; may change until the envelope is closed."""
    by = actor(request, Role.RESIDENT, Role.COUNTER)

    def work() -> tuple[int, Any]:
        address = _address(payload.address) if payload.address else None
        application = delivery.choose(code(code_text), payload.method, address, by=by, at=clock.now())
        return 200, {
            "code": application.code,
            "state": application.state,
            "method": application.method,
            "fee": application.fee,
        }

    return once(request, by, work)


@api.post("manifests", response=shapes.ManifestOut)
def open_manifest(request: HttpRequest, payload: shapes.Codes) -> HttpResponse:
    """Close envelopes and list them for the post."""
    by = actor(request, Role.DISPATCHER)

    def work() -> tuple[int, Any]:
        wanted = stored_codes([item.code for item in payload.items])
        manifest, found = delivery.open_manifest(wanted, by=by, at=clock.now())
        return 200, {"manifest": manifest.pk if manifest else None, "results": results(found)}

    return once(request, by, work)


@api.post("manifests/{manifest}/close")
def close_manifest(request: HttpRequest, manifest: UUID, payload: shapes.CountIn) -> HttpResponse:
    """The office signs: as many envelopes counted as listed."""
    by = actor(request, Role.DISPATCHER)

    def work() -> tuple[int, Any]:
        row = delivery.close_manifest(manifest, payload.count, by=by, at=clock.now())
        return 200, {"manifest": row.pk, "number": row.number, "count": row.count}

    return once(request, by, work)


@api.post("manifests/{manifest}/handover", response=shapes.Results)
def hand_over(request: HttpRequest, manifest: UUID, payload: shapes.Handovers) -> HttpResponse:
    """The post takes envelopes over by scanning them."""
    by = actor(request, Role.COURIER)

    def work() -> tuple[int, Any]:
        scans = list(
            zip(
                stored_codes([item.code for item in payload.items]),
                [item.tracking_number for item in payload.items],
                strict=True,
            )
        )
        _, found = delivery.hand_over(manifest, scans, by=by, at=clock.now())
        return 200, {"results": results(found)}

    return once(request, by, work)


@api.post("deliveries", response=shapes.Results)
def deliver(request: HttpRequest, payload: shapes.Deliveries) -> HttpResponse:
    """Scans at the door: delivered with proof, failed, or on the way home."""
    by = actor(request, Role.COURIER)

    def work() -> tuple[int, Any]:
        scans = [
            delivery.Scan(name, item.scan_id, item.outcome, item.receiver, item.relation, item.suket, item.reason)
            for name, item in zip(stored_codes([item.code for item in payload.items]), payload.items, strict=True)
        ]
        return 200, {"results": results(delivery.deliver(scans, by=by, at=clock.now()))}

    return once(request, by, work)


@api.post("pickups", response=shapes.Results)
def collect(request: HttpRequest, payload: shapes.Pickups) -> HttpResponse:
    """Cards handed over at the counter against the one-time code."""
    by = actor(request, Role.COUNTER)

    def work() -> tuple[int, Any]:
        items = [
            delivery.Pickup(name, item.pickup_code, item.receiver, item.relation, item.suket)
            for name, item in zip(stored_codes([item.code for item in payload.items]), payload.items, strict=True)
        ]
        return 200, {"results": results(delivery.collect(items, by=by, at=clock.now()))}

    return once(request, by, work)


@api.get("queue")
def queue(request: HttpRequest, state: str = "submitted", cursor: str = "", limit: int = 25) -> dict[str, Any]:
    """Cases in one state in the order of service, page by page."""
    by = actor(request, *STAFF)
    if state not in rules.STATES or not 1 <= limit <= 200:
        raise Refusal("query", N_("Pilih state dari daftar, dan limit antara 1 dan 200."), status=400)
    rows, following = cases.queue(by.office, state=state, after=cursor, limit=limit)
    return {"items": [_row(row) for row in rows], "next": following or None}


@api.get("search")
def search(request: HttpRequest, q: str, reason: str = "") -> dict[str, Any]:
    """By code, by name, or by the whole NIK with a recorded reason."""
    by = actor(request, *STAFF)
    return {"items": [_row(row) for row in applications.search(q, reason, by=by, at=clock.now())]}


@api.get("stock")
def stock(request: HttpRequest, cursor: str = "") -> dict[str, Any]:
    """What lies where, and the newest movements, page by page."""
    by = actor(request, *STAFF)
    rows, following = stock_queries.page(by.office, stock_actions.CARD, after=cursor)
    return {
        "product": stock_actions.CARD,
        "on_hand": stock_queries.on_hand(by.office, stock_actions.CARD),
        "balances": stock_queries.balances(by.office, stock_actions.CARD),
        "movements": [row._asdict() for row in rows],
        "next": following,
    }


def _row(row: cases.Row) -> dict[str, Any]:
    return {
        "code": row.code,
        "service": row.service,
        "channel": row.channel,
        "state": row.state,
        "name": text.mask_name(row.name),
        "complete_at": row.complete_at,
        "promise_on": row.promise_on,
        "enrolment_status": row.enrolment or None,
    }


def _address(given: shapes.AddressIn) -> Address:
    return Address(given.line, given.kelurahan, given.postal_code)


def _bytes(content: str) -> bytes:
    try:
        return pybase64.b64decode(content, validate=True)
    except binascii.Error as error:
        raise Refusal(
            "base64", N_("Isi berkas bukan base64 yang utuh. Kirim ulang berkasnya."), field="content_base64"
        ) from error
