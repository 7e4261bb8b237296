"""Lost codes and lost forms: sent once more, and only to the WhatsApp number that they belong to."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction

from loket.applications import drafts, queries, rules
from loket.applications.models import Application, Draft, Recall
from loket.audit import actions as audit
from loket.conversations import actions as conversations
from loket.conversations import composing
from loket.conversations import queries as threads
from loket.core import codes, crypto
from loket.core.actor import Actor, Role, require
from loket.core.ids import uuid7

TABLE = "applications_recall"
# Older requests than these are not what anybody has just lost.
SHOWN = 5


def ask(phone: str, *, by: Actor, at: datetime) -> None:
    """Keep the wish (`phone` in E.164). It takes the same time and says the same, whoever has that number."""
    require(by, Role.RESIDENT)
    row = uuid7()
    sealed = crypto.system_key().seal(TABLE, "phone", row, phone)
    Recall.objects.create(id=row, office_id=by.office, phone=sealed, asked_at=at)


@transaction.atomic
def answer(*, by: Actor, at: datetime) -> int:
    """Send what was asked for: the codes of that number's requests, and a link to the form it has not sent. Returns how
    many wishes there were."""
    wishes = list(Recall.objects.select_for_update(skip_locked=True).filter(office_id=by.office).order_by("asked_at")[:100])
    for wish in wishes:
        _answer(crypto.system_key().open_text(TABLE, "phone", wish.pk, bytes(wish.phone)), by=by, at=at)
    Recall.objects.filter(pk__in=[wish.pk for wish in wishes]).delete()
    return len(wishes)


def _answer(phone: str, *, by: Actor, at: datetime) -> None:
    contact = threads.contact_of_phone(phone, by.office)
    cases = queries.of_contact(contact.pk)[:SHOWN] if contact else []
    draft = drafts.unsent(crypto.index("phone", phone, crypto.keyring()), by.office, at)
    notices = []
    if contact and cases:
        lines = "\n".join(_line(case, contact.language) for case in cases)
        notices.append(conversations.Notice(contact.pk, "codes_again", private={"lines": lines}))
    if draft:
        # A form is filled in by whoever states the number: the link goes there and nowhere else.
        to = contact.pk if contact else conversations.contact_by_phone(phone, office=by.office, at=at)
        notices.append(conversations.Notice(to, "form_again", private={"link": _address(draft)}))
    conversations.notify(notices, by=by, at=at)
    if notices:
        audit.record([audit.Fact("recall.answer", body={"requests": len(cases), "form": bool(draft)})], by=by, at=at)


def _address(draft: Draft) -> str:
    return f"{settings.BASE_URL}/l/{drafts.link(draft)}/"


def _line(case: Application, language: str) -> str:
    promise = case.promise_on if case.state not in rules.FINAL else None
    return composing.status_line(codes.shown(case.code), case.state, None, promise, language)
