"""Sets an office up, and gives out numbers that people read: one after the other, without gaps and never twice."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from loket.audit import actions as audit
from loket.core.actor import Actor
from loket.offices import queries, rules
from loket.offices.models import Office


@transaction.atomic
def set_up(changes: Mapping[str, Any], *, by: Actor, at: datetime) -> None:
    """Change settings of the actor's office, by the names of `rules.Settings`; who may is asked by the caller."""
    office = Office.objects.select_for_update().get(pk=by.office)
    before = rules.settings_from(office.settings)
    after = rules.settings_from({**office.settings, **changes})
    told = {name: [getattr(before, name), getattr(after, name)] for name in changes if getattr(before, name) != getattr(after, name)}
    if not told:
        return
    office.settings = {**office.settings, **changes}
    office.save(update_fields=["settings"])
    audit.record([audit.Fact("office.settings", body=told)], by=by, at=at)
    queries.forget()


def next_number(office: str, name: str) -> int:
    """The next number of this name; whoever asks at the same time waits until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO offices_counter (office_id, name, value) VALUES (%s, %s, 1) "
            "ON CONFLICT (office_id, name) DO UPDATE SET value = offices_counter.value + 1 RETURNING value",
            [office, name],
        )
        return int(cursor.fetchone()[0])
