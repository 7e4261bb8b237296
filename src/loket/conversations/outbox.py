"""Sends what was queued: judged, composed once and claimed in one transaction, then handed over, then noted. Statuses only climb."""

from __future__ import annotations

import json
import logging
import random
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.db import Error, connection, transaction
from django.db.models import Q

from loket.conversations import authenticity, failures, fallbacks, number, pacing, rules, templates
from loket.conversations.failures import Decision, Failure
from loket.conversations.gateways import Gateway, NotTaken, Unknown
from loket.conversations.keys import CONTACT, MESSAGE, data_key, key_of
from loket.conversations.models import Contact, Message, Pace, Sender, State
from loket.conversations.rules import Lane
from loket.conversations.texts import Composed, compose
from loket.core import clock, crypto, links
from loket.offices import queries as offices

log = logging.getLogger(__name__)

LINK_DAYS = 7
# Seconds between two claims, in which what is ready gathers.
GATHER = 0.05
# A message whose sender died waits this long for a status before anything else is done: perhaps it never left.
GRACE = timedelta(minutes=2)
# One whose answer was lost was most probably taken. Its status may wait for the provider's fifth or sixth try after our
# own web was away, and these come minutes apart.
LOST = timedelta(minutes=15)
# The order in which a message climbs. `failed` stands below `delivered`: what arrived has arrived.
RANK = {
    "held": 0, "queued": 0, "by_hand": 0, "sending": 1, "unknown": 2, "dead": 2, "sent": 3, "failed": 4, "delivered": 5, "read": 6,
}  # fmt: skip
_RANKED = f"array_position(ARRAY{[name for name, _ in sorted(RANK.items(), key=lambda one: one[1])]}, {{}}::text)"
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
# A status may have come before this answer: it is not taken back.
_TAKEN = """
WITH noted AS (
    UPDATE conversations_message SET provider_id = COALESCE(provider_id, %(key)s),
        state = CASE WHEN state IN ('sending', 'unknown', 'queued', 'dead') THEN 'sent' ELSE state END,
        error = CASE WHEN state IN ('sending', 'unknown', 'queued', 'dead') THEN '' ELSE error END
    WHERE id = %(id)s RETURNING contact_id)
UPDATE conversations_contact c SET last_message_at = GREATEST(c.last_message_at, %(at)s) FROM noted WHERE c.id = noted.contact_id
"""
_CLIMB = f"""
UPDATE conversations_message SET
    state = CASE WHEN {_RANKED.format("%(status)s")} > {_RANKED.format("state")} THEN %(status)s ELSE state END,
    error = CASE WHEN %(status)s = 'failed' THEN %(error)s WHEN state IN ('dead', 'queued', 'unknown', 'sending') THEN '' ELSE error END,
    failed_at = CASE WHEN %(status)s = 'failed' AND state IN ('delivered', 'read') THEN %(at)s ELSE failed_at END,
    reach_at = CASE WHEN reach_at IS NULL THEN NULL
                    WHEN %(status)s = 'failed' AND state NOT IN ('delivered', 'read') THEN NULL
                    WHEN %(status)s IN ('delivered', 'read') AND state NOT IN ('delivered', 'read') THEN GREATEST(reach_at, %(at)s)
                    ELSE reach_at END,
    provider_id = COALESCE(provider_id, %(key)s)
WHERE id = %(id)s
"""
# The same for many at once, without failures; of several about one message the highest counts.
_CLIMB_TOGETHER = f"""
WITH heard AS (
    SELECT DISTINCT ON (id) id, key, status
    FROM unnest(%(ids)s::uuid[], %(keys)s::text[], %(statuses)s::text[]) AS t(id, key, status)
    ORDER BY id, {_RANKED.format("status")} DESC),
ours AS (
    SELECT m.id, h.key, h.status FROM conversations_message m JOIN heard h ON h.id = m.id
    WHERE m.outgoing ORDER BY m.id FOR UPDATE OF m)
UPDATE conversations_message m SET
    state = CASE WHEN {_RANKED.format("o.status")} > {_RANKED.format("m.state")} THEN o.status ELSE m.state END,
    error = CASE WHEN m.state IN ('dead', 'queued', 'unknown', 'sending') THEN '' ELSE m.error END,
    reach_at = CASE WHEN m.reach_at IS NOT NULL AND o.status IN ('delivered', 'read') AND m.state NOT IN ('delivered', 'read')
                    THEN GREATEST(m.reach_at, %(at)s) ELSE m.reach_at END,
    provider_id = COALESCE(m.provider_id, o.key)
FROM ours o WHERE m.id = o.id RETURNING m.id
"""
# A status that belongs to no message of ours is left out: it waits for an hour.
_HEARD = """
SELECT LEAST(clock_timestamp(), min(received_at)) FROM conversations_event
WHERE done_at IS NULL AND kind = 'status' AND error <> 'unmatched'
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
            composed = _compose(message, contact, key, self.at)
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


def send_due(via: Gateway, limit: int = 20, lanes: Sequence[int] = (*REPLIES, *INVITATIONS)) -> int:
    """Send what is due, one after another; returns how many were tried. `Post` does the same with many at once."""
    parcels = claim(via, limit, lanes)
    for parcel in parcels:
        deliver(via, parcel)
    return len(parcels)


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
            _follow(message, failure, wait, clock.now(), has_template=parcel.has_template)


# --- what follows from a failure, at once or by a later status ---


def _follow(message: Message, failure: Failure, wait: float, at: datetime, *, has_template: bool) -> None:
    """Write down what the table of failures says; `message` is locked."""
    act = _FOLLOW.get(failure.decision)
    if act is not None:
        act(message, failure, wait, at)
    elif failure.decision == Decision.TEMPLATE:
        # The provider's clock decides: for us the window is shut as well.
        Contact.objects.filter(pk=message.contact_id).update(last_inbound_at=None)
        if has_template and message.tries < pacing.MAX_TRIES:
            _again(message, at, failure.code)
        else:
            _ended(message, failure.code)
    else:
        _ended(message, failure.code)


def _retry(message: Message, failure: Failure, wait: float, at: datetime) -> None:
    if message.tries >= pacing.MAX_TRIES:
        _ended(message, "tried_often", State.DEAD)
        return
    pause = failures.pause(message.tries, wait) * random.uniform(0.8, 1.2)  # noqa: S311 (jitter)
    _again(message, at + timedelta(seconds=pause), failure.code)


def _hold_number(message: Message, failure: Failure, wait: float, at: datetime) -> None:
    """The whole number rests; the message keeps its place and its tries."""
    sender = number.locked(message.contact.office_id)
    sender.holds = min(sender.holds + 1, 8)
    sender.hold_until = at + timedelta(seconds=failures.pause(sender.holds, wait))
    sender.save(update_fields=["holds", "hold_until"])
    log.warning("the number rests: %s", failure.code)
    _again(message, sender.hold_until, failure.code, counts=False)


def _hold_contact(message: Message, failure: Failure, wait: float, at: datetime) -> None:
    pace, _ = Pace.objects.select_for_update().get_or_create(contact_id=message.contact_id)
    pace.holds = min(pace.holds + 1, 9)
    pace.hold_until = at + timedelta(seconds=max(wait, failures.contact_pause(pace.holds)))
    pace.save(update_fields=["holds", "hold_until"])
    _again(message, pace.hold_until, failure.code, counts=False)


def _tomorrow(message: Message, failure: Failure, wait: float, at: datetime) -> None:
    _again(message, at + pacing.DAY, failure.code)


def _suppress(message: Message, failure: Failure, wait: float, at: datetime) -> None:
    """130472 and 131050 are about invitations only: no more of them go to this person."""
    Contact.objects.filter(pk=message.contact_id, opted_out_at=None).update(opted_out_at=at)
    _ended(message, failure.code)


def _pause(message: Message, failure: Failure, wait: float, at: datetime) -> None:
    """Campaigns stop with this as their reason. A template that was stopped waits for another version or its return."""
    number.pause_campaigns(message.contact.office_id, failure.code, at)
    if message.template and failure.code in ("132015", "132016"):
        templates.block(message.template, failure.code)
    if message.lane == Lane.CAMPAIGN:
        _again(message, at, failure.code, counts=False)
    else:
        _retry(message, failure, max(wait, 60), at)


def _stop(message: Message, failure: Failure, wait: float, at: datetime) -> None:
    """Nothing goes until a person has mended the account; nothing is lost meanwhile."""
    number.stop(message.contact.office_id, failure.code, at)
    _again(message, at, failure.code, counts=False)


def _block(message: Message, failure: Failure, wait: float, at: datetime) -> None:
    templates.block(message.template, failure.code)
    _ended(message, failure.code, State.DEAD)


_FOLLOW = {
    Decision.RETRY: _retry, Decision.WAIT_NUMBER: _hold_number, Decision.WAIT_CONTACT: _hold_contact,
    Decision.TOMORROW: _tomorrow, Decision.SUPPRESS: _suppress, Decision.PAUSE: _pause, Decision.STOP: _stop,
    Decision.BLOCK_TEMPLATE: _block,
}  # fmt: skip


def _again(message: Message, due_at: datetime, code: str, *, counts: bool = True) -> None:
    """Back into line. It was certainly not sent, so it reaches nobody until it is claimed anew."""
    message.state, message.due_at, message.error = State.QUEUED, due_at, code[:40]
    message.provider_id, message.reach_at = None, None
    message.tries -= 0 if counts else 1
    message.save(update_fields=["state", "due_at", "error", "provider_id", "reach_at", "tries"])


def _ended(message: Message, code: str, state: str = State.FAILED) -> None:
    message.state, message.error, message.reach_at = state, code[:40], None
    message.save(update_fields=["state", "error", "reach_at"])


# --- statuses ---


def climb(update: dict[str, Any], at: datetime) -> bool:
    """A status from the provider: a message only climbs, and a late or repeated status changes nothing.

    False when no message of ours is known under it: the answer that names it may still be on its way, so ask again later.
    """
    status, provider_key = str(update.get("status")), key_of(str(update.get("id")))
    if status not in ("sent", "delivered", "read", "failed"):
        return True
    with transaction.atomic():
        message = _message(str(update.get("biz_opaque_callback_data") or ""), provider_key)
        if message is None:
            return False
        code = _code(update) if status == "failed" else ""
        if status == "failed" and message.provider_id not in (None, provider_key):
            # The failure of an earlier try, which is known already.
            return True
        if status == "failed" and message.state == State.SENDING:
            # What follows is decided once our own answer is here; else that would put the message back to `sent`.
            return False
        if status == "failed" and RANK.get(message.state, 0) < RANK["failed"]:
            version = templates.current(message.contact.office_id, message.notice, message.contact.language)
            message.provider_id = message.provider_id or provider_key
            message.save(update_fields=["provider_id"])
            _follow(message, failures.explain(code), 0, at, has_template=bool(message.notice and version))
            return True
        with connection.cursor() as cursor:
            cursor.execute(
                _CLIMB, {"status": status, "error": code[:40], "at": at, "key": provider_key, "id": message.pk}
            )
    return True


def climbs(update: dict[str, Any]) -> UUID | None:
    """The message that a status about it only lifts, by what we sent along; None for whatever needs a closer look."""
    if update.get("status") not in ("sent", "delivered", "read"):
        return None
    try:
        return UUID(str(update.get("biz_opaque_callback_data") or ""))
    except ValueError:
        return None


def climb_together(updates: Sequence[tuple[UUID, dict[str, Any]]], at: datetime) -> set[UUID]:
    """Statuses that only lift, in one statement; which of the messages are known."""
    with connection.cursor() as cursor:
        cursor.execute(
            _CLIMB_TOGETHER,
            {
                "ids": [pk for pk, _update in updates], "keys": [key_of(str(update.get("id"))) for _pk, update in updates],
                "statuses": [update["status"] for _pk, update in updates], "at": at,
            },
        )  # fmt: skip
        return {row[0] for row in cursor.fetchall()}


def _code(update: dict[str, Any]) -> str:
    errors = update.get("errors")
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    return str(first.get("code", ""))


def _message(opaque: str, provider_key: str) -> Message | None:
    """Which of our messages a status is about: by what we sent along, else by the provider's id."""
    rows = Message.objects.select_for_update(of=("self",)).select_related("contact").filter(outgoing=True)
    try:
        return rows.filter(pk=UUID(opaque)).first()
    except ValueError:
        return rows.filter(provider_id=provider_key).first()


