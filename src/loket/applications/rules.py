"""The life of an application as one table of moves: what may follow what, and who may do it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from loket.core.actor import Role

RESIDENT = frozenset({Role.RESIDENT, Role.COUNTER})
OFFICE = frozenset({Role.VERIFIER})


@dataclass(frozen=True, slots=True)
class Move:
    """An imperative, the states it leaves, the state it reaches, and the roles that may make it."""

    name: str
    sources: tuple[str, ...]
    target: str
    roles: frozenset[Role]


MOVES: dict[str, Move] = {
    move.name: move
    for move in (
        Move("return", ("submitted",), "needs_fix", OFFICE),
        Move("correct", ("needs_fix",), "submitted", RESIDENT),
        Move("reject", ("submitted",), "rejected", OFFICE),
        Move("cancel", ("submitted", "needs_fix", "verified", "ready"), "cancelled", RESIDENT),
        Move("approve", ("submitted",), "verified", OFFICE),
        Move("release", ("verified",), "ready", frozenset({Role.VERIFIER, Role.RECORDER, Role.ADMIN})),
        Move("hold", ("ready",), "verified", frozenset({Role.VERIFIER, Role.RECORDER, Role.ADMIN})),
        Move("sign", ("verified",), "signed", frozenset({Role.VERIFIER, Role.HEAD})),
        Move("send", ("signed",), "sent", frozenset({Role.VERIFIER, Role.DISPATCHER})),
        Move("start_print", ("ready",), "printing", frozenset({Role.PRINTER})),
        Move("put_back", ("printing",), "ready", frozenset({Role.PRINTER})),
        Move("print", ("printing",), "printed", frozenset({Role.PRINTER})),
        Move("shelve", ("printed", "returned_home"), "on_shelf", RESIDENT),
        Move("unshelve", ("on_shelf", "returned_home"), "printed", RESIDENT),
        Move("envelope", ("printed",), "enveloped", frozenset({Role.DISPATCHER})),
        Move("open_envelope", ("enveloped",), "printed", frozenset({Role.DISPATCHER})),
        Move("manifest", ("enveloped",), "manifested", frozenset({Role.DISPATCHER})),
        Move("hand_over", ("manifested",), "in_transit", frozenset({Role.COURIER})),
        Move("deliver", ("in_transit",), "delivered", frozenset({Role.COURIER})),
        Move("bring_home", ("in_transit", "manifested"), "returned_home", frozenset({Role.COURIER})),
        Move("collect", ("on_shelf",), "collected", frozenset({Role.COUNTER})),
        Move("withdraw", ("printed", "on_shelf", "returned_home"), "withdrawn", frozenset({Role.CUSTODIAN})),
    )
}

# Nothing follows these; whoever wants the same again files anew.
FINAL = frozenset({"rejected", "cancelled", "sent", "delivered", "collected", "withdrawn"})
# In line for the printer or the signature: these are counted when a place is told.
IN_LINE = ("submitted", "verified", "ready")
# `draft` is the name of a form not yet sent, which lives among the drafts and never in this table.
STATES = ("draft", *sorted({move.target for move in MOVES.values()} | {"submitted"}))
# What a card's way looks like when nothing goes wrong, for timelines and bars.
CARD_WAY_POST = ("submitted", "verified", "ready", "printing", "printed", "enveloped", "manifested", "in_transit", "delivered")
CARD_WAY_PICKUP = ("submitted", "verified", "ready", "printing", "printed", "on_shelf", "collected")
PAPER_WAY = ("submitted", "verified", "signed", "sent")

# Open, and the next step is the office's.
OURS = ("submitted", "verified", "ready", "printing", "signed")
# The resident may say, and say anew, how she wants her card.
CHOOSABLE = ("printed", "on_shelf", "returned_home")

PRINT_READY = "PRINT_READY_RECORD"


def may_move(name: str, state: str) -> bool:
    """Whether a move is possible from a state, whoever asks."""
    return state in MOVES[name].sources


def moves_from(state: str, roles: Iterable[Role]) -> list[str]:
    """The moves somebody with these roles may make from a state: the buttons of a page."""
    held = frozenset(roles)
    return [move.name for move in MOVES.values() if state in move.sources and held & move.roles]


def pairs() -> list[tuple[str, str]]:
    """Every allowed step from state to state, for the database's own guard."""
    return sorted({(source, move.target) for move in MOVES.values() for source in move.sources})
