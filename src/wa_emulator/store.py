"""What the emulator remembers: people, messages, statuses, media, templates and webhooks still to deliver, in SQLite."""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS people (
    number TEXT PRIMARY KEY, name TEXT NOT NULL, user_id TEXT NOT NULL UNIQUE,
    hides_number INTEGER NOT NULL DEFAULT 0, last_wrote REAL, typing_until REAL NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS messages (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, wamid TEXT NOT NULL UNIQUE, number TEXT NOT NULL REFERENCES people,
    direction TEXT NOT NULL CHECK (direction IN ('in', 'out')), kind TEXT NOT NULL, content TEXT NOT NULL,
    view TEXT NOT NULL, callback TEXT, at REAL NOT NULL, read_by_office INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS messages_of_person ON messages (number, seq);
CREATE TABLE IF NOT EXISTS statuses (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, wamid TEXT NOT NULL, status TEXT NOT NULL, at REAL NOT NULL, error TEXT,
    UNIQUE (wamid, status));
CREATE TABLE IF NOT EXISTS updates (
    id INTEGER PRIMARY KEY AUTOINCREMENT, wamid TEXT NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL,
    ready_at REAL NOT NULL, delivery INTEGER);
CREATE INDEX IF NOT EXISTS updates_unpacked ON updates (ready_at, id) WHERE delivery IS NULL;
CREATE INDEX IF NOT EXISTS updates_of_message ON updates (wamid);
CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB NOT NULL, signature TEXT NOT NULL, born REAL NOT NULL,
    due REAL NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, state TEXT NOT NULL DEFAULT 'pending',
    accepted_at REAL, last_result TEXT, copy_of INTEGER);
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (due, id) WHERE state = 'pending';
CREATE INDEX IF NOT EXISTS deliveries_copies ON deliveries (copy_of) WHERE copy_of IS NOT NULL;
CREATE TABLE IF NOT EXISTS media (
    id TEXT PRIMARY KEY, mime_type TEXT NOT NULL, filename TEXT, data BLOB NOT NULL, sha256 BLOB NOT NULL,
    at REAL NOT NULL, keep_days INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS templates (
    name TEXT NOT NULL, language TEXT NOT NULL, spec TEXT NOT NULL, PRIMARY KEY (name, language));
"""


class Store:
    """One SQLite connection behind one lock: the traffic of a demo office, never two writers at once."""

    def __init__(self, path: str | None) -> None:
        self.lock = threading.RLock()
        self._connection = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;" + SCHEMA)
        self._depth = 0
        self.revision = 0

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
