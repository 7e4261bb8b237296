"""Limits on guessing, counted in the database so that every process and every restart sees the same count."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db import connection

from loket.core import crypto


def exceeded(subject: str, most: int, minutes: int, *, at: datetime) -> bool:
    """Whether `subject` has used up its tries in the current window of so many minutes."""
    with connection.cursor() as cursor:
        cursor.execute(
            'SELECT count FROM core_attempt WHERE subject = %s AND "window" = %s',
            [_key(subject), _window(at, minutes)],
        )
        row = cursor.fetchone()
    return row is not None and row[0] >= most


def spend(subject: str, most: int, minutes: int, *, at: datetime) -> bool:
    """Take one try before it is made, so that many at once do not get more than they may; False when none is left."""
    with connection.cursor() as cursor:
        cursor.execute(
            'INSERT INTO core_attempt (subject, "window", count) VALUES (%s, %s, 1) '
            'ON CONFLICT (subject, "window") DO UPDATE SET count = core_attempt.count + 1 RETURNING count',
            [_key(subject), _window(at, minutes)],
        )
        return int(cursor.fetchone()[0]) <= most


def purge(at: datetime) -> None:
    """Forget windows that ended two days ago or earlier."""
    with connection.cursor() as cursor:
        cursor.execute('DELETE FROM core_attempt WHERE "window" < %s', [at - timedelta(days=2)])


def forgive(subject: str, minutes: int, *, at: datetime) -> None:
    """Tries that led to the right answer are not held against anybody."""
    with connection.cursor() as cursor:
        cursor.execute(
            'UPDATE core_attempt SET count = 0 WHERE subject = %s AND "window" = %s', [_key(subject), _window(at, minutes)]
        )


def _key(subject: str) -> bytes:
    return crypto.index("attempt", subject, crypto.keyring())


def _window(at: datetime, minutes: int) -> datetime:
    seconds = int(at.timestamp()) // (minutes * 60) * minutes * 60
    return datetime.fromtimestamp(seconds, UTC)
