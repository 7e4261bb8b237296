"""What the provider says about the office's account: the latest is kept, and what a person must look at is an alarm."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import connection

from loket.conversations import verdicts
from loket.conversations.alarms import alarm
from loket.conversations.models import AccountNews
from loket.conversations.verdicts import News

# Which part of a value says what it is about, by the name of the webhook's field. Only these values are kept in the
# clear: they hold nothing about a resident.
SUBJECTS: dict[str, str] = {
    "account_alerts": "entity_id",
    "account_review_update": "",
    "account_settings_update": "",
    "account_update": "phone_number",
    "business_capability_update": "",
    "business_status_update": "",
    "errors": "",
    "message_template_components_update": "message_template_id",
    "message_template_quality_update": "message_template_id",
    "message_template_status_update": "message_template_id",
    "payment_configuration_update": "",
    "phone_number_name_update": "display_phone_number",
    "phone_number_quality_update": "display_phone_number",
    "security": "display_phone_number",
    "template_category_update": "message_template_id",
}
# Values that are good news or none; every other change is shown to a person.
CALM: dict[str, tuple[str, frozenset[str]]] = {
    "account_review_update": ("decision", frozenset({"APPROVED"})),
    "message_template_status_update": ("event", frozenset({"APPROVED", "PENDING", "IN_APPEAL", "REINSTATED"})),
    "message_template_quality_update": ("new_quality_score", frozenset({"GREEN", "UNKNOWN"})),
    "phone_number_quality_update": ("event", frozenset({"ONBOARDING", "UPGRADE", "UNFLAGGED"})),
    "phone_number_name_update": ("decision", frozenset({"APPROVED"})),
}
QUIET = frozenset({"message_template_components_update", "account_settings_update", "payment_configuration_update"})

_LATEST = """
INSERT INTO conversations_account (office_id, field, subject, value, sent, at) VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (office_id, field, subject) DO UPDATE
SET value = EXCLUDED.value, sent = EXCLUDED.sent, at = EXCLUDED.at WHERE conversations_account.sent <= EXCLUDED.sent
"""
Handler = Callable[[News], None]


def handle(field: str, value: Any, *, sent: int, office: str, at: datetime) -> None:
    """One change of the account, in the caller's transaction: kept if it is the newest, then handed to the handlers of
    its field. A field that nobody knows is an alarm with its name alone."""
    if field not in SUBJECTS or not isinstance(value, dict):
        alarm("unknown_field", subject=field[:160], office=office, at=at)
        return
    subject = str(value.get(SUBJECTS[field]) or "")[:160] if SUBJECTS[field] else ""
    with connection.cursor() as cursor:
        cursor.execute(_LATEST, [office, field, subject, json.dumps(value), sent, at])
        if not cursor.rowcount:
            return
    news = News(field, subject, value, sent, office, at)
    for handler in (_watch, *HANDLERS.get(field, ())):
        handler(news)


def latest(office: str) -> list[AccountNews]:
    """What the provider said last, by field."""
    return list(AccountNews.objects.filter(office_id=office).order_by("field", "subject"))


def _watch(news: News) -> None:
    """An alarm, unless the news is good."""
    if news.field in QUIET:
        return
    part, calm = CALM.get(news.field, ("", frozenset[str]()))
    if str(news.value.get(part)) not in calm:
        alarm(news.field, subject=news.subject, value=news.value, office=news.office, at=news.at)


# Who else acts on the news of a field, in this order, in the same transaction.
HANDLERS: dict[str, tuple[Handler, ...]] = {
    "account_alerts": (verdicts.on_alert,),
    "account_update": (verdicts.on_account,),
    "business_capability_update": (verdicts.on_capability,),
    "message_template_status_update": (verdicts.on_template,),
    "phone_number_quality_update": (verdicts.on_quality,),
}
