"""Personal data at rest: AES-256-GCM under a data key per resident, wrapped by a versioned key outside the database.

Associated data bind every ciphertext to its table, column, row and key version, so that it cannot be moved. Indexes are
keyed HMACs: a NIK has too few possible values for a plain hash to hide it.
"""

from __future__ import annotations

import base64
import hmac
import os
import re
import unicodedata
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import combinations
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from loket import home

NONCE = 12
_KEPT = 20_000
_TOKEN_BITS = 14
_MAX_WORDS = 8
_PREFIX = 4


class CryptoError(Exception):
    """A blob that does not open: wrong key, wrong place, or changed. Says where, never what."""


@dataclass(frozen=True)
class Keyring:
    """The wrapping keys by version, the active one, and the key of the indexes."""

    keks: dict[int, AESGCM]
    active: int
    index_key: bytes
    subkeys: dict[str, bytes] = field(default_factory=dict)
    opened: OrderedDict[bytes, DataKey] = field(default_factory=OrderedDict)

    def subkey(self, name: str) -> bytes:
        found = self.subkeys.get(name)
        if found is None:
            found = self.subkeys[name] = hmac.digest(self.index_key, b"index\x00" + name.encode(), "sha256")
        return found


class DataKey:
    """The key of one resident (or contact); seals and opens her fields."""

    __slots__ = ("_cipher", "version")

    def __init__(self, secret: bytes, version: int = 1):
        self._cipher = AESGCM(secret)
        self.version = version

    def seal(self, table: str, column: str, row: UUID, plaintext: str | bytes) -> bytes:
        """Version byte ‖ nonce ‖ ciphertext and tag."""
        nonce = os.urandom(NONCE)
        data = plaintext.encode() if isinstance(plaintext, str) else plaintext
        return b"\x01" + nonce + self._cipher.encrypt(nonce, data, _place(table, column, row))

    def open(self, table: str, column: str, row: UUID, blob: bytes) -> bytes:
        """What was sealed for exactly this table, column and row."""
        if blob[:1] != b"\x01":
            raise CryptoError(f"{table}.{column}: unknown version")
        try:
            return self._cipher.decrypt(blob[1 : 1 + NONCE], blob[1 + NONCE :], _place(table, column, row))
        except InvalidTag as error:
            raise CryptoError(f"{table}.{column}: does not open for this row") from error

    def open_text(self, table: str, column: str, row: UUID, blob: bytes) -> str:
        return self.open(table, column, row, blob).decode()


class WithFormer(DataKey):
    """A data key that also opens what was sealed under the keys of those who turned out to be the same person."""

    __slots__ = ("_former",)

    def __init__(self, key: DataKey, former: Sequence[DataKey]):
        self._cipher, self.version, self._former = key._cipher, key.version, former

    def open(self, table: str, column: str, row: UUID, blob: bytes) -> bytes:
        """What was sealed for this place under any of the keys."""
        for key in self._former:
            try:
                return key.open(table, column, row, blob)
            except CryptoError:
                continue
        return super().open(table, column, row, blob)


def _place(table: str, column: str, row: UUID) -> bytes:
    return f"{table}\x00{column}\x00".encode() + row.bytes


@lru_cache(maxsize=1)
def keyring() -> Keyring:
    """The keys of this instance, read once from LOKET_HOME."""
    return keyring_from(home.keys())


def keyring_from(stored: dict[str, object]) -> Keyring:
    """A keyring from the contents of `keys.json`."""
    keks = {int(version): AESGCM(base64.b64decode(key)) for version, key in dict(stored["kek"]).items()}  # type: ignore[call-overload]
    return Keyring(keks, int(str(stored["active"])), base64.b64decode(str(stored["index"])))


def new_data_key() -> bytes:
    """32 random bytes."""
    return os.urandom(32)


def wrap(secret: bytes, row: UUID, ring: Keyring) -> bytes:
    """A data key sealed for one row by the active wrapping key: version byte ‖ nonce ‖ ciphertext and tag."""
    nonce = os.urandom(NONCE)
    version = bytes([ring.active])
    return version + nonce + ring.keks[ring.active].encrypt(nonce, secret, b"data-key\x00" + version + row.bytes)


