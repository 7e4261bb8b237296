"""Lost code, lost link: sent again, to the number they belong to and to nobody else."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from loket.applications import recalls
from loket.core import clock, limits, text
from loket.core.actor import resident
from loket.core.errors import Refusal
from loket.residents import phones
from loket.web import errors, forms, visitor, words

# Of one number, so that nobody floods somebody else's chat; of one address, which many phones share.
PER_PHONE, PER_ADDRESS, DAY = 3, 300, 24 * 60


def lost(request: HttpRequest) -> HttpResponse:
    """One number. The answer is the same whether it is known or not: what is known comes by WhatsApp."""
    context: dict[str, Any] = {"typed": forms.text(request, "phone", 30), "kembali": "/cek/"}
    if request.method != "POST":
        return render(request, "citizen/lupa.html", context)
    try:
        phone = phones.parse_phone(context["typed"])
    except Refusal as problem:
        problem.field = "phone"
        return render(request, "citizen/lupa.html", context | {"problems": words.problems(problem)}, status=422)
    if not limits.spend(f"recall-from:{visitor.address(request)}", PER_ADDRESS, DAY, at=clock.now()):
        return errors.too_many(request, DAY)
    ask(phone)
    return render(request, "citizen/lupa_terkirim.html", context | {"phone": text.mask_phone(phone)})


def ask(phone: str) -> bool:
    """Pass the wish on; more than three a day for one number change nothing, and are told nothing else."""
    if limits.spend(f"recall:{phone}", PER_PHONE, DAY, at=clock.now()):
        recalls.ask(phone, by=resident(settings.OFFICE), at=clock.now())
    return True
