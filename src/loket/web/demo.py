"""Moving the demo's clock, and telling the phone of the demo what time it is."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import httpx
from django.conf import settings
from django.utils.translation import gettext_lazy as _

log = logging.getLogger(__name__)

STEPS = (("1h", _("Maju 1 jam")), ("12h", _("Maju 12 jam")), ("1d", _("Maju 1 hari")), ("7d", _("Maju 7 hari")))
_DELTAS = {"1h": timedelta(hours=1), "12h": timedelta(hours=12), "1d": timedelta(days=1), "7d": timedelta(days=7)}


def wanted(step: str, typed: str, now: datetime, zone: ZoneInfo) -> datetime:
    """The instant somebody asks for: a step forward, or a date and time in the office's zone."""
    return now + _DELTAS[step] if step in _DELTAS else datetime.fromisoformat(typed).replace(tzinfo=zone)


def tell_emulator(now: datetime) -> None:
    """The emulator counts windows by its own clock; when it does not answer, only its clock is late."""
    if not settings.DEMO.get("emulator_url"):
        return
    try:
        httpx.post(f"{settings.DEMO['emulator_url']}/_/clock", json={"now": now.isoformat()}, timeout=2)
    except httpx.HTTPError:
        log.warning("the emulator did not take the new time")
