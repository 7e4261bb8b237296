"""What the provider delivered: taken apart and kept, in one statement, before it is acknowledged."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple
from uuid import UUID
from weakref import WeakSet

from django.db import DEFAULT_DB_ALIAS, connections
from psycopg import errors
from psycopg.pq import DiagnosticField, ExecStatus
from psycopg.pq.abc import PGresult

from loket.conversations.keys import key_of
from loket.core import crypto

DELIVERY, EVENT = "conversations_delivery", "conversations_event"
# Kinds of updates. A `strange` one is for a number that is not ours; an `account` one is about the office's account.
MESSAGE, STATUS, ACCOUNT, STRANGE, OTHER = "message", "status", "account", "strange", "other"
# What an update may be made of; whatever else comes is kept as it is, as a piece of its own.
_ODD = (ValueError, TypeError, AttributeError, KeyError, RecursionError)

# One round trip, one transaction. The same bytes again find their delivery and add nothing. Rows are inserted in the
# order of their keys, or two requests with the same updates would wait for each other; ids follow the order of arrival.
KEEP = """
WITH arrived AS (
    INSERT INTO conversations_delivery (sha, body, signature) VALUES ($1, $2, $3)
    ON CONFLICT (sha) DO NOTHING RETURNING id)
INSERT INTO conversations_event (id, delivery, kind, key, sender, sent, payload, tries, error)
SELECT t.id, arrived.id, t.kind, t.key, t.sender, t.sent, t.payload, 0, '' FROM arrived, (
    SELECT nextval('conversations_event_id_seq') AS id, u.*
    FROM unnest($4::text[], $5::text[], $6::int8[], $7::int8[], $8::bytea[])
         WITH ORDINALITY AS u(kind, key, sender, sent, payload, n) ORDER BY u.n OFFSET 0) t
ORDER BY t.key, t.id
ON CONFLICT (key) DO NOTHING
"""
# PostgreSQL's numbers of the types of its values.
_BYTEA, _INT8, _TEXT = 17, 20, 25
_TYPES = (_BYTEA, _BYTEA, _TEXT, 1009, 1009, 1016, 1016, 1001)
_BINARY = (1,) * len(_TYPES)
_NAME = b"loket_keep"
_number = struct.Struct("!q").pack
_length = struct.Struct("!i").pack
# The connections on which the statement is prepared.
_ready: WeakSet[Any] = WeakSet()


class Piece(NamedTuple):
    """One update of a delivery. `key` is the same for every repeat of it; `sender` is the lane of the person who sent
    it, and `sent` the provider's time in seconds."""

    kind: str
    key: str
    payload: bytes
    sender: int | None = None
    sent: int = 0


def split(body: bytes, phone_id: str) -> list[Piece]:
    """The updates of one delivery; what cannot be read is an update of kind `other`, never an error, and takes none of
    the others with it."""
    try:
        entries = list(json.loads(body)["entry"])
    except _ODD:
        return [_piece(OTHER, "", body)]
    return [piece for entry in entries for piece in _of_entry(entry, phone_id)]


def keep(body: bytes, pieces: list[Piece], signature: str = "") -> None:
    """Store a delivery with its updates; those already known change nothing. Raises psycopg's errors."""
    key, sha = crypto.system_key(), hashlib.sha256(body).digest()
    _execute(
        [
            sha,
            key.seal(DELIVERY, "body", row_of(sha), body),
            signature.encode(),
            _array(_TEXT, [piece.kind.encode() for piece in pieces]),
            _array(_TEXT, [piece.key.encode() for piece in pieces]),
            _array(_INT8, [None if piece.sender is None else _number(piece.sender) for piece in pieces]),
            _array(_INT8, [_number(piece.sent) for piece in pieces]),
            _array(_BYTEA, [key.seal(EVENT, "payload", row_of(piece.key.encode()), piece.payload) for piece in pieces]),
        ]
    )


def _execute(values: list[bytes]) -> None:
    """Send the statement prepared and its values in binary: through a cursor it costs four times as much of Python,
    which is what limits how many deliveries a server takes."""
    mine = connections[DEFAULT_DB_ALIAS]
    mine.ensure_connection()
    session = mine.connection
    server = session.pgconn
    # Inside somebody's transaction nothing may fail, not even for a statement that is no longer prepared.
    name = b"" if mine.in_atomic_block else _NAME
    if not name or session not in _ready:
        _checked(server.prepare(name, KEEP.encode(), _TYPES))
        _ready.add(session)
    result = server.exec_prepared(name, values, _BINARY)
    if result.error_field(DiagnosticField.SQLSTATE) == b"26000":
        # After a rollback psycopg forgets what was prepared on the connection.
        _checked(server.prepare(name, KEEP.encode(), _TYPES))
        result = server.exec_prepared(name, values, _BINARY)
    _checked(result)


