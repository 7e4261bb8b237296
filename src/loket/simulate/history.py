"""March to the evening of 2 June 2020 in Kota Cilegon, day by day, as the office would have lived it."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from loket.catalogue import queries as catalogue
from loket.core import crypto, media
from loket.core.ids import uuid7
from loket.simulate import papers
from loket.simulate.city import City
from loket.simulate.story import FEE, App, Book, Met

FIRST, LAST = date(2020, 3, 1), date(2020, 6, 2)
NOW = datetime(2020, 6, 2, 19, 0, tzinfo=ZoneInfo("Asia/Jakarta"))
SUKET, BLANKS = 4_921, 10_791
# Requests of an average month, by channel; the counter takes them on working days only.
MONTH = 2_000
SERVICES = (
    ("KTP_NEW", 20), ("SUKET_EXCHANGE", 22), ("KTP_LOST", 14), ("KTP_DAMAGED", 7), ("KTP_CHANGE", 9), ("KK_CHANGE", 18),
    ("BIRTH", 10),
)  # fmt: skip
NOT_READY = (
    ("SENT_FOR_ENROLLMENT", 45), ("BIO_CAPTURED", 15), ("DUPLICATE_RECORD", 18), ("ENROLL_FAILURE_AT_CENTRAL", 12),
    ("UNREGISTERED", 10),
)  # fmt: skip
READY = "PRINT_READY_RECORD"


@dataclass
class Manifest:
    """An open envelope list of a day."""

    id: UUID
    number: int
    opened_at: datetime
    apps: list[App] = field(default_factory=list)


class History:
    """Lives through the days; what is still open at the end is as it stands on the last evening."""

    def __init__(self, book: Book, seed: int = 3672):
        self.book = book
        self.random = random.Random(seed)
        self.city = City(seed, list(book.office.kelurahan))
        self.apps: list[App] = []
        self.to_verify: deque[App] = deque()
        self.to_print: list[App] = []
        self.to_choose: list[App] = []
        self.to_send: list[App] = []
        self.on_shelf: list[App] = []
        self.travelling: list[tuple[datetime, str, App, UUID]] = []
        self.paper: list[App] = []
        self.exchanged: dict[UUID, tuple[datetime, str]] = {}
        self.holders: list[Met] = []
        self.batches = self.manifests = self.printed = self.spoiled = 0

    def live(self) -> Iterator[date]:
        """Day by day; yields each day when it is over."""
        day = FIRST
        while day <= LAST:
            self._arrive(day)
            if self._works(day):
                self._verify(day)
                self._print(day)
                self._choose(day)
                self._dispatch(day)
                self._collect(day)
                self._sign(day)
            self._deliver(day)
            yield day
            day += timedelta(days=1)

    def _works(self, day: date) -> bool:
        return day.weekday() < 5 and day not in self.book.office.holidays

    def _at(self, day: date, hour: float, spread: float = 0.0) -> datetime:
        """An instant of a day in the office's zone, never after the last evening."""
        minutes = hour * 60 + self.random.random() * spread * 60
        local = datetime.combine(day, time(0), ZoneInfo(self.book.office.zone)) + timedelta(minutes=minutes)
        return min(local, NOW - timedelta(seconds=self.random.randrange(60, 1800)))

    def _arrive(self, day: date) -> None:
        rng = self.random
        working = self._works(day)
        online = round(MONTH / 30.67 * rng.uniform(0.9, 1.1) * (1.12 if working else 0.8))
        counter = round(MONTH / 19.0 * rng.uniform(0.9, 1.1)) if working else 0
        moments = sorted(
            [(self._at(day, 6.0, 13 if day < LAST else 12), "online") for _ in range(online)]
            + [(self._at(day, 8.1, 6.5), "counter") for _ in range(counter)]
        )
        for at, channel in moments:
            service = catalogue.service(rng.choices([c for c, _ in SERVICES], [w for _, w in SERVICES])[0])
            figure = self.city.person(date(2003, 5, 1) if service.is_card else date(1998, 1, 1))
            status = READY if rng.random() < 0.93 else self._status()
            met = self.book.meet(figure, at, status if service.is_card else "", at.date() - timedelta(days=3))
            contact = self.book.contact(figure, at) if channel == "online" else None
            app = self.book.file(met, service, channel, at, contact)
            app.reason = "" if status == READY or not service.is_card else "wait"
            self.apps.append(app)
            self.to_verify.append(app)
            if service.code == "SUKET_EXCHANGE":
                self.holders.append(met)

    def _status(self) -> str:
        return self.random.choices([c for c, _ in NOT_READY], [w for _, w in NOT_READY])[0]

    def _verify(self, day: date) -> None:
        """Whatever came until noon is decided today, in the order in which it came."""
        rng, book = self.random, self.book
        until = self._at(day, 12.0) if day < LAST else self._at(day, 9.5)
        at = self._at(day, 8.5)
        step = timedelta(seconds=45)
        while self.to_verify and self.to_verify[0].submitted_at < until:
            app = self.to_verify.popleft()
            at = max(at + step, app.submitted_at + timedelta(minutes=5))
            waits, app.reason = app.reason == "wait", ""
            app.verifier = rng.choice(("verifikator1", "verifikator2"))
            draw = rng.random()
            if draw < 0.02:
                book.move(app, "reject", at, app.verifier, fields=[])
                app.reason = "Data kependudukan tercatat di kota lain. Urus surat pindah dulu, lalu ajukan lagi."
            elif draw < 0.05:
                book.move(app, "return", at, app.verifier, fields=["kk"])
                if rng.random() < 0.75 and day < LAST - timedelta(days=4):
                    book.move(app, "cancel", at + timedelta(days=2), "warga")
                    app.verifier = ""
                else:
                    app.fix_fields, app.reason = ["kk"], "Foto Kartu Keluarga buram. Foto lagi di tempat terang."
            else:
                book.move(app, "approve", at, app.verifier)
                app.verified_at = at
                if not app.service.is_card:
                    self.paper.append(app)
                elif not waits:
                    book.move(app, "release", at, app.verifier)
                    self.to_print.append(app)

    def _print(self, day: date) -> None:
        """Two operators print what is ready in order of service, in batches of up to eighty."""
        self.to_print.sort(key=lambda app: app.submitted_at)
        if day == LAST:
            self._print_batch(day, self.to_print[:14], settle=5)
            self.to_print = self.to_print[14:]
            return
        while self.to_print:
            self._print_batch(day, self.to_print[:80], settle=80)
            self.to_print = self.to_print[80:]

    def _print_batch(self, day: date, apps: list[App], settle: int) -> None:
        if not apps:
            return
        book, rng = self.book, self.random
        self.batches += 1
        operator = ("cetak1", "cetak2")[self.batches % 2]
        row = uuid7()
        opened = max(self._at(day, 13.0, 0.2), max(app.verified_at or app.submitted_at for app in apps))
        given = {"document_id": str(row), "actor": operator}
        book.movement(opened, "store", "drawer", len(apps), f"draw:{row}", **given)
        at = opened
        for position, app in enumerate(apps, start=1):
            book.move(app, "start_print", opened, operator, batch=self.batches)
            at += timedelta(seconds=50)
            done = position <= settle
            if done and rng.random() < 0.011:
                app.spoiled = 1
                self.spoiled += 1
                reason = rng.choice(("print_failure", "encode_failure", "factory_defect"))
                book.movement(at, "drawer", "spoiled", 1, f"spoil:{row}:{position}", case_id=app.id, reason=reason, **given)
                book.movement(at, "store", "drawer", 1, f"redraw:{row}:{position}", case_id=app.id, **given)
                book.entry(at, operator, "card.spoil", app, {"batch": self.batches, "reason": reason})
            if done:
                self.printed += 1
                book.movement(at, "drawer", "printed", 1, f"print:{row}:{position}", case_id=app.id, **given)
                book.move(app, "print", at, operator)
                app.printed_at = at
                self.to_choose.append(app)
            book.rows.add(
                "printing_item", batch_id=row, application_id=app.id, position=position,
                result="printed" if done else "", spoiled=app.spoiled, settled_at=at if done else None,
            )  # fmt: skip
        book.rows.add(
            "printing_batch", id=row, office_id=book.office.code, number=self.batches, operator=operator,
            size=len(apps), opened_at=opened, closed_at=at if settle >= len(apps) else None,
        )  # fmt: skip

    def _choose(self, day: date) -> None:
        """Most residents answer within a day or two; most of them want the post."""
        rng, book, silent = self.random, self.book, []
        for app in self.to_choose:
            printed = app.printed_at or app.state_at
            if rng.random() > 0.62:
                silent.append(app)
                continue
            at = max(printed + timedelta(minutes=rng.randrange(5, 90)), self._at(day, 13.2))
            by = "warga" if app.channel == "online" else "loket1"
            app.chosen_at = min(at, NOW - timedelta(minutes=3))
            app.method = "post" if rng.random() < 0.81 else "pickup"
            body = {"fee": FEE if app.method == "post" else None, "method": ["", app.method]}
            if app.method == "post":
                book.entry(app.chosen_at, by, "application.choose", app, body)
                self.to_send.append(app)
            else:
                book.move(app, "shelve", app.chosen_at, by, **body)
                self._pickup_code(app)
                self.on_shelf.append(app)
        self.to_choose = silent

    def _pickup_code(self, app: App) -> None:
        code = f"{self.random.randrange(10**6):06d}"
        self.book.rows.add(
            "delivery_pickup_code", application_id=app.id, made_at=app.chosen_at,
            digest=crypto.index("pickup_code", f"{app.id}:{code}", self.book.ring),
            sealed=app.met.key.seal("delivery_pickup_code", "sealed", app.id, code),
        )  # fmt: skip

    def _dispatch(self, day: date) -> None:
        """One manifest a day: envelopes in the afternoon, the post fetches them before closing."""
        ready = [app for app in self.to_send if app.chosen_at and app.chosen_at < self._at(day, 14.5)]
        if not ready:
            return
        self.to_send = [app for app in self.to_send if app not in ready]
        if day == LAST:
            third = max(len(ready) // 3, 1)
            self._manifest(day, ready[:third], "handed")
            self._manifest(day, ready[third : 2 * third], "closed")
            self._manifest(day, ready[2 * third : 2 * third + 6], "open")
            self.to_send += ready[2 * third + 6 :]
        else:
            self._manifest(day, ready, "handed")

    def _manifest(self, day: date, apps: list[App], until: str) -> None:
        if not apps:
            return
        rng, book = self.random, self.book
        self.manifests += 1
        row = uuid7()
        opened = max(self._at(day, 14.5), *(app.chosen_at for app in apps if app.chosen_at))
        closed, handed = opened + timedelta(minutes=12), opened + timedelta(minutes=25)
        for app in apps:
            parcel = uuid7()
            book.move(app, "envelope", opened, "kirim1", manifest=self.manifests)
            if until != "open":
                book.move(app, "manifest", closed, "kirim1", manifest=self.manifests)
            number = None
            if until == "handed":
                book.move(app, "hand_over", handed, "pos1", manifest=self.manifests)
                number = f"P{rng.randrange(10**12, 10**13)}"
                arrives = handed + timedelta(days=rng.choices((1, 2, 3, 5), (40, 35, 18, 7))[0], hours=rng.uniform(-5, 1))
                outcome = "returned" if rng.random() < 0.02 else "delivered"
                self.travelling.append((arrives, outcome, app, parcel))
            self._parcel(parcel, row, app, number, handed if number else None)
        book.rows.add(
            "delivery_manifest", id=row, office_id=book.office.code, number=self.manifests, opened_by="kirim1",
            opened_at=opened, closed_at=None if until == "open" else closed,
            count=None if until == "open" else len(apps), handed_at=handed if until == "handed" else None,
            courier="pos1" if until == "handed" else "",
        )  # fmt: skip

    def _parcel(self, parcel: UUID, manifest: UUID, app: App, number: str | None, handed: datetime | None) -> None:
        self.parcels = getattr(self, "parcels", {})
        self.parcels[parcel] = {
            "id": parcel, "manifest_id": manifest, "application_id": app.id, "tracking_number": number, "fee": FEE,
            "handed_at": handed,
        }  # fmt: skip

    def _deliver(self, day: date) -> None:
        """What the post brings to the door today; some of it comes home."""
        book, still = self.book, []
        evening = min(self._at(day, 20.0), NOW)
        for arrives, outcome, app, parcel in self.travelling:
            if arrives > evening:
                still.append((arrives, outcome, app, parcel))
                continue
            reason = "" if outcome == "delivered" else self.random.choice(("not_home", "moved", "address_incomplete"))
            book.rows.add(
                "delivery_event", scan_id=uuid4().hex, parcel_id=parcel, outcome=outcome, reason=reason, actor="pos1",
                at=arrives,
            )  # fmt: skip
            self.parcels[parcel] |= {"attempts": 1, "ended_at": arrives, "outcome": outcome}
            if outcome == "returned":
                book.move(app, "bring_home", arrives, "pos1", reason=reason)
                app.method, app.chosen_at = "", None
                if self.random.random() < 0.8 and day < LAST - timedelta(days=3):
                    self._come_for_it(app, arrives + timedelta(days=1))
                continue
            self._into_the_hand(app, arrives, "pos1", "deliver")
        self.travelling = still

    def _come_for_it(self, app: App, at: datetime) -> None:
        app.method, app.chosen_at = "pickup", at
        self.book.move(app, "shelve", at, "warga", fee=None, method=["", "pickup"])
        self._pickup_code(app)
        self.on_shelf.append(app)

    def _collect(self, day: date) -> None:
        """People who chose the counter come within some days; a few never do."""
        rng, still = self.random, []
        for app in self.on_shelf:
            # About one in sixty never comes, whatever was promised.
            never = int(app.met.figure.nik[-2:]) % 60 == 0
            if never or rng.random() > 0.3 or (app.chosen_at and app.chosen_at.date() >= day):
                still.append(app)
            else:
                self._into_the_hand(app, self._at(day, 8.2, 6), "loket1", "collect")
        self.on_shelf = still

    def _into_the_hand(self, app: App, at: datetime, actor: str, name: str) -> None:
        handling = {"suket": "withdrawn", "old_card": "withdrawn"}.get(app.service.takes_back, "none")
        self.book.move(app, name, at, actor, relation="self", suket=handling)
        self.book.hand_into(app, at, actor, handling)
        if app.service.code == "SUKET_EXCHANGE":
            self.exchanged[app.met.id] = (at, f"{app.code}:{app.method}:{handling}")

    def _sign(self, day: date) -> None:
        """Papers are signed the day after they were found right, and sent the same day."""
        still = []
        for app in self.paper:
            at = self._at(day, 10.0, 3)
            if app.verified_at is None or app.verified_at.date() >= day or (day == LAST and self.random.random() < 0.4):
                still.append(app)
                continue
            self.book.move(app, "sign", at, "kadis")
            if day == LAST and self.random.random() < 0.3:
                continue
            self.book.move(app, "send", at + timedelta(minutes=30), app.verifier)
        self.paper = still

    def finish(self) -> None:
        """The register, the receipts, some forgotten cards: what makes the two figures exact."""
        self._withdraw()
        for values in getattr(self, "parcels", {}).values():
            self.book.rows.add("delivery_parcel", **values)
        for app in self.apps:
            if app.state == "submitted":
                app.reason = ""
            self.book.keep(app, LAST)
        self._register()
        self._receive()
        self._photograph()
        self._begin_forms()

    def _photograph(self) -> None:
        """Whatever still waits for a decision has its photos; those of finished cases are past their time."""
        for app in self.apps:
            if app.state in ("submitted", "needs_fix"):
                kinds = app.service.documents
                for kind, kept in zip(kinds, media.store([(uuid7(), papers.photo(kind)) for kind in kinds], app.met.key), strict=True):
                    self.book.rows.add(
                        "applications_document", id=kept.id, application_id=app.id, kind=kind, size=kept.size,
                        digest=kept.digest, at=app.submitted_at,
                    )  # fmt: skip

    def _begin_forms(self) -> None:
        """A few forms that somebody has begun and not sent."""
        for hours in (2, 5, 26):
            row, begun = uuid7(), NOW - timedelta(hours=hours)
            self.book.rows.add(
                "applications_draft", id=row, office_id=self.book.office.code, token_hash=uuid4().bytes + uuid4().bytes,
                answers=crypto.system_key().seal("applications_draft", "answers", row, '{"service": "KTP_NEW"}'),
                started_at=begun, expires_at=begun + timedelta(days=7),
            )  # fmt: skip

    def _withdraw(self) -> None:
        """The oldest of the shelf are taken off it: nobody came for weeks."""
        forgotten = [app for app in self.on_shelf if app.chosen_at and app.chosen_at.date() < date(2020, 5, 22)]
        for app in sorted(forgotten, key=lambda app: app.submitted_at)[:6]:
            self.book.move(app, "withdraw", self._at(date(2020, 5, 29), 11.0), "gudang1")

    def _register(self) -> None:
        """Every holder that came, settled when the card was in the hand; the others fill up to the figure."""
        rng, book = self.random, self.book
        opened = datetime(2020, 2, 28, 9, 0, tzinfo=ZoneInfo(book.office.zone))
        number = 0
        for met in self.holders:
            number += 1
            settled = self.exchanged.get(met.id)
            outcome = (
                {"outcome": "exchanged", "outcome_on": settled[0].date(), "evidence": settled[1],
                 "settled_by": "pos1" if ":post:" in settled[1] else "loket1", "settled_at": settled[0]}
                if settled else {}
            )  # fmt: skip
            book.letter(met, self._issued(), opened, number, **outcome)
        left = SUKET - (len(self.holders) - len(self.exchanged))
        for index in range(left + 180):
            number += 1
            status = READY if rng.random() < 0.66 else self._status()
            met = book.meet(self.city.person(date(2003, 1, 1)), opened, status, opened.date())
            outcome = {}
            if index >= left:
                kind, evidence = rng.choice(
                    (("died", "akta kematian"), ("moved", "SKPWNI"), ("duplicate", "Suket ganda"), ("holds_card", "KTP-el ditunjukkan"))
                )
                at = self._at(FIRST + timedelta(days=rng.randrange(2, 88)), 10.0, 4)
                outcome = {"outcome": kind, "outcome_on": at.date(), "evidence": f"{evidence} {index}",
                           "settled_by": "verifikator1", "settled_at": at}  # fmt: skip
            book.letter(met, self._issued(), opened, number, **outcome)

    def _issued(self) -> date:
        return date(2016, 10, 3) + timedelta(days=int(self.random.random() ** 1.4 * 1230))

    def _receive(self) -> None:
        """Two fetches from the ministry and an opening count, so that exactly the known number is left."""
        zone = ZoneInfo(self.book.office.zone)
        total = self.printed + self.spoiled + BLANKS
        fetched = ((datetime(2020, 4, 14, 15, 0, tzinfo=zone), 4_000, "471.13/3104/DUKCAPIL"),
                   (datetime(2020, 5, 12, 15, 0, tzinfo=zone), 5_000, "471.13/4417/DUKCAPIL"))  # fmt: skip
        opening = total - sum(quantity for _, quantity, _ in fetched)
        receipts = ((datetime(2020, 2, 28, 8, 30, tzinfo=zone), opening, "471.13/1288/DUKCAPIL"), *fetched)
        for at, quantity, letter in receipts:
            self.book.movement(
                at, "centre", "store", quantity, f"receipt:{self.book.office.code}:{letter}", document="receipt",
                document_id=letter, actor="gudang1",
            )  # fmt: skip
            self.book.entry(at, "gudang1", "stock.receive", None, {"letter": letter, "quantity": quantity})
