"""Who stands before the resident's pages: what this browser may see, and how often it may guess."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.http import HttpRequest

from loket.applications import queries as cases
from loket.applications.models import Application
from loket.core import clock, codes, limits
from loket.core.errors import N_, Refusal
from loket.web import visitor

# In the session: the requests shown to this browser, those of them that it filed or was sent a link to, the complaints
# it made, and the name it is counted by.
CASES, HELD, COMPLAINTS, DEVICE = "kasus", "pegang", "keluhan", "peramban"

# Wrong codes of one browser and of one address. Thousands of phones share an address of a mobile network, so the
# address has room for all of them; a browser that keeps its cookie is told to rest much sooner.
DEVICE_GUESSES, ADDRESS_GUESSES, GUESS_MINUTES = 20, 300, 15


def application(request: HttpRequest, kode: str) -> Application:
    """The request of a code as typed. What cannot be a code is told at once, without a look at the database."""
    code = codes.parse(kode)
    check(request)
    try:
        return cases.by_code(code, settings.OFFICE)
    except Refusal:
        missed(request)
        raise


def check(request: HttpRequest) -> None:
    """Refuse a browser, or an address, that has guessed too often."""
    subjects = [(f"cek:{visitor.address(request)}", ADDRESS_GUESSES)]
    if DEVICE in request.session:
        subjects.append((f"cek-device:{request.session[DEVICE]}", DEVICE_GUESSES))
    if any(limits.exceeded(name, most, GUESS_MINUTES, at=clock.now()) for name, most in subjects):
        raise Refusal(
            "guesses", N_("Sudah terlalu banyak kode yang keliru. Coba lagi dalam {minutes} menit."), status=429,
            minutes=GUESS_MINUTES,
        )  # fmt: skip


def missed(request: HttpRequest) -> None:
    """A wrong guess is counted for the browser and for its address."""
    device = request.session.setdefault(DEVICE, secrets.token_hex(8))
    for name in (f"cek:{visitor.address(request)}", f"cek-device:{device}"):
        limits.spend(name, 0, GUESS_MINUTES, at=clock.now())


def own(request: HttpRequest, kode: str) -> Application | None:
    """The case, when this browser has shown a link or the birth date for it. Nothing is looked up for others: to them
    a code that exists and one that does not are the same."""
    code = codes.parse(kode)
    return cases.by_code(code, settings.OFFICE) if code in request.session.get(CASES, []) else None


def let_in(request: HttpRequest, code: str, *, holds: bool = False) -> None:
    """Remember that this browser may see this case whole; that it also `holds` it, by having filed it or by a link from
    the chat, shows it the pickup code, which a birth date does not: the office knows that one too."""
    for name in (CASES, HELD) if holds else (CASES,):
        remember(request, name, code)


def holds(request: HttpRequest, code: str) -> bool:
    """Whether this browser filed the request or came by a link from the chat, and not only by the birth date."""
    return code in request.session.get(HELD, [])


def remember(request: HttpRequest, name: str, value: str) -> None:
    """Keep one more value in a list of the session; the newest ten stay."""
    known = request.session.get(name, [])
    if value not in known:
        request.session[name] = [*known[-9:], value]

