"""Is a Suket one of ours, and still good? Anybody may ask by its code, and learns nothing about its holder."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from loket.core import clock, codes, limits
from loket.core.errors import N_, Refusal
from loket.offices import queries as offices
from loket.suket import issuing
from loket.web import visitor

GUESSES, MINUTES = 60, 15


@require_safe
def check(request: HttpRequest, kode: str) -> HttpResponse:
    """The page behind the QR of a letter."""
    now, subject = clock.now(), f"suket:{visitor.address(request)}"
    code = codes.parse(kode)
    if limits.exceeded(subject, GUESSES, MINUTES, at=now):
        raise Refusal(
            "guesses", N_("Sudah terlalu banyak kode yang keliru. Coba lagi dalam {minutes} menit."), status=429, minutes=MINUTES
        )
    context = {"code": codes.shown(code), "letter": None}
    try:
        context["letter"] = issuing.standing(code, offices.office(settings.OFFICE).today())  # type: ignore[assignment]
    except Refusal:
        limits.spend(subject, GUESSES, MINUTES, at=now)
    return render(request, "public/suket.html", context, status=200 if context["letter"] else 404)
