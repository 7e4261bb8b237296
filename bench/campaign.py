"""An invitation to 4.921 people under a limit of 2.000 a day, beside residents who write, against the emulator of the
provider; then the same with a quality that falls, and how fast the outbox is when nothing holds it back.

Everything runs as the product runs it: web, worker and database of their own, the emulator over real HTTP. Both clocks are
moved by a day when a day's reach is used up; within a day they tick like real ones.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg

from bench.stage import Stage, figure, p95, stage

PEOPLE, TIER = 4_921, "TIER_2K"
BEGINS = datetime(2020, 6, 3, 1, 0, tzinfo=UTC)
PHONE_ID, ACCOUNT = "100000000000001", "102290129340398"
# Residents who write while invitations leave, and beside nothing at all; the latter for so many seconds.
WRITERS_PER_SECOND, ALONE_SECONDS = 5, 30
# So many of those who were invited press a button: one in twenty exchanges, one in two hundred wants no more.
SWAP, STOP = 20, 200
Figures = list[dict[str, Any]]

_OFFICE = """
from datetime import time
from loket.core import clock
from loket.conversations.models import Sender
from loket.offices.models import Office
clock.move_to(__import__("datetime").datetime.fromisoformat({begins!r}))
Office.objects.create(code="36.72", name="Disdukcapil Kota Cilegon", city="Kota Cilegon", address="Jalan Contoh 1",
                      wa_number="+622547800000", opens_at=time(8), closes_at=time(15), settings={{"notice_reserve": 0}})
"""
_CAMPAIGN = """
from loket.conversations import campaigns
from loket.conversations.campaigns import Recipient
from loket.core import clock
from loket.core.actor import Actor, Role
head = Actor("kadis", "36.72", frozenset({{Role.HEAD}}))
people = [Recipient("Formulir Suket 2019, kotak persetujuan", phone=f"+62813{{number:08d}}") for number in range({first}, {first} + {count})]
made = campaigns.create({name!r}, people, pilot=0, office_hours=False, by=head, at=clock.now())
campaigns.start(made.pk, by=head, at=clock.now())
print(made.pk)
"""
_STATE = """
from loket.conversations.models import Campaign
from loket.conversations import campaigns
made = Campaign.objects.get(name={name!r})
counts = campaigns.counts_of(made.pk)
print(made.state, made.paused_why or "-", counts.left, counts.underway, counts.failed, counts.spared, counts.swap, counts.stop)
"""
_GONE = """
SELECT state, (SELECT count(*) FROM conversations_message m WHERE m.campaign_id = c.id AND m.state <> 'queued')
FROM conversations_campaign c WHERE name = %s
"""
_WAITS = """
SELECT EXISTS (SELECT 1 FROM conversations_event WHERE done_at IS NULL AND kind = 'message')
    OR EXISTS (SELECT 1 FROM conversations_message WHERE outgoing AND lane = 0 AND state IN ('queued', 'sending'))
"""
_MOVE = """
from datetime import timedelta
from loket.core import clock
clock.move_to(clock.now() + timedelta(seconds={seconds}))
"""
_TEMPLATES = """
from loket.conversations.models import Template
print(Template.objects.exclude(state="approved").count() or (0 if Template.objects.exists() else -1))
"""
# News to people who never wrote, as fast as it can be queued or so many a second; prints when each was queued.
_QUEUE = """
import json, time
from loket.conversations import actions as talks
from loket.core import clock
from loket.core.actor import system
contacts = [talks.contact_by_phone(f"+62815{{number:08d}}", office="36.72", at=clock.now()) for number in range({first}, {first} + {count})]
by = system("36.72", "bot")
begun, queued = time.time(), []
for place, contact in enumerate(contacts):
    if {per_second}:
        time.sleep(max(0.0, begun + place / {per_second} - time.time()))
    talks.notify([talks.Notice(contact, "cancelled", None, {{"code": "7K4M2QX9T3A"}})], by=by, at=clock.now())
    queued.append(time.time())
