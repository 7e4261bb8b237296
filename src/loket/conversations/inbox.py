"""What the provider delivered: kept before it is acknowledged, then understood in order, each update exactly once."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction

from loket.conversations import outbox
from loket.conversations.actions import CONTACT, contact_by_user, data_key, key_of, receive
from loket.conversations.models import Contact
from loket.core import clock, crypto

EVENT = "conversations_event"
MESSAGE, STATUS, OTHER, STRANGE_NUMBER = "message", "status", "other", "strange"
MAX_TRIES = 3
# One drainer at a time keeps the order of every conversation, however many workers run.
_TURN = 7_400_001
log = logging.getLogger(__name__)

_KEEP = """
INSERT INTO conversations_event (delivery, kind, key, payload, tries, error)
SELECT %s, t.kind, t.key, t.payload, 0, '' FROM unnest(%s::text[], %s::text[], %s::bytea[])
     WITH ORDINALITY AS t(kind, key, payload, n) ORDER BY t.n
ON CONFLICT (key) DO NOTHING
"""
_NEXT = """
SELECT id, kind, key, payload FROM conversations_event
WHERE done_at IS NULL AND tries < %s AND id > %s
  AND received_at <= clock_timestamp() - interval '1 second' * (CASE tries WHEN 0 THEN 0 WHEN 1 THEN 30 ELSE 600 END)
ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
"""
_ODD = (ValueError, TypeError, AttributeError, KeyError, RecursionError)
_MEDIA = ("image", "document", "audio", "video", "sticker")


@dataclass(frozen=True, slots=True)
class Piece:
    """One update of a delivery. `key` is the same for every repeat of it."""

    kind: str
    key: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message from a person, as far as its kind tells; `button` is the id of what was pressed."""

    provider_id: str
    kind: str
    text: str
    button: str
    media_id: str
    user_id: str
    phone: str
    name: str
    sent_at: datetime


Turn = Callable[[Contact, Incoming, datetime], None]


# --- keeping: called by the webhook's door ---


def split(body: bytes, phone_id: str) -> list[Piece]:
    """The updates of one delivery; what cannot be read is an update of kind `other`, never an error, and takes none of
    the others with it."""
    try:
        changes = [change for entry in json.loads(body)["entry"] for change in entry["changes"]]
    except _ODD:
        return [_piece(OTHER, "", body)]
    return [piece for change in changes for piece in _of_change(change, phone_id)]


def _of_change(change: Any, phone_id: str) -> list[Piece]:
    try:
        return list(_pieces(change, phone_id))
    except _ODD:
        return [_piece(OTHER, "", _bytes(change))]


def keep(pieces: list[Piece], delivery: bytes) -> None:
    """Store updates in one statement; those already known change nothing."""
    key = crypto.system_key()
    with connection.cursor() as cursor:
        cursor.execute(
            _KEEP,
            [
                delivery,
                [OTHER if piece.kind == STRANGE_NUMBER else piece.kind for piece in pieces],
                [piece.key for piece in pieces],
                [key.seal(EVENT, "payload", _row(piece.key), piece.payload) for piece in pieces],
            ],
        )


def _pieces(change: dict[str, Any], phone_id: str) -> Iterator[Piece]:
    value = change["value"]
    metadata = value.get("metadata") or {}
    if change.get("field") != "messages":
        yield _piece(OTHER, "", _bytes(change))
    elif phone_id and metadata.get("phone_number_id") != phone_id:
        yield _piece(STRANGE_NUMBER, "", _bytes(change))
    else:
        yield from _updates(value)


def _updates(value: dict[str, Any]) -> Iterator[Piece]:
    contacts = [one for one in value.get("contacts") or [] if isinstance(one, dict)]
    for message in value.get("messages") or []:
        if not isinstance(message, dict):
            yield _piece(OTHER, "", _bytes(message))
            continue
        update = {"message": message, "contact": _sender(message, contacts)}
        yield _piece(MESSAGE, str(message.get("id") or ""), _bytes(update))
    for status in value.get("statuses") or []:
        if not isinstance(status, dict):
            yield _piece(OTHER, "", _bytes(status))
            continue
        key = f"{status.get('id')}|{status.get('status')}|{status.get('timestamp')}"
        yield _piece(STATUS, key, _bytes({"status": status}))
    if value.get("errors"):
        yield _piece(OTHER, "", _bytes(value))


def _sender(message: dict[str, Any], contacts: list[dict[str, Any]]) -> dict[str, Any]:
    for contact in contacts:
        if message.get("from_user_id") and contact.get("user_id") == message["from_user_id"]:
            return contact
        if message.get("from") and contact.get("wa_id") == message["from"]:
            return contact
    return contacts[0] if len(contacts) == 1 else {}


def _piece(kind: str, key: str, payload: bytes) -> Piece:
    # Whatever an id holds, PostgreSQL can keep its keyed hash, and nobody reads a number out of it.
    return Piece(kind, f"{kind}|{key_of(key) if key else hashlib.sha256(payload).hexdigest()}", payload)


def _bytes(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True).encode()


def _row(key: str) -> UUID:
    """What a payload is bound to, since its row has no number before it is written."""
    return UUID(bytes=hashlib.sha256(key.encode()).digest()[:16])


# --- understanding: called by the worker ---


def drain(turn: Turn, limit: int = 20) -> int:
    """Understand up to `limit` updates, oldest first, each in one transaction with all that follows from it.

    An update that fails is tried again after half a minute and after ten; then it is left with its error, and the head's
    page counts it. The rest of the conversation goes on.
    Returns how many were done or failed.
    """
    last, handled = 0, 0
    held: set[str] = set()
    while handled < limit:
        taken = _one(turn, last, held)
        if taken is None:
            break
        last = taken
        handled += 1
    return handled


