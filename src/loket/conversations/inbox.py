"""Understands what the provider delivered: in order for each person, each update exactly once, odd ones put aside."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction

from loket.audit import actions as audit
from loket.conversations import account, alarms, outcomes
from loket.conversations.actions import contact_by_user, receive, renumber
from loket.conversations.deliveries import ACCOUNT, STATUS, STRANGE, opened, seconds
from loket.conversations.models import Contact, Event
from loket.core import clock
from loket.core.actor import Actor, Role, require, system
from loket.core.errors import N_, Refusal

# Seconds until the next try of an update that failed; after the last it is put aside, and the person's next one goes on.
PAUSES = (5, 60)
MAX_TRIES = len(PAUSES) + 1
# Seconds until a status is tried again that belongs to no message yet, then it is closed: a status may come before our
# own send has returned, and one may be about a message that another program of the office sent.
UNMATCHED = (5, 30, 120, 600, 3600)
# How long the provider's own bytes are kept, and the content of what was understood. The keys stay for good.
KEPT_DAYS = 30
_MEDIA = ("image", "document", "audio", "video", "sticker")
log = logging.getLogger(__name__)

# The oldest update whose sender nobody else serves and who has nothing that waits for its next try. The inner LIMIT keeps
# the planner from asking for locks of people whom this turn is not about.
_LANE = """
SELECT waiting.sender FROM (
    SELECT e.sender FROM conversations_event e
    WHERE e.done_at IS NULL AND e.sender IS NOT NULL AND e.tries < %s AND NOT EXISTS (
        SELECT 1 FROM conversations_event h
        WHERE h.sender = e.sender AND h.done_at IS NULL AND h.tries < %s AND h.due_at > clock_timestamp())
    ORDER BY e.id LIMIT 64) waiting
WHERE pg_try_advisory_xact_lock(waiting.sender) LIMIT 1
"""
# Read after the lock is held, so that what another worker has just done is seen.
_NEXT = """
SELECT id, kind, key, payload, tries FROM conversations_event
WHERE done_at IS NULL AND sender = %s AND tries < %s ORDER BY sent, id LIMIT 1
"""
# No person sent these: their order does not matter, so many are done in one transaction.
_FROM_PROVIDER = """
SELECT id, kind, key, payload, tries FROM conversations_event
WHERE done_at IS NULL AND sender IS NULL AND due_at <= clock_timestamp() AND (tries < %s OR error = 'unmatched')
ORDER BY due_at, id LIMIT %s FOR UPDATE SKIP LOCKED
"""
_DONE = "UPDATE conversations_event SET done_at = clock_timestamp(), error = %s, message_id = %s WHERE id = %s"
_ALL_DONE = "UPDATE conversations_event SET done_at = clock_timestamp(), error = '' WHERE id = ANY(%s)"
_LATER = """
UPDATE conversations_event SET tries = tries + 1, error = %s, due_at = clock_timestamp() + %s * interval '1 second'
WHERE id = %s
"""
_FORGET = """
UPDATE conversations_event SET payload = NULL
WHERE payload IS NOT NULL AND done_at IS NOT NULL AND done_at < clock_timestamp() - %s * interval '1 day'
"""
_CLEAR = """
DELETE FROM conversations_delivery WHERE received_at < clock_timestamp() - %s * interval '1 day'
  AND id IN (SELECT id FROM conversations_delivery ORDER BY id LIMIT 10000)
