"""One request as its resident sees it: state, place, promise, who must act; choose, correct, cancel."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

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
from loket.web import errors, forms, words
from loket.web.citizen import door, progress, receipts, uploads

TRIES, MINUTES = 5, 60
DONE = ("delivered", "collected", "sent")


def find(request: HttpRequest) -> HttpResponse:
    """One field takes the code as people type it; the QR code of a receipt fills it in."""
    typed = forms.text(request, "kode", 40) or request.GET.get("kode", "")[:40]
    context: dict[str, Any] = {"typed": typed, "kembali": "/"}
    if request.method != "POST":
        return render(request, "citizen/cek.html", context)
    try:
        application = door.application(request, typed)
    except Refusal as problem:
        context |= {"problems": words.problems(problem), "unknown": problem.code == "code_unknown"}
        return render(request, "citizen/cek.html", context, status=429 if problem.status == 429 else 422)
    return redirect("citizen:status", kode=application.code)


@require_safe
def status(request: HttpRequest, kode: str) -> HttpResponse:
    """By the code alone: state, place and promise. With the link or the birth date: everything of one's own."""
    return render(request, "citizen/status.html", _page(request, door.application(request, kode)))


def unlock(request: HttpRequest, kode: str) -> HttpResponse:
    """The birth date opens the case to this browser; after five wrong ones the code rests for an hour. A code that
    nobody has and a birth date that is not hers get the same answer, after the same work."""
    code = codes.parse(kode)
    context: dict[str, Any] = {"code": codes.shown(code), "kembali": reverse("citizen:status", args=[code])}
    if request.method != "POST":
        return render(request, "citizen/buka.html", context)
    try:
        door.check(request)
        born = forms.day(request, "birth_date")
        subject, now = f"birth:{code}", clock.now()
        if not limits.spend(subject, TRIES, MINUTES, at=now):
            return errors.too_many(request, MINUTES)
        if not cases.is_birth_date(code, born, settings.OFFICE):
            door.missed(request)
            raise Refusal(
                "birth_wrong", N_("Tanggal lahir tidak cocok dengan kode ini. Periksa keduanya."), field="birth_date"
            )
    except Refusal as problem:
        context |= {"problems": words.problems(problem), "typed": request.POST}
        return render(request, "citizen/buka.html", context, status=problem.status)
    limits.forgive(subject, MINUTES, at=now)
    door.let_in(request, code)
    return redirect("citizen:status", kode=code)


