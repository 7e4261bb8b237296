"""How many Suket are left, and how that changes."""

from __future__ import annotations

from loket.core import crypto
from loket.residents.models import Resident
from loket.suket.models import Letter


def outstanding(office: str) -> int:
    """Letters without an outcome: whoever holds one still waits for a card."""
    return Letter.objects.filter(office_id=office, outcome="").count()


def numbers_to_invite(office: str) -> list[str]:
    """The WhatsApp numbers (E.164) of residents whose Suket is outstanding, once each, in the order of the register.

    Doors record the reading before they use them (`conversations.campaigns.create` does).
    """
    rows = (
        Letter.objects.filter(office_id=office, outcome="", resident__phone__isnull=False)
        .order_by("registered_at", "id")
        .values_list("resident_id", "resident__data_key", "resident__phone")
    )
    ring, table = crypto.keyring(), Resident._meta.db_table
    numbers = (crypto.unwrap(bytes(key), row, ring).open_text(table, "phone", row, bytes(phone)) for row, key, phone in rows if phone)
    return list(dict.fromkeys(numbers))
