"""What lies where, and how it came there."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.db.models import Sum

from loket.core.errors import N_, Refusal
from loket.stock.models import Balance, Movement, Place

# Blanks that can still be printed: in the store, or in the drawer of an operator for the cards of an open batch.
ON_HAND = (Place.STORE, Place.DRAWER)


class Row(NamedTuple):
    """One movement as the stock page shows it."""

    seq: int
    at: datetime
    from_place: str
    to_place: str
    quantity: int
    document: str
    document_id: str
    actor: str
    reason: str


def balances(office: str, product: str) -> dict[str, int]:
    """Pieces by place; places never used are absent."""
    return dict(Balance.objects.filter(office_id=office, product=product).values_list("place", "quantity"))


def in_store(office: str, product: str) -> int:
    """Blanks that a new batch may draw."""
    return balances(office, product).get(Place.STORE, 0)


def on_hand(office: str, product: str) -> int:
    """Blanks that can still be printed."""
    total = Balance.objects.filter(office_id=office, product=product, place__in=ON_HAND).aggregate(n=Sum("quantity"))
    return total["n"] or 0


def page(office: str, product: str, *, after: str = "", limit: int = 50) -> tuple[list[Row], int | None]:
    """The newest movements first, and the cursor of the next page, which comes back as `after`."""
    rows = Movement.objects.filter(office_id=office, product=product).order_by("-seq")
    if after:
        if not (after.isascii() and after.isdecimal() and len(after) < 19):
            raise Refusal("cursor", N_("Penanda halaman ini tidak dikenal. Mulai lagi dari halaman pertama."), status=400)
        rows = rows.filter(seq__lt=int(after))
    found = [
        Row(row.seq, row.at, row.from_place, row.to_place, row.quantity, row.document, row.document_id, row.actor, row.reason)
        for row in rows[: limit + 1]
    ]  # fmt: skip
    return found[:limit], found[limit - 1].seq if len(found) > limit else None
