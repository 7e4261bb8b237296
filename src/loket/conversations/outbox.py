"""Sends what was queued: judged, composed once and claimed in one transaction, then handed over, then noted; `outcomes` says what becomes of it."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import Error, connection, transaction

from loket.conversations import authenticity, failures, fallbacks, number, outcomes, pacing, rules, templates
from loket.conversations.composing import Composed, of_message
from loket.conversations.failures import Failure
from loket.conversations.gateways import Gateway, NotTaken, Unknown
from loket.conversations.keys import CONTACT, MESSAGE, data_key, key_of
from loket.conversations.models import Contact, Message, Pace, Sender, State
from loket.conversations.rules import Lane
from loket.core import clock, crypto
from loket.offices import queries as offices

log = logging.getLogger(__name__)

# Seconds between two claims, in which what is ready gathers.
GATHER = 0.05
REPLIES, INVITATIONS = (Lane.REPLY, Lane.NOTICE), (Lane.CAMPAIGN,)

# The head of each person's line in each lane. Lanes do not wait for each other: a reply never stands behind a notice.
_DUE = """
SELECT m.id, COALESCE(s.id IS NOT NULL, false) OR c.opted_out_at IS NOT NULL AS unwanted, p.free_at, p.hold_until
FROM conversations_message m
JOIN conversations_contact c ON c.id = m.contact_id
LEFT JOIN conversations_pace p ON p.contact_id = m.contact_id
LEFT JOIN conversations_suppression s ON s.office_id = c.office_id AND s.phone_index = c.phone_index
WHERE m.outgoing AND m.state = 'queued' AND m.lane = ANY(%(lanes)s) AND m.due_at <= %(at)s AND c.office_id = %(office)s
  AND (m.campaign_id IS NULL OR m.campaign_id IN (SELECT id FROM conversations_campaign WHERE state = 'running'))
  AND NOT EXISTS (
      SELECT 1 FROM conversations_message e
      WHERE e.contact_id = m.contact_id AND e.lane = m.lane AND e.outgoing AND e.state IN ('queued', 'sending')
        AND e.id <> m.id AND (e.state = 'sending' OR e.seq < m.seq))
ORDER BY m.lane, m.seq LIMIT %(limit)s FOR UPDATE OF m SKIP LOCKED
"""
_GO = """
UPDATE conversations_message m
SET state = t.state, claimed_at = clock_timestamp(), tries = m.tries + 1, body = t.body, sent_as = t.sent_as,
    template = t.template, error = '', reach_at = CASE WHEN t.reaches THEN %s ELSE m.reach_at END
FROM unnest(%s::uuid[], %s::text[], %s::bytea[], %s::text[], %s::text[], %s::boolean[])
     AS t(id, state, body, sent_as, template, reaches)
WHERE m.id = t.id
"""
_WAIT = """
UPDATE conversations_message m SET due_at = t.due_at, error = t.error
FROM unnest(%s::uuid[], %s::timestamptz[], %s::text[]) AS t(id, due_at, error) WHERE m.id = t.id
"""
_END = """
UPDATE conversations_message m SET state = t.state, error = t.error, reach_at = NULL
FROM unnest(%s::uuid[], %s::text[], %s::text[]) AS t(id, state, error) WHERE m.id = t.id
"""
_PACED = """
INSERT INTO conversations_pace (contact_id, free_at, holds)
SELECT t.id, t.free_at, 0 FROM unnest(%s::uuid[], %s::timestamptz[]) AS t(id, free_at)
ON CONFLICT (contact_id) DO UPDATE SET free_at = EXCLUDED.free_at
"""
# A status may have come before this answer: it is not taken back. The id is that of this try, whatever an earlier one left.
_TAKEN = """
WITH noted AS (
    UPDATE conversations_message SET provider_id = %(key)s,
        state = CASE WHEN state IN ('sending', 'unknown', 'queued', 'dead') THEN 'sent' ELSE state END,
        error = CASE WHEN state IN ('sending', 'unknown', 'queued', 'dead') THEN '' ELSE error END
    WHERE id = %(id)s RETURNING contact_id)