"""


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
Row = tuple[int, str, str, bytes, int]
Lift = tuple[Row, UUID, dict[str, Any]]


def drain_people(turn: Turn, limit: int = 20) -> int:
    """Understand up to `limit` messages; returns how many were tried.

    Each message is one transaction with all that follows from it. Several workers may run: each person's updates are
    understood one after another, by the time at which they were sent. One that fails stands before what the same person
    sent later, is tried again after 5 and 60 seconds, and is then put aside; the head's page counts it.
    """
    handled = 0
    while handled < limit and _next(turn):
        handled += 1
    return handled


def drain_provider(limit: int = 50) -> int:
    """Understand up to `limit` statuses and other news of the provider, all in one transaction; returns how many."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_FROM_PROVIDER, [MAX_TRIES, limit])
        rows: list[Row] = cursor.fetchall()
        lifts: list[Lift] = []
        for row in rows:
            if lift := _lift(row):
                lifts.append(lift)
                continue
            # What came before a failure is known before it.
            _climb(lifts)
            lifts = []
            _settle(row)
        _climb(lifts)
    return len(rows)


def clean() -> None:
    """Forget deliveries of a month ago and the content of what was understood that long ago; the keys stay, so that
    nothing comes twice, and so does what nobody has understood yet."""
    with connection.cursor() as cursor:
        cursor.execute(_FORGET, [KEPT_DAYS])
        cursor.execute(_CLEAR, [KEPT_DAYS])


def put_aside(limit: int = 50) -> list[Event]:
    """Updates that nobody understood, the newest first; their content stays sealed."""
    found = Event.objects.filter(done_at=None, tries__gte=MAX_TRIES).exclude(error="unmatched")
    return list(found.defer("payload").order_by("-id")[:limit])


@transaction.atomic
def try_again(event: int, *, by: Actor, at: datetime) -> None:
    """Take an update that was put aside into its turn again, for instance after an upgrade that understands it."""
    require(by, Role.ADMIN)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE conversations_event SET tries = 0, due_at = clock_timestamp() "
            "WHERE id = %s AND done_at IS NULL AND tries >= %s",
            [event, MAX_TRIES],
        )
        if not cursor.rowcount:
            raise Refusal("event_unknown", N_("Pesan masuk ini sudah terbaca atau tidak ada."), status=404)
    audit.record([audit.Fact("inbox.try_again", body={"event": event})], by=by, at=at)


def _next(turn: Turn) -> bool:
    """Handle the next update of one person; whether there was one."""
    row: Row | None = None
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_LANE, [MAX_TRIES, MAX_TRIES])
            lane = cursor.fetchone()
            if lane is None:
                return False
            cursor.execute(_NEXT, [lane[0], MAX_TRIES])
            row = cursor.fetchone()
            if row is not None:
                message = _take(opened(row[2], bytes(row[3])), turn, clock.now())
                cursor.execute(_DONE, ["", message, row[0]])
            return True
    except (OperationalError, InterfaceError):
        raise
    except Exception as problem:
        if row is None:
            raise
        _put_off(row, problem)
        return True


def _lift(row: Row) -> Lift | None:
    """A status that lifts its message and does nothing else, as nearly all do."""
    if row[1] != STATUS:
        return None
    try:
        update = opened(row[2], bytes(row[3]))["status"]
        message = outcomes.climbs(update)
    except Exception:
        return None
    return (row, message, update) if message else None


def _climb(lifts: list[Lift]) -> None:
    """Many statuses in two statements; one that is about nothing known, or that fails, is looked at by itself."""
    known: set[UUID] = set()
    if lifts:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                known = outcomes.climb_together([(message, update) for _row, message, update in lifts], clock.now())
                cursor.execute(_ALL_DONE, [[row[0] for row, message, _update in lifts if message in known]])
        except (OperationalError, InterfaceError):
            raise
        except Exception as problem:
            log.warning("statuses one by one: %s", type(problem).__name__)
            known = set()
    for row, message, _update in lifts:
        if message not in known:
            _settle(row)


def _settle(row: Row) -> None:
    """One update that no person sent; what fails is undone alone."""
    number, kind, key, payload, tries = row
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            if _is_placed(kind, key, payload):
                cursor.execute(_DONE, ["", None, number])
            elif tries < len(UNMATCHED):
                cursor.execute(_LATER, ["unmatched", UNMATCHED[tries], number])
            else:
                cursor.execute(_DONE, ["unmatched", None, number])
    except (OperationalError, InterfaceError):
        raise
    except Exception as problem:
        _put_off(row, problem)


