"""Years of finished requests before the history begins: an office of any size, for measuring.

Every case has its resident, its moves in the trail, its blank in the ledger, its batch and its proof of hand-over; a
case in five was collected at the counter, the others went by post.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from loket.catalogue import queries as catalogue
from loket.core.ids import uuid7
from loket.offices.models import Counter
from loket.offices.queries import OfficeView
from loket.simulate.city import City
from loket.simulate.story import FEE, App, Book

SERVICES = ("KTP_NEW", "SUKET_EXCHANGE", "KTP_LOST", "KTP_DAMAGED", "KTP_CHANGE")
READY = "PRINT_READY_RECORD"
BATCH = 80
CHUNK = 250 * BATCH
BEGIN, END = date(2014, 1, 6), date(2020, 2, 20)
# Serials that neither the demo's history nor a benchmark gives to anybody.
FIRST_SERIAL, FIRST_PHONE = 1_000, 500_000


def load(office: OfficeView, count: int, seed: int = 514) -> Iterator[int]:
    """Adds at least `count` finished applications, chunk by chunk; yields how many there are so far."""
    city = City(seed, list(office.kelurahan), serial=FIRST_SERIAL, made=FIRST_PHONE)
    batches = -(-count // BATCH)
    numbers = _numbers(office, batches)
    span = (END - BEGIN) / batches
    _receive(office, batches * BATCH)
    done = 0
    while done < batches:
        with transaction.atomic():
            book = Book(office)
            until = min(done + CHUNK // BATCH, batches)
            for number in range(done, until):
                _batch(book, city, BEGIN + number * span, numbers[number])
            book.write()
        done = until
        yield done * BATCH


def _numbers(office: OfficeView, batches: int) -> range:
    """Numbers of batches and manifests that nobody else has."""
    with transaction.atomic():
        for name in ("batch", "manifest"):
            Counter.objects.get_or_create(office_id=office.code, name=name, defaults={"value": 0})
        rows = {row.name: row for row in Counter.objects.select_for_update().filter(office_id=office.code)}
        first = max(row.value for row in rows.values()) + 1
        for row in rows.values():
            row.value = first + batches - 1
            row.save(update_fields=["value"])
    return range(first, first + batches)


def _receive(office: OfficeView, quantity: int) -> None:
    with transaction.atomic():
        book, at = Book(office), datetime.combine(BEGIN, datetime.min.time(), ZoneInfo(office.zone))
        letter = f"471.13/{uuid7().hex[-12:]}/DUKCAPIL"
        book.movement(
            at, "centre", "store", quantity, f"receipt:{office.code}:{letter}", document="receipt", document_id=letter,
            actor="gudang1",
        )  # fmt: skip
        book.entry(at, "gudang1", "stock.receive", None, {"letter": letter, "quantity": quantity})
        book.write()


def _batch(book: Book, city: City, day: date, number: int) -> None:
    """Eighty requests of one day, from filing to the hand."""
    morning = datetime.combine(day, datetime.min.time(), ZoneInfo(book.office.zone)) + timedelta(hours=8)
    batch, manifest = uuid7(), uuid7()
    opened = morning + timedelta(hours=5)
    book.movement(opened, "store", "drawer", BATCH, f"draw:{batch}", document_id=str(batch))
    posted = 0
    for position in range(1, BATCH + 1):
        app = _filed(book, city, morning + timedelta(minutes=position))
        at = opened + timedelta(seconds=45 * position)
        book.move(app, "start_print", opened, "cetak1", batch=number)
        book.movement(
            at, "drawer", "printed", 1, f"print:{batch}:{position}", document_id=str(batch), case_id=app.id
        )
        book.move(app, "print", at, "cetak1")
        app.printed_at = at
        book.rows.add(
            "printing_item", batch_id=batch, application_id=app.id, position=position, result="printed", settled_at=at
        )
        app.chosen_at = at + timedelta(minutes=9)
        if position % 5:
            posted += 1
            _by_post(book, app, manifest, number, morning + timedelta(days=1))
        else:
            _collected(book, app, morning + timedelta(days=2))
        book.keep(app, day)
    book.rows.add(
        "printing_batch", id=batch, office_id=book.office.code, number=number, operator="cetak1", size=BATCH,
        opened_at=opened, closed_at=opened + timedelta(hours=1),
    )  # fmt: skip
    sent = morning + timedelta(days=1)
    book.rows.add(
        "delivery_manifest", id=manifest, office_id=book.office.code, number=number, opened_by="kirim1", opened_at=sent,
        closed_at=sent, count=posted, handed_at=sent, courier="pos1",
    )  # fmt: skip


def _filed(book: Book, city: City, at: datetime) -> App:
    service = catalogue.service(city.random.choice(SERVICES))
    met = book.meet(city.person(date(1997, 1, 1)), at, READY, at.date())
    app = book.file(met, service, city.random.choice(("online", "counter")), at, None)
    app.verifier, app.verified_at = "verifikator1", at + timedelta(minutes=30)
    book.move(app, "approve", app.verified_at, app.verifier)
    book.move(app, "release", app.verified_at, app.verifier)
    if service.code == "SUKET_EXCHANGE":
        settled = at + timedelta(days=3)
        book.letter(
            met, at.date() - timedelta(days=300), at, int.from_bytes(app.id.bytes[-4:]), outcome="exchanged",
            outcome_on=settled.date(), evidence=app.code, settled_by="pos1", settled_at=settled,
        )  # fmt: skip
    return app


def _by_post(book: Book, app: App, manifest: object, number: int, at: datetime) -> None:
    app.method, parcel, ended = "post", uuid7(), at + timedelta(days=2)
    book.entry(app.chosen_at or at, "warga", "application.choose", app, {"fee": FEE, "method": ["", "post"]})
    book.move(app, "envelope", at, "kirim1", manifest=number)
    book.move(app, "manifest", at, "kirim1", manifest=number)
    book.move(app, "hand_over", at, "pos1", manifest=number)
    book.rows.add(
        "delivery_parcel", id=parcel, manifest_id=manifest, application_id=app.id, fee=FEE, handed_at=at,
        tracking_number=f"P{parcel.int % 10**14:014d}", attempts=1, ended_at=ended, outcome="delivered",
    )  # fmt: skip
    book.rows.add(
        "delivery_event", scan_id=parcel.hex, parcel_id=parcel, outcome="delivered", actor="pos1", at=ended
    )
    _into_the_hand(book, app, ended, "pos1", "deliver")


def _collected(book: Book, app: App, at: datetime) -> None:
    app.method = "pickup"
    book.move(app, "shelve", app.chosen_at or at, "warga", fee=None, method=["", "pickup"])
    _into_the_hand(book, app, at, "loket1", "collect")


def _into_the_hand(book: Book, app: App, at: datetime, actor: str, move: str) -> None:
    handling = {"suket": "withdrawn", "old_card": "withdrawn"}.get(app.service.takes_back, "none")
    book.move(app, move, at, actor, relation="self", suket=handling)
    book.hand_into(app, at, actor, handling)
