"""Administration: read lists from SIAK, note a status by hand, move the demo's clock."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from loket import home
from loket.applications import actions as applications
from loket.applications import statuses
from loket.applications.importing import import_statuses
from loket.core import clock, crypto
from loket.core.actor import Actor, Role
from loket.core.errors import N_, Refusal
from loket.offices import queries as offices
from loket.residents import nik as niks
from loket.web import demo, forms, words
from loket.web.gate import staff_only

MOST_BYTES = 20 * 1024 * 1024


@staff_only(Role.ADMIN)
def lists(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Read a list of statuses; a check first shows what would happen. Lists of Suket come in by `imports`."""
    context: dict[str, Any] = {
        "statuses": [(row.code, f"{row.code}: {_(row.meaning)}") for row in statuses.STATUSES]
    }
    if request.method == "POST":
        try:
            if "nik" in request.POST:
                changed = _one_status(request, actor)
                messages.success(request, _("Status tercatat.") if changed else _("Status ini sudah tercatat sebelumnya."))
                return redirect("admin:kelola")
            context["report"] = _read(request, actor)
        except Refusal as problem:
            context |= {"problems": words.problems(problem), "typed": request.POST}
    return render(request, "admin/kelola.html", context, status=422 if "problems" in context else 200)


def _one_status(request: HttpRequest, actor: Actor) -> int:
    nik = niks.parse_nik(forms.text(request, "nik", 40)).digits
    status = statuses.parse(forms.text(request, "status", 40))
    today = offices.office(actor.office).today()
    return applications.take_statuses(
        [(crypto.index("nik", nik, crypto.keyring()), status.code, today)], by=actor, at=clock.now()
    )


def _read(request: HttpRequest, actor: Actor) -> dict[str, Any]:
    upload = request.FILES.get("berkas")
    if not isinstance(upload, UploadedFile):
        raise Refusal("file_missing", N_("Pilih berkas XLSX, XLS, atau CSV dulu."), field="berkas")
    if Path(upload.name or "").suffix.lower() not in (".xlsx", ".xls", ".csv"):
        raise Refusal("file_kind", N_("Berkas ini bukan XLSX, XLS, atau CSV. Simpan dulu dari Excel, lalu pilih lagi."), field="berkas")
    if (upload.size or 0) > MOST_BYTES:
        raise Refusal("file_large", N_("Berkas ini terlalu besar. Pakai perintah loket di server."), field="berkas")
    suffix = Path(upload.name or "").suffix.lower()[:5]
    # The list holds NIK: it lies where only this process can read it, and only until it is read.
    with tempfile.TemporaryDirectory(dir=home.path()) as folder:
        path = Path(folder) / f"daftar{suffix}"
        path.write_bytes(upload.read())
        report = import_statuses(path, dry_run="periksa" in request.POST, by=actor, at=clock.now())
    return {**report.as_dict(), "errors": report.errors[:50], "dry_run": "periksa" in request.POST}


@staff_only(*Role)
def demo_clock(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Move the clock of the demo; a real office has no such page."""
    if not settings.IS_DEMO:
        raise Refusal("no_demo", N_("Jam hanya bisa digeser di kantor contoh."), status=404)
    zone = ZoneInfo(offices.office(actor.office).zone)
    context: dict[str, Any] = {"now": clock.now().astimezone(zone), "steps": demo.STEPS}
    if request.method == "POST":
        try:
            moved = demo.wanted(forms.text(request, "geser", 4), forms.text(request, "ke", 30), clock.now(), zone)
        except Refusal as problem:
            context["problems"] = words.problems(problem)
            return render(request, "admin/jam.html", context, status=422)
        except ValueError:
            context["problems"] = [("ke", _("Tulis waktu seperti 2020-06-03T08:00."))]
            return render(request, "admin/jam.html", context, status=422)
        clock.move_to(moved)
        demo.tell_emulator(moved)
        return redirect("admin:jam")
    return render(request, "admin/jam.html", context)
