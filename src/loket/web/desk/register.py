"""The register of Suket: its segments, the list behind each, one letter and how it ended."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from loket.core import clock, codes
from loket.core.actor import Actor, Role
from loket.core.errors import N_, Refusal
from loket.offices import queries as offices
from loket.suket import actions, issuing, rules
from loket.suket import queries as suket
from loket.suket.rules import Segment
from loket.web import forms, words
from loket.web.gate import staff_only

READERS = (Role.VERIFIER, Role.COUNTER, Role.ADMIN, Role.HEAD, Role.AUDITOR)
OUTCOMES = {
    "exchanged": N_("Ditukar dengan KTP-el"),
    "died": N_("Meninggal"),
    "moved": N_("Pindah ke luar kota"),
    "duplicate": N_("Suket ganda"),
    "holds_card": N_("Sudah punya KTP-el"),
}
CHANNELS = {
    "whatsapp": "WhatsApp", "sms": "SMS", "email": "E-mail", "phone": N_("Telepon"), "kelurahan": "Kelurahan",
    "visit": N_("Kunjungan"),
}  # fmt: skip


@require_safe
@staff_only(*READERS)
def register(request: HttpRequest, actor: Actor) -> HttpResponse:
    """All letters: outstanding by segment, settled by outcome; the sum stands below."""
    found = suket.register(actor.office)
    context = {
        "register": found,
        "segments": [(segment, _(rules.MEANINGS[segment].name), _(rules.MEANINGS[segment].todo), count)
                     for segment, count in found.outstanding.items()],
        "blocked": [(status, _(status.meaning), _(status.todo), _who(status.who_acts)) for status in found.blocked],
        "outcomes": [(_(OUTCOMES[outcome]), count) for outcome, count in found.settled.items()],
        "now": clock.now(),
        "may_issue": actor.may(*issuing.ISSUERS) and bool(offices.office(actor.office).settings.suket_reference),
        "may_switch": actor.may(Role.HEAD),
    }  # fmt: skip
    return render(request, "desk/suket.html", context)


@require_safe
@staff_only(Role.VERIFIER, Role.COUNTER, Role.ADMIN)
def holders(request: HttpRequest, actor: Actor, segmen: str) -> HttpResponse:
    """The letters of one segment, oldest first. Names are shown to those who work with them."""
    if segmen not in Segment.__members__.values():
        raise Refusal("segment_unknown", N_("Bagian ini tidak ada. Kembali ke daftar Suket."), status=404)
    segment = Segment(segmen)
    status = request.GET.get("status", "*")
    rows, following = suket.holders(actor.office, segment, status=status, after=_cursor(request.GET.get("kursor", "")))
    kelurahan = offices.office(actor.office).kelurahan
    context = {
        "segment": segment,
        "name": _(rules.MEANINGS[segment].name),
        "todo": _(rules.MEANINGS[segment].todo),
        "rows": [(row, kelurahan.get(row.kelurahan, ""), codes.shown(row.code) if row.code else "",
                  words.staff_state(row.state) if row.state else "") for row in rows],
        "status": status,
        "kursor": following,
    }  # fmt: skip
    return render(request, "desk/suket_daftar.html", context)


@staff_only(Role.VERIFIER, Role.COUNTER, Role.ADMIN)
def letter(request: HttpRequest, actor: Actor, surat: UUID) -> HttpResponse:
    """One letter: the attempts to reach its holder, and its end with date and evidence."""
    if request.method == "POST":
        try:
            actions.settle(
                surat, forms.text(request, "outcome", 12), forms.text(request, "evidence", 80), forms.day(request, "on"),
                by=actor, at=clock.now(),
            )  # fmt: skip
        except Refusal as problem:
            context = _letter(surat, actor) | {
                "problems": words.problems(problem), "typed": request.POST, "chosen": forms.text(request, "outcome", 12),
            }  # fmt: skip
            return render(request, "desk/suket_surat.html", context, status=problem.status)
        messages.success(request, _("Hasil Suket ini tercatat. Sisa Suket berkurang satu."))
        return redirect("desk:suket_surat", surat=surat)
    # A list of a wave that came back says what to ask the evidence for.
    return render(request, "desk/suket_surat.html", _letter(surat, actor) | {"chosen": request.GET.get("hasil", "")})


def _letter(letter_id: UUID, actor: Actor) -> dict[str, Any]:
    found, holder, number = suket.letter(letter_id, actor.office)
    return {
        "letter": found,
        "may_issue": actor.may(*issuing.ISSUERS),
        "holder": holder,
        "number": number,
        "kelurahan_name": offices.office(actor.office).kelurahan.get(found.kelurahan, ""),
        "outcome": _(OUTCOMES[found.outcome]) if found.outcome else "",
        "attempts": [(item, _(CHANNELS[item.channel])) for item in suket.attempts(letter_id)],
        "choices": [(outcome, _(OUTCOMES[outcome])) for outcome in rules.BY_HAND],
    }


def _who(who: str) -> str:
    return {"resident": _("Warga"), "office": _("Kantor"), "centre": _("Pusat")}[who]


def _cursor(given: str) -> str:
    """A cursor as `suket.holders` makes it; anything else begins at the beginning."""
    try:
        on, row = given.split("_")
        return f"{date.fromisoformat(on)}_{UUID(row)}"
    except ValueError:
        return ""