UPDATE conversations_contact c SET last_message_at = GREATEST(c.last_message_at, %(at)s) FROM noted WHERE c.id = noted.contact_id
"""


@dataclass(frozen=True, slots=True)
class Parcel:
    """One claimed message on its way out; nothing more is read from the database for it."""

    message_id: UUID
    contact_id: UUID
    kind: str
    to: str
    composed: Composed
    as_template: bool
    has_template: bool
    lane: int
    was_refused: bool


# --- claiming ---


def claim(via: Gateway, limit: int, lanes: Sequence[int] = REPLIES) -> list[Parcel]:
    """Take up to `limit` messages that may leave now; what may not is put off, what came too late has ended.

    One row of `Sender` is locked meanwhile, so that rates and the day's reach hold for all workers together.
    """
    at, office = clock.now(), str(settings.OFFICE)
    with transaction.atomic(), connection.cursor() as cursor:
        sender = number.locked(office)
        if sender.stopped_at or (sender.hold_until and at < sender.hold_until <= at + timedelta(hours=1)):
            return []
        view = offices.office(office)
        limit = min(limit, _slots(sender, view.settings, lanes, at))
        if limit <= 0:
            return []
        cursor.execute(_DUE, {"lanes": [int(lane) for lane in lanes], "at": at, "office": office, "limit": limit})
        found = {row[0]: row[1:] for row in cursor.fetchall()}
        if not found:
            return []
        batch = _Batch(via, sender, view, at)
        rows = Message.objects.filter(pk__in=found).select_related("contact").order_by("lane", "seq")
        for message in rows:
            batch.take(message, *found[message.pk])
        batch.write()
        return batch.parcels


def _slots(sender: Sender, own: Any, lanes: Sequence[int], at: datetime) -> int:
    left = pacing.slots(sender.free_at, at, own.wa_per_second)
    if Lane.CAMPAIGN in lanes:
        # Invitations have a rate of their own, far below the number's: what is left is for people who wrote.
        left = min(left, pacing.slots(sender.campaign_free_at, at, own.campaign_per_second))
    return left


class _Batch:
    """The messages of one claim: judged one by one against what is left, written as sets."""

    def __init__(self, via: Gateway, sender: Sender, view: offices.OfficeView, at: datetime):
        self.via, self.sender, self.view, self.at = via, sender, view, at
        own = view.settings
        quiet = pacing.quiet_until(at, view.zone, own.quiet_from_hour, own.quiet_until_hour)
        self.room = pacing.Room(quiet, None, own.notice_reserve, at)
        self._counted = False
        self.parcels: list[Parcel] = []
        self.goes: list[tuple[UUID, str, bytes, str, str, bool]] = []
        self.waits: list[tuple[UUID, datetime, str]] = []
        self.ends: list[tuple[UUID, str, str]] = []
        self.paced: dict[UUID, datetime] = {}
        self.marks: dict[UUID, datetime | None] = {}

    def take(self, message: Message, unwanted: bool, free_at: datetime | None, hold_until: datetime | None) -> None:
        contact = message.contact
        self.marks[contact.pk] = free_at
        try:
            key = data_key(contact)
            composed = of_message(message, contact, key, self.at)
            to = _to(message, contact, key)
        except (KeyError, ValueError, crypto.CryptoError) as error:
            log.error("message %s of kind %s lacks %s", message.pk, message.notice, type(error).__name__)
            self.ends.append((message.pk, State.DEAD, "incomplete"))
            return
        if not to:
            self.ends.append((message.pk, State.DEAD, "no_address"))
            return
        if message.kind in fallbacks.KINDS:
            self._elsewhere(message, composed, to, key)
            return
        approved = self._approved(message, composed)
        verdict = self._judge(message, bool(approved), unwanted, free_at, hold_until)
        if verdict.as_:
            words = approved if verdict.as_ == "template" and approved else composed
            reaches = verdict.as_ == "template" and not rules.is_window_open(contact.last_inbound_at, self.at)
            authenticity.note(words.body, message.notice, self.at)
            # Kept as it goes out, but with every value: another version may be the approved one at the next try.
            kept = key.seal(MESSAGE, "body", message.pk, json.dumps(asdict(replace(words, values=composed.values))))
            self._claimed(message, words, kept, to, verdict.as_, reaches=reaches, has_template=bool(approved))
        elif verdict.until:
            self.waits.append((message.pk, verdict.until, verdict.code))
        else:
            state = State.FAILED if verdict.code.isdigit() else State.DEAD
            self.ends.append((message.pk, state, verdict.code))

    def _elsewhere(self, message: Message, composed: Composed, to: str, key: crypto.DataKey) -> None:
        """SMS and e-mail know no windows and no reach, only quiet hours and age."""
        keeps = pacing.keeps_for(message.notice, message.author, message.lane)
        if self.at >= (message.requeued_at or message.at) + keeps:
            self.ends.append((message.pk, State.DEAD, "too_old"))
        elif self.room.quiet_until:
            self.waits.append((message.pk, self.room.quiet_until, ""))
        else:
            authenticity.note(composed.body, message.notice, self.at)
            kept = key.seal(MESSAGE, "body", message.pk, json.dumps(asdict(composed)))
            self._claimed(message, composed, kept, to, message.kind, reaches=False, has_template=False)

    def _judge(
        self, message: Message, has_template: bool, unwanted: bool, free_at: datetime | None, hold_until: datetime | None
    ) -> pacing.Verdict:
        contact = message.contact
        is_open = self.via.by_hand or rules.is_window_open(contact.last_inbound_at, self.at)
        if not is_open or message.lane == Lane.CAMPAIGN:
            self._count()
        free = pacing.contact_free_at(self.paced.get(contact.pk, free_at), self.at)
        if hold_until and self.at < hold_until <= self.at + timedelta(days=1):
            free = max(free or hold_until, hold_until)
        waiting = pacing.Waiting(
            lane=message.lane, notice=message.notice, asked_at=message.requeued_at or message.at,
            keeps=pacing.keeps_for(message.notice, message.author, message.lane), window_open=is_open,
            reached=self.room.reach is not None and not is_open and _is_reached(contact.pk, self.at),
            has_template=has_template, unwanted=unwanted, free_at=None if self.via.by_hand else free,
        )  # fmt: skip
        return pacing.judge(waiting, self.room, self.at)

    def _count(self) -> None:
        """What the day's reach leaves, looked up once and only when somebody outside a window is in the batch."""
        if self._counted or self.sender.tier is None or self.via.by_hand:
            return
        self._counted = True
        used, self.room.reach_frees_at = number.reached(self.sender.office_id, self.at)
        self.room.reach = self.sender.tier - used

    def _approved(self, message: Message, composed: Composed) -> Composed | None:
        version = templates.current(self.view.code, message.notice, composed.language) if message.notice else None
        if version is None:
            return None
        try:
            return templates.filled(version, composed)
        except KeyError:
            # The approved words ask for something that today's notice no longer says.
            return None

    def _claimed(
        self, message: Message, words: Composed, kept: bytes, to: str, as_: str, *, reaches: bool, has_template: bool
    ) -> None:
        by_hand = self.via.by_hand and as_ not in fallbacks.KINDS
        state = State.BY_HAND if by_hand else State.SENDING
        # What an officer wrote stays as she wrote it.
        body = kept if message.notice else bytes(message.body or b"")
        self.goes.append((message.pk, state, body, as_, words.template, reaches))
        if by_hand:
            return
        self.parcels.append(
            Parcel(
                message.pk, message.contact_id, message.kind, to, words, as_ == "template", has_template, message.lane,
                bool(message.error),
            )
        )  # fmt: skip
        if as_ not in fallbacks.KINDS:
            mark = self.paced.get(message.contact_id, self.marks.get(message.contact_id))
            self.paced[message.contact_id] = pacing.contact_after(mark, self.at)

    def write(self) -> None:
        """One statement for each kind of outcome."""
        with connection.cursor() as cursor:
            if self.goes:
                cursor.execute(_GO, [self.at, *(list(column) for column in zip(*self.goes, strict=True))])
            if self.waits:
                cursor.execute(_WAIT, [list(column) for column in zip(*self.waits, strict=True)])
            if self.ends:
                cursor.execute(_END, [list(column) for column in zip(*self.ends, strict=True)])
            if self.paced:
                cursor.execute(_PACED, [list(self.paced), list(self.paced.values())])
        self._spend()

    def _spend(self) -> None:
        own, count = self.view.settings, len(self.parcels)
        if not count:
            return
        self.sender.free_at = pacing.after(self.sender.free_at, self.at, count, own.wa_per_second)
        invited = sum(parcel.lane == Lane.CAMPAIGN for parcel in self.parcels)
        if invited:
            self.sender.campaign_free_at = pacing.after(self.sender.campaign_free_at, self.at, invited, own.campaign_per_second)
        self.sender.save(update_fields=["free_at", "campaign_free_at"])


