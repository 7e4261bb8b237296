"""The inbox under several workers and under kill -9: everything acknowledged is there, everything once, in order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import psycopg
import pytest
from django.db import connections

from loket.bot import conversation
from loket.conversations import deliveries, inbox
from loket.conversations.keys import key_of
from loket.conversations.models import Contact, Message
from tests import working
from tests.api.test_webhook import delivery, message
from tests.cast import build

OURS = "100000000000001"
ROOT = Path(__file__).resolve().parents[2]
# A web process of its own that stores one delivery after the other and says which ones it would have acknowledged.
STORE = """
import sys
import django
django.setup()
from django.db import connections
from loket.conversations import deliveries
from loket.settings import _database
connections["default"].settings_dict.update(_database(sys.argv[1]))
for number, line in enumerate(sys.stdin):
    body = line.strip().encode()
    deliveries.keep(body, deliveries.split(body, "100000000000001"))
    print(number, flush=True)
"""


@pytest.fixture
def admin(fresh: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    build()
    with psycopg.connect(fresh, autocommit=True) as connection:
        yield connection


def keep(*messages: dict[str, object]) -> None:
    body = delivery(*messages)
    deliveries.keep(body, deliveries.split(body, OURS))


def test_two_workers_serve_two_people_at_once_and_nobody_twice(admin: psycopg.Connection[tuple[object, ...]]) -> None:
    keep(message("wamid.1", "satu"), message("wamid.2", "dua"))
    keep({**message("wamid.3", "orang lain"), "from": "6289900000001"})
    entered, go_on, order = threading.Event(), threading.Event(), list[str]()

    def slow(contact: Contact, incoming: inbox.Incoming, at: datetime) -> None:
        if incoming.text == "satu":
            entered.set()
            go_on.wait(10)
        order.append(incoming.text)

    def work() -> None:
        inbox.drain_people(slow)
        connections.close_all()

    first = threading.Thread(target=work)
    first.start()
    assert entered.wait(10)
    # While the first worker is at her first message, her second one is nobody's to take.
    inbox.drain_people(slow)
    assert order == ["orang lain"]
    go_on.set()
    first.join(10)
    assert order == ["orang lain", "satu", "dua"]
    assert Message.objects.filter(outgoing=False).count() == 3


def store(fresh: str, bodies: list[bytes]) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", STORE, fresh], env={**os.environ, "PYTHONPATH": str(ROOT / "src")}, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdin
    process.stdin.write("".join(body.decode() + "\n" for body in bodies))
    process.stdin.flush()
    return process


def parts(number: int) -> set[str]:
    return {f"message|{key_of(f'wamid.{number}.{part}')}" for part in range(3)}


def body_of(number: int) -> bytes:
    return delivery(*[message(f"wamid.{number}.{part}") for part in range(3)])


def test_whoever_is_killed_while_storing_has_stored_everything_acknowledged_and_nothing_by_halves(
    fresh: str, admin: psycopg.Connection[tuple[object, ...]]
) -> None:
    # As much as a pipe takes at once; each process is killed in the middle of it.
    bodies = [body_of(number) for number in range(60)]
    process = store(fresh, bodies)
    assert process.stdout
    acknowledged = [int(next(process.stdout)) for _ in range(20)]
    os.kill(process.pid, signal.SIGKILL)
    # What was said before the end counts as acknowledged, too.
    acknowledged += [int(line) for line in process.stdout if line.endswith("\n")]
    process.communicate()
    stored = {str(row[0]) for row in admin.execute("SELECT key FROM conversations_event")}
    assert len(acknowledged) < len(bodies)
    assert [number for number in acknowledged if not parts(number) <= stored] == []
    halves = admin.execute(
        "SELECT d.id FROM conversations_delivery d LEFT JOIN conversations_event e ON e.delivery = d.id "
        "GROUP BY d.id HAVING count(e.id) <> 3"
    ).fetchall()
    assert halves == []


def test_a_kill_between_the_delivery_and_its_updates_leaves_both_or_neither(
    fresh: str, admin: psycopg.Connection[tuple[object, ...]]
) -> None:
    with psycopg.connect(fresh) as other:
        # Somebody else is storing the same update: the statement has its delivery and waits for the end of the other.
        other.execute(
            "INSERT INTO conversations_event (kind, key, tries, error) VALUES ('message', %s, 0, '')",
            [f"message|{key_of('wamid.0.1')}"],
        )
        process = store(fresh, [body_of(0)])
        until = time.monotonic() + 20
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        while time.monotonic() < until and admin.execute(waiting).fetchone() == (0,):
            time.sleep(0.05)
        assert admin.execute(waiting).fetchone() == (1,)
        process.kill()
        process.communicate()
        admin.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        other.rollback()
    assert admin.execute("SELECT (SELECT count(*) FROM conversations_delivery), (SELECT count(*) FROM conversations_event)").fetchone() == (0, 0)
    # The provider was told nothing and brings the same bytes again.
    body = body_of(0)
    deliveries.keep(body, deliveries.split(body, OURS))
    while working.drain(conversation.turn):
        pass
    assert Message.objects.filter(outgoing=False).count() == 3
