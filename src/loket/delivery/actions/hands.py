"""Where both ways end: the card is in the hand, proof is kept, the Suket leaves the register."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from loket.applications import actions as applications
from loket.applications import queries as cases
from loket.applications.models import Application
from loket.core.actor import Actor
from loket.delivery.models import Handover
from loket.offices import queries as offices
from loket.suket import actions as suket


def hand_into(
    items: Sequence[tuple[Application, str, str, str]], method: str, *, by: Actor, at: datetime
) -> None:
    """The card is in the hand: proof is kept and the Suket leaves the register."""
    if not items:
        return
    keys = cases.resident_keys([application for application, *_ in items])
    Handover.objects.bulk_create(
        Handover(
            application=application,
            method=method,
            receiver=keys[application.pk].seal("delivery_handover", "receiver", application.pk, name),
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