def _is_reached(contact_id: UUID, at: datetime) -> bool:
    return Message.objects.filter(contact_id=contact_id, reach_at__gt=at - pacing.DAY).exists()


# --- handing over ---


class Post:
    """Several senders at work at once: as many as there are slots, each person's messages one after another.

    A slow answer keeps one slot and nothing else. Every slot has a database connection of its own.
    """

    def __init__(self, via: Gateway, lanes: Sequence[int], slots: int = 8):
        self._via, self._lanes = via, lanes
        self._free = slots
        self._lock = threading.Lock()
        self._freed = threading.Event()
        self._pool = ThreadPoolExecutor(slots, thread_name_prefix="sender")

    def turn(self) -> int:
        """Claim as many as there are free slots and start them; returns how many. Waits a moment when all are busy."""
        with self._lock:
            free = self._free
            self._freed.clear()
        if not free:
            self._freed.wait(1)
            return 1
        parcels = claim(self._via, free, self._lanes)
        with self._lock:
            self._free -= len(parcels)
        for parcel in parcels:
            self._pool.submit(self._one, parcel)
        if parcels:
            # A claim of one costs nearly what a claim of eight does.
            time.sleep(GATHER)
        return len(parcels)

    def close(self) -> None:
        """Let what is under way come to its end."""
        self._pool.shutdown(wait=True)

    def _one(self, parcel: Parcel) -> None:
        try:
            deliver(self._via, parcel)
        except Error as problem:
            # What is not noted comes back by the sweep.
            log.warning("sending was not noted, the database is away: %s", type(problem).__name__)
            connection.close()
        except Exception:
            log.exception("sending failed")
        finally:
            with self._lock:
                self._free += 1
            self._freed.set()


