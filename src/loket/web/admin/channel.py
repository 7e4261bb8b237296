"""The WhatsApp channel as its keeper sees it: what the provider warns of, and what could not be understood."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from loket.conversations import alarms, inbox
from loket.conversations.models import Alarm
from loket.core import clock
from loket.core.actor import Actor, Role
from loket.core.errors import N_, Refusal
from loket.web import forms, words
from loket.web.gate import staff_only

# What each alarm says and what to do about it; `{subject}` is the number, template or field it is about.
SENTENCES = {
    "strange_number": N_("Pesan datang untuk nomor {subject}, yang bukan nomor kantor ini. Periksa LOKET_WA_PHONE_ID dan nomor yang didaftarkan di penyedia."),
    "unknown_field": N_("Penyedia mengirim kabar jenis {subject} yang belum dikenal. Isinya tersimpan; sampaikan ke pengelola aplikasi."),
    "errors": N_("Penyedia melaporkan galat pada nomor kantor. Lihat kodenya, lalu hubungi penyedia kalau berulang."),
    "account_alerts": N_("Penyedia memberi peringatan tentang akun kantor. Buka halaman akun di penyedia."),
    "account_review_update": N_("Peninjauan akun kantor belum disetujui. Buka halaman akun di penyedia."),
    "account_update": N_("Akun kantor berubah atau dibatasi. Buka halaman akun di penyedia."),
    "business_capability_update": N_("Batas kirim kantor berubah. Sesuaikan rencana undangan."),
    "business_status_update": N_("Status usaha kantor di penyedia berubah. Buka halaman akun di penyedia."),
    "message_template_quality_update": N_("Mutu pesan baku {subject} turun. Periksa kata-katanya dan jeda undangan."),
    "message_template_status_update": N_("Pesan baku {subject} ditolak, dijeda, atau dihentikan. Perbaiki di penyedia."),
    "phone_number_name_update": N_("Nama tampilan nomor {subject} belum disetujui. Perbaiki di penyedia."),
    "phone_number_quality_update": N_("Mutu nomor {subject} berubah. Jeda undangan kalau turun."),
    "security": N_("Pengaturan keamanan nomor {subject} berubah. Pastikan kantor yang mengubahnya."),
    "template_category_update": N_("Golongan pesan baku {subject} berubah, jadi harganya bisa berubah."),
}
KINDS = {"message": N_("Pesan warga"), "status": N_("Status kiriman"), "account": N_("Kabar akun"), "strange": N_("Nomor lain")}


@staff_only(Role.ADMIN, Role.HEAD)
def channel(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Open alarms and updates put aside; each is closed or tried again by a button."""
    context: dict[str, Any] = {}
    if request.method == "POST":
        try:
            _act(request, actor)
            return redirect("admin:saluran")
        except Refusal as problem:
            context["problems"] = words.problems(problem)
    context |= {
        "alarms": [(alarm, _sentence(alarm), _said(alarm)) for alarm in alarms.shown(actor.office)],
        "aside": [(row, _(KINDS.get(row.kind, row.kind))) for row in inbox.put_aside()],
        "may_try": actor.may(Role.ADMIN),
    }
    return render(request, "admin/saluran.html", context, status=422 if "problems" in context else 200)


def _act(request: HttpRequest, actor: Actor) -> None:
    event = forms.text(request, "coba", 20)
    if event:
        inbox.try_again(int(event) if event.isdecimal() and event.isascii() else 0, by=actor, at=clock.now())
        messages.success(request, _("Pesan itu dibaca sekali lagi dalam beberapa detik."))
    else:
        alarms.close(_alarm(forms.text(request, "tutup", 40)), by=actor, at=clock.now())
        messages.success(request, _("Peringatan ditutup. Kalau terjadi lagi, ia muncul lagi."))


def _alarm(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)


def _sentence(alarm: Alarm) -> str:
    known = SENTENCES.get(alarm.code)
    return _(known).format(subject=alarm.subject) if known else f"{alarm.code} {alarm.subject}"


def _said(alarm: Alarm) -> str:
    """The provider's own words, as far as they are short: an event, a decision, a code."""
    told = [str(value) for name, value in alarm.value.items() if isinstance(value, str | int) and name not in ("display_phone_number",)]
    told += [str(error.get("code")) for error in alarm.value.get("errors") or [] if isinstance(error, dict)]
    return " · ".join(part[:80] for part in told[:6])
