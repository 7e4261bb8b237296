"""Decisions about a conversation: how long free text may be answered, who goes first, and what only the resident may read."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from enum import IntEnum

# WhatsApp's customer service window, counted from the resident's own message.
WINDOW = timedelta(hours=24)


class Lane(IntEnum):
    """Who goes first: what answers a resident, then news, then invitations."""

    REPLY = 0
    NOTICE = 1
    CAMPAIGN = 2


_NIK = re.compile(r"(?<!\d)\d(?:[ .\-]?\d){15}(?!\d)")
_LINK = re.compile(r"(/l/)[^/\s]+/?")
_PICKUP_CODE = re.compile(r"\b\d{6}\b")


def window_closes_at(last_inbound_at: datetime | None) -> datetime | None:
    """Until when free text may be sent; None when the resident has not written."""
    return last_inbound_at + WINDOW if last_inbound_at else None


def is_window_open(last_inbound_at: datetime | None, at: datetime) -> bool:
    closes_at = window_closes_at(last_inbound_at)
    return closes_at is not None and at < closes_at


def for_the_office(text: str, notice: str) -> str:
    """A message as people of the office may read it: links and pickup codes prove who the resident is, and a NIK that
    was pasted is looked at in the case, where the reason is asked."""
    text = _NIK.sub("36••••••••••••••", _LINK.sub(r"\1••••", text))
    return _PICKUP_CODE.sub("••••••", text) if notice == "ready_pickup" else text


def lane_of(author: str) -> Lane:
    """What the bot says and what a resident has just done herself is an answer to her; all else is news."""
    return Lane.REPLY if author.startswith("loket:bot") or author == "warga" else Lane.NOTICE
