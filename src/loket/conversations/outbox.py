"""Sends what was queued: claimed and committed, then composed and sent, then noted. Statuses only climb."""

from __future__ import annotations

import json
import logging
import random
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from loket.conversations import rules
from loket.conversations.actions import CONTACT, MESSAGE, data_key, key_of
from loket.conversations.gateways import Final, Gateway, Retry, Unknown, WindowClosed
from loket.conversations.models import Contact, Message, State
from loket.conversations.texts import Composed, compose
from loket.core import clock, crypto, links
from loket.offices import queries as offices

log = logging.getLogger(__name__)

MAX_TRIES = 8
LINK_DAYS = 7
# A message whose sender died, or whose answer was lost, waits this long for a status before it is sent again.
GRACE = timedelta(minutes=2)
RANK = {"queued": 0, "sending": 1, "unknown": 2, "sent": 3, "delivered": 4, "read": 5}

# Answers to residents go before notices; within each, in the order in which they were asked for.
_CLAIM = """
UPDATE conversations_message SET state = 'sending', claimed_at = clock_timestamp(), tries = tries + 1
WHERE id IN (
    SELECT id FROM conversations_message WHERE outgoing AND state = 'queued' AND due_at <= %s
    ORDER BY (notice <> '' AND author NOT LIKE 'loket:bot%%'), seq LIMIT %s FOR UPDATE SKIP LOCKED)
RETURNING id
"""
_CLIMB = """
UPDATE conversations_message SET state = %s, error = %s, provider_id = COALESCE(provider_id, %s)
WHERE id = %s AND state <> ALL(%s)
"""


def send_due(via: Gateway, limit: int = 20) -> int:
    """Send what is due; returns how many messages were tried."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_CLAIM, [clock.now(), limit])
        claimed = [row[0] for row in cursor.fetchall()]
    for message in Message.objects.filter(pk__in=claimed).select_related("contact").order_by("seq"):
        _send(via, message)
    return len(claimed)


def sweep() -> int:
    """Bring back what a dead worker had claimed and what got no answer; returns how many."""
    before = datetime.now(UTC) - GRACE
    stuck = Message.objects.filter(outgoing=True, state__in=["sending", "unknown"], claimed_at__lt=before)
    return stuck.filter(tries__lt=MAX_TRIES).update(state=State.QUEUED) + stuck.filter(tries__gte=MAX_TRIES).update(
        state=State.DEAD, error="no_answer"
    )


def climb(update: dict[str, Any], at: datetime) -> bool:
    """A status from the provider: a message only climbs, and a late or repeated status changes nothing.

    False says that no message is known that it could be about; it may be known a moment later.
    """
    status, provider_key = str(update.get("status")), key_of(str(update.get("id")))
    if status == "failed":
        blocked = ["delivered", "read", "failed", "dead"]
    elif status in RANK:
        blocked = [name for name, rank in RANK.items() if rank >= RANK[status]] + ["failed", "dead"]
    else:
        return True
    error = str(((update.get("errors") or [{}])[0]).get("code", "")) if status == "failed" else ""
    message_id = _message(str(update.get("biz_opaque_callback_data") or ""), provider_key)
    if not message_id:
        return False
    with connection.cursor() as cursor:
        cursor.execute(_CLIMB, [status, error[:40], provider_key, message_id, blocked])
    return True


def _message(opaque: str, provider_key: str) -> str:
    """Which of our messages a status is about: by what we sent along, else by the provider's id."""
    try:
        return str(UUID(opaque))
    except ValueError:
        found = Message.objects.filter(provider_id=provider_key).values_list("pk", flat=True).first()
        return str(found) if found else ""


def _send(via: Gateway, message: Message) -> None:
    contact = message.contact
    try:
        key = data_key(contact)
        composed = _compose(message, contact, key)
    except (KeyError, ValueError, crypto.CryptoError) as error:
        log.error("message %s of kind %s lacks %s", message.pk, message.notice, type(error).__name__)
        _end(message, State.DEAD, "incomplete")
        return
    sealed = key.seal(MESSAGE, "body", message.pk, json.dumps(asdict(composed)))
    try:
        provider_id = via.send(
            _to(contact, key), composed, window_open=rules.is_window_open(contact.last_inbound_at, clock.now()), opaque=str(message.pk)
        )
    except Retry as problem:
        _again(message, problem.after)
    except Unknown:
        _end(message, State.UNKNOWN, "")
    except WindowClosed:
        # The provider's clock decides: the next try goes out as a template.
        Contact.objects.filter(pk=contact.pk).update(last_inbound_at=None)
        _again(message, 0)
    except Final as problem:
        _end(message, State.FAILED, problem.code)
    else:
        # A status may have arrived before this answer: it is not taken back.
        Message.objects.filter(pk=message.pk, provider_id=None).update(provider_id=key_of(provider_id))
        Message.objects.filter(pk=message.pk).update(body=sealed)
        Message.objects.filter(pk=message.pk, state=State.SENDING).update(state=State.SENT)
        Contact.objects.filter(pk=contact.pk).update(last_message_at=clock.now())


def _compose(message: Message, contact: Contact, key: crypto.DataKey) -> Composed:
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
        "office": office.name, "pickup_place": f"{office.name}, {office.address}", **message.params,
    }  # fmt: skip
    link = private.pop("link", "") or _case_link(message.params.get("code", ""))
    return compose(message.notice, values, language=contact.language, link=link, private=private)


def _as_composed(stored: dict[str, Any]) -> Composed:
    """A message composed at an earlier try: the same words go out again."""
    stored["buttons"] = tuple(tuple(button) for button in stored["buttons"])
    stored["link"] = tuple(stored["link"]) if stored["link"] else None
    stored["values"] = tuple(stored["values"])
    return Composed(**stored)


def _case_link(code: str) -> str:
    """The address that opens one case for whoever holds this chat, for a week."""
    if not code:
        return ""
    return f"{settings.BASE_URL}/l/{links.sign('case', code, clock.now() + timedelta(days=LINK_DAYS))}/"


def _to(contact: Contact, key: crypto.DataKey) -> str:
    """A number with its plus, or the user id of somebody without a shared number."""
    if contact.phone:
        return key.open_text(CONTACT, "phone", contact.pk, bytes(contact.phone))
    return contact.bsuid or ""


def _again(message: Message, after: float) -> None:
    """Later, after a growing pause; a message that was tried often enough is shown to a person."""
    if message.tries >= MAX_TRIES:
        _end(message, State.DEAD, "tried_often")
        return
    pause = timedelta(seconds=min(900, after * 2**message.tries) * random.uniform(0.8, 1.2))  # noqa: S311 (jitter)
    Message.objects.filter(pk=message.pk, state=State.SENDING).update(state=State.QUEUED, due_at=clock.now() + pause)


def _end(message: Message, state: str, error: str) -> None:
    Message.objects.filter(pk=message.pk, state=State.SENDING).update(state=state, error=error[:40])