def _checked(result: PGresult) -> None:
    if result.status != ExecStatus.COMMAND_OK:
        state = (result.error_field(DiagnosticField.SQLSTATE) or b"08006").decode()
        raise errors.lookup(state)(f"delivery not stored: {state}")


def _array(kind: int, items: Sequence[bytes | None]) -> bytes:
    """A one-dimensional array as PostgreSQL sends it."""
    if not items:
        return struct.pack("!iiI", 0, 0, kind)
    head = struct.pack("!iiIii", 1, int(None in items), kind, len(items), 1)
    return head + b"".join([_length(-1) if item is None else _length(len(item)) + item for item in items])


def opened(key: str, payload: bytes) -> dict[str, Any]:
    """The JSON of an update as it was kept."""
    return dict(json.loads(crypto.system_key().open(EVENT, "payload", row_of(key.encode()), payload)))


def row_of(name: bytes) -> UUID:
    """What a sealed value is bound to, since its row has no number before it is written."""
    return UUID(bytes=hashlib.sha256(name).digest()[:16])


def lane(person: str) -> int:
    """The lane of whoever the provider calls by this user id or number: 64 bits, keyed, also the number of its lock."""
    return int.from_bytes(crypto.index("lane", person, crypto.keyring())[:8], "big", signed=True)


def _of_entry(entry: Any, phone_id: str) -> list[Piece]:
    try:
        changes, time = list(entry["changes"]), seconds(entry.get("time"))
    except _ODD:
        return [_piece(OTHER, "", _bytes(entry))]
    return [piece for change in changes for piece in _of_change(change, time, phone_id)]


def _of_change(change: Any, time: int, phone_id: str) -> list[Piece]:
    try:
        return list(_pieces(change, time, phone_id))
    except _ODD:
        return [_piece(OTHER, "", _bytes(change))]


def _pieces(change: dict[str, Any], time: int, phone_id: str) -> Iterator[Piece]:
    value, field = change["value"], str(change["field"])
    if field != "messages":
        yield _piece(ACCOUNT, "", _bytes({"field": field, "value": value, "time": time}), sent=time)
    elif phone_id and (value.get("metadata") or {}).get("phone_number_id") != phone_id:
        yield _piece(STRANGE, "", _bytes(change))
    else:
        yield from _updates(value)


def _updates(value: dict[str, Any]) -> Iterator[Piece]:
    contacts = [one for one in value.get("contacts") or [] if isinstance(one, dict)]
    for message in value.get("messages") or []:
        yield _message(message, contacts)
    for status in value.get("statuses") or []:
        yield _status(status)
    if value.get("errors"):
        yield _piece(ACCOUNT, "", _bytes({"field": "errors", "value": {"errors": value["errors"]}, "time": 0}))


def _message(message: Any, contacts: list[dict[str, Any]]) -> Piece:
    if not isinstance(message, dict):
        return _piece(OTHER, "", _bytes(message))
    update = _bytes({"message": message, "contact": _sender(message, contacts)})
    return _piece(MESSAGE, str(message.get("id") or ""), update, lane(_lane(message)), seconds(message.get("timestamp")))


def _status(status: Any) -> Piece:
    if not isinstance(status, dict):
        return _piece(OTHER, "", _bytes(status))
    key = f"{status.get('id')}|{status.get('status')}|{status.get('timestamp')}"
    return _piece(STATUS, key, _bytes({"status": status}), sent=seconds(status.get("timestamp")))


def _lane(message: dict[str, Any]) -> str:
    """Who sent it, as her earlier messages named her: news of a new user id comes under the old one."""
    news = message.get("system")
    before = news.get("previous_user_id") if isinstance(news, dict) else None
    return str(before or message.get("from_user_id") or message.get("from") or "")


def _sender(message: dict[str, Any], contacts: list[dict[str, Any]]) -> dict[str, Any]:
    for contact in contacts:
        if message.get("from_user_id") and contact.get("user_id") == message["from_user_id"]:
            return contact
        if message.get("from") and contact.get("wa_id") == message["from"]:
            return contact
    return contacts[0] if len(contacts) == 1 else {}


def _piece(kind: str, key: str, payload: bytes, sender: int | None = None, sent: int = 0) -> Piece:
    # Whatever an id holds, PostgreSQL can keep its keyed hash, and nobody reads a number out of it.
    return Piece(kind, f"{kind}|{key_of(key) if key else hashlib.sha256(payload).hexdigest()}", payload, sender, sent)


def seconds(stamp: Any) -> int:
    """The provider's time in seconds since 1970; 0 for what is no such time."""
    written = str(stamp)
    return int(written) if len(written) < 12 and written.isascii() and written.isdecimal() else 0


def _bytes(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
