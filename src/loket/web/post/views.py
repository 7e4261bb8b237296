"""Kantor Pos: take a manifest over by scanning, note what happened at the door."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from loket.core import clock, codes
from loket.core.actor import Actor, Role
from loket.core.errors import N_, Refusal
from loket.delivery import actions as delivery
from loket.delivery import queries as parcels
from loket.web import forms, words
from loket.web.gate import staff_only


@require_safe
@staff_only(Role.COURIER)
def home(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Manifests to take over, and my round by kelurahan."""
    closed = [row for row in parcels.manifests(actor.office) if row.closed_at]
    context = {
        "waiting": [row for row in closed if not row.handed_at],
        "taken": [row for row in closed if row.handed_at],
        "round": [(item, codes.shown(item.code)) for item in parcels.on_the_way(actor.office, actor.name)],
    }
    return render(request, "post/pos.html", context)


@staff_only(Role.COURIER)
def take_over(request: HttpRequest, actor: Actor, manifes: UUID) -> HttpResponse:
    """Scan envelope by envelope, with the tracking number where it is known."""
    context: dict[str, Any] = {}
    if request.method == "POST":
        try:
            code = codes.parse(forms.text(request, "kode", 20))
            _row, results = delivery.hand_over(
                manifes, [(code, forms.text(request, "nomor", 40))], by=actor, at=clock.now()
            )
            if results[0].problem:
                raise results[0].problem
            messages.success(request, _("{code} diterima Pos.").format(code=codes.shown(code)))
            return redirect("post:manifes", manifes=manifes)
        except Refusal as problem:
            context = {"problems": words.problems(problem)}
    row = parcels.manifest(manifes, actor.office)
    if row is None:
        raise Refusal("manifest_unknown", N_("Manifes ini tidak ada di kantor Anda."), status=404)
    envelopes = [(item, codes.shown(item.code), words.staff_state(item.state)) for item in parcels.envelopes(row)]
    context |= {
        "manifest": row,
        "envelopes": envelopes,
        "taken": sum(1 for item, *_rest in envelopes if item.state not in ("manifested", "enveloped")),
    }
    return render(request, "post/manifes.html", context, status=409 if "problems" in context else 200)


@staff_only(Role.COURIER)
def at_the_door(request: HttpRequest, actor: Actor, kode: str) -> HttpResponse:
    """Proof of delivery, a failed attempt with its reason, or a return."""
    code = codes.parse(kode)
    context: dict[str, Any] = {"typed": request.POST}
    mine = {item.code: item for item in parcels.on_the_way(actor.office, actor.name)}
    if code not in mine and not parcels.was_scanned(code, forms.text(request, "scan_id", 64)):
        raise Refusal("not_mine", N_("Amplop ini tidak ada di daftar antaran Anda."), status=404)
    if request.method == "POST":
        scan = delivery.Scan(
            code,
            forms.text(request, "scan_id", 64),
            forms.text(request, "hasil", 10),
            forms.text(request, "penerima", 120),
            forms.text(request, "hubungan", 20),
            forms.text(request, "suket", 16),
            forms.text(request, "sebab", 40),
        )
        result = delivery.deliver([scan], by=actor, at=clock.now())[0]
        if not result.problem:
            messages.success(request, _("{code}: {state}.").format(
                code=codes.shown(code), state=words.staff_state(result.state or "")))  # fmt: skip
            return redirect("post:pos")
        context["problems"] = words.problems(result.problem)
    if code not in mine:
        return redirect("post:pos")
    context |= {
        "item": mine[code],
        "code": codes.shown(code),
        "relations": words.RELATIONS.items(),
        "handlings": words.SUKET.items(),
        "failures": words.FAILURES.items(),
        "scan_id": forms.text(request, "scan_id", 64) or uuid4().hex,
    }
    return render(request, "post/antar.html", context, status=422 if "problems" in context else 200)
