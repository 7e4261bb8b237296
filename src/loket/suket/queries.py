"""How many Suket are left, and how that changes."""

from __future__ import annotations

from loket.suket.models import Letter


def outstanding(office: str) -> int:
    """Letters without an outcome: whoever holds one still waits for a card."""
    return Letter.objects.filter(office_id=office, outcome="").count()
