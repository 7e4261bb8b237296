"""Moves blanks. A movement is inserted, never changed; the database keeps the balances and refuses to go below zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from loket.audit import actions as audit
from loket.core.actor import Actor, Role, require
from loket.core.errors import N_, Refusal
from loket.stock.models import Place

CARD = "KTP_EL"

_INSERT = """
INSERT INTO stock_movement (office_id, product, from_place, to_place, quantity, document, document_id, case_id, key,
                            actor, counter_signer, reason, at)
SELECT %s, %s, t.from_place, t.to_place, t.quantity, %s, %s, t.case_id, t.key, %s, '', t.reason, %s
FROM unnest(%s::text[], %s::text[], %s::int[], %s::uuid[], %s::text[], %s::text[])
     WITH ORDINALITY AS t(from_place, to_place, quantity, case_id, key, reason, n) ORDER BY t.n
"""


@dataclass(frozen=True, slots=True)
class Transfer:
    """`quantity` pieces from one place to another; `key` makes a repeat impossible."""

    from_place: str
    to_place: str
    quantity: int
    key: str
    case_id: UUID | None = None
    reason: str = ""


def lock(office: str, product: str) -> int:
    """Hold the ledger of one product until the transaction ends; returns how many blanks lie in the store."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT stock_lock(%s, %s)", [office, product])
        return int(cursor.fetchone()[0])


def move(
    transfers: Sequence[Transfer], *, product: str, document: str, document_id: str, by: Actor, at: datetime
) -> None:
    """Write movements for one document as one statement; refuses what would take a place below zero."""
    if not transfers:
        return
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                _INSERT,
                [
                    by.office,
                    product,
                    document,
                    document_id,
                    by.name,
                    at,
                    [item.from_place for item in transfers],
                    [item.to_place for item in transfers],
                    [item.quantity for item in transfers],
                    [item.case_id for item in transfers],
                    [item.key for item in transfers],
                    [item.reason for item in transfers],
                ],
            )
    except IntegrityError as error:
        if "stock_balance_not_negative" in str(error):
            raise Refusal(
                "no_blanks",
                N_("Blangko di tempat asal tidak cukup. Catat penerimaan dulu, atau kurangi jumlahnya."),
                status=409,
            ) from error
        raise


@transaction.atomic
def receive(*, quantity: int, letter: str, product: str = CARD, by: Actor, at: datetime) -> None:
    """Blanks fetched from the ministry, by its hand-over letter; the letter's number makes it happen once."""
    require(by, Role.CUSTODIAN, Role.ADMIN)
    if not 0 < quantity <= 100_000:
        raise Refusal(
            "quantity", N_("Jumlah blangko harus antara 1 dan 100.000. Anda menulis {quantity}."), field="quantity",
            quantity=quantity,
        )  # fmt: skip
    transfer = Transfer(Place.CENTRE, Place.STORE, quantity, key=f"receipt:{by.office}:{letter}"[:80])
    try:
        with transaction.atomic():
            move([transfer], product=product, document="receipt", document_id=letter[:40], by=by, at=at)
    except IntegrityError as error:
        raise Refusal(
            "receipt_known", N_("Penerimaan dengan nomor surat {letter} sudah tercatat."), status=409, letter=letter
        ) from error
    audit.record([audit.Fact("stock.receive", body={"quantity": quantity, "letter": letter})], by=by, at=at)
