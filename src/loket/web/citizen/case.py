"""One request as its resident sees it: state, place, promise, who must act; choose, correct, cancel."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from loket.applications import actions as applications
from loket.applications import queries as cases
from loket.applications import rules, statuses
from loket.applications.filing import Address
from loket.applications.models import Application
from loket.audit import queries as trail
from loket.catalogue import queries as catalogue
from loket.core import clock, codes, limits, text
from loket.core.actor import resident
from loket.core.errors import N_, Refusal, Refusals
from loket.delivery import actions as delivery
from loket.delivery import queries as parcels
from loket.offices import queries as offices
from loket.web import errors, forms, visitor, words
from loket.web.citizen.views import CASES, HELD, _let_in

TRIES, MINUTES = 5, 60
GUESSES, GUESS_MINUTES = 300, 15


def find(request: HttpRequest) -> HttpResponse:
    """One field takes the code as people type it."""
    typed = forms.text(request, "kode", 40)
    context: dict[str, Any] = {"typed": typed, "kembali": "/"}
    if request.method != "POST":
        return render(request, "citizen/cek.html", context)
    guesser = f"cek:{visitor.address(request)}"
    if limits.exceeded(guesser, GUESSES, GUESS_MINUTES, at=clock.now()):
        return errors.too_many(request, GUESS_MINUTES)
    try:
        application = cases.by_code(codes.parse(typed), settings.OFFICE)
    except Refusal as problem:
        limits.spend(guesser, GUESSES, GUESS_MINUTES, at=clock.now())
        return render(request, "citizen/cek.html", context | {"problems": words.problems(problem)}, status=422)
    return redirect("citizen:status", kode=application.code)


def status(request: HttpRequest, kode: str) -> HttpResponse:
    """By the code alone: state, place and promise. With the link or the birth date: everything of one's own."""
    application = _application(kode)
    context = _page(request, application)
    if request.method == "POST":
        problem = _prove(request, application)
        if problem is None:
            return redirect("citizen:status", kode=application.code)
        if problem.status == 429:
            return errors.too_many(request, MINUTES)
        context |= {"problems": words.problems(problem), "typed": request.POST}
        return render(request, "citizen/status.html", context, status=422)
    return render(request, "citizen/status.html", context)


def choose(request: HttpRequest, kode: str) -> HttpResponse:
    """Kantor Pos or pickup, with both prices; may change until the envelope is closed."""
    application = _own(request, kode)
    if application is None:
        return redirect("citizen:status", kode=codes.parse(kode))
    office = offices.office(application.office_id)
    known = cases.case(application)
    context = {
        "a": application,
        "code": codes.shown(application.code),
        "fee": office.settings.post_fee,
        "address": known.destination,
        "kelurahan": forms.kelurahan(office),
        "typed": request.POST or {"method": application.method},
        "kembali": reverse("citizen:status", args=[application.code]),
    }
    if request.method != "POST":
        return render(request, "citizen/terima.html", context)
    try:
        address = None
        if forms.text(request, "address", 200):
            address = Address(forms.text(request, "address", 200), forms.text(request, "kelurahan", 13))
        by = resident(application.office_id)
        delivery.choose(application.code, forms.text(request, "method", 10), address, by=by, at=clock.now())
    except Refusal as problem:
        return render(request, "citizen/terima.html", context | {"problems": words.problems(problem)}, status=problem.status)
    messages.success(request, _("Pilihan Anda tersimpan."))
    return redirect("citizen:status", kode=application.code)


def correct(request: HttpRequest, kode: str) -> HttpResponse:
    """Only what was flagged is asked again."""
    application = _own(request, kode)
    if application is None or application.state != "needs_fix":
        return redirect("citizen:status", kode=codes.parse(kode))
    service = catalogue.service(application.service)
    asked = tuple(kind for kind in service.documents if kind in application.fix_fields)
    values = [(name, label) for name, label in _labels() if name in application.fix_fields]
    known = cases.case(application)
    context = {
        "a": application,
        "code": codes.shown(application.code),
        "reason": known.reason,
        "papers": forms.paper_names(asked, get_language() or "id"),
        "values": values,
        "kelurahan": forms.kelurahan(offices.office(application.office_id)),
        "typed": request.POST or {
            "name": known.claims["name"], "address": known.claims["line"], "kelurahan": known.claims["kelurahan"]
        },
        "kembali": reverse("citizen:status", args=[application.code]),
    }
    if request.method != "POST":
        return render(request, "citizen/perbaiki.html", context)
    try:
        typed = {name: forms.text(request, name) for name, _label in values} | {"kelurahan": forms.text(request, "kelurahan", 13)}
        if "birth_date" in typed:
            typed["birth_date"] = forms.day(request, "birth_date").isoformat()
        applications.correct(
            application.code, forms.papers(request, asked), typed, by=resident(application.office_id), at=clock.now()
        )
    except (Refusal, Refusals) as problem:
        context |= {"problems": words.problems(problem)}
        return render(request, "citizen/perbaiki.html", context, status=problem.status)
    messages.success(request, _("Perbaikan Anda sudah masuk. Kami periksa lagi."))
    return redirect("citizen:status", kode=application.code)