print(json.dumps(queued))
"""
_SETTINGS = """
from loket.offices.models import Office
Office.objects.update(settings={settings!r})
"""


@dataclass
class Town:
    """The product, the emulator beside it, and who writes."""

    loket: Stage
    emulator: httpx.Client
    token: str
    log: Path
    written: dict[str, str] = field(default_factory=dict)

    def do(self, path: str, body: Any) -> Any:
        answer = self.emulator.post(f"/_/{path}", json=body)
        answer.raise_for_status()
        return answer.json()

    def ledger(self) -> dict[str, Any]:
        return dict(self.emulator.get("/_/ledger").json())

    def now(self) -> datetime:
        return _instant(self.emulator.get("/_/clock").json()["now"])

    def state(self, name: str) -> list[str]:
        return self.loket.python(_STATE.format(name=name)).split()

    def has_answered(self) -> bool:
        """Whether nobody's message waits to be understood or answered."""
        with psycopg.connect(self.loket.loket("db", "url", "--role", "superuser").strip()) as database:
            found = database.execute(_WAITS).fetchone()
            assert found
            return not found[0]

    def a_day_passes(self, seconds: float) -> None:
        """The provider's clock first: whoever is late by it is refused, never the other way round."""
        self.do("clock", {"advance": seconds, "patience": 300})
        self.loket.python(_MOVE.format(seconds=seconds))

    def finished(self, name: str) -> bool:
        """Wait until the day's reach is used up or everybody is invited; whether the campaign is over.

        Asked of the database: a Django that starts every few seconds would take from what is measured.
        """
        before, still = -1, 0
        with psycopg.connect(self.loket.loket("db", "url", "--role", "superuser").strip(), autocommit=True) as database:
            while still < 2:
                time.sleep(8)
                found = database.execute(_GONE, [name]).fetchone()
                assert found
                if found[0] != "running":
                    return bool(found[0] == "finished")
                still = still + 1 if found[1] == before else 0
                before = found[1]
        return False


@contextmanager
def town() -> Iterator[Town]:
    """An office with nobody in it yet, its worker, and a provider with a limit of 2.000."""
    given = {name: secrets.token_hex(12) for name in ("LOKET_WA_APP_SECRET", "LOKET_WA_VERIFY_TOKEN", "LOKET_WA_TOKEN")}
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    kept = dict(os.environ)
    os.environ |= {
        **given, "LOKET_WA_PHONE_ID": PHONE_ID, "LOKET_WA_ACCOUNT_ID": ACCOUNT, "LOKET_WA_BASE_URL": f"http://127.0.0.1:{port}",
    }  # fmt: skip
    processes: list[subprocess.Popen[bytes]] = []
    try:
        with stage(seeded=False) as loket:
            loket.python(_OFFICE.format(begins=BEGINS.isoformat()))
            loket.start_web()
            command = [
                sys.executable, "-m", "wa_emulator", "--port", str(port), "--callback", f"http://127.0.0.1:{loket.port}/hooks/whatsapp",
                "--phone-id", PHONE_ID, "--now", BEGINS.isoformat(), "--seed", "kampanye", "--strict-templates",
            ]  # fmt: skip
            processes.append(subprocess.Popen(command, env=loket.environment))
            log = loket.home / "worker.log"
            with log.open("w") as file:
                worker = [sys.executable, "-m", "loket.cli", "worker"]
                processes.append(subprocess.Popen(worker, env={**loket.environment, "LOKET_DB_ROLE": "worker"}, stderr=file))
            made = Town(loket, httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=600), given["LOKET_WA_TOKEN"], log)
            try:
                _until(lambda: made.emulator.get("/_/handshake").json()["verified"])
                made.do("account", {"tier": TIER})
                made.do("knobs", {"batch_size": 20, "review_seconds": 1.0})
                _until(lambda: loket.python(_TEMPLATES).strip() == "0")
                yield made
            except BaseException:
                sys.stderr.write(log.read_text()[-4000:])
                raise
            finally:
                _end(processes)
    finally:
        os.environ.clear()
        os.environ |= kept


