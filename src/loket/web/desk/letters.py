"""Issues a Suket where it is allowed, and prints it; the letter carries a code that anybody can check."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from loket.core import clock, codes, text
from loket.core.actor import Actor, Role
from loket.core.errors import N_, Refusal
from loket.offices import queries as offices
from loket.suket import issuing
from loket.web import forms, papers, words
from loket.web.gate import staff_only


@require_POST
@staff_only(*issuing.ISSUERS)
def issue(request: HttpRequest, actor: Actor) -> HttpResponse:
    """A letter for the resident of an open request."""
    try:
        letter = issuing.issue(codes.parse(forms.text(request, "kode", 20)), by=actor, at=clock.now())
    except Refusal as problem:
        problem.field = "kode"
        context = {"problems": words.problems(problem), "typed": request.POST}
        return render(request, "desk/suket_terbit.html", context, status=problem.status)
    messages.success(request, _("Suket terbit. Cetak suratnya, lalu minta tanda tangan."))
    return redirect("desk:suket_surat", surat=letter)


@require_POST
@staff_only(*issuing.ISSUERS)
def paper(request: HttpRequest, actor: Actor, surat: UUID) -> HttpResponse:
    """The letter as a tagged PDF. It names the holder, so making it is a recorded reading."""
    shown = issuing.paper(surat, by=actor, at=clock.now())
    response = HttpResponse(pdf(shown, actor.office), content_type="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="suket-{codes.shown(shown.code)}.pdf"'
    response.headers["Cache-Control"] = "no-store"
    return response


def pdf(shown: issuing.Paper, office_code: str) -> bytes:
    """One A4 page in Indonesian, as the law wants it."""
    office = offices.office(office_code)
    check = f"{settings.BASE_URL}{reverse('public:suket', args=[shown.code])}"
    words_ = {
        "title": "Surat Keterangan Pengganti KTP-el",
        "description": f"Surat keterangan {codes.shown(shown.code)}, berlaku sampai {text.tanggal(shown.valid_until)}.",
        "office": office.name,
        "address": office.address,
        "number": shown.number,
        "facts": [
            ("Nama", shown.name),
            ("NIK", shown.nik),
            ("Tanggal lahir", text.tanggal(date.fromisoformat(shown.birth_date)) if shown.birth_date else "–"),
            ("Alamat", shown.address or "–"),
        ],
        "statement": f"telah direkam untuk KTP-el di {office.city}, dan KTP-el-nya sedang diproses.",
        "validity": (
            f"Surat ini berlaku sebagai pengganti KTP-el selama enam bulan, dari {text.tanggal(shown.issued_on)} "
            f"sampai {text.tanggal(shown.valid_until)}, dan ditukar begitu KTP-el-nya diterima."
        ),
        "reference": shown.reference,
        "qr_alt": f"Kode QR untuk memeriksa surat {codes.shown(shown.code)}",
        "check": check,
        "check_shown": check.removeprefix("https://").removeprefix("http://"),
        "place_date": f"{office.city.removeprefix('Kota ').removeprefix('Kabupaten ')}, {text.tanggal(shown.issued_on)}",
    }
    return papers.pdf("suket", words_, qr=check, at=text.local(clock.now(), office.zone))


@staff_only(Role.HEAD)
def switch(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The head allows new Suket by naming the rule that does, or forbids them again."""
    office = offices.office(actor.office)
    since = office.settings.suket_since
    context: dict[str, Any] = {
        "reference": office.settings.suket_reference,
        "since_on": date.fromisoformat(since) if since else None,
        "pattern": office.settings.suket_number,
    }
    if request.method == "POST":
        reference = "" if "tutup" in request.POST else forms.text(request, "reference", 120)
        try:
            if not reference and "tutup" not in request.POST:
                raise Refusal("reference_short", N_("Tulis nomor dan tanggal surat yang mengizinkan."), field="reference")
            issuing.switch(reference, forms.text(request, "pattern", 60) or office.settings.suket_number, by=actor, at=clock.now())
        except Refusal as problem:
            context |= {"problems": words.problems(problem), "typed": request.POST}
            return render(request, "desk/suket_izin.html", context, status=problem.status)
        messages.success(request, _("Tersimpan. Tercatat dengan nama Anda."))
        return redirect("desk:suket_izin")
    return render(request, "desk/suket_izin.html", context)
