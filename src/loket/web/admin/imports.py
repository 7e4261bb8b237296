"""A list of Suket comes in by four steps: the file, its columns, the check, the reading; and goes back as a whole."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from loket.core import clock, text
from loket.core.actor import Actor, Role
from loket.core.errors import N_, Refusal
from loket.suket import importing, sheet, staging
from loket.suket import queries as suket
from loket.suket.models import Staged, Step
from loket.web import words
from loket.web.gate import staff_only

# Columns whose cells name a person: only their shape is shown.
PERSONAL = frozenset({"nik", "kk_number", "name", "phone", "birth_date", "address"})


@staff_only(Role.ADMIN)
def lists(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Choose a file; below it the lists that were read, each of which can be taken back."""
    context: dict[str, Any] = {"imports": suket.imports(actor.office)}
    if request.method == "POST":
        try:
            upload = request.FILES.get("berkas")
            if not isinstance(upload, UploadedFile):
                raise Refusal("file_missing", N_("Pilih berkas XLSX, XLS, atau CSV dulu."), field="berkas")
            staged = staging.stage(
                upload.name or "", upload.read(staging.MOST_BYTES + 1), by=actor, at=clock.now()
            )
        except Refusal as problem:
            problem.field = "berkas"
            return render(request, "admin/impor.html", context | {"problems": words.problems(problem)}, status=422)
        return redirect("admin:impor_langkah", daftar=staged.pk)
    return render(request, "admin/impor.html", context)


@require_safe
@staff_only(Role.ADMIN)
def step(request: HttpRequest, actor: Actor, daftar: UUID) -> HttpResponse:
    """Where a list stands: its columns, the check that runs, what it found, or that it is read."""
    staged = staging.find(daftar, actor.office)
    if staged.step == Step.COLUMNS or "kolom" in request.GET:
        return render(request, "admin/impor_kolom.html", _columns(staged))
    return render(request, "admin/impor_langkah.html", _progress(staged))


@require_POST
@staff_only(Role.ADMIN)
def columns(request: HttpRequest, actor: Actor, daftar: UUID) -> HttpResponse:
    """The columns as a person says them; then every row is checked."""
    chosen = {
        field.name: int(value) for field in sheet.FIELDS if (value := request.POST.get(field.name, "")).isdigit()
    }
    try:
        staging.say_columns(daftar, chosen, by=actor, at=clock.now())
    except Refusal as problem:
        context = _columns(staging.find(daftar, actor.office), chosen) | {"problems": words.problems(problem)}
        return render(request, "admin/impor_kolom.html", context, status=problem.status)
    return redirect("admin:impor_langkah", daftar=daftar)


@require_POST
@staff_only(Role.ADMIN)
def confirm(request: HttpRequest, actor: Actor, daftar: UUID) -> HttpResponse:
    """Read the checked list for good."""
    staging.confirm(daftar, by=actor, at=clock.now())
    return redirect("admin:impor_langkah", daftar=daftar)


@require_safe
@staff_only(Role.ADMIN)
def refused(request: HttpRequest, actor: Actor, daftar: UUID) -> HttpResponse:
    """The refused rows as a sheet, the reason beside each."""
    response = HttpResponse(
        staging.refused_rows(staging.find(daftar, actor.office)),
        content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    )
    response.headers["Content-Disposition"] = 'attachment; filename="ditolak.xlsx"'
    response.headers["Cache-Control"] = "no-store"
    return response


@require_POST
@staff_only(Role.ADMIN)
def undo(request: HttpRequest, actor: Actor, impor: int) -> HttpResponse:
    """Take a list back as a whole."""
    undone = importing.undo_import(impor, by=actor, at=clock.now())
    messages.success(
        request,
        _("Impor {number} dibatalkan: {removed} Suket dihapus, {restored} dikembalikan, {stayed} tetap karena sudah dipakai.").format(
            number=impor, removed=text.angka(undone.removed), restored=text.angka(undone.restored), stayed=text.angka(undone.stayed)
        ),
    )
    return redirect("admin:impor")


def _columns(staged: Staged, chosen: dict[str, int] | None = None) -> dict[str, Any]:
    outline = staging.outline(staged)
    said = chosen if chosen is not None else staged.columns or outline.columns
    personal = {position for name, position in said.items() if name in PERSONAL}
    return {
        "staged": staged,
        "fields": [
            (field.name, f"{field.heading}{' *' if field.required else ''}", said.get(field.name, "")) for field in sheet.FIELDS
        ],
        "headings": [(position, heading or _("Kolom {number}").format(number=position + 1)) for position, heading in enumerate(outline.headings)],
        "sample": [
            [_shape(cell) if position in personal else cell for position, cell in enumerate(row)] for row in outline.sample
        ],
    }


def _shape(cell: str) -> str:
    """A cell that names a person, as letters and digits that say how it is written and not what."""
    return "".join("9" if char.isdigit() else "A" if char.isalpha() else char for char in cell)


def _progress(staged: Staged) -> dict[str, Any]:
    problem = staged.problem or {}
    return {
        "staged": staged,
        "is_working": staged.step in (Step.CHECKING, Step.IMPORTING),
        "report": staged.report,
        "problem": _(problem["message"]).format(**problem["shown"]) if problem else "",
        "share": 100 * staged.done // staged.total if staged.total else 0,
    }
