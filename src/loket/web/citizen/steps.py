"""The questions of the form, one page each: what a page reads, and the rule that says whether it can be true."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.http import HttpRequest

from loket.applications import filing as filings
from loket.applications.filing import Address, Filing, Paper
from loket.catalogue import queries as catalogue
from loket.core import crypto, images, media
from loket.core.errors import N_, Refusal
from loket.core.ids import uuid7
from loket.offices.queries import OfficeView
from loket.residents import names, phones
from loket.residents import nik as niks
from loket.web import forms

Answers = dict[str, Any]
Reader = Callable[[HttpRequest, Answers, OfficeView], Answers]


@dataclass(frozen=True, slots=True)
class Step:
    """One page of the form: its address, its template and what it reads."""

    name: str
    template: str
    read: Reader


def _service(request: HttpRequest, answers: Answers, office: OfficeView) -> Answers:
    chosen = forms.text(request, "service", 20)
    if not chosen:
        raise Refusal("service_missing", N_("Pilih dulu keperluan Anda."), field="service")
    return {"service": catalogue.service(chosen).code}


def _numbers(request: HttpRequest, answers: Answers, office: OfficeView) -> Answers:
    return forms.together(
        nik=lambda: niks.parse_nik(forms.text(request, "nik", 40)).digits,
        kk_number=lambda: niks.parse_kk(forms.text(request, "kk_number", 40)).digits,
    )


def _name(request: HttpRequest, answers: Answers, office: OfficeView) -> Answers:
    return forms.together(name=lambda: names.clean_name(forms.text(request, "name", 200)))


def _birth(request: HttpRequest, answers: Answers, office: OfficeView) -> Answers:
    born = forms.day(request, "birth_date")
    filings.check_birth_date(born, office.today())
    if answers.get("nik") and answers.get("kk_number"):
        niks.check_pair(answers["nik"], answers["kk_number"], born)
    return {"birth_date": born.isoformat()}


def _phone(request: HttpRequest, answers: Answers, office: OfficeView) -> Answers:
    return forms.together(phone=lambda: phones.parse_phone(forms.text(request, "phone", 30)))


def _address(request: HttpRequest, answers: Answers, office: OfficeView) -> Answers:
    address = Address(
        forms.text(request, "address", 200), forms.text(request, "kelurahan", 13), forms.text(request, "postal_code", 5)
    )
    forms.together(
        address=lambda: filings.check_line(address), kelurahan=lambda: filings.check_kelurahan(address, office)
    )
    return {"address": address.line, "kelurahan": address.kelurahan, "postal_code": address.postal_code}


STEPS = (
    Step("layanan", "citizen/layanan.html", _service),
    Step("nomor", "citizen/nomor.html", _numbers),
    Step("nama", "citizen/nama.html", _name),
    Step("lahir", "citizen/lahir.html", _birth),
    Step("whatsapp", "citizen/whatsapp.html", _phone),
    Step("alamat", "citizen/alamat.html", _address),
)
BY_NAME = {step.name: step for step in STEPS}
_NEEDS = {
    "layanan": "service", "nomor": "nik", "nama": "name", "lahir": "birth_date", "whatsapp": "phone", "alamat": "address",
}  # fmt: skip


# A second photo that cannot be read is taken as it is: an officer looks at it.
PHOTO_TRIES = 2


def read_photo(request: HttpRequest, answers: Answers, kind: str) -> Answers:
    """One photo, judged now and kept under Loket's own key until the form is sent.

    A photo that cannot be read is kept as well, in doubt: it counts once she says so, or when the next is no better.
    """
    doubts = {name: doubt for name, doubt in answers.get("doubts", {}).items() if name != kind}
    if kind not in request.FILES:
        if not answers.get("photos", {}).get(kind):
            raise Refusal("photo_missing", N_("Foto belum dipilih. Ambil foto atau pilih dari galeri."), field=kind)
        if is_in_doubt(answers, kind) and not forms.text(request, "pakai", 4):
            raise Refusal("photo_again", N_("Pilih foto yang baru, atau pakai foto ini."), field=kind)
        return {"doubts": doubts} if kind in answers.get("doubts", {}) else {}
    try:
        seen = images.judge(request.FILES[kind].read(images.MAX_BYTES + 1))  # type: ignore[union-attr]  # a single file
    except Refusal as problem:
        problem.field = kind
        raise
    row = uuid7()
    media.store([(row, seen.content)], crypto.system_key())
    if seen.fault:
        tries = answers.get("doubts", {}).get(kind, {}).get("tries", 0) + 1
        doubts[kind] = {"fault": seen.fault, "tries": tries}
    return {"photos": {**answers.get("photos", {}), kind: str(row)}, "doubts": doubts}


def is_in_doubt(answers: Answers, kind: str) -> bool:
    """Whether the photo that the form holds cannot be read and nobody has said to take it."""
    doubt = answers.get("doubts", {}).get(kind)
    return doubt is not None and doubt["tries"] < PHOTO_TRIES


def pages(answers: Answers) -> list[str]:
    """The pages of the form in order: the steps, with one page for each photo that the service asks for."""
    kinds = catalogue.service(answers["service"]).documents if answers.get("service") else ()
    return ["layanan", "nomor", "nama", "lahir", *(f"foto/{kind}" for kind in kinds), "whatsapp", "alamat"]


def first_open(answers: Answers) -> str | None:
    """The first page that is not answered yet; None when everything is there."""
    for page in pages(answers):
        name, _, kind = page.partition("/")
        if kind:
            is_there = bool(answers.get("photos", {}).get(kind)) and not is_in_doubt(answers, kind)
        else:
            is_there = bool(answers.get(_NEEDS[name]))
        if not is_there:
            return page
    return None


def filing(answers: Answers) -> Filing:
    """The request that the answers state."""
    service = catalogue.service(answers["service"])
    photos = answers.get("photos", {})
    return Filing(
        service=service,
        nik=answers["nik"],
        kk_number=answers["kk_number"],
        name=answers["name"],
        birth_date=date.fromisoformat(answers["birth_date"]),
        phone=answers["phone"],
        address=Address(answers["address"], answers["kelurahan"], answers.get("postal_code", "")),
        papers=[Paper(kind, media.read(UUID(photos[kind]), crypto.system_key())) for kind in service.documents],
        channel="online",
    )
