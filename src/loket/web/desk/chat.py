"""Conversations: read, take over, answer; the composer knows the reply window."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from loket.applications import queries as cases
from loket.conversations import actions as talks
from loket.conversations import queries as threads
from loket.core import clock, codes, text
from loket.core.actor import Actor, Role
from loket.core.errors import Refusal
from loket.web import forms, words
from loket.web.gate import staff_only

CHATS = (Role.VERIFIER, Role.COUNTER)


@require_safe
@staff_only(*CHATS)
def conversations(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Every conversation, newest first."""
    lines = [(line, text.mask_phone(line.phone) if line.phone else "") for line in threads.recent(actor.office)]
    return render(request, "desk/obrolan.html", {"lines": lines})


@require_safe
@staff_only(*CHATS)
def thread(request: HttpRequest, actor: Actor, kontak: UUID) -> HttpResponse:
    """One conversation beside the cases it is about."""
    talks.open_thread(kontak, by=actor, at=clock.now())
    return render(request, "desk/percakapan.html", _thread(kontak, actor))


@require_POST
@staff_only(*CHATS)
def answer(request: HttpRequest, actor: Actor, kontak: UUID) -> HttpResponse:
    """Send an answer; outside the window it is refused with what to do instead."""
    try:
        talks.answer(kontak, forms.text(request, "text", 4000), by=actor, at=clock.now())
    except Refusal as problem:
        context = _thread(kontak, actor) | {
            "problems": words.problems(problem), "typed": forms.text(request, "text", 4000)
        }  # fmt: skip
        return render(request, "desk/percakapan.html", context, status=problem.status)
    return redirect("desk:percakapan", kontak=kontak)


@require_POST
@staff_only(*CHATS)
def claim(request: HttpRequest, actor: Actor, kontak: UUID) -> HttpResponse:
    """Take over: the bot is silent until the conversation is given back."""
    talks.claim(kontak, by=actor, at=clock.now())
    return redirect("desk:percakapan", kontak=kontak)


@require_POST
@staff_only(*CHATS)
def release(request: HttpRequest, actor: Actor, kontak: UUID) -> HttpResponse:
    """Give the conversation back to the bot."""
    talks.release(kontak, by=actor, at=clock.now())
    messages.success(request, _("Percakapan dikembalikan ke jawaban otomatis."))
    return redirect("desk:obrolan")


def _thread(kontak: UUID, actor: Actor) -> dict[str, Any]:
    line = threads.line(kontak, actor.office)
    closes_at = threads.window_closes_at(kontak, actor.office)
    return {
        "line": line,
        "phone": text.mask_phone(line.phone) if line.phone else "",
        "bubbles": [(bubble, words.MESSAGES.get(bubble.state, "")) for bubble in threads.thread(kontak, actor.office)],
        "closes_at": closes_at,
        "is_open": bool(closes_at and closes_at > clock.now()),
        "mine": line.owner == actor.name,
        "cases": [(item, codes.shown(item.code), words.staff_state(item.state)) for item in cases.of_contact(kontak)],
    }
