"""Reads of the trail: the story of one case, who read about one resident."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from loket.audit.models import Entry


class Line(NamedTuple):
    """One entry as pages show it."""

    seq: int
    at: datetime
    actor: str
    action: str
    body: dict[str, Any]


def story(case_id: UUID) -> list[Line]:
    """The entries about one case, oldest first."""
    rows = Entry.objects.filter(case_id=case_id).order_by("seq").values_list("seq", "at", "actor", "action", "body")
    return [Line(seq, at, actor, action, json.loads(body)) for seq, at, actor, action, body in rows]


def has_done(action: str, case_id: UUID, actor: str) -> bool:
    """Whether somebody has done this in a case."""
    return Entry.objects.filter(case_id=case_id, action=action, actor=actor).exists()


def readings(subject_id: UUID) -> list[Line]:
    """Who read the personal data of one resident, newest first."""
    rows = (
        Entry.objects.filter(subject_id=subject_id, action__startswith="read.")
        .order_by("-seq")
        .values_list("seq", "at", "actor", "action", "body")
    )
    return [Line(seq, at, actor, action, json.loads(body)) for seq, at, actor, action, body in rows]
