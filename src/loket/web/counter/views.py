"""The counter: file for a walk-in, hand a card over, find a case; nobody is refused."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from loket.applications import actions as applications
from loket.applications import queries as cases
from loket.applications.filing import Filing, Paper
from loket.catalogue import queries as catalogue
from loket.conversations import actions as talks
from loket.conversations import queries as threads
from loket.core import answers, clock, codes
from loket.core.actor import Actor, Role
from loket.core.errors import N_, Refusal, Refusals
from loket.delivery import actions as delivery
from loket.delivery import queries as parcels
from loket.offices import queries as offices
from loket.web import forms, words
from loket.web.gate import staff_only


@require_safe
@staff_only(Role.COUNTER)
def home(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Choose a service to file, or hand a card over."""
    return render(request, "counter/loket.html", _desk(actor))


def _desk(actor: Actor) -> dict[str, Any]:
    language = get_language() or "id"
    return {
        "services": [(row.code, row.name(language), row.summary(language)) for row in catalogue.services()],
        "shelf": [(row, codes.shown(row.code)) for row in parcels.on_shelf(actor.office, 25)],
    }


@staff_only(Role.COUNTER)
def intake(request: HttpRequest, actor: Actor, layanan: str) -> HttpResponse:
    """One page for a walk-in: the same case as online, in the same queue."""
    service = catalogue.service(layanan)
    office = offices.office(actor.office)
    context: dict[str, Any] = {"typed": request.POST, "kunci": forms.text(request, "kunci", 64) or uuid4().hex}
    chat = forms.identity(request.POST.get("dari") or request.GET.get("dari", ""))
    if chat:
        # Out of a conversation: what is known of her is filled in, and reading it is recorded like any other reading.
        talks.open_thread(chat, by=actor, at=clock.now())
        known = threads.line(chat, actor.office)
        context |= {
            "dari": chat,
            "typed": request.POST or {"name": known.name, "phone": known.phone},
            "chat_photos": [(one.id, one.at) for one in threads.thread(chat, actor.office) if one.photo and not one.outgoing],
        }
    if request.method == "POST":
        try:
            code = _file(request, actor, service, context["kunci"], chat)
            return redirect("counter:bukti", kode=code)
        except (Refusal, Refusals) as problem:
            context["problems"] = words.problems(problem)
    language = get_language() or "id"
    context |= {
        "service": service,
        "name": service.name(language),
        "papers": forms.paper_names(service.documents, language),
        "kelurahan": forms.kelurahan(office),
    }
    return render(request, "counter/terima.html", context, status=422 if "problems" in context else 200)


def _file(request: HttpRequest, actor: Actor, service: catalogue.Service, key: str, chat: UUID | None) -> str:
    """File once per form: a second press of the button leads to the same receipt."""
    filing = Filing(
        service=service,
        nik=forms.text(request, "nik", 40),
        kk_number=forms.text(request, "kk_number", 40),
        name=forms.text(request, "name", 200),
        birth_date=forms.day_if_given(request, "birth_date"),
        phone=forms.text(request, "phone", 30),
        address=forms.address(request),
        papers=_papers(request, actor, service.documents),
        channel="counter",
    )
    try:
        return answers.once(
            f"counter:{actor.name}", key, forms.content(request),
            lambda: (201, _filed(filing, chat, actor)),
        ).body  # fmt: skip
    except Refusal as problem:
        if problem.code == "idempotency_reused":
            raise Refusal(
                "form_reused", N_("Formulir ini sudah terkirim dengan isi lain. Muat ulang halaman, lalu isi lagi."),
                status=409,
            ) from problem  # fmt: skip
        raise


def _papers(request: HttpRequest, actor: Actor, kinds: tuple[str, ...]) -> list[Paper]:
    """The photos chosen from this computer, and for the other kinds those picked from the conversation."""
    papers = forms.papers(request, kinds)
    for kind in set(kinds) - {paper.kind for paper in papers}:
        if picked := forms.identity(forms.text(request, f"obrolan_{kind}", 40)):
            papers.append(Paper(kind, talks.photo(picked, by=actor, at=clock.now())))
    return sorted(papers, key=lambda paper: kinds.index(paper.kind))


def _filed(filing: Filing, chat: UUID | None, actor: Actor) -> str:
    """File, and note it in the conversation it came out of; both or neither."""
    at = clock.now()
    receipt = applications.file(filing, chat=chat, by=actor, at=at)
    if chat:
        talks.filed(chat, receipt.id, by=actor, at=at)
    return receipt.code


@require_safe
@staff_only(Role.COUNTER)
def receipt(request: HttpRequest, actor: Actor, kode: str) -> HttpResponse:
    """The receipt on 80 mm paper: code, place, promise, Rp0."""
    application = cases.by_code(codes.parse(kode), actor.office)
    context = {
        "a": application,
        "code": codes.shown(application.code),
        "service": catalogue.service(application.service).name(get_language() or "id"),
        "place": cases.place(application),
        "cek": f"{settings.BASE_URL}/cek/",
    }
    return render(request, "counter/bukti.html", context)


@staff_only(Role.COUNTER)
def hand_over(request: HttpRequest, actor: Actor, kode: str) -> HttpResponse:
    """The card over the counter, against the one-time code and identity."""
    code = codes.parse(kode)
    application = cases.by_code(code, actor.office)
    context: dict[str, Any] = {"typed": request.POST}
    if request.method == "POST":
        pickup = delivery.Pickup(
            code,
            forms.text(request, "kode_ambil", 12),
            forms.text(request, "penerima", 120),
            forms.text(request, "hubungan", 20),
            forms.text(request, "suket", 16),
        )
        result = delivery.collect([pickup], by=actor, at=clock.now())[0]
        if not result.problem:
            messages.success(request, _("KTP-el {code} sudah diserahkan.").format(code=codes.shown(code)))
            return redirect("counter:loket")
        context["problems"] = words.problems(result.problem)
    if application.state == "on_shelf":
        # To be compared with the identity that is shown; the reading is recorded like any other.
        context["person"] = applications.open_case(code, purpose="handover", by=actor, at=clock.now()).claims["name"]
    context |= {
        "a": application,
        "code": codes.shown(code),
        "service": catalogue.service(application.service).name(get_language() or "id"),
        "state": words.staff_state(application.state),
        "takes_back": catalogue.service(application.service).takes_back,
        "relations": words.RELATIONS.items(),
        "handlings": words.SUKET.items(),
    }
    return render(request, "counter/serah.html", context, status=422 if "problems" in context else 200)


@staff_only(Role.COUNTER)
def find_card(request: HttpRequest, actor: Actor) -> HttpResponse:
    """From a scanned or typed code to the hand-over."""
    if request.method != "POST":
        return redirect("counter:loket")
    typed = forms.text(request, "kode", 20)
    try:
        found = cases.by_code(codes.parse(typed), actor.office)
    except Refusal as problem:
        sentences = [("kode", sentence) for _field, sentence in words.problems(problem)]
        return render(request, "counter/loket.html", _desk(actor) | {"problems": sentences, "typed": typed}, status=422)
    return redirect("counter:serah", kode=found.code)


@require_POST
@staff_only(Role.COUNTER)
def resend_code(request: HttpRequest, actor: Actor, kode: str) -> HttpResponse:
    """A new pickup code to the resident's own WhatsApp."""
    code = codes.parse(kode)
    delivery.resend_code(code, by=actor, at=clock.now())
    messages.success(request, _("Kode ambil baru dikirim ke WhatsApp warga."))
    return redirect("counter:serah", kode=code)
