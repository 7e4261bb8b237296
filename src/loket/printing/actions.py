"""Opens print batches in order of service and takes their results; every print draws a blank from the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F

from loket.applications import actions as applications
from loket.applications.actions import Result
from loket.applications.models import Application
from loket.audit import actions as audit
from loket.core.actor import Actor, Role, require
from loket.core.errors import N_, Refusal
from loket.offices import actions as numbers
from loket.offices import queries as offices
from loket.printing.models import Batch, Item
from loket.stock import actions as stock
from loket.stock.models import Place

MAX_BATCH = 200
FAILURES = ("print_failure", "encode_failure", "factory_defect")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one card came out: `printed`, or one of the failures, which spoil the blank."""

    code: str
    result: str


@transaction.atomic
def open_batch(size: int, *, by: Actor, at: datetime) -> tuple[Batch, list[str]]:
    """The next cards in order of service, at most the blanks in the store and what one operator can hold;
    returns the batch and its codes.

    The ledger is locked first: of ten operators who want the last blank one gets it, nine are refused. Cases that this
    operator filed or verified are left to a colleague.
    """
    require(by, Role.PRINTER)
    if size < 1:
        raise Refusal("size", N_("Isi batch paling sedikit 1 kartu."), field="size")
    blanks = stock.lock(by.office, stock.CARD)
    if blanks == 0:
        raise Refusal(
            "no_blanks",
            N_("Blangko di gudang habis. Antrean tetap tersimpan. Hubungi pemegang blangko untuk penerimaan baru."),
            status=409,
        )
    ready = list(
        Application.objects.select_for_update()
        .filter(office_id=by.office, state="ready")
        .exclude(verifier=by.name)
        .exclude(filed_by=by.name)
        .order_by("priority", "complete_at", "queue_seq")[: min(size, blanks, MAX_BATCH)]
    )
    if not ready:
        raise Refusal(
            "nothing_ready", N_("Belum ada permohonan yang siap dicetak. Coba lagi setelah ada yang lolos."), status=409
        )
    number = numbers.next_number(by.office, "batch")
    batch = Batch.objects.create(
        office_id=by.office, number=number, operator=by.name, size=len(ready), opened_at=at
    )
    Item.objects.bulk_create(
        Item(batch=batch, application=item, position=position) for position, item in enumerate(ready, start=1)
    )
    drawn = stock.Transfer(Place.STORE, Place.DRAWER, len(ready), key=f"draw:{batch.pk}")
    stock.move([drawn], product=stock.CARD, document="batch", document_id=str(batch.pk), by=by, at=at)
    applications.move(
        ready, "start_print", by=by, at=at, body={item.pk: {"batch": number} for item in ready}
    )
    return batch, [item.code for item in ready]


@transaction.atomic
def settle(batch_id: UUID, outcomes: Sequence[Outcome], *, by: Actor, at: datetime) -> list[Result]:
    """Results of a batch as sets. A spoiled blank draws another and the case keeps its place; without another blank
    the case returns to the queue where it stood."""
    batch = held_batch(batch_id, by)
    blanks = stock.lock(by.office, stock.CARD)
    items = {
        item.application.code: item
        for item in Item.objects.select_for_update(of=("self",)).filter(batch=batch).select_related("application")
    }
    held = applications.lock([item.code for item in outcomes], by.office)
    results: list[Result] = []
    printed: list[Item] = []
    failed: list[tuple[Item, str]] = []
    seen: set[str] = set()
    for outcome in outcomes:
        try:
            item = _check(outcome, items, seen, by)
        except Refusal as problem:
            results.append(Result(outcome.code, problem=problem))
            continue
        seen.add(outcome.code)
        if outcome.result == "printed":
            printed.append(item)
            results.append(Result(outcome.code, "printed"))
        else:
            failed.append((item, outcome.result))
            # Blanks are drawn in the order in which failures were reported.
            results.append(Result(outcome.code, "printing" if len(failed) <= blanks else "ready"))
    _print(batch, printed, held, by=by, at=at)
    _spoil(batch, failed[:blanks], failed[blanks:], held, by=by, at=at)
    if not Item.objects.filter(batch=batch, result="").exists():
        Batch.objects.filter(pk=batch.pk).update(closed_at=at)
    return results


