"""Brings webhooks to the product: one thread, signed bytes, the same bytes again until they are accepted or a week old."""

import http.client
import json
import sqlite3
import sys
import threading
import traceback
from urllib.parse import urlencode, urlsplit

from wa_emulator import shapes
from wa_emulator.world import World

RETRY_SECONDS = (0, 2, 10, 30, 120, 600, 3600, 4 * 3600, 12 * 3600, 24 * 3600)
GIVE_UP_SECONDS = 7 * 24 * 3600
HANDSHAKE_SECONDS = (0.3, 0.5, 1, 2, 5)


def retry_after(attempts: int) -> float:
    """Seconds to wait after so many failed attempts: none at first, then longer and longer, a day at most."""
    return RETRY_SECONDS[min(attempts, len(RETRY_SECONDS)) - 1]


class Courier(threading.Thread):
    """The only sender, so that the order of its queue is the order on the wire."""

    def __init__(self, world: World) -> None:
        super().__init__(name="courier", daemon=True)
        self._world = world
        self.verified = False
        self.handshake_result = "not tried yet"

    def run(self) -> None:
        self._shake_hands()
        while not self._world.stopping.is_set():
            try:
                self._turn()
            except Exception:  # the queue must outlive any single bad update; the reason goes to the log
                traceback.print_exc(file=sys.stderr)
                self._world.stopping.wait(1)

    def _turn(self) -> None:
        """Packs what is ready, then delivers one parcel or sleeps until there is something to do."""
        self._world.awake.clear()
        if self._world.knobs.paused:
            self._world.awake.wait(5)
            return
        now = self._world.clock.now()
        self._pack(now)
        row = self._world.store.one(
            "SELECT * FROM deliveries WHERE state = 'pending' AND due <= ? ORDER BY due, id LIMIT 1", now
        )
        if row is not None:
            self._deliver(row)
        else:
            self._world.awake.wait(self._idle_seconds(now))

    def _idle_seconds(self, now: float) -> float:
        """Until the next thing is due, at most 5: the clock may have been moved in between."""
        row = self._world.store.one(
            "SELECT min(at) AS at FROM (SELECT min(due) AS at FROM deliveries WHERE state = 'pending'"
            " UNION ALL SELECT min(ready_at) FROM updates WHERE delivery IS NULL)"
        )
        if row is None or row["at"] is None:
            return 5.0
        return float(min(max(row["at"] - now, 0.005), 5.0))

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
        try:
            status, body = self._call("GET", "?" + urlencode(query), None, {})
        except OSError as problem:
            self.handshake_result = str(problem) or type(problem).__name__
            return False
        except http.client.HTTPException as problem:
            self.handshake_result = type(problem).__name__
            return False
        self.handshake_result = f"HTTP {status}"
        return status == 200 and body == challenge.encode()

    # -- deliveries

    def _pack(self, now: float) -> None:
        """Makes one parcel of updates that are ready, in order, or drawn at random from the shuffle window."""
        knobs, store = self._world.knobs, self._world.store
        with store.lock:
            rows = store.all(
                "SELECT id, kind, value FROM updates WHERE delivery IS NULL AND ready_at <= ? ORDER BY ready_at, id LIMIT ?",
                now, max(knobs.batch_size, knobs.shuffle_window),
            )  # fmt: skip
            if not rows:
                return
            if knobs.shuffle_window:
                self._world.random.shuffle(rows)
            rows = rows[: knobs.batch_size]
            body = shapes.payload(
                self._world.settings.account, self._world.metadata, [(r["kind"], json.loads(r["value"])) for r in rows]
            )
            with store.transaction():
                self._post_office(body, [int(row["id"]) for row in rows], now)

    def _post_office(self, body: bytes, updates: list[int], now: float) -> None:
        """Records the parcel, and perhaps a copy of it that goes out later all the same."""
        store, knobs = self._world.store, self._world.knobs
        signature = shapes.sign(self._world.settings.app_secret, body)
        insert = "INSERT INTO deliveries (body, signature, born, due, copy_of) VALUES (?, ?, ?, ?, ?)"
        parcel = store.run(insert, body, signature, now, now, None)
        for update in updates:
            store.run("UPDATE updates SET delivery = ? WHERE id = ?", parcel, update)
        if self._world.random.random() < knobs.dup_rate:
            due = now + self._world.random.uniform(0, knobs.dup_delay_seconds)
            store.run(insert, body, signature, now, due, parcel)

    def _deliver(self, row: sqlite3.Row) -> None:
        """One attempt; only a 200 ends it, everything else brings the same bytes again later."""
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "facebookexternalua",
            "X-Hub-Signature-256": row["signature"],
        }
        try:
            status, _ = self._call("POST", "", row["body"], headers)
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
        with self._world.store.transaction():
            self._world.store.run(
                "UPDATE deliveries SET attempts = ?, state = ?, due = ?, last_result = ?, accepted_at = ? WHERE id = ?",
                attempts, state, due, result, now if state == "accepted" else None, row["id"],
            )  # fmt: skip

    def _call(self, method: str, suffix: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, bytes]:
        """A fresh connection each time: a pooled one that died in between would look like a failed delivery."""
        where = urlsplit(self._world.settings.callback)
        secure = where.scheme == "https"
        factory = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = factory(where.hostname or "127.0.0.1", where.port, timeout=self._world.knobs.timeout_seconds)
        try:
            connection.request(method, (where.path or "/") + suffix, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read(65536)
        finally:
            connection.close()
