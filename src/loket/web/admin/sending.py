"""Sending, as people decide about it: templates and their approval, campaigns, what is sent by hand."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from loket.conversations import actions as talks
from loket.conversations import campaigns, failures, gateways, number, templates
from loket.conversations import queries as threads
from loket.core import clock, codes
from loket.core.actor import Actor, Role
from loket.core.errors import N_, Refusal
from loket.integrity import queries as complaints
from loket.suket import queries as suket
from loket.web import forms, words
from loket.web.gate import staff_only

APPROVALS = {
    "draft": ("netral", gettext_lazy("Belum diajukan")), "pending": ("info", gettext_lazy("Menunggu WhatsApp")),
    "approved": ("ok", gettext_lazy("Disetujui")), "rejected": ("bahaya", gettext_lazy("Ditolak")),
    "paused": ("awas", gettext_lazy("Dihentikan WhatsApp")), "disabled": ("bahaya", gettext_lazy("Dimatikan WhatsApp")),
}  # fmt: skip
COURSES = {
    "draft": ("netral", gettext_lazy("Belum dimulai")), "running": ("ok", gettext_lazy("Berjalan")),
    "paused": ("awas", gettext_lazy("Berhenti")), "finished": ("info", gettext_lazy("Selesai")),
}  # fmt: skip
QUALITIES = {
    "GREEN": gettext_lazy("baik"), "YELLOW": gettext_lazy("menurun"), "RED": gettext_lazy("buruk"), "FLAGGED": gettext_lazy("ditandai WhatsApp"),
}  # fmt: skip


@staff_only(Role.ADMIN)
def templates_page(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Every template with its newest version and where it stands."""
    templates.ensure(actor.office, by=actor, at=clock.now())
    newest: dict[tuple[str, str], dict[str, Any]] = {}
    for row in templates.all_of(actor.office):
        newest.setdefault((row.notice, row.language), _line(row))
    return render(request, "admin/templat.html", {"rows": list(newest.values()), "is_managed": gateways.manages_templates()})


def _line(row: Any) -> dict[str, Any]:
    return {
        "row": row, "state": "bahaya" if row.blocked_why else APPROVALS[row.state][0],
        "state_words": _("Ditahan Loket") if row.blocked_why else APPROVALS[row.state][1],
        "length": len(row.content["body"]), "places": len(templates.version_of(row).variables),
    }  # fmt: skip


@staff_only(Role.ADMIN)
def template_page(request: HttpRequest, actor: Actor, templat: UUID) -> HttpResponse:
    """One version: the words, the places, and a real message in them."""
    if request.method == "POST":
        try:
            templates.unblock(templat, by=actor, at=clock.now())
        except Refusal as problem:
            messages.error(request, words.sentence(problem))
        return redirect("admin:templat_satu", templat=templat)
    seen = templates.shown(actor.office, templat)
    versions = [_line(row) for row in templates.all_of(actor.office) if (row.notice, row.language) == (seen.row.notice, seen.row.language)]
    context: dict[str, Any] = {"t": seen, "who": "Loket" if seen.row.by.startswith("loket:") else seen.row.by, "line": _line(seen.row), "versions": versions, "most": templates.BODY_MOST}
    if seen.row.blocked_why:
        context["why"] = failures.explain(seen.row.blocked_why)
    return render(request, "admin/templat_satu.html", context)


@staff_only(Role.HEAD, Role.ADMIN)
def campaigns_page(request: HttpRequest, actor: Actor) -> HttpResponse:
    """How the number stands, the campaigns, and a new one for the holders of a Suket."""
    context: dict[str, Any] = {}
    if request.method == "POST":
        try:
            _new(request, actor)
        except Refusal as problem:
            context = {"problems": words.problems(problem), "typed": request.POST}
        else:
            return redirect("admin:kampanye")
    sender = number.seen(actor.office)
    rows = [
        {"row": one, "counts": counts, "state": COURSES[one.state], "why": _why(one.paused_why)}
        for one, counts in campaigns.all_of(actor.office)
    ]
    context |= {
        "sender": sender, "used": number.reached(actor.office, clock.now())[0], "rows": rows,
        "quality": QUALITIES.get(sender.quality, gettext_lazy("belum diketahui")),
        "stopped": failures.explain(sender.stopped_why) if sender.stopped_at else None,
        "holders": len(suket.numbers_to_invite(actor.office)),
    }  # fmt: skip
    return render(request, "admin/kampanye.html", context, status=422 if "problems" in context else 200)


def _why(code: str) -> str:
    """Why a campaign stands still, in a sentence."""
    if not code:
        return ""
    return _(campaigns.REASONS[code]) if code in campaigns.REASONS else _(failures.explain(code).why)


def _new(request: HttpRequest, actor: Actor) -> None:
    consent = forms.text(request, "bukti", 120)
    recipients = [campaigns.Recipient(consent, phone=phone) for phone in suket.numbers_to_invite(actor.office)]
    daily = forms.text(request, "harian", 6)
    pilot = forms.text(request, "percobaan", 6) or "0"
    if not pilot.isdigit() or not (daily.isdigit() or not daily):
        raise Refusal("batch", N_("Jumlah per hari paling sedikit 1, percobaan paling sedikit 0."), field="harian")
    campaigns.create(
        forms.text(request, "nama", 80), recipients, pilot=int(pilot), daily=int(daily) if daily else None,
        office_hours="jam_kerja" in request.POST, by=actor, at=clock.now(),
    )  # fmt: skip


@require_POST
@staff_only(Role.HEAD, Role.ADMIN)
def campaign_move(request: HttpRequest, actor: Actor, kampanye: UUID) -> HttpResponse:
    """Start, stop, let go on."""
    act = campaigns.pause if "hentikan" in request.POST else campaigns.start
    try:
        act(kampanye, by=actor, at=clock.now())
    except Refusal as problem:
        messages.error(request, words.sentence(problem))
    return redirect("admin:kampanye")


@require_POST
@staff_only(Role.HEAD, Role.ADMIN)
def go_on(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The account is mended: sending goes on."""
    try:
        talks.resume_sending(by=actor, at=clock.now())
    except Refusal as problem:
        messages.error(request, words.sentence(problem))
    else:
        messages.success(request, _("Pengiriman berjalan lagi."))
    return redirect("admin:kampanye")


@staff_only(Role.VERIFIER, Role.COUNTER)
def by_hand_page(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What the office sends from its own phone, one after the other."""
    if request.method == "POST":
        wanted = forms.identity(forms.text(request, "pesan", 40))
        try:
            if wanted is None:
                raise Refusal("not_by_hand", N_("Pesan ini tidak menunggu dikirim dengan tangan."), status=409)
            talks.sent_by_hand(wanted, by=actor, at=clock.now())
        except Refusal as problem:
            messages.error(request, words.sentence(problem))
        return redirect("admin:tangan")
    talks.read_by_hand(by=actor, at=clock.now())
    rows = threads.by_hand(actor.office)
    hidden = complaints.hidden_from(actor, [codes.parse(row.complaint) for row in rows if row.complaint])
    shown = [row for row in rows if not row.complaint or codes.parse(row.complaint) not in hidden]
    return render(request, "admin/tangan.html", {"rows": shown})
