"""The recorder's page: that biometrics were taken, or must be taken again."""

from __future__ import annotations

from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loket.core import clock
from loket.core.actor import Actor, Role
from loket.core.errors import Refusal, Refusals
from loket.offices import queries as offices
from loket.residents import names
from loket.residents import nik as niks
from loket.visits import actions as visits
from loket.visits import queries as recordings
from loket.web import forms, words
from loket.web.gate import staff_only

REASONS = {
    "fingers": gettext_lazy("Sidik jari tidak terbaca"),
    "iris": gettext_lazy("Iris tidak terbaca"),
    "photo": gettext_lazy("Foto tidak memenuhi syarat"),
    "device": gettext_lazy("Alat atau jaringan bermasalah"),
}


@staff_only(Role.RECORDER)
def record(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Note one recording; the list below shows what this recorder noted today."""
    if request.method == "POST":
        try:
            person = forms.together(
                nik=lambda: niks.parse_nik(forms.text(request, "nik", 40)).digits,
                name=lambda: names.clean_name(forms.text(request, "nama", 120)),
                birth_date=lambda: forms.day(request, "lahir"),
            )
            visits.record(
                **person,
                kecamatan=forms.text(request, "kecamatan", 13),
                result=forms.text(request, "hasil", 12),
                reason=forms.text(request, "sebab", 40),
                key=forms.text(request, "kunci", 64),
                by=actor,
                at=clock.now(),
            )
        except (Refusal, Refusals) as problem:
            context = _page(actor) | {"problems": words.problems(problem), "typed": request.POST}
            return render(request, "field/rekam.html", context, status=problem.status)
        # The next resident stands in the same kecamatan.
        request.session["kecamatan"] = forms.text(request, "kecamatan", 13)
        messages.success(request, _("Perekaman tercatat. Warga dikabari kalau statusnya berubah."))
        return redirect("field:rekam")
    typed = {"kecamatan": request.session.get("kecamatan", "")}
    return render(request, "field/rekam.html", _page(actor) | {"typed": typed})


def _page(actor: Actor) -> dict[str, Any]:
    office = offices.office(actor.office)
    start = clock.now().astimezone(ZoneInfo(office.zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    return {
        "kecamatan": sorted(office.kecamatan.items()),
        "reasons": REASONS.items(),
        "today": recordings.since(actor.office, start, actor.name),
        "kunci": uuid4().hex,
        "typed": {},
    }
