"""A second way to tell that a card waits: SMS through any HTTP service, and e-mail. Each is off until it is configured."""

from __future__ import annotations

import json
import logging
import smtplib
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Protocol

import httpx
from django.conf import settings
from django.core import mail
from django.db import transaction

from loket.conversations.composing import Composed
from loket.conversations.gateways import NotTaken, Unknown
from loket.conversations.models import Message, State
from loket.conversations.rules import Lane
from loket.core.ids import uuid7
from loket.offices import queries as offices

log = logging.getLogger(__name__)
SMS, EMAIL = "sms", "email"
KINDS = (SMS, EMAIL)
# Which news is worth a second way, and the short words it goes in: no number of a person, no link into the case.
WORDS = {
    "choose": "sms_choose", "choose_reminder": "sms_choose", "returned_home": "sms_choose", "ready_pickup": "sms_pickup",
    "posted": "sms_posted",
}  # fmt: skip
_MANY = 200


class Way(Protocol):
    """Takes a number or an address and a text; returns an id. Raises NotTaken, Unknown."""

    def send(self, to: str, composed: Composed, *, window_open: bool, opaque: str) -> str: ...


class Sms:
    """One POST of JSON; `fields` name what the service wants, with `{to}`, `{text}` and `{id}` as places."""

    def __init__(self, url: str, fields: dict[str, Any], auth: str):
        name, _, value = auth.partition(":")
        headers = {name.strip(): value.strip()} if value else {}
        self._url, self._fields = url, fields
        self._client = httpx.Client(headers=headers, timeout=httpx.Timeout(15, connect=5), follow_redirects=False)

    def send(self, to: str, composed: Composed, *, window_open: bool, opaque: str) -> str:
        given = {"to": to, "text": composed.body, "id": opaque}
        body = {key: value.format_map(given) if isinstance(value, str) else value for key, value in self._fields.items()}
        try:
            answer = self._client.post(self._url, json=body)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as problem:
            raise NotTaken("connect") from problem
        except httpx.HTTPError as problem:
            raise Unknown(type(problem).__name__) from problem
        if not answer.is_success:
            raise NotTaken("refused" if 400 <= answer.status_code < 500 else None, answer.status_code)
        return f"{SMS}.{opaque}"


class Email:
    """A plain message through Django's mail; `EMAIL_HOST` and its kin are settings."""

    def send(self, to: str, composed: Composed, *, window_open: bool, opaque: str) -> str:
        subject = composed.body.partition(".")[0][:120]
        try:
            taken = mail.send_mail(subject, f"{composed.body}\n\n{composed.footer}", settings.DEFAULT_FROM_EMAIL, [to])
        except smtplib.SMTPRecipientsRefused as problem:
            raise NotTaken("refused") from problem
        except (smtplib.SMTPConnectError, smtplib.SMTPAuthenticationError, ConnectionError, TimeoutError) as problem:
            raise NotTaken("connect") from problem
        except (smtplib.SMTPException, OSError) as problem:
            raise Unknown(type(problem).__name__) from problem
        if not taken:
            raise NotTaken("refused")
        return f"{EMAIL}.{opaque}"


@lru_cache(maxsize=4)
def _sms(url: str, fields: str, auth: str) -> Sms:
    return Sms(url, json.loads(fields), auth)


def gateway(kind: str) -> Way | None:
    """The way of this kind, None while it is off."""
    if kind == SMS and settings.SMS_URL:
        return _sms(settings.SMS_URL, settings.SMS_FIELDS, settings.SMS_AUTH)
    return Email() if kind == EMAIL and settings.EMAIL_HOST else None


# Which messages: not on WhatsApp at all, or sent and never delivered.
_LOST: tuple[Callable[[datetime, int], dict[str, Any]], ...] = (
    lambda at, hours: {"state": State.FAILED, "error": "131026", "at__gt": at - timedelta(days=7)},
    lambda at, hours: {"state": State.SENT, "at__gt": at - timedelta(days=7), "at__lt": at - timedelta(hours=hours)},
)


def sweep(office: str, at: datetime) -> int:
    """Queue news of a waiting card a second way, once per message and way; returns how many."""
    ways = [kind for kind in KINDS if gateway(kind)]
    if not ways:
        return 0
    hours = offices.office(office).settings.fallback_after_hours
    made = 0
    for lost in _LOST:
        rows = (
            Message.objects.filter(outgoing=True, kind="notice", notice__in=WORDS, contact__office_id=office, **lost(at, hours))
            .exclude(message__isnull=False)
            .select_related("contact")
            .order_by("seq")[:_MANY]
        )
        made += sum(_queue(message, ways, at) for message in rows)
    return made


def _queue(message: Message, ways: list[str], at: datetime) -> int:
    """The first way that reaches her: a number for SMS, an address for e-mail."""
    has = {SMS: bool(message.contact.phone), EMAIL: bool(message.contact.email)}
    kind = next((one for one in ways if has[one]), None)
    if kind is None or "code" not in message.params:
        return 0
    kept = {key: message.params[key] for key in ("code", "tracking") if key in message.params}
    row = Message(
        id=uuid7(), contact_id=message.contact_id, outgoing=True, kind=kind, notice=WORDS[message.notice], params=kept,
        case_id=message.case_id, author="loket:fallback", state=State.QUEUED, due_at=at, at=at, lane=Lane.NOTICE, fallback_of=message,
    )  # fmt: skip
    with transaction.atomic():
        return len(Message.objects.bulk_create([row], ignore_conflicts=True))
