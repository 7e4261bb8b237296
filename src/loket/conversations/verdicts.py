"""What the provider's news about the account changes: tiers, quality, templates, and whether anything may leave at all."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from loket.conversations import gateways, number, templates
from loket.conversations.models import Sender
from loket.core.actor import system

# People reached in 24 hours; None is without limit. Names and numbers as both generations of the webhook give them.
TIERS: dict[str, int | None] = {
    "TIER_50": 50, "TIER_250": 250, "TIER_1K": 1000, "TIER_2K": 2000, "TIER_10K": 10_000, "TIER_100K": 100_000,
    "TIER_UNLIMITED": None,
}  # fmt: skip
_QUALITY = ("GREEN", "YELLOW", "RED", "FLAGGED", "UNFLAGGED")


@dataclass(frozen=True, slots=True)
class News:
    """One change of a field of the account. `subject` is the template or number it is about, empty for the account as a
    whole; `sent` is the provider's time in seconds; it is newer than everything heard before about the same."""

    field: str
    subject: str
    value: dict[str, Any]
    sent: int
    office: str
    at: datetime


def read_number(office: str, at: datetime) -> None:
    """Ask the provider for the number's limit and quality, in case its news about them was missed."""
    api = gateways.provider()
    if api is None:
        return
    try:
        answer = api.number()
    except (gateways.NotTaken, gateways.Unknown):
        return
    with transaction.atomic():
        take_tier(office, answer.get("whatsapp_business_manager_messaging_limit"), at)
        take_quality(office, str(answer.get("quality_rating") or ""), at)


def on_capability(news: News) -> None:
    """A new limit of people a day."""
    for name in ("max_daily_conversations_per_business", "max_daily_conversation_per_phone", "messaging_limit_tier"):
        if name in news.value:
            take_tier(news.office, news.value[name], news.at)
            return


def take_tier(office: str, value: Any, at: datetime) -> None:
    """The limit of people a day, as a name or a number; -1 is without limit. What is neither changes nothing."""
    word = str(value).upper()
    if word in TIERS:
        tier = TIERS[word]
    elif re.fullmatch(r"-?\d{1,9}", word):
        tier = int(word) if int(word) >= 0 else None
    else:
        return
    number.locked(office)
    Sender.objects.filter(pk=office).update(tier=tier, news_at=at)


def on_quality(news: News) -> None:
    """Quality that falls stops the campaign: what goes on being disliked costs the number, and with it every answer."""
    if "current_limit" in news.value:
        take_tier(news.office, news.value["current_limit"], news.at)
    event = str(news.value.get("event") or "").upper()
    if event in ("FLAGGED", "DOWNGRADE"):
        take_quality(news.office, "FLAGGED" if event == "FLAGGED" else "", news.at)
        number.pause_campaigns(news.office, "quality", news.at)
    elif event == "UNFLAGGED":
        take_quality(news.office, "", news.at)


def take_quality(office: str, value: str, at: datetime) -> None:
    """The quality of the number as the provider rates it: green, yellow or red."""
    word = value.upper()
    if word and word not in _QUALITY:
        return
    number.locked(office)
    Sender.objects.filter(pk=office).update(quality=word, news_at=at)
    if word in ("RED", "FLAGGED"):
        number.pause_campaigns(office, "quality", at)


def on_template(news: News) -> None:
    """The approval of one version; a paused one stops the campaign that uses it."""
    value = news.value
    changed = templates.approval(
        news.office, name=str(value.get("message_template_name")), language=str(value.get("message_template_language")),
        state=str(value.get("event")), reason=str(value.get("reason") or ""), by=system(news.office, "provider"), at=news.at,
    )  # fmt: skip
    if changed and str(value.get("event")).upper() in ("PAUSED", "DISABLED", "FLAGGED"):
        number.pause_campaigns(news.office, "132015", news.at)


def on_account(news: News) -> None:
    """A ban stops everything until a person has looked at it; a restriction of what the office begins, or a violation,
    stops the campaign."""
    event = str(news.value.get("event") or "").upper()
    ban = str((news.value.get("ban_info") or {}).get("waba_ban_state") or "").upper()
    if event == "ACCOUNT_DELETED" or (event == "DISABLED_UPDATE" and ban != "REINSTATE"):
        number.stop(news.office, "131031", news.at)
    elif event in ("ACCOUNT_RESTRICTION", "ACCOUNT_VIOLATION"):
        number.pause_campaigns(news.office, "alert", news.at)


def on_alert(news: News) -> None:
    """A warning about the account stops the campaign; answers and news go on."""
    info = news.value.get("alert_info")
    told = info if isinstance(info, dict) else news.value
    if str(told.get("alert_severity") or "").upper() in ("CRITICAL", "WARNING"):
        number.pause_campaigns(news.office, "alert", news.at)