@require_safe
def receipt(request: HttpRequest, kode: str) -> HttpResponse:
    """The receipt as a PDF, for a browser that may see the case."""
    application = door.own(request, kode)
    if application is None:
        return redirect("citizen:buka", kode=codes.parse(kode))
    response = HttpResponse(receipts.paper(application), content_type="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="bukti-{codes.shown(application.code)}.pdf"'
    return response


def choose(request: HttpRequest, kode: str) -> HttpResponse:
    """Kantor Pos or pickup, with both prices; whoever chooses the post confirms the address. May change until the
    envelope is closed."""
    application = door.own(request, kode)
    if application is None:
        return redirect("citizen:buka", kode=codes.parse(kode))
    office = offices.office(application.office_id)
    by_post = forms.text(request, "method", 10) == "post"
    context = _choice(request, application, office) | (_address(request, application, office) if by_post else {})
    page = "citizen/terima_alamat.html" if by_post else "citizen/terima.html"
    if request.method != "POST" or (by_post and "where" not in request.POST and "address" not in request.POST):
        return render(request, page, context)
    try:
        address = _chosen_address(request) if by_post else None
        if address and not door.holds(request, application.code):
            # Whoever knows a birth date, as the office does, could have the card sent to himself.
            raise Refusal(
                "address_by_link",
                N_("Kirim ke alamat lain hanya bisa lewat tautan di WhatsApp Anda. Tulis STATUS ke WhatsApp kami untuk tautannya."),
                field="where",
            )
        by = resident(application.office_id)
        delivery.choose(application.code, forms.text(request, "method", 10), address, by=by, at=clock.now())
    except (Refusal, Refusals) as problem:
        return render(request, page, context | {"problems": words.problems(problem)}, status=problem.status)
    messages.success(request, _("Pilihan Anda tersimpan. Kami juga mengirim kabarnya ke WhatsApp Anda."))
    return redirect("citizen:status", kode=application.code)


def _choice(request: HttpRequest, application: Application, office: offices.OfficeView) -> dict[str, Any]:
    lang = get_language() or "id"
    fee, hours = text.rupiah(office.settings.post_fee, lang), f"{office.opens_at:%H.%M}–{office.closes_at:%H.%M}"
    return {
        "a": application,
        "code": codes.shown(application.code),
        "ways": [
            (
                "post",
                _("Dikirim lewat Kantor Pos, {fee}").format(fee=fee),
                _("Dibayar ke petugas Pos saat kartu diantar. Petugas Pos tidak boleh meminta lebih."),
            ),
            (
                "pickup",
                _("Diambil di kantor, gratis"),
                _("{place}, Senin sampai Jumat, pukul {hours}").format(place=office.address, hours=hours),
            ),
        ],
        "typed": request.POST or {"method": application.method},
        "kembali": reverse("citizen:status", args=[application.code]),
    }


def _address(request: HttpRequest, application: Application, office: offices.OfficeView) -> dict[str, Any]:
    known = cases.case(application).destination
    return {
        "fee": office.settings.post_fee,
        "places": [("this", known), ("other", _("Ke alamat lain"))],
        "kelurahan": forms.kelurahan(office),
        "kembali": reverse("citizen:terima", args=[application.code]),
    }


def _chosen_address(request: HttpRequest) -> Address | None:
    """The other address, or None for the one that is known; refuses until one of them is confirmed."""
    where, line = forms.text(request, "where", 10), forms.text(request, "address", 200)
    if where == "this" and not line:
        return None
    if where == "this" or (line and not where):
        raise Refusal(
            "address_both", N_("Anda menulis alamat lain. Pilih Ke alamat lain, atau kosongkan alamat itu."), field="where"
        )
    if where != "other":
        raise Refusal("address_unsaid", N_("Pilih alamat tujuan kiriman."), field="where")
    return Address(line, forms.text(request, "kelurahan", 13))


@uploads.resumable
def correct(request: HttpRequest, kode: str) -> HttpResponse:
    """Only what was flagged is asked again."""
    application = door.own(request, kode)
    if application is None:
        return redirect("citizen:buka", kode=codes.parse(kode))
    if application.state != "needs_fix":
        return redirect("citizen:status", kode=application.code)
    service, office = catalogue.service(application.service), offices.office(application.office_id)
    asked = tuple(kind for kind in service.documents if kind in application.fix_fields)
    values = [(name, label) for name, label in _labels() if name in application.fix_fields]
    known = cases.case(application)
    context = {
        "a": application,
        "code": codes.shown(application.code),
        "reason": known.reason,
        "until": text.local(application.state_at, office.zone).date() + timedelta(days=office.settings.fix_within_days),
        "papers": forms.paper_names(asked, get_language() or "id"),
        "values": values,
        "kelurahan": forms.kelurahan(office),
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
    application = door.own(request, kode)
    if application is not None and request.method == "POST":
        delivery.resend_code(application.code, by=resident(application.office_id), at=clock.now())
        messages.success(request, _("Kode ambil baru dikirim ke WhatsApp Anda."))
    return redirect("citizen:status", kode=codes.parse(kode))


def cancel(request: HttpRequest, kode: str) -> HttpResponse:
    """The resident no longer wants it."""
    application = door.own(request, kode)
    if application is not None and request.method == "POST":
        applications.cancel(application.code, by=resident(application.office_id), at=clock.now())
        messages.success(request, _("Permohonan sudah dibatalkan."))
    return redirect("citizen:status", kode=codes.parse(kode))


def _page(request: HttpRequest, application: Application) -> dict[str, Any]:
    own = application.code in request.session.get(door.CASES, [])
    service, office = catalogue.service(application.service), offices.office(application.office_id)
    story = trail.story(application.pk)
    known = cases.case(application) if own else None
    context: dict[str, Any] = {
        "a": application,
        "code": codes.shown(application.code),
        "name": service.name(get_language() or "id"),
        "state": words.resident_state(application.state),
        "place": cases.place(application),
        "next": progress.following(application, office, known.enrolment if known else None),
        "slipped": progress.slipped(story),
        "steps": progress.timeline(application, story),
        "own": own,
        "kembali": reverse("citizen:cek"),
        "late": application.finished_at is None and application.promise_on < office.today(),
        "is_final": application.state in rules.FINAL,
        "is_done": application.state in DONE,
        "may_choose": application.state in rules.CHOOSABLE and service.is_card,
        "may_cancel": rules.may_move("cancel", application.state),
    }
    if known:
        context |= _private(known, holds=door.holds(request, application.code))
    return context


def _private(known: cases.Case, *, holds: bool) -> dict[str, Any]:
    application = known.application
    parcel = parcels.parcel(application)
    waits = application.state == "verified" and application.slot == "card"
    return {
        "person": text.mask_name(known.name),
        "reason": known.reason,
        "pickup_code": parcels.pickup_code(application) if holds and application.state == "on_shelf" else "",
        "tracking": parcel.tracking_number if parcel and application.state != "printed" else "",
        "destination": known.destination if application.method == "post" else "",
        "status": statuses.explain(known.enrolment) if waits else None,
        "readings": [
            (line.at, str(words.ACTIONS.get(line.action, line.action)), line.actor, line.body.get("reason", ""))
            for line in trail.readings(application.resident_id)[:20]
        ],
    }


def _labels() -> list[tuple[str, str]]:
    return [
        ("name", _("Nama")),
        ("birth_date", _("Tanggal lahir")),
        ("kk_number", _("Nomor KK")),
        ("phone", _("Nomor WhatsApp")),
        ("address", _("Alamat")),
    ]
