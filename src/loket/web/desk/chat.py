"""The shared inbox: who waits, one conversation beside its cases, and everything people of the office do in it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from loket.applications import actions as applications
from loket.applications import queries as cases
from loket.conversations import actions as talks
from loket.conversations import queries as threads
from loket.core import clock, codes
from loket.core.actor import Actor, Role
from loket.core.errors import N_, Refusal
from loket.delivery import queries as parcels
from loket.offices import queries as offices
from loket.residents import phones
from loket.staff import queries as staff
from loket.web import forms, words
from loket.web.desk import inbox
from loket.web.gate import staff_only

CHATS = (Role.VERIFIER, Role.COUNTER)


@require_safe
@staff_only(*CHATS)
def conversations(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The inbox: by default what is open and mine or nobody's, who waits longest first."""
    return render(request, "desk/obrolan.html", inbox.page(request, actor, None))


@require_safe
@staff_only(*CHATS)
def thread(request: HttpRequest, actor: Actor, kontak: UUID) -> HttpResponse:
    """One conversation beside the cases it is about. Opening it is recorded, what the open page then hears is not."""
    if (whole := threads.whole(kontak, actor.office)) != kontak:
        return _back(request, whole)
    talks.open_thread(kontak, by=actor, at=clock.now())
    return render(request, "desk/obrolan.html", inbox.page(request, actor, kontak))


@require_safe
@staff_only(*CHATS)
def news(request: HttpRequest, actor: Actor, kontak: UUID | None = None) -> HttpResponse:
    """What an open page asks every few seconds: 204 while nothing has changed, else its parts anew.

    409 when the conversation was not opened lately: the page then loads again, and that is recorded as a reading.
    """
    if kontak:
        talks.still_here(kontak, typing="menulis" in request.GET, by=actor)
    state = inbox.state(request, actor, kontak)
    if state.version is None:
        return HttpResponse(status=409)
    if state.version == request.GET.get("versi"):
        return HttpResponse(status=204)
    return render(request, "desk/obrolan/kabar.html", inbox.page(request, actor, kontak, state, before=request.GET.get("versi", "")))


@require_POST
@staff_only(*CHATS)
def leave(request: HttpRequest, actor: Actor, kontak: UUID) -> HttpResponse:
    """The page was closed or left: nobody is shown as looking who is not."""
    talks.leave(kontak, by=actor)
    return HttpResponse(status=204)


@require_POST
@staff_only(*CHATS)
def answer(request: HttpRequest, actor: Actor, kontak: UUID) -> HttpResponse:
    """Send an answer; outside the window a template goes, and the answer waits behind it. What is refused stays typed."""
    typed, now = forms.text(request, "text", 5000), clock.now()
    if "isi" in request.POST:
        filled = inbox.filled(forms.text(request, "siap", 40), kontak, request, actor)
        return _again(request, actor, kontak, "\n".join(part for part in (typed, filled) if part))
    taking_from = forms.text(request, "ambil_alih", 40)
    try:
        if "templat" not in request.POST:
            talks.answer(kontak, typed, taking_from=taking_from, by=actor, at=now)
            return _back(request, kontak)
        inbox.send_template(request, kontak, typed, taking_from=taking_from, by=actor, at=now)
    except Refusal as problem:
        talks.save_draft(kontak, typed, by=actor, at=now)
        return _again(request, actor, kontak, typed, problem)
    messages.success(request, _("Templat dikirim. Balasan Anda menyusul sendiri begitu warga menulis.") if typed else _("Templat dikirim."))
    return _back(request, kontak)


@require_POST
@staff_only(*CHATS)
def draft(request: HttpRequest, actor: Actor, kontak: UUID) -> HttpResponse:
    """Keep what was typed so far; the page sends it by itself a moment after the last letter."""
    begun = _instant(forms.text(request, "mulai", 40))
    talks.save_draft(kontak, forms.text(request, "text", 5000), begun=begun, by=actor, at=clock.now())
    return HttpResponse(status=204)


@require_POST
@staff_only(*CHATS)
def claim(request: HttpRequest, actor: Actor, kontak: UUID) -> HttpResponse:
    """Take it, or take it over from whom the page showed: the bot is silent until the conversation is given back."""
    try:
        talks.claim(kontak, taking_from=forms.text(request, "dari", 40), by=actor, at=clock.now())
    except Refusal as problem:
        return _again(request, actor, kontak, None, problem)
    return _back(request, kontak)


