"""A random history by the real road, and a second opinion: every figure counted from the trail by plain Python."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from random import Random
from statistics import median
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from loket.applications import actions as applications
from loket.applications import queries as cases
from loket.applications.filing import Address, Paper
from loket.applications.models import Application
from loket.audit.models import Entry
from loket.core import clock
from loket.delivery import actions as delivery
from loket.delivery import queries as parcels
from loket.delivery.actions import Pickup, Scan
from loket.integrity import actions as integrity
from loket.integrity.models import Complaint
from loket.printing import actions as printing
from loket.stock.models import Movement
from loket.suket import actions as suket
from loket.suket.models import Letter
from loket.visits import actions as visits
from tests import cast as play
from tests.cast import CILEGON, Cast

ZONE = ZoneInfo("Asia/Jakarta")
Key = tuple[str, str]


class Office:
    """Does something plausible whenever it is asked, by lot; whatever has nothing to work on does nothing."""

    def __init__(self, cast: Cast, seed: int):
        self.cast, self.random = cast, Random(seed)
        play.blanks(cast, 60)

    def live(self, steps: int) -> None:
        every = [self.file, self.file, self.file, self.decide, self.decide, self.print, self.print, self.choose, self.post, self.deliver,
                 self.collect, self.correct, self.cancel, self.settle, self.complain, self.answer, self.record]  # fmt: skip
        for _ in range(steps):
            self.random.choice(every)()
            clock.move_to(clock.now() + timedelta(minutes=self.random.choice((7, 40, 300, 1700, 7300))))

    def case(self, *states: str) -> Application | None:
        found = list(Application.objects.filter(office_id=CILEGON, state__in=states).order_by("submitted_at", "id"))
        return self.random.choice(found) if found else None

    def file(self) -> None:
        place = self.random.choice((f"{CILEGON}.01.1001", f"{CILEGON}.01.1002"))
        wanted = play.filing(
            self.random.choice(("KTP_NEW", "KTP_LOST", "SUKET_EXCHANGE", "BIRTH")), address=Address("Jalan Mawar 3", place),
            channel=self.random.choice(("online", "counter")),
        )  # fmt: skip
        by = self.cast.counter if wanted.channel == "counter" else self.cast.resident
        applications.file(wanted, by=by, at=clock.now())
        play.print_ready(self.cast, wanted.nik)
        if wanted.service.code == "SUKET_EXCHANGE":
            resident = Application.objects.order_by("-id")[0].resident_id
            Letter.objects.create(
                office_id=CILEGON, resident_id=resident, registered_at=clock.now(), kelurahan=self.random.choice((place, ""))
            )

    def decide(self) -> None:
        if case := self.case("submitted"):
            verdict = self.random.choice(("approve",) * 5 + ("return", "reject"))
            fields = ("kk",) if verdict == "return" else ()
            given = applications.Verdict(case.code, verdict, "" if verdict == "approve" else "Foto buram, tolong foto lagi.", fields)
            applications.decide([given], by=self.cast.verifier, at=clock.now())

    def correct(self) -> None:
        if case := self.case("needs_fix"):
            applications.correct(case.code, [Paper("kk", play.photo(1))], {}, by=self.cast.resident, at=clock.now())

    def cancel(self) -> None:
        if self.random.random() < 0.4 and (case := self.case("submitted", "verified")):
            applications.cancel(case.code, by=self.cast.resident, at=clock.now())

    def print(self) -> None:
        if (case := self.case("verified")) and case.slot != "card":
            for name in ("sign", "send"):
                applications.advance_paper([case.code], name, by=self.cast.verifier, at=clock.now())
        if self.case("ready"):
            batch, codes = printing.open_batch(2, by=self.cast.printer, at=clock.now())
            results = ["print_failure"] if self.random.random() < 0.3 else []
            for result in [*results, "printed"]:
                printing.settle(
                    batch.pk, [printing.Outcome(code, result) for code in (codes if result == "printed" else codes[:1])],
                    by=self.cast.printer, at=clock.now(),
                )  # fmt: skip

    def choose(self) -> None:
        if case := self.case("printed", "on_shelf", "returned_home"):
            delivery.choose(case.code, self.random.choice(("post", "pickup")), by=self.cast.resident, at=clock.now())

    def post(self) -> None:
        found = [case.code for case in Application.objects.filter(office_id=CILEGON, state="printed", method="post")]
        if found:
            manifest, _results = delivery.open_manifest(found, by=self.cast.dispatcher, at=clock.now())
            delivery.close_manifest(manifest.pk, len(found), by=self.cast.dispatcher, at=clock.now())
            delivery.hand_over(manifest.pk, [(code, "") for code in found], by=self.cast.courier, at=clock.now())

    def deliver(self, at: datetime | None = None) -> None:
        if case := self.case("in_transit"):
            outcome = self.random.choice(("delivered", "delivered", "returned"))
            scan = Scan(code=case.code, scan_id=uuid4().hex, outcome=outcome, receiver="Ani", relation="self",
                        suket="withdrawn" if case.service == "SUKET_EXCHANGE" else "none",
                        reason="" if outcome == "delivered" else "not_home")  # fmt: skip
            delivery.deliver([scan], by=self.cast.courier, at=at or clock.now())

    def collect(self) -> None:
        if case := self.case("on_shelf"):
            pickup = Pickup(case.code, parcels.pickup_code(case), "Ani", "self", "withdrawn" if case.service == "SUKET_EXCHANGE" else "none")
            delivery.collect([pickup], by=self.cast.counter, at=clock.now())

    def settle(self) -> None:
        letter = Letter.objects.filter(outcome="").order_by("id").first()
        if letter and self.random.random() < 0.5:
            suket.settle(letter.pk, "died", "akta 17", clock.now().date(), by=self.cast.verifier, at=clock.now())

    def complain(self) -> None:
        integrity.file(integrity.Stated("other", "Loket terlambat dibuka hari ini."), by=self.cast.resident, at=clock.now())

    def answer(self) -> None:
        if found := Complaint.objects.filter(state="filed").first():
            integrity.answer(found.number, "Loket buka pukul delapan.", by=self.cast.head, at=clock.now())

    def record(self) -> None:
        if case := self.case("submitted", "verified", "ready"):
            visits.record(
                nik=cases.case(case).nik, name="Siti Aisyah", birth_date=None, kecamatan=f"{CILEGON}.01", result="repeat", reason="buram",
                key=uuid4().hex, by=self.cast.recorder, at=clock.now(),
            )  # fmt: skip


def _day(at: datetime) -> date:
    return at.astimezone(ZONE).date()


def second_opinion(first: date, last: date) -> dict[date, dict[Key, int]]:
    """What was counted by SQL, counted again by Python from the entries of the trail, the ledger and the letters."""
    days = [first + timedelta(days=step) for step in range((last - first).days + 1)]
    found: dict[date, Counter[Key]] = {day: Counter() for day in days}

    def add(day: date, measure: str, kelurahan: str = "", by: int = 1) -> None:
        if day in found:
            found[day][measure, ""] += by
            if kelurahan:
                found[day][measure, kelurahan] += by

    def stand(since: date, until: date | None, measure: str, kelurahan: str = "") -> None:
        for day in days:
            if since <= day and (until is None or day < until):
                add(day, measure, kelurahan)

    stories: defaultdict[UUID, list[tuple[str, datetime, dict[str, Any]]]] = defaultdict(list)
    recorded: defaultdict[UUID, list[datetime]] = defaultdict(list)
    subject: dict[UUID, UUID] = {}
    unanswered: list[tuple[date, int]] = []
    for entry in Entry.objects.filter(office=CILEGON).order_by("seq"):
        body = json.loads(entry.body)
        if entry.case_id:
            stories[entry.case_id].append((entry.action.removeprefix("application."), entry.at, body))
            subject[entry.case_id] = entry.subject_id or subject.get(entry.case_id)
        if entry.action == "visit.record":
            recorded[entry.subject_id].append(entry.at)
        if entry.action == "complaint.file":
            add(_day(entry.at), "complaints.received")
            unanswered.append((_day(entry.at), 1))
        if entry.action == "complaint.answer":
            late = _day(entry.at) > date.fromisoformat(body["answer_by"])
            add(_day(entry.at), "complaints.late" if late else "complaints.in_time")
            unanswered.append((_day(entry.at), -1))
    for on, change in unanswered:
        for day in days:
            if day >= on:
                add(day, "complaints.open", by=change)
    waits: defaultdict[str, list[tuple[date, float]]] = defaultdict(list)
    for case, story in stories.items():
        _name, filed_at, stated = story[0]
        place, channel, promise = stated["kelurahan"] or "-", stated["channel"], date.fromisoformat(stated["promise_on"])
        add(_day(filed_at), f"filed.{channel}", place)
        complete, ours, printed, ended = filed_at, _day(filed_at), None, None
        for name, at, body in story[1:]:
            day = _day(at)
            if "method" in body and body["method"][0] != body["method"][1]:
                add(day, f"chosen.{body['method'][1]}", place)
            if name == "correct":
                complete, ours = datetime.fromisoformat(body["complete_at"][1]), day
            if name in ("return", "print", "send", "reject", "cancel"):
                stand(max(promise, ours), max(day, max(promise, ours)), "open.overdue", place)
                ours = None
            if name in ("print", "send"):
                add(day, "promises.kept" if day <= promise else "promises.broken", place)
            if name == "print":
                printed = day
                waits[f"waiting.median.{channel}"].append((day, (at - complete).total_seconds() / 60))
            if name in ("deliver", "collect"):
                waits[f"hand.median.{channel}"].append((day, (at - complete).total_seconds() / 60))
            if name in ("deliver", "collect", "send"):
                add(day, f"finished.{channel}", place)
                trips = [one for one in recorded[subject[case]] if filed_at - timedelta(days=90) <= one <= at]
                visits_ = (channel == "counter") + (name == "collect") + len(trips)
                add(day, f"visits.{channel}", place, visits_)
            if name in ("reject", "cancel"):
                add(day, f"ended.{name}ed" if name == "reject" else "ended.cancelled", place)
            if name in ("deliver", "collect", "send", "reject", "cancel"):
                ended = day
        if ours is not None:
            stand(max(promise, ours), None, "open.overdue", place)
        if printed:
            stand(printed + timedelta(days=14), ended, "cards.uncollected", place)
        stand(_day(filed_at), ended, f"open.{channel}", place)
    for measure, all_ in waits.items():
        for day in days:
            if seen := [minutes for on, minutes in all_ if day - timedelta(days=29) <= on <= day]:
                found[day][measure, ""] = round(median(seen))
    for letter in Letter.objects.filter(office_id=CILEGON):
        place = letter.kelurahan or "-"
        add(_day(letter.registered_at), "suket.registered", place)
        if letter.settled_at:
            add(_day(letter.settled_at), "suket.settled", place)
            add(_day(letter.settled_at), f"suket.settled.{letter.outcome}", place)
        stand(_day(letter.registered_at), _day(letter.settled_at) if letter.settled_at else None, "suket.outstanding", place)
    for move in Movement.objects.filter(office_id=CILEGON, product="KTP_EL"):
        if move.to_place in ("printed", "spoiled"):
            add(_day(move.at), f"blanks.{move.to_place}", by=move.quantity)
        if move.from_place == "centre":
            add(_day(move.at), "blanks.received", by=move.quantity)
        change = move.quantity * ((move.to_place in ("store", "drawer")) - (move.from_place in ("store", "drawer")))
        for day in days:
            if day >= _day(move.at):
                add(day, "blanks.on_hand", by=change)
    return {day: {key: value for key, value in values.items() if value} for day, values in found.items()}