def _one(turn: Turn, after: int, held: set[str]) -> int | None:
    """Handle the next update after this id; its own id, or None when there is none."""
    row, sender = None, ""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_TURN])
            if not cursor.fetchone()[0]:
                return None
            cursor.execute(_NEXT, [MAX_TRIES, after])
            row = cursor.fetchone()
            if row is None:
                return None
            payload = _open(*row[1:])
            sender = _sender_of(payload)
            if sender and sender in held:
                return int(row[0])
            _understand(row[1], payload, turn)
            cursor.execute(
                "UPDATE conversations_event SET done_at = clock_timestamp(), error = '' WHERE id = %s", [row[0]]
            )
            return int(row[0])
    except (OperationalError, InterfaceError):
        raise
    except Exception as problem:
        if row is None:
            raise
        # What fails stands before what the same person wrote later, until it is done or given up.
        held.add(sender)
        _note_failure(int(row[0]), problem)
        return int(row[0])


def _open(kind: str, key: str, payload: bytes) -> dict[str, Any]:
    """The JSON of an update; what nobody understands stays closed."""
    if kind == OTHER:
        return {}
    return dict(json.loads(crypto.system_key().open(EVENT, "payload", _row(key), bytes(payload))))


def _note_failure(event: int, problem: Exception) -> None:
    """Names only: the text of an error may quote what a person wrote."""
    log.error("update %d not understood: %s", event, type(problem).__name__)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE conversations_event SET tries = tries + 1, error = %s WHERE id = %s",
            [type(problem).__name__[:80], event],
        )


def _sender_of(payload: dict[str, Any]) -> str:
    message = payload.get("message") or {}
    return str(message.get("from_user_id") or message.get("from") or "")


def _understand(kind: str, payload: dict[str, Any], turn: Turn) -> None:
    at = clock.now()
    if kind == STATUS:
        outbox.climb(payload["status"], at)
    elif kind == MESSAGE:
        _take(payload, turn, at)


def _take(payload: dict[str, Any], turn: Turn, at: datetime) -> None:
    message = payload["message"]
    if message.get("type") == "system":
        _renumber(message.get("system") or {})
        return
    if message.get("type") == "reaction" or message.get("group_id"):
        return
    incoming = parse(message, payload.get("contact") or {}, at)
    office = _office()
    contact = contact_by_user(
        bsuid=incoming.user_id or None, phone=incoming.phone or None, name=incoming.name, office=office, at=at
    )
    contact = Contact.objects.select_for_update().get(pk=contact.pk)
    kept = receive(
        contact, provider_id=incoming.provider_id, kind=incoming.kind, body=incoming.text, sent_at=incoming.sent_at,
        at=at, media_id=incoming.media_id,
    )  # fmt: skip
    if kept is not None:
        contact.refresh_from_db()
        turn(contact, incoming, at)


def _part(of: dict[str, Any], name: str) -> dict[str, Any]:
    part = of.get(name)
    return part if isinstance(part, dict) else {}


def parse(message: dict[str, Any], contact: dict[str, Any], at: datetime) -> Incoming:
    """A message in the provider's JSON as plain values; kinds that nobody planned for keep their name."""
    kind = str(message.get("type") or "unknown")
    content = _part(message, kind)
    text, button, media_id = "", "", ""
    if kind == "text":
        text = str(content.get("body") or "")
    elif kind == "button":
        text, button = str(content.get("text") or ""), str(content.get("payload") or "")
    elif kind == "interactive":
        reply = _part(content, str(content.get("type")))
        text, button = str(reply.get("title") or ""), str(reply.get("id") or "")
    elif kind in _MEDIA:
        text, media_id = str(content.get("caption") or ""), str(content.get("id") or "")
    phone = str(message.get("from") or contact.get("wa_id") or "")
    return Incoming(
        provider_id=str(message["id"])[:160],
        kind=kind[:16],
        text=text[:4096],
        button=button[:256],
        media_id=media_id[:160],
        user_id=str(message.get("from_user_id") or contact.get("user_id") or "")[:160],
        phone=f"+{phone.lstrip('+')}" if phone else "",
        name=str((contact.get("profile") or {}).get("name") or "")[:120],
        sent_at=_core_time(message.get("timestamp"), at),
    )


def _core_time(stamp: Any, at: datetime) -> datetime:
    """When a person wrote, by the core clock. The provider's clock is real time, or follows the demo's; the nearer one."""
    if not str(stamp).isdigit():
        return at
    sent = datetime.fromtimestamp(int(stamp), UTC)
    shift = clock.offset()
    moved = sent + shift if abs(sent + shift - at) < abs(sent - at) else sent
    return min(moved, at)


def _renumber(system: dict[str, Any]) -> None:
    """A person has a new number or user id: the conversation stays hers, the number is no longer known to be hers."""
    before, after = system.get("previous_user_id"), system.get("user_id")
    contact = Contact.objects.select_for_update().filter(office_id=_office(), bsuid=before).first() if before else None
    if contact is None or not after or Contact.objects.filter(office_id=_office(), bsuid=after).exists():
        return
    contact.bsuid = str(after)[:160]
    number = str(system.get("wa_id") or "").lstrip("+")
    index = crypto.index("phone", f"+{number}", crypto.keyring()) if number else None
    if index and not Contact.objects.filter(office_id=_office(), phone_index=index).exists():
        contact.phone_index = index
        contact.phone = data_key(contact).seal(CONTACT, "phone", contact.pk, f"+{number}")
    contact.save(update_fields=["bsuid", "phone", "phone_index"])


def _office() -> str:
    return str(settings.OFFICE)
