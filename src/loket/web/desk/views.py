"""The verifier's queue, one case with its evidence, the decision, the search."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from loket.applications import actions as applications
from loket.applications import queries as cases
from loket.applications import rules, statuses
from loket.audit import queries as trail
from loket.catalogue import queries as catalogue
from loket.core import clock, codes, text
from loket.core.actor import Actor, Role
from loket.core.errors import N_, Refusal
from loket.offices import queries as offices
from loket.residents import nik as niks
from loket.web import forms, words
from loket.web.desk import photos
from loket.web.gate import staff_only

SHOWN_STATES = ("submitted", "needs_fix", "verified", "ready", "signed", "printing", "printed", "on_shelf", "returned_home")

# As many as stand on one screen of an office PC; whoever is not among them is sought by more of her name.
SHOWN = 10

_SAY_WHAT = applications.Result(
    "",
    problem=Refusal(
        "fields_missing", N_("Centang bagian yang harus diperbaiki warga. Hanya itu yang akan ditanyakan lagi."), field="bagian"
    ),
)


@require_safe
@staff_only(Role.VERIFIER)
def queue(request: HttpRequest, actor: Actor) -> HttpResponse:
    """One queue for every channel, in the order of service; a filter stands in the address."""
    state = request.GET.get("status", "submitted")
    if state not in SHOWN_STATES:
        state = "submitted"
    rows, following = cases.queue(actor.office, state=state, after=request.GET.get("kursor", ""))
    counts = cases.counts(actor.office)
    context = {
        "rows": _lines(rows),
        "state": state,
        "states": [(name, words.staff_state(name), counts.get(name, 0)) for name in SHOWN_STATES],
        "kursor": following,
        "now": clock.now(),
    }
    return render(request, "desk/antrean.html", context)


@require_safe
@staff_only(Role.VERIFIER, Role.COUNTER, Role.AUDITOR)
def case(request: HttpRequest, actor: Actor, kode: str) -> HttpResponse:
    """One case: who, what is stated, what the papers show, what has happened. Opening it is recorded."""
    return render(request, "desk/kasus.html", _case_page(codes.parse(kode), actor))


@require_POST
@staff_only(Role.VERIFIER)
def decide(request: HttpRequest, actor: Actor, kode: str) -> HttpResponse:
    """The decision; afterwards the next case opens by itself."""
    code = codes.parse(kode)
    verdict = applications.Verdict(
        code, forms.text(request, "putusan"), forms.text(request, "alasan"), tuple(request.POST.getlist("bagian"))
    )
    result = applications.decide([verdict], by=actor, at=clock.now())[0] if _says_what(verdict) else _SAY_WHAT
    if result.problem:
        context = _case_page(code, actor) | {"problems": words.problems(result.problem), "chosen": verdict}
        return render(request, "desk/kasus.html", context, status=result.problem.status)
    messages.success(
        request,
        _("Putusan untuk {code} tersimpan: {state}.").format(
            code=codes.shown(code), state=words.staff_state(result.state or "")
        ),
    )
    return redirect("desk:berikutnya")


def _says_what(verdict: applications.Verdict) -> bool:
    """A return names its parts: the resident is asked for these and for nothing else."""
    return verdict.verdict != "return" or bool(verdict.fields)


@require_safe
@staff_only(Role.VERIFIER)
def following(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The head of the queue, or the empty queue."""
    rows, _cursor = cases.queue(actor.office, limit=1)
    if not rows:
        return redirect("desk:antrean")
    return redirect("desk:kasus", kode=rows[0].code)


@require_POST
@staff_only(Role.VERIFIER)
def advance(request: HttpRequest, actor: Actor, kode: str) -> HttpResponse:
    """Paper documents: signed, then sent."""
    code = codes.parse(kode)
    result = applications.advance_paper([code], forms.text(request, "langkah", 10), by=actor, at=clock.now())[0]
    if result.problem:
        raise result.problem
    messages.success(request, _("{code} sekarang {state}.").format(
        code=codes.shown(code), state=words.staff_state(result.state or "")))  # fmt: skip
    return redirect("desk:kasus", kode=code)


@require_POST
@staff_only(Role.VERIFIER, Role.COUNTER, Role.AUDITOR)
def reveal(request: HttpRequest, actor: Actor, kode: str) -> HttpResponse:
    """The whole NIK for a recorded reason; shown once, never in an address."""
    code = codes.parse(kode)
    try:
        nik = applications.reveal_nik(code, forms.text(request, "alasan_nik"), by=actor, at=clock.now())
    except Refusal as problem:
        context = _case_page(code, actor) | {"problems": words.problems(problem)}
        return render(request, "desk/kasus.html", context, status=problem.status)
    return render(request, "desk/kasus.html", _case_page(code, actor) | {"nik": nik})


