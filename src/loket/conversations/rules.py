"""Decisions about a conversation: how long free text may be answered, and what of it only the resident may read."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

# WhatsApp's customer service window, counted from the resident's own message.
WINDOW = timedelta(hours=24)
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
