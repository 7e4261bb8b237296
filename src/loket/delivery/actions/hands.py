"""Where both ways end: the card is in the hand, proof is kept, the Suket leaves the register."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from loket.applications import actions as applications
from loket.applications import queries as cases
from loket.applications.actions import Result
from loket.applications.models import Application
from loket.core import crypto
from loket.core.actor import Actor
from loket.core.errors import N_, Refusal
from loket.delivery.models import Handover
from loket.offices import queries as offices
from loket.residents.models import Resident
from loket.suket import actions as suket


def hand_into(
    items: Sequence[tuple[Application, str, str, str]], method: str, *, by: Actor, at: datetime
) -> None:
    """The card is in the hand: proof is kept and the Suket leaves the register."""
    if not items:
        return
    keyring = crypto.keyring()
    keys = _keys([application for application, *_ in items], keyring)
    Handover.objects.bulk_create(
        Handover(
            application=application,
            method=method,
            receiver=keys[application.resident_id].seal("delivery_handover", "receiver", application.pk, name),
            relation=relation,
            suket=handling,
            actor=by.name,
            at=at,
        )
        for application, name, relation, handling in items
    )
    suket.exchange(
        {
            application.resident_id: f"{application.code}:{method}:{handling}"
            for application, _, _, handling in items
            if application.slot == "card"
        },
        offices.office(by.office).today(),
        by=by,
        at=at,
    )
    applications.tell(
        [application for application, *_ in items],
        "handed_over",
        {application.pk: {"method": method, "relation": relation} for application, _, relation, _ in items},
        by=by,
        at=at,
    )


def _keys(items: Sequence[Application], keyring: crypto.Keyring) -> dict[UUID, crypto.DataKey]:
    rows = Resident.objects.filter(pk__in=[item.resident_id for item in items]).values_list("id", "data_key")
    return {row: crypto.unwrap(bytes(wrapped), row, keyring) for row, wrapped in rows}


def each(
    codes: Sequence[str], held: dict[str, Application], check: Callable[[Application], None], *, reached: str
) -> tuple[list[Application], list[Result]]:
    """Sort items into those that stand and those that are refused, in the order they came."""
    taken: dict[str, Application] = {}
    results: list[Result] = []
    for code in codes:
        try:
            if code not in held:
                raise cases.unknown(code)
            if code in taken:
                raise Refusal("twice", N_("Kode {code} tertulis dua kali dalam satu kiriman."), status=409, code=code)
            check(held[code])
            taken[code] = held[code]
            results.append(Result(code, reached))
        except Refusal as problem:
            results.append(Result(code, problem=problem))
    return list(taken.values()), results
