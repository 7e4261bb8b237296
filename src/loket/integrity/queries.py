"""Reads of complaints: one by its number, and the list of those whom it does not concern."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from loket.core import clock, crypto, media
from loket.core.actor import Actor
from loket.core.errors import N_, Refusal
from loket.integrity import rules
from loket.integrity.models import Complaint, Reply

COMPLAINT, REPLY = "integrity_complaint", "integrity_reply"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of the office, opened."""

    text: str
    author: str
    at: datetime
    photo: UUID | None


def by_number(number: str, office: str) -> Complaint:
    """The complaint of that number; refuses an unknown one."""
    found = Complaint.objects.filter(number=number, office_id=office).select_related("application").first()
    if found is None:
        raise unknown(number)
    return found


def unknown(number: str) -> Refusal:
    return Refusal(
        "complaint_unknown", N_("Keluhan {code} tidak kami temukan. Periksa lagi nomornya."), status=404, code=number
    )


def open_for(by: Actor) -> list[Complaint]:
    """What somebody may see of the open complaints, the earliest deadline first; never one about himself."""
    return list(_seen(by).exclude(state="closed").order_by("answer_by", "filed_at")[:200])


def closed_for(by: Actor, limit: int = 20) -> list[Complaint]:
    """The complaints closed last."""
    return list(_seen(by).filter(state="closed").order_by("-closed_at")[:limit])


def hidden_from(by: Actor, numbers: Iterable[str]) -> set[str]:
    """Those of these complaints that somebody may not know of."""
    wanted = set(numbers)
    return wanted - set(_seen(by).filter(number__in=wanted).values_list("number", flat=True)) if wanted else wanted


def text(complaint: Complaint) -> str:
    """What the resident wrote; doors of the office go through `actions.open_complaint`, which records it."""
    return crypto.system_key().open_text(COMPLAINT, "text", complaint.pk, bytes(complaint.text))


def answers(complaint: Complaint) -> list[Answer]:
    """What the office answered, oldest first."""
    key = crypto.system_key()
    return [
        Answer(key.open_text(REPLY, "text", row.pk, bytes(row.text)), row.author, row.at, row.photo)
        for row in Reply.objects.filter(complaint=complaint).order_by("at", "id")
    ]


def photo(row: UUID) -> bytes:
    """A photo of a complaint or of an answer."""
    return media.read(row, crypto.system_key())


def files_in_use() -> set[UUID]:
    """The files that complaints and answers name."""
    return {
        row for model in (Complaint, Reply) for row in model.objects.filter(photo__isnull=False).values_list("photo", flat=True) if row
    }


def may_reopen(complaint: Complaint) -> bool:
    """Whether the resident may still say that it is not settled."""
    return rules.may_reopen(complaint.state, complaint.closed_at or complaint.answered_at, clock.now())


def is_late(complaint: Complaint, today: date) -> bool:
    return complaint.state in ("filed", "reopened") and complaint.answer_by < today


def _seen(by: Actor):  # type: ignore[no-untyped-def]  # a QuerySet, typed by the plugin
    return (
        Complaint.objects.filter(office_id=by.office, kind__in=rules.kinds_for(by))
        .exclude(about__contains=[by.name])
        .select_related("application")
    )
