"""The one answer to everything that somebody sent at once: what was kept, one tip for what cannot be read, what comes next."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from loket.applications import queries as cases
from loket.bot.answers import form_address, form_of, new_form
from loket.catalogue import queries as catalogue
from loket.conversations import actions as talks
from loket.conversations import composing
from loket.conversations.models import Contact
from loket.core import clock
from loket.core.actor import Actor, system

# Seconds without another photo before the answer, and with photos that still cannot be fetched.
SILENCE, PATIENCE = 9.0, 60.0
LATE = timedelta(hours=1)
# A second bad photo is taken as it is, and a person looks at it.
TRIES = 2
_HELD = ("kept", "waiting")


def answer_due(silence: float = SILENCE, patience: float = PATIENCE) -> int:
    """Answer whoever has stopped sending; returns how many. What is told and the answer commit together."""
    due = talks.bursts_due(silence, patience)
    for contact in due:
        _answer(contact, clock.now())
    return len(due)


@transaction.atomic
def _answer(contact_id: UUID, at: datetime) -> None:
    contact = talks.with_burst(contact_id)
    if contact is None:
        return
    before = talks.bad_before(contact, at=at)
    burst = talks.take_burst(contact)
    # A person who has the chat sees the photos herself; what came hours late is shown and not answered.
    if not burst or contact.owner or at - max(item.sent_at for item in burst) > LATE:
        return
    _say(contact, burst, before, system(contact.office_id, "bot"), at)


def _say(contact: Contact, burst: list[talks.Sent], before: int, by: Actor, at: datetime) -> None:
    held = [item for item in burst if item.state in _HELD]
    bad = [(place, item.reason) for place, item in enumerate(held, 1) if item.state == "kept" and item.reason]
    params = {"lines": composing.photo_lines(_count(burst, held), bad, contact.language)}
    case = _waiting_for_photo(contact)
    link, name = "", "photos_other"
    if case:
        # The form of this very request is the surest way; an officer sees what lies in the chat.
        name, params["code"] = "photos_case", case
        talks.call_person(contact, at=at)
    elif bad and before + 1 >= TRIES:
        name = "photos_person"
        talks.call_person(contact, at=at)
    elif held:
        name, link = "photos", form_address(form_of(contact, at) or new_form(contact, at))
    talks.notify([talks.Notice(contact.pk, name, None, params, {"link": link} if link else {})], by=by, at=at)


def _count(burst: list[talks.Sent], held: list[talks.Sent]) -> composing.Photos:
    digests = Counter(item.digest for item in held if item.digest)
    return composing.Photos(
        held=len(held),
        same=sum(digests.values()) - len(digests),
        again=sum(item.state in ("gone", "failed") for item in burst),
        unfit=tuple(dict.fromkeys(item.reason for item in burst if item.state == "unfit")),
    )


def _waiting_for_photo(contact: Contact) -> str:
    """The code of a request of this contact that was returned for a photo, or nothing."""
    for item in cases.of_contact(contact.pk):
        if item.state == "needs_fix" and set(item.fix_fields) & set(catalogue.service(item.service).documents):
            return item.code
    return ""