def rewrap(wrapped: bytes, row: UUID, other: UUID, ring: Keyring) -> bytes:
    """The data key of one row wrapped for another, which opens from then on what was sealed for the first."""
    return wrap(_secret(wrapped, row, ring), other, ring)


def unwrap(wrapped: bytes, row: UUID, ring: Keyring) -> DataKey:
    """The data key of a row; recently used ones stay open in memory."""
    found = ring.opened.get(wrapped)
    if found is not None:
        return found
    key = ring.opened[wrapped] = DataKey(_secret(wrapped, row, ring), wrapped[0])
    if len(ring.opened) > _KEPT:
        ring.opened.popitem(last=False)
    return key


def _secret(wrapped: bytes, row: UUID, ring: Keyring) -> bytes:
    kek = ring.keks.get(wrapped[0]) if wrapped else None
    if kek is None:
        raise CryptoError("data key: unknown wrapping key, or erased")
    try:
        return kek.decrypt(wrapped[1 : 1 + NONCE], wrapped[1 + NONCE :], b"data-key\x00" + wrapped[:1] + row.bytes)
    except InvalidTag as error:
        raise CryptoError("data key: does not open for this row") from error


@lru_cache(maxsize=1)
def system_key() -> DataKey:
    """Loket's own key, for what belongs to no resident yet: deliveries of the provider, drafts of forms."""
    return DataKey(hmac.digest(keyring().index_key, b"system-key", "sha256"))


def index(name: str, value: str, ring: Keyring) -> bytes:
    """A keyed 128-bit index of a value, different for every field name."""
    return hmac.digest(ring.subkey(name), value.encode(), "sha256")[:16]


_SPELLINGS = {"MOHAMAD", "MOHAMMAD", "MOHAMED", "MOHAMMED", "MUHAMAD", "MUHAMED", "MUHAMMED", "MUH", "MOH", "MOCH", "MUCH", "MOCHAMAD", "MOCHAMMAD", "MUCHAMAD", "MUCHAMMAD"}  # fmt: skip
_NOT_LETTERS = re.compile(r"[^A-Z ]+")


def words(name: str) -> list[str]:
    """The words of a name, folded so that spellings of the same name meet."""
    plain = unicodedata.normalize("NFKD", name.upper()).encode("ascii", "ignore").decode()
    found = _NOT_LETTERS.sub(" ", plain.replace("'", "")).split()
    return ["MUHAMMAD" if word in _SPELLINGS else word for word in found][:_MAX_WORDS]


def name_tokens(name: str, ring: Keyring) -> list[int]:
    """Truncated HMACs of every word, of its first four letters, and of those of every two words: short on purpose, so
    that collisions hide equality. Few share whole words and pairs, so that a search by a full name opens as few names in
    a large office as in a small one."""
    of = words(name)
    whole = {_token(f"={word}", ring) for word in of if len(word) > _PREFIX}
    return sorted({*_heads(of, ring), *whole})


def search_tokens(text: str, ring: Keyring) -> list[int]:
    """The tokens that a name must have to be found by these words. A word of less than four letters may be cut short,
    so it only counts when there is no longer one."""
    wanted = words(text)
    telling = [word for word in wanted if len(word) >= _PREFIX] or [word for word in wanted if len(word) > 1]
    return sorted(_heads(telling, ring))


def name_matches(name: str, wanted: list[str]) -> bool:
    """Whether every wanted word begins a word of the opened name."""
    found = words(name)
    return all(any(word.startswith(want) for word in found) for want in words(" ".join(wanted)))


def _heads(of: Sequence[str], ring: Keyring) -> set[int]:
    heads = sorted({word[:_PREFIX] for word in of})
    return {_token(text, ring) for text in (*heads, *map(" ".join, combinations(heads, 2)))}


def _token(word: str, ring: Keyring) -> int:
    digest = hmac.digest(ring.subkey("name"), word.encode(), "sha256")
    return int.from_bytes(digest[:2], "big") & ((1 << _TOKEN_BITS) - 1)