def held_batch(batch_id: UUID, by: Actor) -> Batch:
    """The batch, locked; only a printer of its office may touch it."""
    require(by, Role.PRINTER)
    batch = Batch.objects.select_for_update().filter(pk=batch_id, office_id=by.office).first()
    if batch is None:
        raise Refusal("batch_unknown", N_("Batch ini tidak ada di kantor Anda."), status=404)
    return batch


def _check(outcome: Outcome, items: dict[str, Item], seen: set[str], by: Actor) -> Item:
    item = items.get(outcome.code)
    if item is None:
        raise Refusal(
            "not_in_batch", N_("Kode {code} tidak ada di batch ini. Periksa lagi kartunya."), status=404,
            code=outcome.code,
        )  # fmt: skip
    if outcome.code in seen:
        raise Refusal("twice", N_("Kode {code} tertulis dua kali dalam satu kiriman."), status=409, code=outcome.code)
    if outcome.result not in ("printed", *FAILURES):
        raise Refusal("result", N_("Hasil cetak {result} tidak dikenal."), field="result", result=outcome.result)
    if by.name in (item.application.verifier, item.application.filed_by):
        raise Refusal(
            "two_people", N_("Permohonan {code} Anda daftarkan atau periksa sendiri. Hasil cetaknya dicatat petugas lain."),
            status=409, code=outcome.code,
        )  # fmt: skip
    if item.result:
        raise Refusal(
            "settled", N_("Kartu {code} sudah dicatat selesai di batch ini."), status=409, code=outcome.code
        )
    return item


def _print(batch: Batch, items: list[Item], held: dict[str, Application], *, by: Actor, at: datetime) -> None:
    if not items:
        return
    done = [held[item.application.code] for item in items]
    stock.move(
        [
            stock.Transfer(Place.DRAWER, Place.PRINTED, 1, key=f"print:{item.pk}", case_id=item.application_id)
            for item in items
        ],
        product=stock.CARD,
        document="batch",
        document_id=str(batch.pk),
        by=by,
        at=at,
    )
    Item.objects.filter(pk__in=[item.pk for item in items]).update(result="printed", settled_at=at)
    applications.move(done, "print", by=by, at=at, changes={"printed_at": at})
    settings = offices.office(by.office).settings
    applications.tell(
        done,
        "choose",
        {item.pk: {"fee": settings.post_fee, "days": settings.choose_within_days} for item in done},
        by=by,
        at=at,
    )


def _spoil(
    batch: Batch,
    replaced: list[tuple[Item, str]],
    put_back: list[tuple[Item, str]],
    held: dict[str, Application],
    *,
    by: Actor,
    at: datetime,
) -> None:
    transfers = [
        stock.Transfer(
            Place.DRAWER, Place.SPOILED, 1, key=f"spoil:{item.pk}:{item.spoiled}", case_id=item.application_id,
            reason=reason,
        )
        for item, reason in [*replaced, *put_back]
    ]  # fmt: skip
    transfers += [
        stock.Transfer(
            Place.STORE, Place.DRAWER, 1, key=f"redraw:{item.pk}:{item.spoiled}", case_id=item.application_id
        )
        for item, _ in replaced
    ]
    stock.move(transfers, product=stock.CARD, document="batch", document_id=str(batch.pk), by=by, at=at)
    spoiled = [item.pk for item, _ in [*replaced, *put_back]]
    Item.objects.filter(pk__in=spoiled).update(spoiled=F("spoiled") + 1)
    Item.objects.filter(pk__in=[item.pk for item, _ in put_back]).update(result="put_back", settled_at=at)
    audit.record(
        [
            audit.Fact(
                "card.spoil", item.application_id, None, {"batch": batch.number, "reason": reason}
            )
            for item, reason in [*replaced, *put_back]
        ],
        by=by,
        at=at,
    )
    applications.move([held[item.application.code] for item, _ in put_back], "put_back", by=by, at=at)
