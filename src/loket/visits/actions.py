"""Records that a resident's biometrics were taken at the kecamatan."""

from __future__ import annotations

from datetime import date, datetime

from django.db import IntegrityError, transaction

from loket.applications import actions as applications
from loket.applications import statuses
from loket.audit import actions as audit
from loket.core.actor import Actor, Role, require
from loket.core.errors import N_, Refusal
from loket.offices import queries as offices
from loket.residents import actions as residents
from loket.residents import names
from loket.residents import nik as niks
from loket.visits.models import Recording

RECORDED = "BIO_CAPTURED"


@transaction.atomic
def record(
    *,
    nik: str,
    name: str,
    birth_date: date | None,
    kecamatan: str,
    result: str,
    reason: str,
    key: str,
    by: Actor,
    at: datetime,
) -> Recording:
    """A recording that succeeded (`recorded`) or must be done again (`repeat`, with a reason); once per `key`."""
    require(by, Role.RECORDER)
    office = offices.office(by.office)
    if kecamatan not in office.kecamatan:
        raise Refusal("kecamatan", N_("Pilih kecamatan dari daftar."), field="kecamatan")
    if result not in ("recorded", "repeat"):
        raise Refusal("result", N_("Pilih hasil perekaman: berhasil atau perlu diulang."), field="result")
    if result == "repeat" and not reason:
        raise Refusal("reason_missing", N_("Tulis kenapa perekaman perlu diulang."), field="reason")
    person = residents.Person(
        nik=niks.parse_nik(nik).digits, name=names.clean_name(name), birth_date=birth_date
    )
    resident = residents.meet(person, by=by, at=at)
    known = Recording.objects.filter(key=key, office_id=by.office).first()
    if known:
        if (known.resident_id, known.result) != (resident.id, result):
            raise Refusal(
                "form_reused", N_("Formulir ini sudah terkirim dengan isi lain. Muat ulang halaman, lalu isi lagi."),
                status=409,
            )  # fmt: skip
        return known
    try:
        with transaction.atomic():
            row = Recording.objects.create(
                office_id=by.office, resident_id=resident.id, kecamatan_id=kecamatan, result=result,
                reason=reason[:40], key=key, actor=by.name, at=at,
            )  # fmt: skip
    except IntegrityError:
        return Recording.objects.get(key=key)
    audit.record(
        [audit.Fact("visit.record", None, resident.id, {"kecamatan": kecamatan, "result": result})], by=by, at=at
    )
    if result == "recorded":
        # What SIAK has said since is further than the kecamatan: only a call to record is answered by it.
        applications.take_statuses(
            [(resident.nik_index, RECORDED, office.today())], over=statuses.TO_BE_RECORDED, by=by, at=at
        )
    return row
