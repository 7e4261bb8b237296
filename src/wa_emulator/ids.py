"""Names the provider gives out: message, media, trace and business-scoped user ids; the same for the same seed."""

import base64
import hashlib

from wa_emulator.store import Store


class Ids:
    """Seed and a counter: repeatable, and never given twice after a restart, since numbers are set aside by the hundred."""

    def __init__(self, seed: str, store: Store) -> None:
        self._seed = seed
        self._store = store
        self.begin()

    def begin(self) -> None:
        """Well beyond the last number that the store knows: what was set aside in a change that was taken back is lost."""
        known = int(self._store.recall("ids", 0))
        self._count = self._set_aside = known + 1000 if known else 0

    def _next(self, purpose: str) -> bytes:
        with self._store.lock:
            self._count += 1
            if self._count > self._set_aside:
                self._set_aside = self._count + 99
                self._store.remember("ids", self._set_aside)
            count = self._count
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