@require_POST
@staff_only(*CHATS)
def release(request: HttpRequest, actor: Actor, kontak: UUID) -> HttpResponse:
    """Settled: the conversation goes back to the bot."""
    talks.release(kontak, by=actor, at=clock.now())
    messages.success(request, _("Percakapan selesai. Jawaban otomatis aktif lagi."))
    return redirect(f"{reverse('desk:obrolan')}{inbox.query(request)}")


@require_POST
@staff_only(*CHATS)
def hand_over(request: HttpRequest, actor: Actor, kontak: UUID) -> HttpResponse:
    """Give it to a named colleague, with a note."""
    note = forms.text(request, "catatan_serah", 2000)
    try:
        talks.hand_over(kontak, forms.text(request, "kepada", 40), note, by=actor, at=clock.now())
    except Refusal as problem:
        return _again(request, actor, kontak, None, problem)
    messages.success(request, _("Percakapan diserahkan."))
    return _back(request, kontak)


@require_POST
@staff_only(*CHATS)
def note(request: HttpRequest, actor: Actor, kontak: UUID) -> HttpResponse:
    """A note that only people of the office see."""
    try:
        talks.note(kontak, forms.text(request, "catatan", 4000), by=actor, at=clock.now())
    except Refusal as problem:
        problem.field = "catatan"
        return _again(request, actor, kontak, None, problem)
    return _back(request, kontak)


@require_POST
@staff_only(*CHATS)
def label(request: HttpRequest, actor: Actor, kontak: UUID) -> HttpResponse:
    """The labels, separated by commas."""
    try:
        talks.label(kontak, forms.text(request, "label", 300).split(","), by=actor, at=clock.now())
    except Refusal as problem:
        return _again(request, actor, kontak, None, problem)
    return _back(request, kontak)


@require_POST
@staff_only(*CHATS)
def snooze(request: HttpRequest, actor: Actor, kontak: UUID) -> HttpResponse:
    """Aside until a time; it comes back by itself, or at once when the resident writes."""
    office, now = offices.office(actor.office), clock.now()
    try:
        until = None if "kembalikan" in request.POST else inbox.until(forms.text(request, "tunda", 20), office, now)
        talks.snooze(kontak, until, by=actor, at=now)
    except Refusal as problem:
        return _again(request, actor, kontak, None, problem)
    if until is None:
        return _back(request, kontak)
    messages.success(request, _("Percakapan ditunda. Kembali sendiri pada waktunya, atau begitu warga menulis."))
    return redirect(f"{reverse('desk:obrolan')}{inbox.query(request)}")


@require_POST
@staff_only(*CHATS)
def held(request: HttpRequest, actor: Actor, kontak: UUID, pesan: UUID) -> HttpResponse:
    """Other words for an answer that waits, or none at all."""
    try:
        if "tarik" in request.POST:
            talks.withdraw_held(pesan, by=actor, at=clock.now())
        else:
            talks.rewrite_held(pesan, forms.text(request, "ditahan", 5000), by=actor, at=clock.now())
    except Refusal as problem:
        return _again(request, actor, kontak, None, problem)
    return _back(request, kontak)


@require_POST
@staff_only(*CHATS)
def retry(request: HttpRequest, actor: Actor, kontak: UUID, pesan: UUID) -> HttpResponse:
    """Once more what failed."""
    try:
        talks.retry(pesan, by=actor, at=clock.now())
    except Refusal as problem:
        return _again(request, actor, kontak, None, problem)
    return _back(request, kontak)


@staff_only(*CHATS)
def merge(request: HttpRequest, actor: Actor, kontak: UUID) -> HttpResponse:
    """Two conversations that are one person's: sought by the other's whole number, looked at, then merged."""
    context: dict[str, Any] = {}
    try:
        if other := forms.identity(request.POST.get("lain", "")):
            talks.merge(kontak, other, by=actor, at=clock.now())
            messages.success(request, _("Kedua percakapan sekarang satu."))
            return redirect("desk:percakapan", kontak=kontak)
        if request.method == "POST":
            context["other"] = _other(request, actor, kontak)
    except Refusal as problem:
        context["problems"] = words.problems(problem)
    line = threads.line(kontak, actor.office)
    context |= {
        "line": inbox.named(line),
        "merges": [(one, staff.full_name(one.by, actor.office)) for one in threads.merges(kontak, actor.office)],
    }
    return render(request, "desk/gabung.html", context, status=422 if "problems" in context else 200)


