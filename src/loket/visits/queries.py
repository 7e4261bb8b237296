"""Recordings of a day."""

from __future__ import annotations

from datetime import datetime

from loket.visits.models import Recording


def since(office: str, start: datetime, actor: str) -> list[Recording]:
    """What one recorder noted since an instant, newest first."""
    return list(
        Recording.objects.filter(office_id=office, actor=actor, at__gte=start)
        .select_related("kecamatan")
        .order_by("-at")[:100]
    )
