"""What waits for an envelope, lies on a manifest, is on the way or on the shelf."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q

from loket.applications.models import Application
from loket.core import crypto
from loket.delivery.models import Event, Manifest, Parcel, PickupCode
from loket.residents.models import Resident

RESIDENT = "residents_resident"
APPLICATION = "applications_application"


@dataclass(frozen=True, slots=True)
class Envelope:
    """One line of a manifest: what the post needs to deliver, never a NIK."""

    code: str
    name: str
    phone: str
    address: str
    kelurahan: str
    fee: int
    tracking_number: str
    service: str
    state: str
    attempts: int


def to_envelope(office: str, limit: int = 200) -> list[Application]:
    """Printed cards whose residents chose the post, oldest choice first."""
    return list(
        Application.objects.filter(office_id=office, state="printed", method="post").order_by("chosen_at")[:limit]
    )


def waiting_for_choice(office: str, before: datetime) -> list[Application]:
    """Cards at the office without an answer since an instant."""
    return list(
        Application.objects.filter(office_id=office, state__in=["printed", "returned_home"], method="")
        .filter(state_at__lt=before)
        .filter(Q(reminded_at=None) | Q(reminded_at__lt=before))
        .order_by("state_at")[:500]
    )


def on_shelf(office: str, limit: int = 200) -> list[Application]:
    """Cards that wait to be collected, oldest first."""
    return list(Application.objects.filter(office_id=office, state="on_shelf").order_by("state_at")[:limit])


def manifests(office: str, limit: int = 20) -> list[Manifest]:
    """Every manifest that is not handed over, and the newest others, the newest first; each with `listed`, the number of
    envelopes on it."""
    rows = Manifest.objects.filter(office_id=office).annotate(
        listed=Count("parcel", filter=~Q(parcel__outcome="taken_out"))
    )
    waiting = list(rows.filter(handed_at=None))
    return sorted([*waiting, *rows.exclude(handed_at=None).order_by("-number")[:limit]], key=lambda row: -row.number)


def manifest(manifest_id: UUID, office: str) -> Manifest | None:
    """One manifest of an office."""
    return Manifest.objects.filter(pk=manifest_id, office_id=office).first()


def envelopes(manifest: Manifest) -> list[Envelope]:
    """The envelopes of a manifest, by kelurahan, as the post needs them."""
    parcels = (
        Parcel.objects.filter(manifest=manifest)
        .exclude(outcome="taken_out")
        .select_related("application", "application__resident")
        .order_by("application__resident__kelurahan", "application__code")
    )
    return [_envelope(parcel) for parcel in parcels]


def on_the_way(office: str, courier: str) -> list[Envelope]:
    """The envelopes one post officer carries, by kelurahan."""
    parcels = (
        Parcel.objects.filter(
            manifest__office_id=office, manifest__courier=courier, outcome="", application__state="in_transit"
        )
        .select_related("application", "application__resident")
        .order_by("application__resident__kelurahan", "application__code")
    )
    return [_envelope(parcel) for parcel in parcels]


def was_scanned(code: str, scan_id: str) -> bool:
    """Whether this scan of that envelope is known already: a form sent twice is answered twice."""
    return Event.objects.filter(scan_id=scan_id, parcel__application__code=code).exists()


def parcel(application: Application) -> Parcel | None:
    """The newest trip of a card with the post."""
    return Parcel.objects.filter(application=application).exclude(outcome="taken_out").order_by("-id").first()


def by_tracking(number: str, office: str) -> str:
    """The code of the request whose envelope carries this tracking number; empty when there is none in this office."""
    wanted = "".join(number.upper().split())
    found = Parcel.objects.filter(tracking_number=wanted, application__office_id=office)
    return str(found.values_list("application__code", flat=True).first() or "") if wanted else ""


def pickup_code(application: Application) -> str:
    """The code that opens the shelf, for the resident herself; empty when there is none."""
    row = PickupCode.objects.filter(application=application, used_at=None).first()
    if row is None:
        return ""
    return _key(application.resident).open_text("delivery_pickup_code", "sealed", application.pk, bytes(row.sealed))


def _key(resident: Resident) -> crypto.DataKey:
    return crypto.unwrap(bytes(resident.data_key), resident.pk, crypto.keyring())


def _envelope(parcel: Parcel) -> Envelope:
    application, resident = parcel.application, parcel.application.resident
    key = _key(resident)
    # What she stated for this request and a verifier accepted, before what was known of her earlier.
    claims = json.loads(key.open_text(APPLICATION, "claims", application.pk, bytes(application.claims)))

    def known(column: str) -> str:
        blob = getattr(resident, column)
        return key.open_text(RESIDENT, column, resident.pk, bytes(blob)) if blob else ""

    chosen = (
        key.open_text(APPLICATION, "address", application.pk, bytes(application.address)) if application.address else ""
    )
    return Envelope(
        code=application.code,
        name=claims.get("name") or known("name"),
        phone=claims.get("phone") or known("phone"),
        address=chosen or claims.get("address") or known("address"),
        kelurahan=claims.get("kelurahan") or resident.kelurahan,
        fee=parcel.fee,
        tracking_number=parcel.tracking_number or "",
        service=application.service,
        state=application.state,
        attempts=parcel.attempts,
    )
