"""The core clock: every `at` in Loket comes from here. Real time, unless the demo has moved it."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import connection

# Other processes see a moved clock after at most this many seconds.
_FRESH_FOR = 1.0
_cached: tuple[float, timedelta] = (float("-inf"), timedelta())


def offset() -> timedelta:
    """How far the core clock stands from real time."""
    global _cached
    read_at, value = _cached
    if time.monotonic() - read_at > _FRESH_FOR:
        with connection.cursor() as cursor:
            cursor.execute('SELECT "offset" FROM core_clock')
            row = cursor.fetchone()
        value = row[0] if row else timedelta()
        _cached = (time.monotonic(), value)
    return value


def now() -> datetime:
    """This instant by the core clock, in UTC."""
    return datetime.now(UTC) + offset()


def today(zone: str) -> date:
    """Today's date where the office is; `zone` is an IANA name such as Asia/Jakarta."""
    return now().astimezone(ZoneInfo(zone)).date()


def move_to(instant: datetime) -> None:
    """Set the core clock; it then ticks on. For the demo and for tests."""
    global _cached
    value = instant - datetime.now(UTC)
    with connection.cursor() as cursor:
        cursor.execute(
            'INSERT INTO core_clock (id, "offset") VALUES (1, make_interval(secs => %s)) '
            'ON CONFLICT (id) DO UPDATE SET "offset" = EXCLUDED."offset"',
            [value.total_seconds()],
        )
    _cached = (time.monotonic(), value)


def forget() -> None:
    """Read the clock anew at the next look: for tests, which change databases."""
    global _cached
    _cached = (float("-inf"), timedelta())
