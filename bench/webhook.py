"""The provider's webhook over HTTP, answered after COMMIT, beside pgbench running the same transaction on the same server;
then the way from the inbox to the answer, with every process as the product runs them.

The generator is one process with plain sockets in one epoll loop: no thread, no framework, bodies made before the clock
starts and signed as they go out.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import itertools
import json
import os
import select
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from bench.stage import ROOT, Stage, cpu_seconds, figure, p95, stage

CONNECTIONS = 32
RUNS, SECONDS = 5, 30
RATE = 50
TEXTS = ("Halo", "Kapan KTP saya jadi, Bu?", "menu")
_people = itertools.count(1_000_000, 100_000)
SECRET, PHONE_ID = "rahasia-ukur", "100000000000001"
_MARK = b"@@@@@@@@@@@@@@@@@@@@"


def webhook(size: int | None) -> list[dict[str, Any]]:
    """`size` is the seconds of each run (30) and of the way to the answer (twice as many)."""
    seconds = size or SECONDS
    with stage() as loket:
        os.environ |= {"LOKET_WA_APP_SECRET": SECRET, "LOKET_WA_PHONE_ID": PHONE_ID}
        loket.start_web()
        script, address = _same_transaction(loket)
        _load(loket.port, 2)
        pairs: list[tuple[float, Load]] = []
        for number in range(RUNS):
            both = [lambda: _pgbench(script, address, seconds), lambda: _load(loket.port, seconds)]
            # Alternated, and the first of each pair changes: whoever goes first has the quieter disk.
            done = [run() for run in both] if number % 2 == 0 else [run() for run in both[::-1]][::-1]
            pairs.append((done[0], done[1]))
        burst = _burst(loket.port)
        lost = _lost(loket, [load for _limit, load in pairs])
        loket.stop_web()
        rows = [
            figure(f"webhook, run {number}", load.rate, "1/s", limit=limit) for number, (limit, load) in enumerate(pairs, 1)
        ]
        rows += [
            figure("webhook, median share of the limit", statistics.median(load.rate / limit for limit, load in pairs), "", goal=0.5),
            figure("webhook, p50", statistics.median(load.at(0.50) for _limit, load in pairs), "ms"),
            figure("webhook, p99", statistics.median(load.at(0.99) for _limit, load in pairs), "ms", goal=50, more=False),
            figure("webhook, answers other than 200", sum(load.refused for _limit, load in pairs), "", goal=0, more=False),
            figure("webhook, acknowledged and not stored", lost, "", goal=0, more=False),
            figure("generator's share of the CPU", statistics.median(load.share for _limit, load in pairs), ""),
            figure("1,000 updates in one POST", burst, "ms", goal=300, more=False),
        ]
    return rows + answers(seconds * 2)


@dataclass
class Load:
    """One run of the generator: what was acknowledged, how long each took (s), and its own share of the machine."""

    seconds: float = 0.0
    taken: list[float] = field(default_factory=list)
    refused: int = 0
    share: float = 0.0
    mark: str = ""
    began: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def rate(self) -> float:
        return len(self.taken) / self.seconds

    def at(self, share: float) -> float:
        """This share of the answers came within so many milliseconds."""
        ordered = sorted(self.taken)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000


def _message(name: str, person: int, text: str) -> dict[str, Any]:
    number = f"62899{person:08d}"
    return {
        "contacts": [{"profile": {"name": "Siti Aisyah"}, "user_id": f"ID.{person:017d}", "wa_id": number}],
        "messages": [
            {
                "from": number, "from_user_id": f"ID.{person:017d}", "id": name, "timestamp": str(int(time.time())),
                "type": "text", "text": {"body": text},
            }
        ],
    }  # fmt: skip


def _status(name: str, person: int) -> dict[str, Any]:
    number = f"62899{person:08d}"
    return {
        "contacts": [{"profile": {"name": "Siti Aisyah"}, "user_id": f"ID.{person:017d}", "wa_id": number}],
        "statuses": [
            {
                "id": name, "status": "delivered", "timestamp": str(int(time.time())), "recipient_id": number,
                "recipient_user_id": f"ID.{person:017d}", "biz_opaque_callback_data": str(uuid.uuid4()),
                "pricing": {"billable": True, "pricing_model": "PMP", "type": "regular", "category": "service"},
            }
        ],
    }  # fmt: skip


def _body(*values: dict[str, Any]) -> bytes:
    head = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "62254000000", "phone_number_id": PHONE_ID},
    }
    changes = [{"value": head | value, "field": "messages"} for value in values]
    document = {"object": "whatsapp_business_account", "entry": [{"id": "200000000000001", "changes": changes}]}
    return json.dumps(document, separators=(",", ":")).encode()


def _bodies() -> list[tuple[bytes, bytes]]:
    """Both halves of each body, around the place of its id: two messages of people for each status."""
    name = "wamid.HBgNNjI4OTkwMDAwMDAwMBUCABIYFjNFQjBDMDAw" + _MARK.decode()
    made = []
    for person in range(999):
        value = _status(name, person) if person % 3 == 2 else _message(name, person, "Kapan KTP saya jadi, Bu?")
        head, _mark, tail = _body(value).partition(_MARK)
        made.append((head, tail))
    return made


class _Connection:
    """One kept-alive connection with one request under way."""

    def __init__(self, port: int):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.since = 0.0


def _load(port: int, seconds: float) -> Load:
    """Requests from 32 connections, each sending its next one as soon as the last is answered."""
    load, bodies, run = Load(mark=uuid.uuid4().hex[:10]), _bodies(), 0
    signer = hmac.new(SECRET.encode(), digestmod=hashlib.sha256)
    poll = select.epoll()
    connections = {}

    def send(connection: _Connection) -> None:
        nonlocal run
        head, tail = bodies[run % len(bodies)]
        body = b"%s%s%010d%s" % (head, load.mark.encode(), run, tail)
        run += 1
        signed = signer.copy()
        signed.update(body)
        connection.since = time.perf_counter()
        connection.socket.sendall(
            b"POST /hooks/whatsapp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            b"X-Hub-Signature-256: sha256=%s\r\nContent-Length: %d\r\n\r\n%s" % (signed.hexdigest().encode(), len(body), body)
        )

    for _ in range(CONNECTIONS):
        connection = _Connection(port)
        connections[connection.socket.fileno()] = connection
        poll.register(connection.socket.fileno(), select.EPOLLIN)
    begun, cpu = time.perf_counter(), cpu_seconds()
    until = begun + seconds
    for connection in connections.values():
        send(connection)
    waiting = len(connections)
    while waiting:
        for number, _event in poll.poll():
            connection = connections[number]
            answer = connection.socket.recv(4096)
            now = time.perf_counter()
            if answer.startswith(b"HTTP/1.1 200"):
                load.taken.append(now - connection.since)
            else:
                load.refused += 1
            if now < until and answer:
                send(connection)
            else:
                waiting -= 1
                poll.unregister(number)
                connection.socket.close()
    load.seconds = time.perf_counter() - begun
    load.share = (cpu_seconds() - cpu) / load.seconds / (os.cpu_count() or 1)
    return load


def _same_transaction(loket: Stage) -> tuple[Path, str]:
    """A pgbench script of the very statement that the webhook sends, with values of the same sizes; and where to send it."""
    code = f"""
