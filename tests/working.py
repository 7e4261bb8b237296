"""What the worker's loops do, once and one after another, so that a test sees what came of it."""

from __future__ import annotations

from collections.abc import Sequence

from loket.conversations import inbox, outbox
from loket.conversations.gateways import Gateway


def send_due(via: Gateway, limit: int = 20, lanes: Sequence[int] = (*outbox.REPLIES, *outbox.INVITATIONS)) -> int:
    """Send what is due, one message after another; returns how many were tried."""
    parcels = outbox.claim(via, limit, lanes)
    for parcel in parcels:
        outbox.deliver(via, parcel)
    return len(parcels)


def drain(turn: inbox.Turn, limit: int = 20) -> int:
    """Understand what waits in the inbox, of people and of the provider; returns how many updates were tried."""
    return inbox.drain_people(turn, limit) + inbox.drain_provider(limit)
