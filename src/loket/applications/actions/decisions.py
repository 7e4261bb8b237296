"""What the office decides, what SIAK says, and what happens to the promise."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from loket.applications import filing as filings
from loket.applications import queries, rules
from loket.applications import statuses as siak
from loket.applications.actions.moves import Result, check_move, each, lock, move, tell
from loket.applications.actions.reading import check_reason
from loket.applications.filing import Address
from loket.applications.models import Application
from loket.audit import actions as audit
from loket.catalogue import queries as catalogue
from loket.conversations import actions as conversations
from loket.core.actor import Actor, Role, require
from loket.core.errors import N_, Refusal
from loket.offices import queries as offices
from loket.residents import actions as residents
from loket.residents import phones

TABLE = "applications_application"
# Working days until the next promise, when one could not be kept.
NEW_PROMISE_DAYS = 5
CAUSE_BUSY = N_("antrean lebih panjang dari perkiraan")
CAUSE_CENTRE = N_("status rekaman Anda dari pusat belum siap cetak")


@dataclass(frozen=True, slots=True)
class Verdict:
    """A verifier's decision about one case: `approve`, `return` or `reject`, with a reason for the last two."""

    code: str
    verdict: str
    reason: str = ""
    fields: tuple[str, ...] = ()


@transaction.atomic
def decide(verdicts: Sequence[Verdict], *, by: Actor, at: datetime) -> list[Result]:
    """A verifier's decisions; each stands alone, all that stand are moved as sets."""
    require(by, Role.VERIFIER)
    held = lock([item.code for item in verdicts], by.office)
    wanted: dict[str, Verdict] = {}
    for item in verdicts:
        wanted.setdefault(item.code, item)
    taken, results = each(
        [item.code for item in verdicts], held, lambda application: _check_verdict(wanted[application.code], application, by),
        reached="",
    )  # fmt: skip
    groups: dict[str, list[Application]] = {"approve": [], "return": [], "reject": []}
    for application in taken:
        groups[wanted[application.code].verdict].append(application)
    _approve(groups["approve"], by=by, at=at)
    _send_back("return", groups["return"], wanted, by=by, at=at)
    _send_back("reject", groups["reject"], wanted, by=by, at=at)
    return [item if item.problem else Result(item.code, held[item.code].state) for item in results]


def _check_verdict(item: Verdict, application: Application, by: Actor) -> None:
    if item.verdict not in ("approve", "return", "reject"):
        raise Refusal("verdict", N_("Putusan harus approve, return, atau reject."), field="verdict")
    if item.verdict != "approve" and len(item.reason.strip()) < 5:
        raise Refusal(
            "reason_missing", N_("Tulis alasannya dengan kalimat yang dimengerti warga."), field="reason"
        )
    if len(item.reason) > 600:
        raise Refusal("reason_long", N_("Alasan paling panjang 600 huruf."), field="reason")
    papers = catalogue.service(application.service).documents
    if odd := [name for name in item.fields if name not in (*filings.FIELDS, *papers)]:
        raise Refusal(
            "field_unknown", N_("Bagian {odd} tidak ada di permohonan ini. Pilih dari daftar bagiannya."), field="fields",
            odd=", ".join(odd),
        )  # fmt: skip
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
    asked = {item.pk: _asked(name, item, verdicts[item.code]) for item in applications}
    reasons = {item.pk: verdicts[item.code].reason.strip() for item in applications}
    move(
        applications,
        name,
        by=by,
        at=at,
        changes={"verifier": by.name},
        body={item.pk: {"fields": asked[item.pk]} for item in applications},
    )
    keys = queries.resident_keys(applications)
    for item in applications:
        item.reason = keys[item.pk].seal(TABLE, "reason", item.pk, reasons[item.pk])
        item.fix_fields = asked[item.pk]
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


def _asked(name: str, application: Application, verdict: Verdict) -> list[str]:
    """What a resident is asked again: the parts that the officer flagged, or every paper when none was named."""
    named = list(dict.fromkeys(verdict.fields))
    return named or (list(catalogue.service(application.service).documents) if name == "return" else [])


