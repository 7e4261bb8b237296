"""How many Suket are left, and how that changes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from loket.suket.models import Letter


def outstanding(office: str) -> int:
    """Letters without an outcome: whoever holds one still waits for a card."""
    return Letter.objects.filter(office_id=office, outcome="").count()


def settled_since(office: str, since: datetime) -> int:
    """Letters that got an outcome since an instant."""
    return Letter.objects.filter(office_id=office, settled_at__gte=since).count()


def registered_since(office: str, since: datetime) -> int:
    """Letters that entered the register since an instant."""
    return Letter.objects.filter(office_id=office, registered_at__gte=since).count()


def holds(resident: UUID) -> bool:
    """Whether a resident holds an outstanding Suket."""
    return Letter.objects.filter(resident_id=resident, outcome="").exists()
