"""Takes the resident's choice and brings the card into the hand: by Kantor Pos, or over the counter."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F

from loket.applications import actions as applications
from loket.applications import queries as cases
from loket.applications.actions import Result
from loket.applications.filing import Address
from loket.applications.models import Application
from loket.audit import actions as audit
from loket.core import crypto
from loket.core.actor import Actor, Role
from loket.core.errors import N_, Refusal
from loket.delivery import rules
from loket.delivery.models import Event, Handover, Manifest, Parcel, PickupCode
from loket.offices import actions as numbers
from loket.offices import queries as offices
from loket.residents.models import Resident
from loket.suket import actions as suket


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


@dataclass(frozen=True, slots=True)
class Pickup:
    """What the counter noted when the card went over it."""

    code: str
    pickup_code: str
    receiver: str
    relation: str
    suket: str


@transaction.atomic
def choose(code: str, method: str, address: Address | None = None, *, by: Actor, at: datetime) -> Application:
    """The resident's answer after printing; it may change until the envelope is closed. The same answer again
    changes nothing."""
    cases.require(by, Role.RESIDENT, Role.COUNTER)
    if method not in ("post", "pickup"):
        raise Refusal("method", N_("Pilih dikirim lewat Kantor Pos atau diambil di kantor."), field="method")
    application = _held(code, by)
    if application.state not in ("printed", "on_shelf", "returned_home"):
        raise Refusal(
            "too_late" if application.chosen_at else "not_printed",
            N_("Amplop kartu ini sudah ditutup, jadi cara terima tidak bisa diubah. Hubungi petugas kalau perlu.")
            if application.chosen_at
            else N_("KTP-el ini belum selesai dicetak. Kami tanya cara terimanya setelah dicetak."),
            status=409,
        )
    unchanged = application.method == method and address is None and application.state != "returned_home"
    if unchanged:
        return application
    settings = offices.office(by.office).settings
    before = application.method
    fee = settings.post_fee if method == "post" else None
    applications.set_delivery(application, method, address, fee=fee, at=at)
    body = {"method": [before, method], "fee": fee}
    if method == "pickup" and application.state != "on_shelf":
        applications.move([application], "shelve", by=by, at=at, body={application.pk: body})
    elif method == "post" and application.state != "printed":
        applications.move([application], "unshelve", by=by, at=at, body={application.pk: body})
    else:
        audit.record(
            [audit.Fact("application.choose", application.pk, application.resident_id, {"code": code, **body})],
            by=by, at=at,
        )  # fmt: skip
    if method == "pickup":
        applications.tell(
            [application], "ready_pickup", None, {application.pk: {"pickup_code": _new_code(application, at)}},
            by=by, at=at,
        )  # fmt: skip
    else:
        applications.tell([application], "chosen_post", {application.pk: {"fee": fee}}, by=by, at=at)
    return application


@transaction.atomic
def open_manifest(codes: Sequence[str], *, by: Actor, at: datetime) -> tuple[Manifest, list[Result]]:
    """Close envelopes and list them on a new manifest; each item stands alone."""
    cases.require(by, Role.DISPATCHER)
    held = applications.lock(codes, by.office)
    taken, results = _each(
        codes, held, lambda application: _check_envelope(application, by), reached="enveloped"
    )
    if not taken:
        raise _nothing(results)
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
    cases.require(by, Role.DISPATCHER)
    application = _held(code, by)
    applications.move([application], "open_envelope", by=by, at=at)
    Parcel.objects.filter(application=application, outcome="").update(outcome="taken_out", ended_at=at)


@transaction.atomic
def close_manifest(manifest_id: UUID, count: int, *, by: Actor, at: datetime) -> Manifest:
    """The office signs: the envelopes counted by hand must be as many as on the list."""
    cases.require(by, Role.DISPATCHER)
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
    cases.require(by, Role.COURIER)
    manifest = _manifest(manifest_id, by)
    if not manifest.closed_at:
        raise Refusal("open", N_("Manifes ini belum ditutup kantor. Minta petugas menutupnya dulu."), status=409)
    held = applications.lock([code for code, _ in scans], by.office)
    parcels = {
        parcel.application_id: parcel for parcel in Parcel.objects.select_for_update().filter(manifest=manifest, outcome="")
    }
    given: dict[UUID, str | None] = {}
    tracking = dict(scans)
    used = set(
        Parcel.objects.filter(tracking_number__in=[text.strip().upper() for _, text in scans if text.strip()])
        .values_list("tracking_number", flat=True)
    )  # fmt: skip

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

    taken, results = _each([code for code, _ in scans], held, check, reached="in_transit")
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
    scan known by its `scan_id` gets the same answer again."""
    cases.require(by, Role.COURIER)
    known = dict(
        Event.objects.filter(scan_id__in=[scan.scan_id for scan in scans]).values_list(
            "scan_id", "parcel__application__code"
        )
    )
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
            if known.get(scan.scan_id) == scan.code and application is not None:
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
    scan: Scan, application: Application | None, known: dict[str, str], seen: set[str], by: Actor
) -> str:
    if application is None:
        raise cases.unknown(scan.code)
    if not 8 <= len(scan.scan_id) <= 64 or scan.scan_id in known or scan.scan_id in seen:
        raise Refusal("scan_id", N_("Tanda pindai ini tidak sah atau sudah dipakai kartu lain."), status=409)
    if scan.code in seen:
        raise Refusal("twice", N_("Kode {code} tertulis dua kali dalam satu kiriman."), status=409, code=scan.code)
    if scan.outcome == "delivered":
        applications.check_move(application, "deliver", by)
        return rules.check_receiver(scan.receiver, scan.relation, scan.suket)
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
    _hand_into(
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


@transaction.atomic
def collect(pickups: Sequence[Pickup], *, by: Actor, at: datetime) -> list[Result]:
    """Cards handed over at the counter against the one-time code; each item stands alone."""
    cases.require(by, Role.COUNTER)
    held = applications.lock([item.code for item in pickups], by.office)
    codes = {
        row.application_id: row
        for row in PickupCode.objects.select_for_update().filter(application__in=[item.pk for item in held.values()])
    }
    by_code = {item.code: item for item in pickups}
    names: dict[UUID, str] = {}

    def check(application: Application) -> None:
        item = by_code[application.code]
        applications.check_move(application, "collect", by)
        row = codes.get(application.pk)
        if row is None or row.used_at or bytes(row.digest) != _digest(application, item.pickup_code):
            raise Refusal(
                "pickup_code",
                N_("Kode ambil tidak cocok. Minta warga membuka pesan terakhir dari kami, atau kirim ulang kodenya."),
                status=409,
                field="pickup_code",
            )
        names[application.pk] = rules.check_receiver(item.receiver, item.relation, item.suket)

    taken, results = _each([item.code for item in pickups], held, check, reached="collected")
    PickupCode.objects.filter(application__in=[item.pk for item in taken]).update(used_at=at)
    applications.move(
        taken, "collect", by=by, at=at,
        body={
            item.pk: {"relation": by_code[item.code].relation, "suket": by_code[item.code].suket} for item in taken
        },
    )  # fmt: skip
    _hand_into(
        [(item, names[item.pk], by_code[item.code].relation, by_code[item.code].suket) for item in taken],
        "pickup",
        by=by,
        at=at,
    )
    return results


@transaction.atomic
def remind(silent: Sequence[Application], *, by: Actor, at: datetime) -> None:
    """Ask again those who have not answered; the day is noted, so that nobody is asked twice in a row."""
    Application.objects.filter(pk__in=[item.pk for item in silent]).update(reminded_at=at)
    fee = offices.office(by.office).settings.post_fee
    applications.tell(silent, "choose_reminder", {item.pk: {"fee": fee} for item in silent}, by=by, at=at)


@transaction.atomic
def resend_code(code: str, *, by: Actor, at: datetime) -> None:
    """A new pickup code to the resident's own WhatsApp; the old one no longer opens anything."""
    cases.require(by, Role.COUNTER, Role.RESIDENT)
    application = _held(code, by)
    if application.state != "on_shelf":
        raise Refusal("state", N_("Kartu ini tidak sedang menunggu diambil."), status=409)
    applications.tell(
        [application], "ready_pickup", None, {application.pk: {"pickup_code": _new_code(application, at)}}, by=by, at=at
    )
    audit.record(
        [audit.Fact("delivery.resend_code", application.pk, application.resident_id, {"code": code})], by=by, at=at
    )


def _hand_into(
    items: Sequence[tuple[Application, str, str, str]], method: str, *, by: Actor, at: datetime
) -> None:
    """The card is in the hand: proof is kept and the Suket leaves the register."""
    if not items:
        return
    keyring = crypto.keyring()
    keys = _keys([application for application, *_ in items], keyring)
    Handover.objects.bulk_create(
        Handover(
            application=application,
            method=method,
            receiver=keys[application.resident_id].seal("delivery_handover", "receiver", application.pk, name),
            relation=relation,
            suket=handling,
            actor=by.name,
            at=at,
        )
        for application, name, relation, handling in items
    )
    suket.exchange(
        {
            application.resident_id: f"{application.code}:{method}:{handling}"
            for application, _, _, handling in items
            if application.slot == "card"
        },
        offices.office(by.office).today(),
        by=by,
        at=at,
    )
    applications.tell(
        [application for application, *_ in items],
        "handed_over",
        {application.pk: {"method": method, "relation": relation} for application, _, relation, _ in items},
        by=by,
        at=at,
    )


def _keys(items: Sequence[Application], keyring: crypto.Keyring) -> dict[UUID, crypto.DataKey]:
    rows = Resident.objects.filter(pk__in=[item.resident_id for item in items]).values_list("id", "data_key")
    return {row: crypto.unwrap(bytes(wrapped), row, keyring) for row, wrapped in rows}


def _new_code(application: Application, at: datetime) -> str:
    code = f"{secrets.randbelow(10**rules.CODE_DIGITS):0{rules.CODE_DIGITS}d}"
    sealed = cases.resident_key(application).seal("delivery_pickup_code", "sealed", application.pk, code)
    PickupCode.objects.update_or_create(
        application=application,
        defaults={"digest": _digest(application, code), "sealed": sealed, "made_at": at, "used_at": None},
    )
    return code


def _digest(application: Application, code: str) -> bytes:
    digits = "".join(letter for letter in code if letter.isdigit())
    return crypto.index("pickup_code", f"{application.pk}:{digits}", crypto.keyring())


def _held(code: str, by: Actor) -> Application:
    application = applications.lock([code], by.office).get(code)
    if application is None:
        raise cases.unknown(code)
    return application


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


def _each(
    codes: Sequence[str], held: dict[str, Application], check: Callable[[Application], None], *, reached: str
) -> tuple[list[Application], list[Result]]:
    """Sort items into those that stand and those that are refused, in the order they came."""
    taken: dict[str, Application] = {}
    results: list[Result] = []
    for code in codes:
        try:
            if code not in held:
                raise cases.unknown(code)
            if code in taken:
                raise Refusal("twice", N_("Kode {code} tertulis dua kali dalam satu kiriman."), status=409, code=code)
            check(held[code])
            taken[code] = held[code]
            results.append(Result(code, reached))
        except Refusal as problem:
            results.append(Result(code, problem=problem))
    return list(taken.values()), results


def _nothing(results: Sequence[Result]) -> Refusal:
    first = next((item.problem for item in results if item.problem), None)
    return first or Refusal("empty", N_("Belum ada amplop yang dipilih."), field="items")
