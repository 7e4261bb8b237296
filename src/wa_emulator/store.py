"""What the emulator remembers: people, messages, statuses, media, templates and webhooks still to deliver, in SQLite."""

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

VERSION = 2
SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS people (
    number TEXT PRIMARY KEY, name TEXT NOT NULL, user_id TEXT NOT NULL UNIQUE, username TEXT,
    hides_number INTEGER NOT NULL DEFAULT 0, opted_out INTEGER NOT NULL DEFAULT 0, on_whatsapp INTEGER NOT NULL DEFAULT 1,
    last_wrote REAL, typing_until REAL NOT NULL DEFAULT 0, free_at REAL);
CREATE TABLE IF NOT EXISTS messages (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, wamid TEXT NOT NULL UNIQUE, number TEXT NOT NULL,
    direction TEXT NOT NULL CHECK (direction IN ('in', 'out')), kind TEXT NOT NULL, content TEXT NOT NULL,
    view TEXT NOT NULL, callback TEXT, plan TEXT, expects TEXT, by_user_id INTEGER NOT NULL DEFAULT 0, at REAL NOT NULL,
    read_by_office INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS messages_of_person ON messages (number, seq);
CREATE TABLE IF NOT EXISTS statuses (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, wamid TEXT NOT NULL, status TEXT NOT NULL, at REAL NOT NULL, error TEXT,
    UNIQUE (wamid, status));
CREATE TABLE IF NOT EXISTS updates (
    id INTEGER PRIMARY KEY AUTOINCREMENT, wamid TEXT NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL,
    ready_at REAL NOT NULL, is_copy INTEGER NOT NULL DEFAULT 0, delivery INTEGER);
CREATE INDEX IF NOT EXISTS updates_unpacked ON updates (ready_at, id) WHERE delivery IS NULL;
CREATE INDEX IF NOT EXISTS updates_of_message ON updates (wamid);
CREATE INDEX IF NOT EXISTS updates_in_parcel ON updates (delivery) WHERE delivery IS NOT NULL;
CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB NOT NULL, signature TEXT NOT NULL, born REAL NOT NULL,
    due REAL NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, state TEXT NOT NULL DEFAULT 'pending',
    accepted_at REAL, last_result TEXT, copy_of INTEGER);
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (due, id) WHERE state = 'pending';
CREATE INDEX IF NOT EXISTS deliveries_copies ON deliveries (copy_of) WHERE copy_of IS NOT NULL;
CREATE TABLE IF NOT EXISTS media (
    id TEXT PRIMARY KEY, mime_type TEXT NOT NULL, filename TEXT, data BLOB NOT NULL, sha256 BLOB NOT NULL,
    at REAL NOT NULL, keep_days INTEGER NOT NULL, fault TEXT);
CREATE TABLE IF NOT EXISTS templates (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, language TEXT NOT NULL, spec TEXT NOT NULL, UNIQUE (name, language));
CREATE TABLE IF NOT EXISTS reached (number TEXT NOT NULL, at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS reached_lately ON reached (at, number);
CREATE INDEX IF NOT EXISTS reached_person ON reached (number, at);
CREATE TABLE IF NOT EXISTS chores (
    id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, value TEXT NOT NULL, due REAL NOT NULL);
CREATE INDEX IF NOT EXISTS chores_due ON chores (due, id);
"""
TABLES = (
    "people", "messages", "statuses", "updates", "deliveries", "media", "templates", "reached", "chores",
)  # fmt: skip


class Store:
    """One SQLite connection behind one lock: the traffic of a demo office, never two writers at once."""

    def __init__(self, path: str | None) -> None:
        self.lock = threading.RLock()
        self._connection = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._begin_anew_if_older()
        self._connection.executescript(SCHEMA)
        self._depth = 0
        self.revision = 0

    def _begin_anew_if_older(self) -> None:
        """A file of an earlier version keeps its seed and clock, and so everybody's user id; the rest is forgotten."""
        if self._connection.execute("PRAGMA user_version").fetchone()[0] != VERSION:
            for table in TABLES:
                self._connection.execute(f"DROP TABLE IF EXISTS {table}")
            self._connection.execute(f"PRAGMA user_version = {VERSION}")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is kept together or not at all; may be nested, only the outermost counts."""
        with self.lock:
            self._depth += 1
            if self._depth == 1:
                self._connection.execute("BEGIN")
            try:
                yield
            except BaseException:
                if self._depth == 1:
                    self._connection.execute("ROLLBACK")
                raise
            else:
                if self._depth == 1:
                    self._connection.execute("COMMIT")
                    self.revision += 1
            finally:
                self._depth -= 1

    def run(self, sql: str, *values: object) -> int:
        """Runs one statement; answers the row id of an insert."""
        with self.lock:
            return self._connection.execute(sql, values).lastrowid or 0

    def many(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        with self.lock:
            self._connection.executemany(sql, rows)

    def all(self, sql: str, *values: object) -> list[sqlite3.Row]:
        with self.lock:
            return self._connection.execute(sql, values).fetchall()

    def one(self, sql: str, *values: object) -> sqlite3.Row | None:
        with self.lock:
            row: sqlite3.Row | None = self._connection.execute(sql, values).fetchone()
            return row

    def recall(self, key: str, default: Any = None) -> Any:
        row = self.one("SELECT value FROM meta WHERE key = ?", key)
        return default if row is None else json.loads(row["value"])

    def remember(self, key: str, value: Any) -> None:
        self.run("INSERT OR REPLACE INTO meta VALUES (?, ?)", key, json.dumps(value))

    def close(self) -> None:
        with self.lock:
            self._connection.close()
