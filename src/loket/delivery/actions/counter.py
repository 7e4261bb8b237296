"""Over the counter: the card against the one-time code and an identity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest
from uuid import UUID

from django.db import transaction

from loket.applications import actions as applications
from loket.applications.actions import Result
from loket.applications.models import Application
from loket.audit import actions as audit
from loket.audit import queries as trail
from loket.catalogue import queries as catalogue
from loket.conversations import queries as conversations
from loket.core import limits
from loket.core.actor import Actor, Role, require
from loket.core.errors import N_, Refusal
from loket.delivery import rules
from loket.delivery.actions.choice import digest
from loket.delivery.actions.hands import hand_into
from loket.delivery.models import PickupCode


@dataclass(frozen=True, slots=True)
class Pickup:
    """What the counter noted when the card went over it."""

    code: str
    pickup_code: str
    receiver: str
    relation: str
    suket: str


@transaction.atomic
def collect(pickups: Sequence[Pickup], *, by: Actor, at: datetime) -> list[Result]:
    """Cards handed over at the counter against the one-time code; each item stands alone."""
    require(by, Role.COUNTER)
    held = applications.lock([item.code for item in pickups], by.office)
    codes = {
        row.application_id: row
        for row in PickupCode.objects.select_for_update().filter(application__in=[item.pk for item in held.values()])
    }
    by_code = {item.code: item for item in pickups}
    names: dict[UUID, str] = {}
    wrong: list[Application] = []

    def check(application: Application) -> None:
        item = by_code[application.code]
        applications.check_move(application, "collect", by)
        row = codes.get(application.pk)
        if row is not None and row.used_at:
            raise Refusal(
                "pickup_tries",
                N_("Kode ambil sudah {tries} kali salah, jadi tidak berlaku lagi. Kirim kode baru ke WhatsApp warga."),
                status=409,
                field="pickup_code",
                tries=rules.CODE_TRIES,
            )
        if row is None or not compare_digest(bytes(row.digest), digest(application, item.pickup_code)):
            guesses = f"pickup:{application.pk}:{row.made_at if row else ''}"
            if not limits.spend(guesses, rules.CODE_TRIES - 1, rules.DAY_MINUTES, at=at):
                PickupCode.objects.filter(application=application).update(used_at=at)
            wrong.append(application)
            raise Refusal(
                "pickup_code",
                N_("Kode ambil tidak cocok. Minta warga membuka pesan terakhir dari kami, atau kirim ulang kodenya."),
                status=409,
                field="pickup_code",
            )
        if trail.has_done("application.change_phone", application.pk, by.name):
            raise Refusal(
                "two_people", N_("Nomor WhatsApp permohonan ini Anda ubah sendiri. Kartunya diserahkan petugas lain."), status=409
            )
        if application.contact_id and conversations.has_merged(application.contact_id, by.name):
            raise Refusal(
                "two_people", N_("Percakapan warga ini Anda gabungkan sendiri. Kartunya diserahkan petugas lain."), status=409
            )
        names[application.pk] = rules.check_receiver(
            item.receiver, item.relation, item.suket, catalogue.service(application.service).takes_back
        )

    taken, results = applications.each([item.code for item in pickups], held, check, reached="collected")
    audit.record(
        [audit.Fact("delivery.wrong_code", item.pk, item.resident_id, {"code": item.code}) for item in wrong], by=by, at=at
    )
    PickupCode.objects.filter(application__in=[item.pk for item in taken]).update(used_at=at)
    applications.move(
        taken, "collect", by=by, at=at,
        body={
            item.pk: {"relation": by_code[item.code].relation, "suket": by_code[item.code].suket} for item in taken
        },
    )  # fmt: skip
    hand_into(
        [(item, names[item.pk], by_code[item.code].relation, by_code[item.code].suket) for item in taken],
        "pickup",
        by=by,
        at=at,
    )
    return results
