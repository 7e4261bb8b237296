"""The life of a complaint as one table of moves, who may see it, and until when a resident may open it again."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from loket.core.actor import Actor, Role

# What happened, as residents choose it.
KINDS = ("late", "money", "manner", "mistake", "other")
# About somebody's conduct: these never lie with the colleagues of whoever it is about.
CONDUCT = ("money", "manner")

MOVES: dict[str, tuple[tuple[str, ...], str]] = {
    "answer": (("filed", "reopened"), "answered"),
    "close": (("answered",), "closed"),
    "reopen": (("answered", "closed"), "reopened"),
}
STATES = ("filed", "answered", "reopened", "closed")
REOPEN_WITHIN = timedelta(days=7)

LEADERS = (Role.HEAD, Role.AUDITOR)
STAFF = (Role.COUNTER, Role.VERIFIER, *LEADERS)


def pairs() -> list[tuple[str, str]]:
    """Every allowed step from state to state, for the database's own guard."""
    return sorted({(source, target) for sources, target in MOVES.values() for source in sources})


def kinds_for(by: Actor) -> tuple[str, ...]:
    """The kinds of complaint that somebody may see; whom a complaint is about never sees it."""
    if by.may(*LEADERS):
        return KINDS
    return tuple(kind for kind in KINDS if kind not in CONDUCT) if by.may(*STAFF) else ()


def concerns(kind: str, actors: Collection[str]) -> list[str]:
    """Whom a complaint about a request may be about: everybody of the office who had it in his hands."""
    if kind == "late":
        return []
    return sorted({name for name in actors if name != "warga" and not name.startswith("loket:")})


def may_reopen(state: str, since: datetime | None, at: datetime) -> bool:
    """Whether the resident may say that it is not settled: for seven days after the answer, or after the closing."""
    return state in MOVES["reopen"][0] and since is not None and at <= since + REOPEN_WITHIN
