"""Ready-made answers: written by the head or the admin, in both languages, each change a version."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from loket.conversations import actions as talks
from loket.conversations import queries as threads
from loket.conversations import rules
from loket.core import clock
from loket.core.actor import Actor, Role
from loket.core.errors import Refusal
from loket.staff import queries as staff
from loket.web import forms, words
from loket.web.gate import staff_only


@staff_only(Role.HEAD, Role.ADMIN)
def answers(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The list, one of them opened with its versions, and the form for a new version or a new answer."""
    name = request.POST.get("nama") or request.GET.get("nama", "")
    versions = threads.canned_versions(actor.office, name) if name else []
    typed = {"nama": versions[0].name, "text_id": versions[0].text_id, "text_en": versions[0].text_en} if versions else {}
    context: dict[str, Any] = {"typed": typed}
    if request.method == "POST":
        typed = {field: forms.text(request, field, 1200) for field in ("nama", "text_id", "text_en")}
        try:
            row = talks.write_canned(
                typed["nama"], typed["text_id"], typed["text_en"], retired="simpan_berhenti" in request.POST, by=actor,
                at=clock.now(),
            )  # fmt: skip
        except Refusal as problem:
            context = {"typed": typed, "problems": words.problems(problem)}
        else:
            messages.success(request, _("Balasan {name} tersimpan sebagai versi {version}.").format(name=row.name, version=row.version))
            return redirect(reverse("desk:balasan"))
    context |= {
        "rows": [(row, staff.full_name(row.author, actor.office)) for row in threads.canned(actor.office, retired=True)],
        "versions": [(row, staff.full_name(row.author, actor.office)) for row in versions],
        "known": ", ".join(f"{{{place}}}" for place in rules.PLACES),
    }
    return render(request, "desk/balasan.html", context, status=422 if "problems" in context else 200)
