"""By Kantor Pos: envelopes, the manifest, its take-over by scanning, and what happens at the door."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F

from loket.applications import actions as applications
from loket.applications import queries as cases
from loket.applications.actions import Result
from loket.applications.models import Application
from loket.audit import actions as audit
from loket.catalogue import queries as catalogue
from loket.core.actor import Actor, Role, require
from loket.core.errors import N_, Refusal
from loket.delivery import rules
from loket.delivery.actions.choice import lock_one
from loket.delivery.actions.hands import hand_into
from loket.delivery.models import Event, Manifest, Parcel
from loket.offices import actions as numbers


@dataclass(frozen=True, slots=True)
class Scan:
    """What the post officer noted at the door; `scan_id` is made by his device and makes a repeat harmless."""

    code: str
    scan_id: str
    outcome: str
    receiver: str = ""
    relation: str = "self"
    suket: str = "none"
    reason: str = ""


@transaction.atomic
def open_manifest(codes: Sequence[str], *, by: Actor, at: datetime) -> tuple[Manifest | None, list[Result]]:
    """Close envelopes and list them on a new manifest; each item stands alone, and without any there is no manifest."""
    require(by, Role.DISPATCHER)
    held = applications.lock(codes, by.office)
    taken, results = applications.each(
        codes, held, lambda application: _check_envelope(application, by), reached="enveloped"
    )
    if not taken:
        return None, results
    number = numbers.next_number(by.office, "manifest")
    manifest = Manifest.objects.create(office_id=by.office, number=number, opened_by=by.name, opened_at=at)
    Parcel.objects.bulk_create(
        Parcel(manifest=manifest, application=item, fee=item.fee or 0) for item in taken
    )
    applications.move(taken, "envelope", by=by, at=at, body={item.pk: {"manifest": number} for item in taken})
    return manifest, results


def _check_envelope(application: Application, by: Actor) -> None:
    applications.check_move(application, "envelope", by)
    if application.method != "post":
        raise Refusal(
            "not_by_post", N_("Pemohon {code} belum memilih Kantor Pos."), status=409, code=application.code
        )


@transaction.atomic
def take_out(code: str, *, by: Actor, at: datetime) -> None:
    """Open an envelope again while its manifest is open, for instance because the resident changed her mind."""
    require(by, Role.DISPATCHER)
    application = lock_one(code, by)
    applications.move([application], "open_envelope", by=by, at=at)
    Parcel.objects.filter(application=application, outcome="").update(outcome="taken_out", ended_at=at)


@transaction.atomic
def close_manifest(manifest_id: UUID, count: int, *, by: Actor, at: datetime) -> Manifest:
    """The office signs: the envelopes counted by hand must be as many as on the list."""
    require(by, Role.DISPATCHER)
    manifest = _manifest(manifest_id, by)
    if manifest.closed_at:
        raise Refusal("closed", N_("Manifes ini sudah ditutup."), status=409)
    held = _on(manifest)
    if count != len(held):
        raise Refusal(
            "count",
            N_("Hitungan Anda {count}, di daftar ada {listed}. Hitung lagi amplopnya, atau keluarkan yang tidak ada."),
            status=409,
            field="count",
            count=count,
            listed=len(held),
        )
    applications.move(held, "manifest", by=by, at=at, body={item.pk: {"manifest": manifest.number} for item in held})
    manifest.closed_at, manifest.count = at, count
    manifest.save(update_fields=["closed_at", "count"])
    return manifest


@transaction.atomic
def hand_over(
    manifest_id: UUID, scans: Sequence[tuple[str, str]], *, by: Actor, at: datetime
) -> tuple[Manifest, list[Result]]:
    """The post takes envelopes over by scanning (code, tracking number or empty); each item stands alone."""
    require(by, Role.COURIER)
    manifest = _manifest(manifest_id, by)
    if not manifest.closed_at:
        raise Refusal("open", N_("Manifes ini belum ditutup kantor. Minta petugas menutupnya dulu."), status=409)
    held = applications.lock([code for code, _ in scans], by.office)
    parcels = {
        parcel.application_id: parcel for parcel in Parcel.objects.select_for_update().filter(manifest=manifest, outcome="")
    }
    given: dict[UUID, str | None] = {}
    tracking = dict(scans)
    written = [rules.bare_tracking(text) for text in tracking.values()]
    _hold_numbers(written)
    used = set(Parcel.objects.filter(tracking_number__in=written).values_list("tracking_number", flat=True))

    def check(application: Application) -> None:
        if application.pk not in parcels:
            raise Refusal(
                "not_on_manifest", N_("Amplop {code} tidak ada di manifes ini."), status=409, code=application.code
            )
        applications.check_move(application, "hand_over", by)
        number = rules.clean_tracking(tracking[application.code])
        if number and (number in used or number in given.values()):
            raise Refusal(
                "tracking_used", N_("Nomor kiriman {number} sudah dipakai amplop lain. Pindai ulang."), status=409,
                field="tracking_number", number=number,
            )  # fmt: skip
        given[application.pk] = number

    taken, results = applications.each([code for code, _ in scans], held, check, reached="in_transit")
    for application in taken:
        parcels[application.pk].tracking_number = given[application.pk]
        parcels[application.pk].handed_at = at
    Parcel.objects.bulk_update([parcels[item.pk] for item in taken], ["tracking_number", "handed_at"])
    applications.move(taken, "hand_over", by=by, at=at, body={item.pk: {"manifest": manifest.number} for item in taken})
    applications.tell(
        taken,
        "posted",
        {item.pk: {"fee": item.fee, "tracking": given[item.pk] or ""} for item in taken},
        by=by,
        at=at,
    )
    if taken and not manifest.handed_at:
        manifest.handed_at, manifest.courier = at, by.name
        manifest.save(update_fields=["handed_at", "courier"])
    return manifest, results


@transaction.atomic
def deliver(scans: Sequence[Scan], *, by: Actor, at: datetime) -> list[Result]:
    """Scans at the door: delivered with proof, a failed attempt, or on the way home. Each item stands alone, and a
    scan known by its `scan_id` gets the same answer again. A program of the post may note them for every
    courier of the office; the page shows each courier what he took over himself."""
    require(by, Role.COURIER)
    known = {
        scan_id: (code, outcome)
        for scan_id, code, outcome in Event.objects.filter(scan_id__in=[scan.scan_id for scan in scans]).values_list(
            "scan_id", "parcel__application__code", "outcome"
        )
    }
    held = applications.lock([scan.code for scan in scans], by.office)
    parcels = {
        parcel.application_id: parcel
        for parcel in Parcel.objects.select_for_update().filter(
            application__in=[item.pk for item in held.values()], outcome=""
        )
    }
    results: list[Result] = []
    good: list[tuple[Scan, Application, str]] = []
    seen: set[str] = set()
    for scan in scans:
        application = held.get(scan.code)
        try:
            if known.get(scan.scan_id) == (scan.code, scan.outcome) and application is not None:
                results.append(Result(scan.code, application.state))
                continue
            name = _check_scan(scan, application, known, seen, by)
        except Refusal as problem:
            results.append(Result(scan.code, problem=problem))
            continue
        assert application is not None
        seen |= {scan.code, scan.scan_id}
        good.append((scan, application, name))
        results.append(
            Result(scan.code, {"delivered": "delivered", "returned": "returned_home"}.get(scan.outcome, "in_transit"))
        )
    Event.objects.bulk_create(
        Event(
            scan_id=scan.scan_id, parcel=parcels[application.pk], outcome=scan.outcome, reason=scan.reason[:40],
            actor=by.name, at=at,
        )
        for scan, application, _ in good
    )  # fmt: skip
    _end_parcels([(scan, parcels[application.pk]) for scan, application, _ in good], at)
    _delivered([item for item in good if item[0].outcome == "delivered"], by=by, at=at)
    _returned([item for item in good if item[0].outcome == "returned"], by=by, at=at)
    _failed([item for item in good if item[0].outcome == "failed"], by=by, at=at)
    return results


def _check_scan(
    scan: Scan, application: Application | None, known: Container[str], seen: set[str], by: Actor
) -> str:
    if application is None:
        raise cases.unknown(scan.code)
    if not 1 <= len(scan.scan_id) <= 64 or scan.scan_id in known or scan.scan_id in seen:
        raise Refusal(
            "scan_id", N_("Tanda pindai ini kosong, terlalu panjang, atau sudah dipakai. Pakai tanda baru untuk tiap pindaian."),
            status=409, field="scan_id",
        )  # fmt: skip
    if scan.code in seen:
        raise Refusal("twice", N_("Kode {code} tertulis dua kali dalam satu kiriman."), status=409, code=scan.code)
    if scan.outcome == "delivered":
        applications.check_move(application, "deliver", by)
        return rules.check_receiver(scan.receiver, scan.relation, scan.suket, catalogue.service(application.service).takes_back)
    if scan.outcome not in ("failed", "returned"):
        raise Refusal("outcome", N_("Hasil antar harus delivered, failed, atau returned."), field="outcome")
    applications.check_move(application, "bring_home" if scan.outcome == "returned" else "deliver", by)
    if scan.reason not in rules.FAILURES:
        raise Refusal("reason_missing", N_("Pilih alasan dari daftar."), field="reason")
    return ""


def _end_parcels(items: Sequence[tuple[Scan, Parcel]], at: datetime) -> None:
    ids = {outcome: [parcel.pk for scan, parcel in items if scan.outcome == outcome] for outcome in ("delivered", "returned")}
    Parcel.objects.filter(pk__in=[parcel.pk for _, parcel in items]).update(attempts=F("attempts") + 1)
    for outcome, parcels in ids.items():
        if parcels:
            Parcel.objects.filter(pk__in=parcels).update(outcome=outcome, ended_at=at)


def _delivered(items: Sequence[tuple[Scan, Application, str]], *, by: Actor, at: datetime) -> None:
    if not items:
        return
    applications.move(
        [application for _, application, _ in items], "deliver", by=by, at=at,
        body={application.pk: {"relation": scan.relation, "suket": scan.suket} for scan, application, _ in items},
    )  # fmt: skip
    hand_into(
        [(application, name, scan.relation, scan.suket) for scan, application, name in items], "post", by=by, at=at
    )


def _returned(items: Sequence[tuple[Scan, Application, str]], *, by: Actor, at: datetime) -> None:
    if not items:
        return
    home = [application for _, application, _ in items]
    reasons = {application.pk: {"reason": scan.reason} for scan, application, _ in items}
    applications.move(home, "bring_home", by=by, at=at, body=reasons, changes={"method": "", "fee": None, "chosen_at": None})
    applications.tell(home, "returned_home", reasons, by=by, at=at)


def _failed(items: Sequence[tuple[Scan, Application, str]], *, by: Actor, at: datetime) -> None:
    audit.record(
        [
            audit.Fact(
                "delivery.attempt_failed", application.pk, application.resident_id,
                {"code": application.code, "reason": scan.reason},
            )
            for scan, application, _ in items
        ],
        by=by,
        at=at,
    )  # fmt: skip
    applications.tell(
        [application for _, application, _ in items],
        "attempt_failed",
        {application.pk: {"reason": scan.reason} for scan, application, _ in items},
        by=by,
        at=at,
    )


def _hold_numbers(numbers: Sequence[str]) -> None:
    """Two post officers who scan the same number on two manifests take turns, so that the second reads a sentence."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext('tracking:' || number)) FROM unnest(%s::text[]) AS number",
            [sorted({number for number in numbers if number})],
        )


def _manifest(manifest_id: UUID, by: Actor) -> Manifest:
    manifest = Manifest.objects.select_for_update().filter(pk=manifest_id, office_id=by.office).first()
    if manifest is None:
        raise Refusal("manifest_unknown", N_("Manifes ini tidak ada di kantor Anda."), status=404)
    return manifest


def _on(manifest: Manifest) -> list[Application]:
    return list(
        Application.objects.select_for_update(of=("self",))
        .filter(parcel__manifest=manifest, parcel__outcome="")
        .order_by("id")
    )
