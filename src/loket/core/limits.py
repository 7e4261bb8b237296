"""Limits on guessing, counted in the database so that every process and every restart sees the same count."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import connection

from loket.core import crypto


def count(subject: str, minutes: int, *, at: datetime) -> None:
    """One more try by `subject` in the current window; the subject itself is kept only as a keyed hash."""
    with connection.cursor() as cursor:
        cursor.execute(
            'INSERT INTO core_attempt (subject, "window", count) VALUES (%s, %s, 1) '
            'ON CONFLICT (subject, "window") DO UPDATE SET count = core_attempt.count + 1',
            [_key(subject), _window(at, minutes)],
        )


def exceeded(subject: str, most: int, minutes: int, *, at: datetime) -> bool:
    """Whether `subject` has used up its tries in the current window of so many minutes."""
    with connection.cursor() as cursor:
        cursor.execute(
            'SELECT count FROM core_attempt WHERE subject = %s AND "window" = %s',
            [_key(subject), _window(at, minutes)],
        )
        row = cursor.fetchone()
    return row is not None and row[0] >= most


def _key(subject: str) -> bytes:
    return crypto.index("attempt", subject, crypto.keyring())


def _window(at: datetime, minutes: int) -> datetime:
    seconds = int(at.timestamp()) // (minutes * 60) * minutes * 60
    return datetime.fromtimestamp(seconds, UTC)