import json
from loket.conversations import deliveries
from loket.core import crypto
from bench.webhook import _bodies
rows = []
for head, tail in _bodies()[1:3]:
    body = head + b"0" * 20 + tail
    piece = deliveries.split(body, {PHONE_ID!r})[0]
    sealed = crypto.system_key().seal("t", "c", deliveries.row_of(b"x"), piece.payload)
    rows.append([piece.kind, len(body) + len(sealed) - len(piece.payload), len(sealed), piece.sender is not None])
print(json.dumps([deliveries.KEEP, rows]))
"""
    statement, (message, status) = json.loads(loket.python(code))
    script = loket.home / "webhook.sql"
    script.write_text(
        "\n".join(
            [
                "\\set name random(1, 9223372036854775806)", "\\set sender random(1, 1000)", "\\set which random(1, 3)",
                "\\if :which = 3", _filled(statement, *status), "\\else", _filled(statement, *message), "\\endif", "",
            ]
        )
    )  # fmt: skip
    return script, loket.loket("db", "url", "--role", "web").strip()


def _filled(statement: str, kind: str, body: int, payload: int, has_sender: bool) -> str:
    """The statement with values in its places; what is sealed stands in its text, so pgbench need not even send it."""
    values = (
        "sha256(:name::text::bytea)", f"'\\x{'5a' * body}'::bytea", f"'sha256={'0' * 64}'", f"'{{{kind}}}'",
        f"ARRAY['{kind}|' || encode(substr(sha256(:name::text::bytea), 1, 16), 'hex')]",
        "ARRAY[:sender]" if has_sender else "'{NULL}'", "'{1591063200}'", f"ARRAY['\\x{'5a' * payload}'::bytea]",
    )  # fmt: skip
    filled = " ".join(statement.split())
    for number, value in enumerate(values, start=1):
        filled = filled.replace(f"${number}", value)
    return f"{filled};"


def _pgbench(script: Path, address: str, seconds: float) -> float:
    """Transactions per second of 32 clients of pgbench."""
    from loket import postgres

    said = subprocess.run(
        [
            str(postgres.programs() / "pgbench"), "-n", "-M", "prepared", "-c", str(CONNECTIONS), "-j", "2", "-T", str(int(seconds)),
            "-f", str(script), address,
        ],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return float(next(line.split()[2] for line in said.splitlines() if line.startswith("tps")))


def _post(port: int, body: bytes) -> None:
    signature = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", "/hooks/whatsapp", body, {"X-Hub-Signature-256": signature})
    assert connection.getresponse().status == 200
    connection.close()


def _burst(port: int) -> float:
    """Milliseconds for 1.000 updates in one POST, messages and statuses mixed; the median of five."""
    spent = []
    for run in range(5):
        values = [
            _status(f"wamid.{run}.{n}", n) if n % 3 == 2 else _message(f"wamid.{run}.{n}", n, "Kapan KTP saya jadi, Bu?")
            for n in range(1000)
        ]
        body = _body(*values)
        begun = time.perf_counter()
        _post(port, body)
        spent.append((time.perf_counter() - begun) * 1000)
    return statistics.median(spent)


def _lost(loket: Stage, loads: list[Load]) -> float:
    """How many acknowledged updates are not in the database: there must be at least as many rows as answers."""
    with psycopg.connect(loket.loket("db", "url", "--role", "superuser").strip()) as connection:
        stored = connection.execute(
            "SELECT count(*) FROM conversations_event e JOIN conversations_delivery d ON d.id = e.delivery "
            "WHERE d.signature <> %s AND d.received_at >= %s", ["sha256=" + "0" * 64, loads[0].began]
        ).fetchone()  # fmt: skip
    assert stored
    return max(0, sum(len(load.taken) for load in loads) - int(stored[0]))


def answers(seconds: float) -> list[dict[str, Any]]:
    """From a webhook to the bot's answer, accepted by the emulator, at 50 messages a second; `loket demo` as it is."""
    with _demo() as stored:
        emulator = _Emulator(int(stored["emulator_port"]))
        # Its own limits are those of a number that was just registered; statuses come in batches, as the provider's do.
        emulator.ask("POST", "knobs", {"messages_per_second": 1000, "batch_size": 20})
        _write(emulator, RATE, 3)
        time.sleep(3)
        cpu, begun = _cpu(), time.perf_counter()
        sent = _write(emulator, RATE, seconds)
        spent = time.perf_counter() - begun
        busy = (_cpu() - cpu) / spent / (os.cpu_count() or 1)
        ledger = _settled(emulator, len(sent))
    came = {row["wamid"]: row for row in ledger["inbound"]}
    answered: dict[str, list[float]] = {}
    for row in ledger["outbound"]:
        answered.setdefault(row["to"], []).append(_instant(row["accepted_at"]))
    times, whole, silent = [], [], 0
    for wamid, written in sent.items():
        row = came[wamid]
        taken = _instant(row["accepted_at"]) if row["accepted_at"] else None
        after = [at for at in answered.get(row["from"], ()) if taken and at >= written]
        if taken is None or not after:
            silent += 1
            continue
        times.append((min(after) - taken) * 1000)
        whole.append((min(after) - written) * 1000)
    return [
        figure("inbox to answer, p50", statistics.median(times), "ms"),
        figure("inbox to answer, p95", p95(times), "ms", goal=2000, more=False),
        figure("phone to answer, p95", p95(whole), "ms"),
        figure("messages without an answer", silent, "", goal=0, more=False),
        figure("messages a second", len(sent) / spent, "1/s", limit=RATE),
        figure("machine's CPU in use meanwhile", busy, ""),
    ]


