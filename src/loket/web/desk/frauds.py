"""What residents reported as a fraud, for the people of the office."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from loket.conversations import actions as talks
from loket.conversations import queries as threads
from loket.core import clock
from loket.core.actor import Actor, Role
from loket.web.gate import staff_only

READERS = (Role.VERIFIER, Role.COUNTER, Role.HEAD, Role.AUDITOR)


@require_safe
@staff_only(*READERS)
def overview(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What nobody has looked into first, then the latest; reading it is recorded."""
    talks.open_frauds(by=actor, at=clock.now())
    return render(request, "desk/penipuan.html", {"rows": threads.frauds(actor.office)})


@require_POST
@staff_only(*READERS)
def seen(request: HttpRequest, actor: Actor, laporan: UUID) -> HttpResponse:
    """Somebody has looked into it."""
    talks.see_fraud(laporan, by=actor, at=clock.now())
    messages.success(request, _("Laporan ditandai sudah diperiksa."))
    return redirect("desk:penipuan")
