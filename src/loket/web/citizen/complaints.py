"""Complaints of residents: what happened, then how we can look into it; with a name or without."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from loket.conversations import actions as conversations
from loket.core import answers as remembered
from loket.core import clock, codes, limits
from loket.core.actor import resident
from loket.core.errors import Refusal, Refusals
from loket.integrity import actions as integrity
from loket.integrity import queries as complaints
from loket.offices import queries as offices
from loket.residents import phones
from loket.web import errors, forms, visitor, words
from loket.web.citizen import door, uploads

# Of one address, which many phones share, and to one number, which may be somebody else's.
PER_ADDRESS, PER_PHONE, DAY = 100, 3, 24 * 60


@uploads.resumable
def new(request: HttpRequest) -> HttpResponse:
    """Two pages: what happened; then which request, a photo, and where the answer goes, each of which may stay empty."""
    typed: Any = request.POST or {"kode": request.GET.get("kode", "")[:20]}
    context: dict[str, Any] = {"typed": typed, "kinds": words.complaint_kinds(), "kembali": "/"}
    if request.method != "POST" or "kembali" in request.POST:
        return render(request, "citizen/keluhan_apa.html", context)
    kind, text = forms.text(request, "kind", 10), forms.text(request, "text", integrity.LONGEST + 1)
    try:
        integrity.check(kind, text)
    except Refusal as problem:
        context |= {"problems": words.problems(problem)}
        return render(request, "citizen/keluhan_apa.html", context, status=422)
    context |= {"key": forms.text(request, "kunci", 40) or uuid.uuid4().hex, "kembali": ""}
    if "kunci" not in request.POST:
        return render(request, "citizen/keluhan_siapa.html", context)
    if limits.exceeded(f"complaint-from:{visitor.address(request)}", PER_ADDRESS, DAY, at=clock.now()):
        return errors.too_many(request, DAY)
    try:
        number = _file(request, kind, text, context["key"])
    except (Refusal, Refusals) as problem:
        context |= {"problems": words.problems(problem)}
        return render(request, "citizen/keluhan_siapa.html", context, status=422)
    door.remember(request, door.COMPLAINTS, number)
    messages.success(request, _("Keluhan Anda sudah kami catat. Simpan nomornya."))
    return redirect("citizen:keluhan", nomor=number)


def _file(request: HttpRequest, kind: str, text: str, key: str) -> str:
    """File it once however often the form is sent."""
    by, now = resident(settings.OFFICE), clock.now()
    found = forms.together(
        kode=lambda: door.application(request, request.POST["kode"]) if forms.text(request, "kode", 20) else None,
        phone=lambda: phones.parse_phone(request.POST["phone"]) if forms.text(request, "phone", 30) else None,
        foto=lambda: next((paper.content for paper in forms.papers(request, ("foto",))), None),
    )
    body = forms.content(request)

    def work() -> tuple[int, str]:
        contact = None
        if found["phone"] and limits.spend(f"complaint:{found['phone']}", PER_PHONE, DAY, at=now):
            contact = conversations.contact_by_phone(found["phone"], office=by.office, at=now)
        limits.spend(f"complaint-from:{visitor.address(request)}", PER_ADDRESS, DAY, at=now)
        try:
            made = integrity.file(integrity.Stated(kind, text, found["kode"], contact, found["foto"]), by=by, at=now)
        except Refusal as problem:
            problem.field = "foto" if problem.code.startswith("photo") else problem.field
            raise
        return 201, made.number

    return remembered.once("complaint", key, body, work).body


@require_safe
def show(request: HttpRequest, nomor: str) -> HttpResponse:
    """By its number: where it stands and what was answered. What she wrote, only to the browser that sent it."""
    complaint = complaints.by_number(codes.parse(nomor), settings.OFFICE)
    mine = complaint.number in request.session.get(door.COMPLAINTS, [])
    context = {
        "c": complaint,
        "number": codes.shown(complaint.number),
        "kind": words.COMPLAINT_KINDS[complaint.kind],
        "state": words.COMPLAINT_STATES[complaint.state][1],
        "answers": complaints.answers(complaint),
        "text": complaints.text(complaint) if mine else "",
        "may_reopen": complaints.may_reopen(complaint),
        "late": complaints.is_late(complaint, offices.office(complaint.office_id).today()),
        "kembali": reverse("public:beranda"),
    }
    return render(request, "citizen/keluhan.html", context)


@require_POST
def reopen(request: HttpRequest, nomor: str) -> HttpResponse:
    """Not settled: whoever holds the number may say so, for seven days."""
    number = codes.parse(nomor)
    integrity.reopen(number, by=resident(settings.OFFICE), at=clock.now())
    messages.success(request, _("Keluhan Anda dibuka lagi. Petugas lain yang memeriksanya."))
    return redirect("citizen:keluhan", nomor=number)