class _Emulator:
    """The tester's side of the emulator, over one connection."""

    def __init__(self, port: int):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def ask(self, method: str, name: str, call: dict[str, Any] | None = None) -> dict[str, Any]:
        self.connection.request(method, f"/_/{name}", json.dumps(call) if call is not None else None)
        answer = self.connection.getresponse()
        body = answer.read()
        assert answer.status == 200, body[:300]
        return dict(json.loads(body))


def _write(emulator: _Emulator, rate: float, seconds: float) -> dict[str, float]:
    """Different people write one message each, evenly; when each was written, by the emulator's clock."""
    sent, first = {}, next(_people)
    clock, begun = _instant(emulator.ask("GET", "clock")["now"]), time.perf_counter()
    for number in range(int(rate * seconds)):
        time.sleep(max(0.0, begun + number / rate - time.perf_counter()))
        at = clock + time.perf_counter() - begun
        told = emulator.ask("POST", "send", {"from": f"+62899{first + number:08d}", "name": "Siti Aisyah", "text": TEXTS[number % 3]})
        sent[told["wamid"]] = at
    return sent


def _settled(emulator: _Emulator, count: int) -> dict[str, Any]:
    """The ledger once nothing moves any more, or after a minute."""
    before = -1
    for _ in range(20):
        time.sleep(3)
        ledger = emulator.ask("GET", "ledger")
        if len(ledger["outbound"]) == before:
            break
        before = len(ledger["outbound"])
    return ledger


def _instant(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _cpu() -> float:
    """Seconds of the whole machine's CPU that were not idle."""
    numbers = [int(part) for part in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    return (sum(numbers[:8]) - numbers[3] - numbers[4]) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _demo() -> Iterator[dict[str, Any]]:
    """`loket demo` in an empty home: web, worker, emulator and database, tended by the supervisor."""
    home = Path(tempfile.mkdtemp(prefix="loket-bench-"))
    home.chmod(0o755)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LOKET_WA_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "loket.cli", "demo", "--port", str(port)], env={**kept, "LOKET_HOME": str(home), "PYTHONPATH": str(ROOT / "src")},
        stdout=subprocess.DEVNULL, stderr=(home / "demo.log").open("w"),
    )  # fmt: skip
    try:
        until = time.monotonic() + 120
        stored: dict[str, Any] = {}
        while time.monotonic() < until and "pids" not in stored:
            time.sleep(0.5)
            file = home / "demo.json"
            stored = json.loads(file.read_text()) if file.exists() else {}
        time.sleep(5)
        yield stored
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(home, ignore_errors=True)
