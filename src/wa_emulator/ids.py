"""Names the provider gives out: message, media, trace and business-scoped user ids; the same for the same seed."""

import base64
import hashlib

from wa_emulator.store import Store


class Ids:
    """Seed and a counter kept in the store: repeatable, and never given twice after a restart."""

    def __init__(self, seed: str, store: Store) -> None:
        self._seed = seed
        self._store = store

    def _next(self, purpose: str) -> bytes:
        with self._store.transaction():
            count = int(self._store.recall("ids", 0)) + 1
            self._store.remember("ids", count)
        return hashlib.sha256(f"{self._seed}:{purpose}:{count}".encode()).digest()

    def wamid(self) -> str:
        return "wamid." + base64.b64encode(b"\x1c\x18\x0d" + self._next("wamid")[:24]).decode()

    def media(self) -> str:
        return str(10**15 + int.from_bytes(self._next("media")[:6], "big"))

    def trace(self) -> str:
        return "A" + base64.urlsafe_b64encode(self._next("trace")[:15]).decode()

    def user_id(self, number: str) -> str:
        """The business-scoped id of a person: country code, a dot, alphanumerics."""
        digest = hashlib.sha256(f"{self._seed}:person:{number}".encode()).digest()
        return f"ID.{10**15 + int.from_bytes(digest[:6], 'big')}"
