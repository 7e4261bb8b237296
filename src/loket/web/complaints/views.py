"""The list of complaints, one complaint with its answers, the answer, the closing."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from loket.core import clock, codes
from loket.core.actor import Actor
from loket.core.errors import N_, Refusal
from loket.integrity import actions as integrity
from loket.integrity import queries as complaints
from loket.integrity import rules
from loket.integrity.models import Complaint
from loket.offices import queries as offices
from loket.web import forms, words
from loket.web.gate import staff_only


@require_safe
@staff_only(*rules.STAFF)
def overview(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Open ones by their deadline, then the last that were closed; never one about whoever looks."""
    today = offices.office(actor.office).today()
    context = {
        "rows": [_line(row, complaints.is_late(row, today)) for row in complaints.open_for(actor)],
        "closed": [_line(row, False) for row in complaints.closed_for(actor)],
    }
    return render(request, "complaints/daftar.html", context)


@require_safe
@staff_only(*rules.STAFF)
def complaint(request: HttpRequest, actor: Actor, kode: str) -> HttpResponse:
    """One complaint; reading it is recorded."""
    return render(request, "complaints/satu.html", _page(codes.parse(kode), actor))


@require_POST
@staff_only(*rules.STAFF)
def answer(request: HttpRequest, actor: Actor, kode: str) -> HttpResponse:
    """The answer goes to the resident as it is written."""
    number, text = codes.parse(kode), forms.text(request, "jawaban", integrity.LONGEST + 1)
    proof = next((paper.content for paper in forms.papers(request, ("bukti",))), None)
    try:
        integrity.answer(number, text, proof, by=actor, at=clock.now())
    except Refusal as problem:
        problem.field = "bukti" if problem.code.startswith("photo") else problem.field
        context = _page(number, actor) | {"problems": words.problems(problem), "typed": text}
        return render(request, "complaints/satu.html", context, status=problem.status)
    messages.success(request, _("Jawaban tersimpan. Keluhan ditutup setelah diperiksa petugas lain."))
    return redirect("complaints:keluhan")


@require_POST
@staff_only(*rules.STAFF)
def close(request: HttpRequest, actor: Actor, kode: str) -> HttpResponse:
    """The second person closes."""
    number = codes.parse(kode)
    try:
        integrity.close(number, by=actor, at=clock.now())
    except Refusal as problem:
        context = _page(number, actor) | {"problems": words.problems(problem)}
        return render(request, "complaints/satu.html", context, status=problem.status)
    messages.success(request, _("Keluhan {code} ditutup.").format(code=codes.shown(number)))
    return redirect("complaints:keluhan")


@require_safe
@staff_only(*rules.STAFF)
def photo(request: HttpRequest, actor: Actor, kode: str) -> HttpResponse:
    """The photo that came with a complaint."""
    found = integrity.open_complaint(codes.parse(kode), by=actor, at=clock.now())
    if found.photo is None:
        raise Refusal("photo_unknown", N_("Keluhan ini tidak berfoto."), status=404)
    return HttpResponse(complaints.photo(found.photo), content_type="image/jpeg")


def _page(number: str, actor: Actor) -> dict[str, Any]:
    found = integrity.open_complaint(number, by=actor, at=clock.now())
    answers = complaints.answers(found)
    return _line(found, complaints.is_late(found, offices.office(actor.office).today())) | {
        "c": found,
        "text": complaints.text(found),
        "answers": answers,
        "may_answer": found.state in rules.MOVES["answer"][0] and all(row.author != actor.name for row in answers),
        "may_close": found.state in rules.MOVES["close"][0] and answers[-1].author != actor.name,
        "mine": bool(answers) and answers[-1].author == actor.name,
    }


def _line(row: Complaint, late: bool) -> dict[str, Any]:
    return {
        "row": row,
        "number": codes.shown(row.number),
        "kind": words.COMPLAINT_KINDS[row.kind],
        "state": words.COMPLAINT_STATES[row.state][0],
        "colour": words.COMPLAINT_STATES[row.state][2],
        "request": codes.shown(row.application.code) if row.application else "",
        "late": late,
    }
