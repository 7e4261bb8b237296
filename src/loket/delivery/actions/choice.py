"""The resident's answer: Kantor Pos or pickup, the reminder when she is silent, the code that opens the counter."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from loket.applications import actions as applications
from loket.applications import queries as cases
from loket.applications import rules as case_rules
from loket.applications.filing import Address
from loket.applications.models import Application
from loket.audit import actions as audit
from loket.core import crypto, limits
from loket.core.actor import Actor, Role, require
from loket.core.errors import N_, Refusal
from loket.delivery import rules
from loket.delivery.models import PickupCode
from loket.offices import queries as offices


@transaction.atomic
def choose(code: str, method: str, address: Address | None = None, *, by: Actor, at: datetime) -> Application:
    """The resident's answer after printing; it may change until the envelope is closed. The same answer again
    changes nothing."""
    require(by, Role.RESIDENT, Role.COUNTER)
    if method not in ("post", "pickup"):
        raise Refusal("method", N_("Pilih dikirim lewat Kantor Pos atau diambil di kantor."), field="method")
    application = lock_one(code, by)
    if application.state not in case_rules.CHOOSABLE:
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
def remind(silent: Sequence[Application], *, by: Actor, at: datetime) -> None:
    """Ask again those who have not answered; the day is noted, so that nobody is asked twice in a row."""
    held = applications.lock([item.code for item in silent], by.office).values()
    # Whoever answered, or was asked by another worker, while the list was made is not asked.
    earlier = {item.pk: item.reminded_at for item in silent}
    silent = [
        item for item in held
        if item.state in ("printed", "returned_home") and not item.method and item.reminded_at == earlier[item.pk]
    ]  # fmt: skip
    Application.objects.filter(pk__in=[item.pk for item in silent]).update(reminded_at=at)
    fee = offices.office(by.office).settings.post_fee
    applications.tell(silent, "choose_reminder", {item.pk: {"fee": fee} for item in silent}, by=by, at=at)


@transaction.atomic
def resend_code(code: str, *, by: Actor, at: datetime) -> None:
    """A new pickup code to the resident's own WhatsApp; the old one no longer opens anything."""
    require(by, Role.COUNTER, Role.RESIDENT)
    application = lock_one(code, by)
    if application.state != "on_shelf":
        raise Refusal("state", N_("Kartu ini tidak sedang menunggu diambil."), status=409)
    applications.tell(
        [application], "ready_pickup", None, {application.pk: {"pickup_code": _new_code(application, at)}}, by=by, at=at
    )
    audit.record(
        [audit.Fact("delivery.resend_code", application.pk, application.resident_id, {"code": code})], by=by, at=at
    )


def _new_code(application: Application, at: datetime) -> str:
    """A code that replaces any earlier one; every code is a new chance to guess, so there are few in a day."""
    if not limits.spend(f"resend:{application.pk}", rules.CODES_A_DAY, rules.DAY_MINUTES, at=at):
        raise Refusal(
            "resent_often", N_("Kode ambil sudah dikirim {most} kali hari ini. Coba lagi besok."), status=429,
            most=rules.CODES_A_DAY,
        )  # fmt: skip
    code = f"{secrets.randbelow(10**rules.CODE_DIGITS):0{rules.CODE_DIGITS}d}"
    sealed = cases.resident_key(application).seal("delivery_pickup_code", "sealed", application.pk, code)
    PickupCode.objects.update_or_create(
        application=application,
        defaults={"digest": digest(application, code), "sealed": sealed, "made_at": at, "used_at": None},
    )
    return code


def digest(application: Application, code: str) -> bytes:
    digits = "".join(letter for letter in code if letter.isdigit())
    return crypto.index("pickup_code", f"{application.pk}:{digits}", crypto.keyring())


def lock_one(code: str, by: Actor) -> Application:
    application = applications.lock([code], by.office).get(code)
    if application is None:
        raise cases.unknown(code)
    return application