def deliver(via: Gateway, parcel: Parcel) -> None:
    """Hand one message over and note what came of it."""
    gateway = fallbacks.gateway(parcel.kind) if parcel.kind in fallbacks.KINDS else via
    try:
        if gateway is None:
            raise NotTaken("no_gateway")
        provider_id = gateway.send(
            parcel.to, parcel.composed, window_open=not parcel.as_template, opaque=str(parcel.message_id)
        )
    except NotTaken as problem:
        _refused(parcel, failures.explain(problem.code, problem.status), problem.wait)
    except Unknown:
        Message.objects.filter(pk=parcel.message_id, state=State.SENDING).update(state=State.UNKNOWN)
    else:
        with connection.cursor() as cursor:
            cursor.execute(_TAKEN, {"key": key_of(provider_id), "id": parcel.message_id, "at": clock.now()})
        if parcel.was_refused:
            # It goes again: what rested has rested enough.
            Sender.objects.filter(holds__gt=0).update(holds=0, hold_until=None)
            Pace.objects.filter(contact_id=parcel.contact_id, holds__gt=0).update(holds=0, hold_until=None)


def _refused(parcel: Parcel, failure: Failure, wait: float) -> None:
    with transaction.atomic():
        message = Message.objects.select_for_update().get(pk=parcel.message_id)
        if message.state == State.SENDING:
            outcomes.follow(message, failure, wait, clock.now(), has_template=parcel.has_template)


def _to(message: Message, contact: Contact, key: crypto.DataKey) -> str:
    """A number with its plus, or the user id of somebody without a shared number; an address for e-mail."""
    if message.kind == fallbacks.EMAIL:
        return key.open_text(CONTACT, "email", contact.pk, bytes(contact.email)) if contact.email else ""
    if contact.phone:
        return key.open_text(CONTACT, "phone", contact.pk, bytes(contact.phone))
    return (contact.bsuid or "") if message.kind != fallbacks.SMS else ""