def _end(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes[::-1]:
        process.send_signal(signal.SIGTERM)
    for process in processes:
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            process.kill()


def _until(holds: Any, seconds: float = 240) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if holds():
                return
        except httpx.TransportError:
            pass
        time.sleep(0.5)
    raise RuntimeError("the town did not come up")


class Writers:
    """Residents who write to the office, so many a second, each once, until they are stopped."""

    def __init__(self, made: Town, first: int):
        self._town, self._first = made, first
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.numbers: list[str] = []

    def __enter__(self) -> Writers:
        self._thread.start()
        return self

    def __exit__(self, *_given: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(1 / WRITERS_PER_SECOND):
            number = f"62899{self._first + len(self.numbers):08d}"
            self._town.do("send", {"from": number, "text": "halo", "name": "Warga"})
            self.numbers.append(number)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _waited(ledger: dict[str, Any], numbers: set[str]) -> tuple[list[float], int]:
    """Seconds from what each of these wrote to the answer that the provider took, and how many got none."""
    answers: dict[str, list[datetime]] = {}
    for one in ledger["outbound"]:
        answers.setdefault(one["to"], []).append(_instant(one["accepted_at"]))
    waited, silent = [], 0
    for one in ledger["inbound"]:
        if one["from"] in numbers:
            at = _instant(one["timestamp"])
            first = min((answer for answer in answers.get(one["from"], []) if answer >= at), default=None)
            silent += first is None
            waited += [(first - at).total_seconds()] if first else []
    return waited, silent


def _invited(ledger: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        one for one in ledger["outbound"]
        if one["type"] == "template" and one["message"]["template"]["name"].startswith("loket_suket_invite")
    ]  # fmt: skip


def _press(made: Town, done: set[str]) -> None:
    """Some of those who were invited today answer with a button."""
    fresh = [one["to"] for one in _invited(made.ledger()) if one["to"] not in done]
    done |= set(fresh)
    calls = [{"from": number, "template_button": {"payload": "menu:1:apply", "text": "Tukar Suket"}} for number in fresh[::SWAP]]
    calls += [{"from": number, "template_button": {"payload": "menu:1:stop", "text": "Berhenti"}} for number in fresh[1::STOP]]
    for call in calls:
        made.do("send", call)


def campaign(size: int | None) -> Figures:
    """`size` is how many are invited (4.921)."""
    with town() as made:
        rows: Figures = []
        for part in (lambda: _three_days(made, size or PEOPLE), lambda: _quality_falls(made), lambda: _speed(made)):
            rows += part()
            # A run takes a quarter of an hour: what is known already is told.
            print(json.dumps(rows, ensure_ascii=False), file=sys.stderr, flush=True)
        return rows


def _three_days(made: Town, people: int) -> Figures:
    name = "Tukar Suket"
    with Writers(made, 0) as alone:
        time.sleep(ALONE_SECONDS)
    time.sleep(3)
    made.loket.python(_CAMPAIGN.format(name=name, first=0, count=people))
    writers, pressed, day = [], set[str](), 0
    while day < 6:
        with Writers(made, 10_000 * (day + 1)) as during:
            over = made.finished(name)
        writers.append(during)
        _press(made, pressed)
        # What they pressed is answered today: tomorrow the provider would say that it is too late.
        time.sleep(5)
        _until(made.has_answered)
        if over:
            break
        # A day after the last one was reached, and a little: the first of today counts as long as the last.
        made.a_day_passes(timedelta(hours=24, minutes=2).total_seconds())
        day += 1
    ledger = made.ledger()
    invited = _invited(ledger)
    times = [_instant(one["accepted_at"]) for one in invited]
    state, why, left, underway, failed, spared, swap, stop = made.state(name)
    log = made.log.read_text()
    quiet, _none = _waited(ledger, set(alone.numbers))
    busy, silent = _waited(ledger, {number for one in writers for number in one.numbers})
    print(f"campaign {state} {why}: left {left}, underway {underway}, failed {failed}, swap {swap}, stop {stop}", file=sys.stderr)
    return [
        figure("people invited, each once", len({one["to"] for one in invited}), "", limit=people, goal=people - int(spared)),
        figure("invited twice", len(invited) - len({one["to"] for one in invited}), "", goal=0, more=False),
        figure("days of the clock from the first to the last", (max(times) - min(times)).total_seconds() / 86_400, "days", goal=3, more=False),
        figure("130429 answered by the provider", log.count("the number rests: 130429"), "", goal=0, more=False),
        figure("131048 answered by the provider", log.count("has stopped: 131048"), "", goal=0, more=False),
        figure("replies while invitations leave, p95", p95(busy), "s", limit=p95(quiet), goal=2, more=False),
        figure("replies while invitations leave, longest", max(busy), "s", limit=max(quiet), goal=5, more=False),
        figure("residents who wrote meanwhile", len(busy) + silent, ""),
        figure("residents who got no answer", silent, "", goal=0, more=False),
        figure("quick replies kept with their invitation", int(swap) + int(stop), ""),
    ]  # fmt: skip


def _quality_falls(made: Town) -> Figures:
    """A new campaign on a new day; the provider's quality turns red in the middle."""
    name = "Tukar Suket, gelombang 2"
    made.a_day_passes(timedelta(hours=24, minutes=5).total_seconds())
    made.loket.python(_CAMPAIGN.format(name=name, first=50_000, count=1500))
    before = len(_invited(made.ledger()))
    _until(lambda: len(_invited(made.ledger())) - before > 200)
    fell = made.now()
    made.do("account", {"quality": "RED"})
    _until(lambda: made.state(name)[0] == "paused")
    why = made.state(name)[1]
    time.sleep(10)
    later = [_instant(one["accepted_at"]) for one in _invited(made.ledger()) if _instant(one["accepted_at"]) > fell]
    with Writers(made, 900_000) as after:
        time.sleep(5)
    time.sleep(3)
    _waits, silent = _waited(made.ledger(), set(after.numbers))
    assert why == "quality", why
    return [
        figure("invitations after the quality fell", len(later), "", goal=100, more=False),
        figure("seconds from the fall to the last of them", max(((one - fell).total_seconds() for one in later), default=0), "s", goal=5, more=False),
        figure("residents without an answer while it stands", silent, "", goal=0, more=False),
    ]  # fmt: skip


def _speed(made: Town) -> Figures:
    """How fast the outbox is when neither rates nor reach hold it back, beside bare POSTs of the same message."""
    made.do("account", {"quality": "GREEN", "tier": "TIER_UNLIMITED"})
    made.do("knobs", {"messages_per_second": 100_000})
    made.loket.python(_SETTINGS.format(settings={"wa_per_second": 5000, "notice_reserve": 0}))
    time.sleep(8)
    lag = _handed_over(made, made.loket.python(_QUEUE.format(first=0, count=1000, per_second=50)))
    count = 1000
    made.loket.python(_QUEUE.format(first=100_000, count=count, per_second=0))
    _until(lambda: len(_to(made, "62815001")) >= count, 120)
    times = sorted(_instant(one["accepted_at"]) for one in _to(made, "62815001"))
    rate = count * 0.8 / (times[int(count * 0.9)] - times[int(count * 0.1)]).total_seconds()
    return [
        figure("from queued to handed over at 50 replies a second, p95", p95(lag), "s", goal=1, more=False),
        figure("outbox, messages a second", rate, "1/s", limit=_bare(made, count), goal=80),
    ]


def _to(made: Town, prefix: str) -> list[dict[str, Any]]:
    return [one for one in made.ledger()["outbound"] if one["to"].startswith(prefix)]


def _handed_over(made: Town, printed: str) -> list[float]:
    """Seconds between queued (real time) and taken (the emulator's clock, brought to real time)."""
    queued = json.loads(printed)
    _until(lambda: len(_to(made, "62815000")) >= len(queued), 120)
    shift = made.now().timestamp() - time.time()
    taken = {one["to"]: _instant(one["accepted_at"]).timestamp() - shift for one in _to(made, "62815000")}
    return [taken[f"62815{number:08d}"] - at for number, at in enumerate(queued)]


def _bare(made: Town, count: int) -> float:
    """POSTs a second of as many senders with one template each, and nothing else: the emulator's own limit."""
    template = {"name": "loket_cancelled_v1", "language": {"code": "id"}, "components": [
        {"type": "body", "parameters": [{"type": "text", "parameter_name": "code", "text": "7K4M-2QX9-T3A"}]},
        {"type": "button", "sub_type": "quick_reply", "index": "0", "parameters": [{"type": "payload", "payload": "menu:1:apply"}]},
    ]}  # fmt: skip
    headers = {"Authorization": f"Bearer {made.token}"}

    def post(number: int) -> None:
        call = {"messaging_product": "whatsapp", "to": f"+62816{number:08d}", "type": "template", "template": template}
        made.emulator.post(f"/v26.0/{PHONE_ID}/messages", json=call, headers=headers).raise_for_status()

    begun = time.perf_counter()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(post, range(count)))
    return count / (time.perf_counter() - begun)
