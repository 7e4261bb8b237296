"""Moving the demo's clock, and telling the phone of the demo what time it is."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import httpx
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from loket.core.errors import N_, Refusal

log = logging.getLogger(__name__)

# Nothing is known of the demo office before its seeded past ends.
BEGINS = datetime(2020, 6, 2, 12, tzinfo=UTC)
STEPS = (("1h", _("Maju 1 jam")), ("12h", _("Maju 12 jam")), ("1d", _("Maju 1 hari")), ("7d", _("Maju 7 hari")))
_DELTAS = {"1h": timedelta(hours=1), "12h": timedelta(hours=12), "1d": timedelta(days=1), "7d": timedelta(days=7)}


def wanted(step: str, typed: str, now: datetime, zone: ZoneInfo) -> datetime:
    """The instant somebody asks for: a step forward, or a date and time in the office's zone."""
    if step in _DELTAS:
        return now + _DELTAS[step]
    asked = datetime.fromisoformat(typed).replace(tzinfo=zone)
    if asked < BEGINS:
        raise Refusal("before_demo", N_("Kantor contoh mulai pada 2 Juni 2020 malam. Pilih waktu sesudahnya."), field="ke")
    return asked


def tell_emulator(now: datetime) -> None:
    """The emulator counts windows by its own clock; when it does not answer, only its clock is late."""
    if not settings.DEMO.get("emulator_url"):
        return
    try:
        httpx.post(f"{settings.DEMO['emulator_url']}/_/clock", json={"now": now.isoformat()}, timeout=2)
    except httpx.HTTPError:
        log.warning("the emulator did not take the new time")