# --- sweeping ---


def sweep() -> int:
    """Whatever got no answer and no status within the grace: news goes again, all else is shown to a person, since nobody
    can know whether it arrived. Returns how many."""
    with transaction.atomic():
        heard = _heard_until()
        lost = list(
            Message.objects.select_for_update(skip_locked=True)
            .filter(
                Q(state=State.SENDING, claimed_at__lt=heard - GRACE) | Q(state=State.UNKNOWN, claimed_at__lt=heard - LOST),
                outgoing=True,
            )
            .values_list("pk", "notice", "lane", "tries")
        )
        again = [pk for pk, notice, lane, tries in lost if pacing.may_repeat(notice, lane) and tries < pacing.MAX_TRIES]
        shown = [pk for pk, *_rest in lost if pk not in set(again)]
        Message.objects.filter(pk__in=again).update(state=State.QUEUED, due_at=clock.now())
        Message.objects.filter(pk__in=shown).update(state=State.DEAD, error="no_answer")
    return len(lost)


def _heard_until() -> datetime:
    """Until when every status that came is understood: behind a busy inbox the grace has not passed yet."""
    with connection.cursor() as cursor:
        cursor.execute(_HEARD)
        return cast(datetime, cursor.fetchone()[0])


# --- what a person sends ---


@dataclass(frozen=True, slots=True)
class ByHand:
    """A message that waits for a person: her number, the words, and the address that opens her chat."""

    id: UUID
    name: str
    phone: str
    text: str
    at: datetime
    # The number of the complaint that it is about, if any.
    complaint: str = ""

    @property
    def link(self) -> str:
        return f"https://wa.me/{self.phone.lstrip('+')}"


