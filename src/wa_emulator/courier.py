"""Brings webhooks to the product: signed bytes, the same bytes again until they are accepted or a week old."""

import http.client
import json
import socket
import sqlite3
import sys
import threading
import time
import traceback
from urllib.parse import urlencode, urlsplit

from wa_emulator import chores, shapes
from wa_emulator.world import World

RETRY_SECONDS = (0, 2, 10, 30, 120, 600, 3600, 4 * 3600, 12 * 3600, 24 * 3600)
GIVE_UP_SECONDS = 7 * 24 * 3600
HANDSHAKE_SECONDS = (0.3, 0.5, 1, 2, 5)
LARGEST_BODY = 3 * 2**20 - 4096
PACKED_AT_ONCE = 2000


def retry_after(attempts: int) -> float:
    """Seconds to wait after so many failed attempts: none at first, then longer and longer, a day at most."""
    return RETRY_SECONDS[min(attempts, len(RETRY_SECONDS)) - 1]


class Courier:
    """One carrier keeps the order of the queue on the wire; a knob adds carriers beside it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._threads: list[threading.Thread] = []
        self._on_the_way: set[int] = set()
        self._resting = threading.Condition()
        self.verified = False
        self.handshake_result = "not tried yet"

    def start(self) -> None:
        self._add_carrier()

    def _add_carrier(self) -> None:
        place = len(self._threads)
        thread = threading.Thread(target=self._run, args=(place,), name=f"courier-{place}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def join(self, timeout: float) -> None:
        for thread in self._threads:
            thread.join(timeout)

    def _run(self, place: int) -> None:
        if place == 0:
            self._shake_hands()
        wire = Wire(self._world)
        while not self._world.stopping.is_set():
            try:
                self._turn(place, wire)
            except Exception:  # the queue must outlive any single bad update; the reason goes to the log
                traceback.print_exc(file=sys.stderr)
                self._world.stopping.wait(1)

    def _turn(self, place: int, wire: "Wire") -> None:
        """Does what is due, then delivers one parcel or sleeps until there is something to do."""
        knobs, awake = self._world.knobs, self._world.awake
        if place >= knobs.couriers:
            self._world.stopping.wait(0.2)
            return
        if place == 0 and len(self._threads) < knobs.couriers:
            self._add_carrier()
        seen = awake.count
        row = self._next()
        if row is not None:
            try:
                self._deliver(row, wire)
            finally:
                with self._resting:
                    self._on_the_way.discard(row["id"])
                    self._resting.notify_all()
            return
        awake.wait_beyond(seen, self._idle_seconds())

    def _next(self) -> sqlite3.Row | None:
        """Does the chores that are due, packs what is ready, and takes the first parcel that nobody carries."""
        store = self._world.store
        with store.lock:
            now = self._world.clock.now()
            chores.do(self._world, now)
            if self._world.knobs.paused:
                return None
            self._pack(now)
            with self._resting:
                rows = store.all(
                    "SELECT * FROM deliveries WHERE state = 'pending' AND due <= ? ORDER BY due, id LIMIT ?",
                    now, len(self._on_the_way) + 1,
                )  # fmt: skip
                for row in rows:
                    if row["id"] not in self._on_the_way:
                        self._on_the_way.add(row["id"])
                        return row
        return None

    def _idle_seconds(self) -> float:
        """Until the next thing is due, at most 1: the clock may have been moved in between."""
        due = self.next_due()
        if due is None or self._world.knobs.paused:
            return 1.0
        return float(min(max(due - self._world.clock.now(), 0.005), 1.0))

    def next_due(self) -> float | None:
        """The instant of the provider's clock at which something happens next."""
        row = self._world.store.one(
            "SELECT min(at) AS at FROM (SELECT min(due) AS at FROM deliveries WHERE state = 'pending'"
            " UNION ALL SELECT min(ready_at) FROM updates WHERE delivery IS NULL UNION ALL SELECT min(due) FROM chores)"
        )
        return None if row is None else row["at"]

    # -- the tester's clock

    def settle(self, until: float) -> bool:
        """Waits until nothing is due and nothing on its way; `until` is real time (monotonic)."""
        while time.monotonic() < until:
            with self._world.store.lock:
                due, now = self.next_due(), self._world.clock.now()
                busy = bool(self._on_the_way)
            if not busy and (due is None or due > now or self._world.knobs.paused):
                return True
            self._world.awake.set()
            with self._resting:
                self._resting.wait(0.02)
        return False

    def advance(self, seconds: float, *, patience: float) -> bool:
        """Moves the clock on by so much, and stops at every instant at which something falls due, in order."""
        world = self._world
        until, was_ticking = time.monotonic() + patience, world.clock.ticking
        world.clock.tick(False)
        target = world.clock.now() + seconds
        try:
            while self.settle(until):
                due = self.next_due()
                if due is None or due > target or world.knobs.paused:
                    world.move_clock(target)
                    return True
                world.move_clock(max(due, world.clock.now()))
            return False
        finally:
            world.clock.tick(was_ticking)

    # -- handshake

    def _shake_hands(self) -> None:
        """Asks the product to prove that it knows the verify token; again and again until it is up."""
        attempt = 0
        while not self._world.stopping.is_set():
            self.verified = self._ask_challenge()
            if self.verified:
                return
            self._world.stopping.wait(HANDSHAKE_SECONDS[min(attempt, len(HANDSHAKE_SECONDS) - 1)])
            attempt += 1

    def _ask_challenge(self) -> bool:
        challenge = str(self._world.random.randrange(10**8, 10**9))
        query = {
            "hub.mode": "subscribe",
            "hub.challenge": challenge,
            "hub.verify_token": self._world.settings.verify_token,
        }
        wire = Wire(self._world)
        try:
            status, body = wire.call("GET", "?" + urlencode(query), None, {})
        except (OSError, http.client.HTTPException) as problem:
            self.handshake_result = str(problem) or type(problem).__name__
            return False
        finally:
            wire.close()
        self.handshake_result = f"HTTP {status}"
        return status == 200 and body == challenge.encode()

    # -- deliveries

    def _pack(self, now: float) -> None:
        """Makes parcels of the updates that are ready: in order, or drawn at random from the shuffle window."""
        knobs, store = self._world.knobs, self._world.store
        with store.lock:
            rows = store.all(
                "SELECT id, wamid, kind, value, is_copy FROM updates WHERE delivery IS NULL AND ready_at <= ?"
                " ORDER BY ready_at, id LIMIT ?",
                now, PACKED_AT_ONCE,
            )  # fmt: skip
            if not rows:
                return
            rows = self._shuffled(rows)
            with store.transaction():
                while rows:
                    taken = self._fill(rows)
                    rows = rows[len(taken) :]
                    self._post_office(taken, now)
            if knobs.couriers > 1:
                self._world.awake.set()

    def _shuffled(self, rows: list[sqlite3.Row]) -> list[sqlite3.Row]:
        """Each place is taken by the next update, or, for the share of the knob, by one drawn from the window."""
        knobs, random = self._world.knobs, self._world.random
        if knobs.shuffle_window < 2:
            return rows
        drawn = []
        waiting = list(rows)
        while waiting:
            window = min(knobs.shuffle_window, len(waiting))
            drawn.append(waiting.pop(random.randrange(window) if random.random() < knobs.shuffle_rate else 0))
        return drawn

    def _fill(self, rows: list[sqlite3.Row]) -> list[sqlite3.Row]:
        """As many as go into one POST."""
        size, taken = 0, list[sqlite3.Row]()
        for row in rows[: self._world.knobs.batch_size]:
            # Escaping can only make JSON of the store longer by its slashes; the head of a change costs some too.
            size += len(row["value"]) + row["value"].count("/") + 200
            if taken and size > LARGEST_BODY:
                break
            taken.append(row)
        return taken

    def _post_office(self, rows: list[sqlite3.Row], now: float) -> None:
        """Records the parcel, and perhaps a repeat of it that goes out later all the same."""
        world, knobs = self._world, self._world.knobs
        values = [(row["kind"], json.loads(row["value"])) for row in rows]
        if knobs.unknown_fields:
            values = [(kind, value if kind == "account" else shapes.strange(value)) for kind, value in values]
        body = shapes.payload(world.settings.account, world.metadata, values)
        parcel = self._parcel(body, now, now, None)
        world.store.many("UPDATE updates SET delivery = ? WHERE id = ?", [(parcel, row["id"]) for row in rows])
        if world.random.random() < knobs.dup_rate:
            self._repeat(rows, body, parcel, now, now + world.random.uniform(0, knobs.dup_delay_seconds))
        if world.random.random() < knobs.late_dup_rate:
            self._repeat(rows, body, parcel, now, now + knobs.late_dup_seconds)

    def _repeat(self, rows: list[sqlite3.Row], body: bytes, parcel: int, now: float, due: float) -> None:
        """The same bytes, or, by a knob, the same updates inside some other POST. Repeats are not repeated again."""
        fresh = [row for row in rows if not row["is_copy"]]
        if not fresh:
            return
        if self._world.knobs.dup_mixed and self._world.random.random() < 0.5:
            self._world.store.many(
                "INSERT INTO updates (wamid, kind, value, ready_at, is_copy) VALUES (?, ?, ?, ?, 1)",
                [(row["wamid"], row["kind"], row["value"], due + self._world.random.uniform(0, 60)) for row in fresh],
            )
        else:
            self._parcel(body, due, due, parcel)

    def _parcel(self, body: bytes, born: float, due: float, copy_of: int | None) -> int:
        return self._world.store.run(
            "INSERT INTO deliveries (body, signature, born, due, copy_of) VALUES (?, ?, ?, ?, ?)",
            body, shapes.sign(self._world.settings.app_secret, body), born, due, copy_of,
        )  # fmt: skip

    def _deliver(self, row: sqlite3.Row, wire: "Wire") -> None:
        """One attempt; only a 200 ends it, everything else brings the same bytes again later."""
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "facebookexternalua",
            "X-Hub-Signature-256": row["signature"],
        }
        try:
            status, _ = wire.call("POST", "", row["body"], headers)
            result = f"HTTP {status}"
        except (OSError, http.client.HTTPException) as problem:
            result = f"{type(problem).__name__}: {problem}"
        now = self._world.clock.now()
        attempts = row["attempts"] + 1
        state, due = "pending", now + retry_after(attempts)
        if result == "HTTP 200":
            state = "accepted"
        elif due - row["born"] > GIVE_UP_SECONDS:
            state = "dropped"
        self._world.store.run(
            "UPDATE deliveries SET attempts = ?, state = ?, due = ?, last_result = ?, accepted_at = ? WHERE id = ?",
            attempts, state, due, result, now if state == "accepted" else None, row["id"],
        )  # fmt: skip


class Wire:
    """One connection to the product, kept open between POSTs as the provider keeps it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._connection: http.client.HTTPConnection | None = None

    def call(self, method: str, suffix: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, bytes]:
        """A kept connection that the other side had closed meanwhile is opened anew: that is no failed delivery."""
        where = urlsplit(self._world.settings.callback)
        is_kept = self._connection is not None
        try:
            return self._once(method, (where.path or "/") + suffix, body, headers)
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            self.close()
            if not is_kept:
                raise
        except (OSError, http.client.HTTPException):
            self.close()
            raise
        try:
            return self._once(method, (where.path or "/") + suffix, body, headers)
        except (OSError, http.client.HTTPException):
            self.close()
            raise

    def _once(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, bytes]:
        if self._connection is None:
            self._connection = self._open()
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        content = answer.read(65536)
        if answer.will_close or not answer.isclosed():
            self.close()
        return answer.status, content

    def _open(self) -> http.client.HTTPConnection:
        where = urlsplit(self._world.settings.callback)
        factory = http.client.HTTPSConnection if where.scheme == "https" else http.client.HTTPConnection
        connection = factory(where.hostname or "127.0.0.1", where.port, timeout=self._world.knobs.timeout_seconds)
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
