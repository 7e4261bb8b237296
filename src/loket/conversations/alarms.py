"""What about the channel a person has to look at: shown until somebody closes it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from loket.audit import actions as audit
from loket.conversations.models import Alarm
from loket.core.actor import Actor, Role, require
from loket.core.errors import N_, Refusal

_RAISE = """
INSERT INTO conversations_alarm (id, office_id, code, subject, value, count, first_at, last_at, closed_by)
VALUES (gen_random_uuid(), %s, %s, %s, %s, 1, %s, %s, '')
ON CONFLICT (office_id, code, subject) WHERE closed_at IS NULL DO UPDATE
SET count = conversations_alarm.count + 1, last_at = EXCLUDED.last_at, value = EXCLUDED.value
"""


def alarm(code: str, *, subject: str = "", value: dict[str, Any] | None = None, office: str, at: datetime) -> None:
    """Show something to whoever minds the channel, until a person closes it; what repeats is counted."""
    with connection.cursor() as cursor:
        cursor.execute(_RAISE, [office, code[:60], subject, json.dumps(value or {}), at, at])


@transaction.atomic
def close(alarm_id: UUID, *, by: Actor, at: datetime) -> None:
    """A person has looked at it."""
    require(by, Role.ADMIN, Role.HEAD)
    closed = Alarm.objects.filter(pk=alarm_id, office_id=by.office, closed_at=None).update(closed_at=at, closed_by=by.name)
    if not closed:
        raise Refusal("alarm_unknown", N_("Peringatan ini sudah ditutup atau tidak ada."), status=404)
    audit.record([audit.Fact("channel.alarm_closed", body={"alarm": str(alarm_id)})], by=by, at=at)


def shown(office: str) -> list[Alarm]:
    """What is open, the newest first."""
    return list(Alarm.objects.filter(office_id=office, closed_at=None).order_by("-last_at"))