def by_hand(office: str, limit: int = 50) -> list[ByHand]:
    """What is to be sent from the office's own phone, the oldest first; doors go through `actions.read_by_hand`."""
    rows = Message.objects.filter(outgoing=True, state=State.BY_HAND, contact__office_id=office).select_related("contact")
    found = []
    for row in rows.order_by("seq")[:limit]:
        contact, key = row.contact, data_key(row.contact)
        text = _words_of(key.open_text(MESSAGE, "body", row.pk, bytes(row.body or b"")), row)
        name = key.open_text(CONTACT, "name", contact.pk, bytes(contact.name)) if contact.name else ""
        phone = key.open_text(CONTACT, "phone", contact.pk, bytes(contact.phone)) if contact.phone else ""
        found.append(ByHand(row.pk, name, phone, text, row.at, row.params.get("complaint", "")))
    return found


def _words_of(stored: str, message: Message) -> str:
    """A composed message as one text to copy: its words, the address of its page, the fixed line."""
    if not message.notice:
        return stored
    composed = _as_composed(json.loads(stored))
    return "\n\n".join(part for part in (composed.body, composed.link[1] if composed.link else "", composed.footer) if part)


# --- composing ---


def _compose(message: Message, contact: Contact, key: crypto.DataKey, at: datetime) -> Composed:
    stored = key.open_text(MESSAGE, "body", message.pk, bytes(message.body)) if message.body else ""
    if not message.notice:
        return Composed(stored, "")
    private: dict[str, str] = json.loads(stored) if stored else {}
    if "footer" in private:
        return _as_composed(private)
    office = offices.office(contact.office_id)
    hours = f"{office.opens_at:%H.%M}–{office.closes_at:%H.%M} WIB"
    values: dict[str, Any] = {
        "fee": office.settings.post_fee, "days": office.settings.choose_within_days, "hours": hours,
        "office": office.name, "pickup_place": f"{office.name}, {office.address}", "page": f"{settings.BASE_URL}/cek/",
        **message.params,
    }  # fmt: skip
    link = private.pop("link", "") or _case_link(message.params.get("code", ""), at)
    return compose(message.notice, values, language=contact.language, link=link, private=private)


def _as_composed(stored: dict[str, Any]) -> Composed:
    """A message composed at an earlier try: the same words go out again."""
    stored["buttons"] = tuple(tuple(button) for button in stored["buttons"])
    stored["link"] = tuple(stored["link"]) if stored["link"] else None
    stored["values"] = tuple(tuple(value) for value in stored["values"])
    stored["rows"] = tuple(tuple(row) for row in stored.get("rows", ()))
    return Composed(**stored)


def _case_link(code: str, at: datetime) -> str:
    """The address that opens one case for whoever holds this chat, for a week."""
    if not code:
        return ""
    return f"{settings.BASE_URL}/l/{links.sign('case', code, at + timedelta(days=LINK_DAYS))}/"


def _to(message: Message, contact: Contact, key: crypto.DataKey) -> str:
    """A number with its plus, or the user id of somebody without a shared number; an address for e-mail."""
    if message.kind == fallbacks.EMAIL:
        return key.open_text(CONTACT, "email", contact.pk, bytes(contact.email)) if contact.email else ""
    if contact.phone:
        return key.open_text(CONTACT, "phone", contact.pk, bytes(contact.phone))
    return (contact.bsuid or "") if message.kind != fallbacks.SMS else ""