def send_code(request: HttpRequest, kode: str) -> HttpResponse:
    """The pickup code once more, to her own WhatsApp."""
    application = _own(request, kode)
    if application is not None and request.method == "POST":
        delivery.resend_code(application.code, by=resident(application.office_id), at=clock.now())
        messages.success(request, _("Kode ambil baru dikirim ke WhatsApp Anda."))
    return redirect("citizen:status", kode=codes.parse(kode))


def cancel(request: HttpRequest, kode: str) -> HttpResponse:
    """The resident no longer wants it."""
    application = _own(request, kode)
    if application is not None and request.method == "POST":
        applications.cancel(application.code, by=resident(application.office_id), at=clock.now())
        messages.success(request, _("Permohonan sudah dibatalkan."))
    return redirect("citizen:status", kode=codes.parse(kode))


def _application(kode: str) -> Application:
    return cases.by_code(codes.parse(kode), settings.OFFICE)


def _own(request: HttpRequest, kode: str) -> Application | None:
    """The case, when this browser has shown a link or the birth date for it."""
    application = _application(kode)
    return application if application.code in request.session.get(CASES, []) else None


def _prove(request: HttpRequest, application: Application) -> Refusal | None:
    """The birth date opens the case to this browser; after five wrong ones it rests for an hour."""
    try:
        born = forms.day(request, "birth_date")
    except Refusal as problem:
        return problem
    subject, now = f"birth:{application.code}", clock.now()
    if not limits.spend(subject, TRIES, MINUTES, at=now):
        return Refusal("too_many", N_("Terlalu banyak percobaan. Coba lagi nanti."), status=429)
    if cases.case(application).birth_on != born:
        return Refusal(
            "birth_wrong", N_("Tanggal lahir tidak cocok dengan kode ini. Periksa keduanya."), field="birth_date"
        )
    limits.forgive(subject, MINUTES, at=now)
    _let_in(request, application.code)
    return None


def _page(request: HttpRequest, application: Application) -> dict[str, Any]:
    own = application.code in request.session.get(CASES, [])
    service = catalogue.service(application.service)
    context: dict[str, Any] = {
        "a": application,
        "code": codes.shown(application.code),
        "name": service.name(get_language() or "id"),
        "state": words.resident_state(application.state),
        "colour": words.colour(application.state),
        "place": cases.place(application),
        "steps": _timeline(application),
        "own": own,
        "kembali": reverse("citizen:cek"),
        "late": application.finished_at is None and application.promise_on < offices.office(application.office_id).today(),
        "is_final": application.state in rules.FINAL,
        "may_choose": application.state in rules.CHOOSABLE and service.is_card,
        "may_cancel": rules.may_move("cancel", application.state),
    }
    if own:
        context |= _private(application, holds=application.code in request.session.get(HELD, []))
    return context


def _private(application: Application, *, holds: bool) -> dict[str, Any]:
    known = cases.case(application)
    parcel = parcels.parcel(application)
    waits = application.state == "verified" and application.slot == "card"
    return {
        "person": text.mask_name(known.name),
        "reason": known.reason,
        "pickup_code": parcels.pickup_code(application) if holds and application.state == "on_shelf" else "",
        "tracking": parcel.tracking_number if parcel and application.state != "printed" else "",
        "status": statuses.explain(known.enrolment) if waits else None,
        "readings": [
            (line.at, str(words.ACTIONS.get(line.action, line.action)), line.actor, line.body.get("reason", ""))
            for line in trail.readings(application.resident_id)[:20]
        ],
    }


def _timeline(application: Application) -> list[dict[str, Any]]:
    """The way of this request: what is done with its moment, where it stands, what still comes."""
    reached = {}
    for line in trail.story(application.pk):
        if "state" in line.body:
            reached[line.body["state"][1]] = line.at
    way: tuple[str, ...] = rules.CARD_WAY_POST
    if application.slot != "card":
        way = rules.PAPER_WAY
    elif application.method == "pickup" or application.state in ("on_shelf", "collected"):
        way = rules.CARD_WAY_PICKUP
    open_end = application.slot == "card" and not application.method and application.finished_at is None
    if open_end:
        # Post or pickup is not chosen yet: both end in the hand.
        way = way[: way.index("printed") + 1]
    if application.state in way:
        here = way.index(application.state)
        last = {"title": _("Dikirim lewat Pos atau diambil di kantor"), "state": "belum", "at": None}
        return [
            {
                "title": words.resident_state(state),
                "state": "selesai" if number < here or (state in rules.FINAL and number == here) else "sekarang" if number == here else "belum",
                "at": reached.get(state) if number <= here else None,
            }
            for number, state in enumerate(way)
        ] + [last] * open_end  # fmt: skip
    past = [{"title": words.resident_state(state), "state": "selesai", "at": at} for state, at in reached.items()]
    end = "selesai" if application.state in rules.FINAL else "henti"
    return [*past[:-1], {**past[-1], "state": end}] if past else []


def _labels() -> list[tuple[str, str]]:
    return [
        ("name", _("Nama")),
        ("birth_date", _("Tanggal lahir")),
        ("kk_number", _("Nomor KK")),
        ("phone", _("Nomor WhatsApp")),
        ("address", _("Alamat")),
    ]