@require_POST
@staff_only(Role.VERIFIER)
def change_phone(request: HttpRequest, actor: Actor, kode: str) -> HttpResponse:
    """Another WhatsApp number, for a resident whose own is wrong or lost."""
    code = codes.parse(kode)
    try:
        applications.change_phone(
            code, forms.text(request, "nomor_baru", 30), forms.text(request, "alasan_nomor"), by=actor, at=clock.now()
        )
    except Refusal as problem:
        fields = {"phone": "nomor_baru", "reason": "alasan_nomor"}
        problems = [(fields.get(field, field), line) for field, line in words.problems(problem)]
        return render(request, "desk/kasus.html", _case_page(code, actor) | {"problems": problems}, status=problem.status)
    messages.success(request, _("Nomor WhatsApp diubah. Kabar berikutnya dikirim ke nomor baru."))
    return redirect("desk:kasus", kode=code)


@require_safe
@staff_only(Role.VERIFIER, Role.COUNTER, Role.AUDITOR)
def photo(request: HttpRequest, actor: Actor, berkas: UUID) -> HttpResponse:
    """The photo of one paper; the reading is recorded."""
    response = HttpResponse(applications.photo(berkas, by=actor, at=clock.now()), content_type="image/jpeg")
    response.headers["Content-Disposition"] = "inline"
    return response


@staff_only(Role.VERIFIER, Role.COUNTER, Role.AUDITOR)
def search(request: HttpRequest, actor: Actor) -> HttpResponse:
    """By code or name; by the whole NIK with a recorded reason. Posted, so that nothing stands in the address."""
    context: dict[str, Any] = {"sought": "", "rows": None, "shown": SHOWN}
    if request.method == "POST":
        sought = forms.text(request, "cari", 120)
        reason = forms.text(request, "alasan", 200)
        context["sought"] = sought
        try:
            context["rows"] = _lines(applications.search(sought, reason, limit=SHOWN, by=actor, at=clock.now()))
        except Refusal as problem:
            context["problems"] = [(field if field == "reason" else "cari", line) for field, line in words.problems(problem)]
            return render(request, "desk/cari.html", context, status=422)
    return render(request, "desk/cari.html", context)


def _lines(rows: Iterable[cases.Row]) -> list[dict[str, Any]]:
    # Finding an address costs more than the rest of a line: it is found once.
    address, language = reverse("desk:kasus", args=["KODE"]), get_language() or "id"
    return [
        {
            "row": row,
            "code": codes.shown(row.code),
            "url": address.replace("KODE", row.code),
            "service": catalogue.service(row.service).name(language),
            "state": words.staff_state(row.state),
            "colour": words.colour(row.state),
            "enrolment": row.enrolment,
        }
        for row in rows
    ]


def _case_page(code: str, actor: Actor) -> dict[str, Any]:
    found = applications.open_case(code, purpose="case", by=actor, at=clock.now())
    application = found.application
    service = catalogue.service(application.service)
    language = get_language() or "id"
    born = found.claims.get("birth_date", "")
    claimed = [
        ("name", _("Nama"), found.claims.get("name", ""), found.name),
        ("birth_date", _("Tanggal lahir"), _day(born, language), _day(found.birth_date, language)),
        ("kk_number", _("Nomor KK"), _masked(found.claims.get("kk_number", "")), _masked(found.kk_number)),
        ("phone", _("Nomor WhatsApp"), _phone(found.claims.get("phone")), _phone(found.phone)),
        ("address", _("Alamat"), found.claims.get("address") or found.address, found.address),
    ]
    roles = actor.roles
    moves = rules.moves_from(application.state, roles)
    return {
        "case": found,
        "a": application,
        "code": codes.shown(code),
        "service": service.name(language),
        "is_card": service.is_card,
        "state": words.staff_state(application.state),
        "colour": words.colour(application.state),
        "fields": [(name, label, value, known, bool(known) and value != known) for name, label, value, known in claimed],
        "nik_masked": text.mask_nik(found.nik),
        "warnings": [_(niks.WARNINGS[name]) for name in _warnings(found)],
        "status": statuses.explain(found.enrolment) if service.is_card else None,
        "papers": [(row, catalogue.document_name(row.kind, language), photos.hints(row)) for row in found.documents],
        "askable": [*((name, label) for name, label, *_rest in claimed), *forms.paper_names(service.documents, language)],
        "place": cases.place(application),
        "story": [
            (line, str(words.ACTIONS.get(line.action, line.action))) for line in trail.story(application.pk)
        ],
        "may_decide": "approve" in moves,
        "may_change_phone": actor.may(Role.VERIFIER) and application.finished_at is None,
        "paper_moves": [name for name in ("sign", "send") if name in moves],
        "own_case": application.filed_by == actor.name,
    }


def _day(stated: str, language: str) -> str:
    return text.tanggal(date.fromisoformat(stated), language) if stated else ""


def _phone(number: str | None) -> str:
    return text.mask_phone(number) if number else ""


def _masked(number: str) -> str:
    return text.mask_nik(number) if number else ""


def _warnings(found: cases.Case) -> list[str]:
    nik = niks.parse_nik(found.nik, strict=False)
    return niks.warnings(nik, found.birth_on, offices.office(found.application.office_id).today())
