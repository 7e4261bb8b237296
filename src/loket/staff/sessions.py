"""Who is signed in, and which forms a browser has begun: rows that end by themselves."""

from __future__ import annotations

from datetime import UTC, datetime

from django.contrib.sessions.models import Session


def forget_expired() -> int:
    """Remove what has ended; sessions end in real time, whatever the core clock says."""
    return Session.objects.filter(expire_date__lt=datetime.now(UTC)).delete()[0]
