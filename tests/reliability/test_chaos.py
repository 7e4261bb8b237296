"""The provider doubles, mixes up and repeats, answers get lost, processes are killed: at the end both books agree."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from loket.core import crypto
from tests.journeys.conftest import begin, environment, free_port, wait_until_up
from tests.journeys.test_killed import _kill

WEEK = 7 * 86400
SAYS = ("menu", "status")
# Who writes something that is no turn of a conversation, or nothing that anybody planned for.
ASIDE = {"reaction": {"message_id": "wamid.X", "emoji": "👍"}}
STRANGE = {"raw": {"type": "hologram", "hologram": {"x": 1}}}
OFFICE = """
import django; django.setup()
from datetime import time
from loket.offices.models import Office
Office.objects.create(code="36.72", name="Disdukcapil Kota Cilegon", city="Kota Cilegon", address="Jalan Contoh 1",
                      wa_number="+622547800000", opens_at=time(8), closes_at=time(15))
"""
PLANS = {
    "reply_lost": 0.06, "status_first": 0.06, "read": 0.1, "read_without_delivered": 0.06, "failed_late": 0.03,
    "delivered_then_failed": 0.03, "failed": 0.03, "silent": 0.03,
}  # fmt: skip


@dataclass
class Stage:
    """A Loket with nobody in it, tended by its supervisor, and the emulator beside it."""

    home: Path
    emulator: httpx.Client

    @property
    def stored(self) -> dict[str, Any]:
        return dict(json.loads((self.home / "demo.json").read_text()))

    def do(self, path: str, body: Any = None) -> Any:
        answer = self.emulator.post(f"/_/{path}", json={} if body is None else body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def see(self, path: str) -> Any:
        return self.emulator.get(f"/_/{path}").json()

    def sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Asked until the database is there again: it is killed meanwhile."""
        url = json.loads((self.home / "database.json").read_text())["superuser"]
        until = time.monotonic() + 60
        while True:
            try:
                with psycopg.connect(url, autocommit=True) as connection:
                    cursor = connection.execute(statement, values)
                    return cursor.fetchall() if cursor.description else []
            except psycopg.OperationalError:
                assert time.monotonic() < until
                time.sleep(0.2)

    def is_up(self) -> bool:
        try:
            return httpx.get(f"{self.stored['url']}/siap/", timeout=2, trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    def kill(self, name: str) -> None:
        if name == "database":
            pid = (self.home / "pg/data/postmaster.pid").read_text().split()[0]
            os.kill(int(pid), signal.SIGKILL)
        elif name == "web":
            os.kill(self.stored["pids"][name], signal.SIGKILL)
        else:
            _kill(self.stored["pids"][name])


@pytest.fixture
def stage() -> Iterator[Stage]:
    """The demo's supervisor, with a home that says the office was made already: so it is empty, and begins at once."""
    home = Path(tempfile.mkdtemp(prefix="loket-chaos-"))
    home.chmod(0o755)
    (home / "demo.json").write_text(json.dumps({"logins": [{"role": "-", "username": "-", "password": "-"}]}))
    port = free_port()
    process = begin(home, port)
    wait_until_up(port, process)
    command = [sys.executable, "-c", OFFICE]
    more = {"DJANGO_SETTINGS_MODULE": "loket.settings", "LOKET_DB_ROLE": "web"}
    subprocess.run(command, env=environment(home) | more, check=True)
    stored = json.loads((home / "demo.json").read_text())
    with httpx.Client(base_url=stored["emulator_url"], timeout=300, trust_env=False) as client:
        yield Stage(home, client)
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0, (home / "demo.log").read_text()[-2000:]
    shutil.rmtree(home, ignore_errors=True)


def write_everything(stage: Stage, people: int, each: int, seconds: float, chance: random.Random) -> None:
    """Everybody writes so often, in heaps spread over so many seconds; a tenth does something odd as well."""
    said: list[dict[str, Any]] = []
    for turn in range(each):
        said += [
            {"from": f"6289901{person:06}", "name": f"Warga {person}", "expects": "answer", "text": SAYS[turn % len(SAYS)]}
            | ({"hides_number": True} if person % 7 == 0 else {})
            for person in range(people)
        ]
    said += [{"from": f"6289901{person:06}", "expects": "nothing", **ASIDE} for person in range(0, people, 10)]
    said += [{"from": f"6289902{person:06}", "expects": "kept", **STRANGE} for person in range(0, people, 10)]
    heaps = 20
    chance.shuffle(said)
    for heap in range(heaps):
        stage.do("send", said[heap::heaps])
        time.sleep(seconds / heaps)


def kill_at_random(stage: Stage, names: list[str], pause: float, chance: random.Random, done: threading.Event) -> None:
    """One after the other, at moments nobody chose, until all were killed and the writing has ended."""
    for name in names:
        if done.wait(pause * chance.uniform(0.5, 1.5)):
            return
        stage.kill(name)


def wait_until_quiet(stage: Stage, seconds: float) -> None:
    """Nothing on its way, nothing to be understood, nothing to be sent; what a dead worker had claimed is given back."""
    until, calm, last, since = time.monotonic() + seconds, 0, None, 0.0
    while calm < 3:
        time.sleep(0.3)
        counts, work = stage.see("counts"), open_work(stage)
        assert time.monotonic() < until, (counts, work)
        on_the_way = counts["next_in"] is not None and counts["next_in"] < 3600
        if on_the_way and stage.is_up():
            # A retry or a repeat that waits its minute need not be waited for.
            stage.do("clock", {"advance": 120})
        if on_the_way or (work, counts["outbound"]) != last:
            last, since = (work, counts["outbound"]), time.monotonic()
        elif work.keys() & {"sending", "unknown"} and time.monotonic() - since > 2:
            # Nobody works on these. Minutes pass for the claims: no status is on its way that could still tell.
            stage.sql("UPDATE conversations_message SET claimed_at = claimed_at - interval '20 minutes' WHERE state = ANY(%s)",
                      ["sending", "unknown"])  # fmt: skip
            with suppress(ProcessLookupError):
                os.kill(stage.stored["pids"]["worker"], signal.SIGTERM)
            since = time.monotonic()
        calm = calm + 1 if not on_the_way and work == {"events": 0} else 0


def open_work(stage: Stage) -> dict[str, int]:
    events = stage.sql("SELECT count(*) FROM conversations_event WHERE done_at IS NULL")[0][0]
    states = stage.sql(
        "SELECT state, count(*) FROM conversations_message WHERE outgoing AND state = ANY(%s) GROUP BY state",
        ["queued", "sending", "unknown"],
    )
    return {"events": events, **dict(states)}


def compare(stage: Stage) -> dict[str, int]:
    """The emulator's ledger and Loket's tables, message by message; every difference is named."""
    ledger = stage.see("ledger")
    ring = crypto.keyring_from(json.loads((stage.home / "keys/keys.json").read_text()))
    wrong = []
    kept = Counter(row[0] for row in stage.sql("SELECT provider_id FROM conversations_message WHERE NOT outgoing"))
    wanted = {crypto.index("wamid", row["wamid"], ring).hex(): row for row in ledger["inbound"] if row["expects"] != "nothing"}
    wrong += [("lost", row["wamid"], row["body"]) for key, row in wanted.items() if kept[key] != 1]
    asides = {crypto.index("wamid", row["wamid"], ring).hex() for row in ledger["inbound"] if row["expects"] == "nothing"}
    wrong += [("invented", key) for key in kept if key not in wanted and key not in asides]

    ours = {str(row[0]): row[1:] for row in stage.sql("SELECT id, state, provider_id FROM conversations_message WHERE outgoing")}
    theirs = Counter(row["biz_opaque_callback_data"] for row in ledger["outbound"])
    wrong += [("sent twice", opaque, count) for opaque, count in theirs.items() if count > 1]
    wrong += [("never sent", id_, state) for id_, (state, _) in ours.items() if theirs[id_] == 0]
    for row in ledger["outbound"]:
        state, provider_id = ours.get(row["biz_opaque_callback_data"], ("nothing", None))
        if state != row["final"]:
            wrong.append(("state", row["plan"], state, row["final"]))
        if provider_id != crypto.index("wamid", row["wamid"], ring).hex():
            wrong.append(("another id", row["plan"], row["wamid"]))

    asked = Counter(row["from"] for row in ledger["inbound"] if row["expects"] == "answer")
    answered = Counter(row["to"] for row in ledger["outbound"])
    wrong += [("answers", person, count, answered[person]) for person, count in asked.items() if answered[person] != count]
    assert not wrong, (len(wrong), wrong[:20])
    assert ledger["counts"]["deliveries_dropped"] == 0
    return {"kept": len(wanted), "answers": len(ledger["outbound"]), **ledger["counts"]}


def chaos(stage: Stage, *, people: int, each: int, seconds: float, kills: list[str], pause: float, patience: float) -> None:
    chance = random.Random(7)
    stage.do("knobs", {
        "couriers": 4, "dup_rate": 0.3, "dup_mixed": True, "dup_delay_seconds": seconds / 2, "late_dup_rate": 0.05,
        "shuffle_window": 40, "shuffle_rate": 0.2, "plan_mix": PLANS, "unknown_fields": True, "messages_per_second": 500,
        "delivered_after_seconds": 0.2, "late_after_seconds": 1.0, "timeout_seconds": 5.0,
    })  # fmt: skip
    done = threading.Event()
    killer = threading.Thread(target=kill_at_random, args=(stage, kills, pause, chance, done))
    killer.start()
    write_everything(stage, people, each, seconds, random.Random(8))
    killer.join(pause * len(kills) * 2)
    done.set()
    killer.join()
    wait_until_quiet(stage, patience)
    before = compare(stage)

    stage.sql("INSERT INTO core_clock (id, \"offset\") VALUES (1, %s) ON CONFLICT (id) DO UPDATE SET "
              "\"offset\" = core_clock.\"offset\" + EXCLUDED.\"offset\"", f"{WEEK + 600} seconds")  # fmt: skip
    time.sleep(1.5)  # other processes see a moved clock after a second
    stage.do("knobs", {"dup_rate": 0.0, "late_dup_rate": 0.0})
    assert stage.do("clock", {"advance": WEEK + 600, "patience": 240})["settled"]
    late = {"from": "6289901000001", "text": "menu", "expects": "answer"}
    stage.do("send", late)
    wait_until_quiet(stage, patience)
    after = compare(stage)
    assert (after["kept"], after["answers"]) == (before["kept"] + 1, before["answers"] + 1)
    assert after["attempts"] > before["attempts"]
    checks = subprocess.run(
        [sys.executable, "-m", "loket.cli", "verify", "--json"], env=environment(stage.home), capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert [row for row in json.loads(checks.stdout)["checks"] if not row["ok"]] == []
    print(json.dumps(after))


@pytest.mark.long
def test_some_hundred_deliveries_and_each_process_killed_once(stage: Stage) -> None:
    chaos(stage, people=70, each=2, seconds=3.0, kills=["worker", "database", "web"], pause=1.0, patience=120)


@pytest.mark.long
def test_ten_thousand_deliveries_and_thirty_kills(stage: Stage) -> None:
    names = [random.Random(seed).choice(["web", "worker", "database"]) for seed in range(30)]
    chaos(stage, people=1250, each=4, seconds=300.0, kills=names, pause=10.0, patience=900)