def _is_placed(kind: str, key: str, payload: bytes) -> bool:
    """Do what an update of the provider says; False when it is about a message that is not known (yet)."""
    at = clock.now()
    if kind == STATUS:
        return outcomes.climb(opened(key, bytes(payload))["status"], at)
    if kind == ACCOUNT:
        news = opened(key, bytes(payload))
        account.handle(str(news["field"]), news["value"], sent=seconds(news["time"]), office=_office(), at=at)
    elif kind == STRANGE:
        change = opened(key, bytes(payload))
        number = str((change["value"].get("metadata") or {}).get("phone_number_id") or "")
        alarms.alarm("strange_number", subject=number[:160], office=_office(), at=at)
    return True


def _put_off(row: Row, problem: Exception) -> None:
    """Names only: the text of an error may quote what a person wrote."""
    log.error("update %d not understood: %s", row[0], type(problem).__name__)
    with connection.cursor() as cursor:
        cursor.execute(_LATER, [type(problem).__name__[:80], PAUSES[min(row[4], len(PAUSES) - 1)], row[0]])


def _take(payload: dict[str, Any], turn: Turn, at: datetime) -> UUID | None:
    """One message of a person with all that follows from it; the row that it became."""
    message = payload["message"]
    if message.get("type") == "system":
        _hear(message, at)
        return None
    if message.get("type") == "reaction" or message.get("group_id"):
        return None
    incoming = parse(message, payload.get("contact") or {}, at)
    contact = contact_by_user(
        bsuid=incoming.user_id or None, phone=incoming.phone or None, name=incoming.name, office=_office(), at=at
    )
    contact = Contact.objects.select_for_update().get(pk=contact.pk)
    kept = receive(
        contact, provider_id=incoming.provider_id, kind=incoming.kind, body=incoming.text, sent_at=incoming.sent_at,
        at=at, media_id=incoming.media_id,
    )  # fmt: skip
    if kept is not None:
        turn(contact, incoming, at)
    return kept


def _hear(message: dict[str, Any], at: datetime) -> None:
    """News of a person's new number or user id; a change of the user id comes without `from` and without a number."""
    news = _part(message, "system")
    number, before = (str(news.get("wa_id") or "").lstrip("+"), str(message.get("from") or "").lstrip("+"))
    renumber(
        before=str(news.get("previous_user_id") or "")[:160], bsuid=str(news.get("user_id") or "")[:160],
        old_phone=f"+{before}" if before else "", phone=f"+{number}" if number else "", office=_office(),
        by=system(_office(), "inbox"), at=at,
    )  # fmt: skip


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
        provider_id=str(message["id"]),
        kind=kind[:16],
        text=_clean(text)[:4096],
        button=button[:256],
        media_id=media_id[:160],
        user_id=str(message.get("from_user_id") or contact.get("user_id") or "")[:160],
        phone=f"+{phone.lstrip('+')}" if phone else "",
        name=_clean(str(_part(contact, "profile").get("name") or ""))[:120],
        sent_at=_core_time(message.get("timestamp"), at),
    )


def _clean(text: str) -> str:
    """Half a surrogate pair, which JSON can hold and no text can, loses nobody's message."""
    return text.encode("utf-8", "replace").decode()


def _core_time(stamp: Any, at: datetime) -> datetime:
    """When a person wrote, by the core clock. The provider's clock is real time, or follows the demo's; the nearer one."""
    if not seconds(stamp):
        return at
    sent = datetime.fromtimestamp(seconds(stamp), UTC)
    shift = clock.offset()
    moved = sent + shift if abs(sent + shift - at) < abs(sent - at) else sent
    return min(moved, at)


def _office() -> str:
    return str(settings.OFFICE)
