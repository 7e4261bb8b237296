"""What waits for the printer and what lies in an open batch."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from loket.printing.models import Batch, Item


@dataclass(frozen=True, slots=True)
class Card:
    """One card of a batch, without any personal data: the request code is enough to print it from SIAK."""

    code: str
    service: str
    position: int
    result: str
    spoiled: int


def open_batches(office: str) -> list[Batch]:
    """Batches with cards that are not settled, oldest first."""
    return list(Batch.objects.filter(office_id=office, closed_at=None).order_by("opened_at"))


def recent_batches(office: str, limit: int = 10) -> list[Batch]:
    """Finished batches, newest first."""
    return list(Batch.objects.filter(office_id=office, closed_at__isnull=False).order_by("-number")[:limit])


def batch(batch_id: UUID, office: str) -> Batch | None:
    """One batch of an office."""
    return Batch.objects.filter(pk=batch_id, office_id=office).first()


def cards(batch: Batch) -> list[Card]:
    """The cards of a batch in order of service."""
    items = Item.objects.filter(batch=batch).select_related("application").order_by("position")
    return [
        Card(item.application.code, item.application.service, item.position, item.result, item.spoiled)
        for item in items
    ]
