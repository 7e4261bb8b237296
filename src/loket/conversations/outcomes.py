"""What becomes of a message after it left: what follows from a failure, statuses that only climb, and what got no answer."""

from __future__ import annotations

import logging
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q

from loket.conversations import failures, number, pacing, templates
from loket.conversations.failures import Decision, Failure
from loket.conversations.keys import key_of
from loket.conversations.models import Contact, Message, Pace, State
from loket.conversations.rules import Lane
from loket.core import clock

log = logging.getLogger(__name__)

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


# --- what follows from a failure, at once or by a later status ---


def follow(message: Message, failure: Failure, wait: float, at: datetime, *, has_template: bool) -> None:
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
            # That the provider took it is kept: should the sender be dead, `sweep` does not send it a second time.
            message.provider_id = message.provider_id or provider_key
            message.save(update_fields=["provider_id"])
            return False
        if status == "failed" and RANK.get(message.state, 0) < RANK["failed"]:
            version = templates.current(message.contact.office_id, message.notice, message.contact.language)
            message.provider_id = message.provider_id or provider_key
            message.save(update_fields=["provider_id"])
            follow(message, failures.explain(code), 0, at, has_template=bool(message.notice and version))
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
    can know whether it arrived. What the provider knows under an id was sent. Returns how many."""
    with transaction.atomic():
        heard = _heard_until()
        lost = list(
            Message.objects.select_for_update(skip_locked=True)
            .filter(
                Q(state=State.SENDING, claimed_at__lt=heard - GRACE) | Q(state=State.UNKNOWN, claimed_at__lt=heard - LOST),
                outgoing=True,
            )
            .values_list("pk", "notice", "lane", "tries", "provider_id")
        )
        taken = [pk for pk, *_rest, provider_id in lost if provider_id]
        lost = [row for row in lost if not row[-1]]
        again = [pk for pk, notice, lane, tries, _none in lost if pacing.may_repeat(notice, lane) and tries < pacing.MAX_TRIES]
        shown = [pk for pk, *_rest in lost if pk not in set(again)]
        Message.objects.filter(pk__in=taken).update(state=State.SENT)
        Message.objects.filter(pk__in=again).update(state=State.QUEUED, due_at=clock.now())
        Message.objects.filter(pk__in=shown).update(state=State.DEAD, error="no_answer")
    return len(taken) + len(lost)


def _heard_until() -> datetime:
    """Until when every status that came is understood: behind a busy inbox the grace has not passed yet."""
    with connection.cursor() as cursor:
        cursor.execute(_HEARD)
        return cast(datetime, cursor.fetchone()[0])