@transaction.atomic
def take_statuses(
    rows: Sequence[tuple[bytes, str, date]], *, over: Sequence[str] | None = None, by: Actor, at: datetime
) -> int:
    """Keep enrolment statuses (NIK index, status, as of) and move the cases they release or hold; returns how many
    were new or changed. Every other news is told to the resident in plain words. With `over`, only a status named
    there is replaced."""
    require(by, Role.VERIFIER, Role.RECORDER, Role.ADMIN)
    changed = residents.note_statuses(rows, over=over, by=by, at=at)
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


@transaction.atomic
def change_phone(code: str, phone: str, reason: str, *, by: Actor, at: datetime) -> None:
    """Another WhatsApp number for a request, after a verifier has seen the resident's identity: her number was wrong,
    lost, or has another holder. Who changes it does not hand the card over."""
    require(by, Role.VERIFIER)
    number = phones.parse_phone(phone)
    check_reason(reason, N_("Tulis alasan mengubah nomor, misalnya identitas yang ditunjukkan."))
    application = lock([code], by.office).get(code)
    if application is None:
        raise queries.unknown(code)
    if application.state in rules.FINAL:
        raise Refusal("state", N_("Permohonan ini sudah selesai."), status=409)
    key = queries.resident_key(application)
    claims = json.loads(key.open_text(TABLE, "claims", application.pk, bytes(application.claims)))
    claims["phone"] = number
    contact = conversations.contact_by_phone(number, office=by.office, at=at)
    Application.objects.filter(pk=application.pk).update(
        claims=key.seal(TABLE, "claims", application.pk, json.dumps(claims)), contact_id=contact
    )
    audit.record(
        [
            audit.Fact(
                "application.change_phone", application.pk, application.resident_id,
                {"code": code, "reason": reason.strip()[:200]},
            )
        ],
        by=by,
        at=at,
    )  # fmt: skip


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
    def check(application: Application) -> None:
        if application.slot == "card":
            raise Refusal(
                "is_card", N_("Permohonan {code} adalah kartu, bukan dokumen kertas."), code=application.code
            )
        check_move(application, name, by)

    moved, results = each(codes_, lock(codes_, by.office), check, reached=rules.MOVES[name].target)
    move(moved, name, by=by, at=at)
    if name == "send":
        tell(moved, "sent", by=by, at=at)
    return results


def slip_overdue(*, by: Actor, at: datetime) -> int:
    """Promises of yesterday that were not kept get a new date, with their cause; returns how many."""
    office = offices.office(by.office)
    late = queries.overdue(by.office, office.today())
    until = office.working_days_from(office.today(), NEW_PROMISE_DAYS)
    for cause, group in (
        (CAUSE_CENTRE, [item for item in late if item.state == "verified" and item.slot == "card"]),
        (CAUSE_BUSY, [item for item in late if item.state != "verified" or item.slot != "card"]),
    ):
        if group:
            slip(group, until, cause, by=by, at=at)
    return len(late)


@transaction.atomic
def slip(applications: Sequence[Application], until: date, cause: str, *, by: Actor, at: datetime) -> None:
    """A promise that cannot be kept: the resident hears first, with the cause and the new date."""
    held = lock([item.code for item in applications], by.office).values()
    # What was finished, or promised anew, while the list was made needs no news.
    applications = [item for item in held if item.state in rules.OURS and item.promise_on < until]
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


def set_delivery(
    application: Application, method: str, address: Address | None, *, fee: int | None, at: datetime
) -> None:
    """Keep how the card goes home; `delivery.choose` is the action that decides whether it may."""
    application.method, application.chosen_at, application.fee = method, at, fee
    sealed: bytes | None = None
    if address is not None:
        office = offices.office(application.office_id)
        filings.check_address(address, office)
        sealed = queries.resident_key(application).seal(
            TABLE, "address", application.pk, filings.address_text(address, office)
        )
        application.address = sealed
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE applications_application SET method = %s, chosen_at = %s, fee = %s, address = COALESCE(%s, address) "
            "WHERE id = %s",
            [method, at, fee, sealed, application.pk],
        )


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
