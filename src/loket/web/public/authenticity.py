"""Is this message from the office? A number, a link or a text is judged by what it is; nothing is opened or looked up."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from loket.conversations import actions as talks
from loket.conversations import authenticity
from loket.conversations.authenticity import Kind, Verdict
from loket.core import clock, limits
from loket.core.actor import resident
from loket.core.errors import N_, Refusal
from loket.offices import queries as offices
from loket.web import errors, forms, visitor, words

# Per address, which on mobile networks many people share.
QUESTIONS, MINUTES = 300, 15
REPORTS, DAY = 100, 24 * 60

_HEADS = {
    (Kind.NUMBER, Verdict.OURS): _("Nomor ini nomor resmi kami"),
    (Kind.NUMBER, Verdict.NOT_OURS): _("Nomor ini BUKAN nomor kami"),
    (Kind.LINK, Verdict.OURS): _("Tautan ini menuju halaman resmi kami"),
    (Kind.LINK, Verdict.NOT_OURS): _("Tautan ini BUKAN milik kami"),
    (Kind.TEXT, Verdict.OURS): _("Pesan ini sama dengan pesan kami"),
    (Kind.TEXT, Verdict.NOT_OURS): _("Pesan ini BUKAN dari kami"),
    (Kind.TEXT, Verdict.UNKNOWN): _("Pesan ini tidak ada di catatan kami"),
}
_BODIES = {
    Verdict.OURS: {
        Kind.NUMBER: _("Pesan dari nomor ini dikirim oleh kantor kami."),
        Kind.LINK: _("Alamatnya tepat alamat kami. Tautan pribadi tetap jangan diteruskan kepada orang lain."),
        Kind.TEXT: _("Kata-katanya, tautannya, dan angkanya milik kami. Pastikan pengirimnya nomor resmi kami di bawah ini."),
    },
    Verdict.NOT_OURS: {
        Kind.NUMBER: _("Jangan ikuti permintaannya dan jangan kirim uang. Laporkan supaya warga lain tidak tertipu."),
        Kind.LINK: _("Jangan buka tautannya dan jangan isi apa pun di sana. Laporkan supaya warga lain tidak tertipu."),
        Kind.TEXT: _("Di dalamnya ada tautan, nomor, jumlah uang, atau permintaan yang bukan dari kami. Jangan buka tautannya dan jangan kirim uang."),
    },
    Verdict.UNKNOWN: {
        Kind.TEXT: _("Kami tidak bisa memastikan pengirimnya. Jangan buka tautannya dan jangan kirim uang. Tanyakan ke nomor resmi kami."),
    },
}  # fmt: skip


def ask(request: HttpRequest) -> HttpResponse:
    """One field for whatever somebody received; the same page for every answer."""
    if request.method != "POST":
        return _page(request, {})
    if not limits.spend(f"asli:{visitor.address(request)}", QUESTIONS, MINUTES, at=clock.now()):
        return errors.too_many(request, MINUTES)
    typed = forms.text(request, "tempelan", authenticity.MOST_LETTERS)
    if not typed:
        problem = Refusal(
            "pasted_missing", N_("Tempel dulu nomor, tautan, atau pesan yang Anda terima."), field="tempelan"
        )
        return _page(request, {"problems": words.problems(problem)}, status=422)
    # Uncut: what stands behind the letters that are judged must not be overlooked.
    judged = authenticity.judge(request.POST["tempelan"], offices.office(settings.OFFICE))
    answer = {
        "head": _HEADS[judged.kind, judged.verdict], "body": _BODIES[judged.verdict][judged.kind],
        "is_ours": judged.verdict == Verdict.OURS, "is_wrong": judged.verdict == Verdict.NOT_OURS,
        "kind": judged.kind.value,
    }  # fmt: skip
    return _page(request, {"typed": typed, "answer": answer})


@require_POST
def report(request: HttpRequest) -> HttpResponse:
    """What was pasted goes to the office, sealed, without a word about who sent it in."""
    if not limits.spend(f"lapor:{visitor.address(request)}", REPORTS, DAY, at=clock.now()):
        return errors.too_many(request, DAY)
    kind = forms.text(request, "jenis", 8)
    try:
        talks.report_fraud(
            kind if kind in list(Kind) else Kind.TEXT.value, forms.text(request, "tempelan", authenticity.MOST_LETTERS),
            by=resident(settings.OFFICE), at=clock.now(),
        )  # fmt: skip
    except Refusal as problem:
        return _page(request, {"problems": words.problems(problem)}, status=422)
    return redirect("public:dilaporkan")


def reported(request: HttpRequest) -> HttpResponse:
    """Thanks, and what to do when money has gone already."""
    return render(request, "public/dilaporkan.html", {"kembali": "/asli/"})


def _page(request: HttpRequest, more: dict[str, Any], status: int = 200) -> HttpResponse:
    office = offices.office(settings.OFFICE)
    context = {
        "numbers": [office.wa_number, *office.settings.official_numbers],
        "address": settings.BASE_URL, "kembali": "/", "typed": "", **more,
    }  # fmt: skip
    return render(request, "public/asli.html", context, status=status)