def _other(request: HttpRequest, actor: Actor, kontak: UUID) -> dict[str, Any]:
    number = phones.parse_phone(forms.text(request, "nomor", 30))
    reason = forms.text(request, "alasan", 200)
    applications.check_reason(reason, N_("Tulis alasan menggabungkan, paling sedikit 5 huruf."))
    talks.sought("phone", reason, by=actor, at=clock.now())
    found = [one for one in threads.by_phone(number, actor.office) if one != kontak]
    if not found:
        raise Refusal("other_unknown", N_("Tidak ada percakapan lain dengan nomor itu."), status=404, field="nomor")
    return inbox.named(threads.line(found[0], actor.office))


@require_POST
@staff_only(*CHATS)
def unmerge(request: HttpRequest, actor: Actor, kontak: UUID, gabungan: UUID) -> HttpResponse:
    """Taken apart again: each has its own messages back."""
    talks.unmerge(gabungan, by=actor, at=clock.now())
    messages.success(request, _("Percakapan sudah dipisahkan lagi."))
    return redirect("desk:percakapan", kontak=kontak)


@require_POST
@staff_only(*CHATS)
def search(request: HttpRequest, actor: Actor) -> HttpResponse:
    """By request code, tracking number, whole phone number or name; posted, so that nothing stands in the address."""
    sought, reason = forms.text(request, "cari", 120), forms.text(request, "alasan", 200)
    context = {"sought": sought, "reason": reason}
    try:
        contacts = [threads.root(one) for one in _sought(sought, reason, actor)]
        found = threads.lines_of(contacts, actor.office)
    except Refusal as problem:
        context["problems"] = [(field or "cari", line) for field, line in words.problems(problem)]  # type: ignore[assignment]  # a list
        return render(request, "desk/obrolan.html", inbox.page(request, actor, None) | context, status=problem.status)
    return render(request, "desk/obrolan.html", inbox.page(request, actor, None, found=found) | context)


def _sought(sought: str, reason: str, actor: Actor) -> list[UUID]:
    """The contacts that a search is about. A code or a tracking number says nothing of anybody; a name or a number does,
    and is recorded with its reason."""
    try:
        row = cases.by_code(codes.parse(sought), actor.office)
        return [row.contact_id] if row.contact_id else []
    except Refusal:
        pass
    if code := parcels.by_tracking(sought, actor.office):
        row = cases.by_code(code, actor.office)
        return [row.contact_id] if row.contact_id else []
    is_phone = sum(map(str.isdigit, sought)) >= 8 and not any(map(str.isalpha, sought))
    number = phones.parse_phone(sought) if is_phone else ""
    if not is_phone and len(sought) < 3:
        raise Refusal("search_short", N_("Tulis kode permohonan, nomor kiriman, nomor HP lengkap, atau nama."), field="cari")
    applications.check_reason(reason, N_("Tulis alasan mencari dengan nama atau nomor HP, paling sedikit 5 huruf."))
    talks.sought("phone" if is_phone else "name", reason, by=actor, at=clock.now())
    if number:
        return threads.by_phone(number, actor.office)
    found = applications.search(sought, reason, by=actor, at=clock.now())
    return cases.contacts_of([row.id for row in found])


def _again(
    request: HttpRequest, actor: Actor, kontak: UUID, typed: str | None, problem: Refusal | None = None
) -> HttpResponse:
    """The page once more, with what was refused and everything that was typed. It shows the conversation: whoever has not
    opened it lately reads it now."""
    if not threads.thread_version(kontak, actor.name):
        talks.open_thread(kontak, by=actor, at=clock.now())
    context = inbox.page(request, actor, kontak)
    context |= {"sent": request.POST}
    if typed is not None:
        context["typed"] = typed
    if problem is None:
        return render(request, "desk/obrolan.html", context)
    context["problems"] = words.problems(problem)
    return render(request, "desk/obrolan.html", context, status=problem.status)


def _back(request: HttpRequest, kontak: UUID) -> HttpResponse:
    return redirect(f"{reverse('desk:percakapan', args=[kontak])}{inbox.query(request)}")


def _instant(written: str) -> datetime | None:
    try:
        return datetime.fromisoformat(written)
    except ValueError:
        return None
