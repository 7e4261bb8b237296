"""Forms begun and not yet sent: opened by a link, kept for a week, sealed under Loket's own key."""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from loket.applications.models import Draft
from loket.core import crypto, links, media
from loket.core.actor import Actor
from loket.core.errors import N_, Refusal

log = logging.getLogger(__name__)
KEPT = timedelta(days=7)
TABLE = "applications_draft"
# Beside the answers: whose chat the form is, and what a message told before anybody opened the form.
HOLDER, PREFILLED = "chat", "prefilled"
# The service that the office invited this chat to, until she chooses another.
OFFERED = "offered"
# Hex digits of the token's hash in a signed link: it dies with the token.
_BOUND = 16


def start(*, contact: UUID | None, by: Actor, at: datetime) -> str:
    """A new form; returns the token of its link, of which only a hash is kept."""
    token = secrets.token_urlsafe(18)
    Draft.objects.create(
        office_id=by.office, token_hash=_hash(token), contact_id=contact, started_at=at, expires_at=at + KEPT
    )
    return token


def begin_in_chat(*, contact: UUID, holder: str, service: str = "", by: Actor, at: datetime) -> Draft:
    """A new form of a chat, of the service that it was invited to. `holder` says whose chat it is now: the form is offered
    again to nobody else."""
    draft = find(start(contact=contact, by=by, at=at), at)
    keep(draft, {HOLDER: holder} | ({"service": service, OFFERED: service} if service else {}))
    return draft


def of_chat(contact: UUID, holder: str, phone_index: bytes | None, at: datetime) -> Draft | None:
    """The newest form that this chat began and has not sent.

    None when the chat is somebody else's by now, and when the form states a number (indexed like `phone_index`) that is
    not the chat's: then it was passed on, and what was filled in is not for the one who passed it on.
    """
    for draft in Draft.objects.filter(contact_id=contact, application=None, expires_at__gt=at).order_by("-started_at")[:5]:
        if is_of(draft, holder, phone_index):
            return draft
    return None


def is_of(draft: Draft, holder: str, phone_index: bytes | None) -> bool:
    """Whether a form that a chat began is still that chat's to open: nobody may be offered what another has filled in."""
    stated = bytes(draft.phone_index) if draft.phone_index else phone_index
    return stated == phone_index and answers(draft).get(HOLDER) == holder


def is_begun(draft: Draft) -> bool:
    """Whether anything stands in a form yet, filled in or read out of a message."""
    given = answers(draft)
    offered = {"service"} if given.get(OFFERED) and given[OFFERED] == given.get("service") else set()
    return bool(given.keys() - {HOLDER, OFFERED} - offered)


def prefill(draft: Draft, fields: dict[str, Any]) -> None:
    """What a message told, for the pages to show: the resident checks it and sends each page herself."""
    given = answers(draft)
    keep(draft, given | {PREFILLED: {**given.get(PREFILLED, {}), **fields}})


def rotate(draft: Draft) -> str:
    """A new token for a form that somebody begins to fill in by a link: whoever else has that link is shut out, also
    the one who sent it to her."""
    token = secrets.token_urlsafe(18)
    Draft.objects.filter(pk=draft.pk).update(token_hash=_hash(token))
    return token


def link(draft: Draft) -> str:
    """One more token for a form whose own is lost. It opens the form until somebody fills it in by another link."""
    return links.sign("form", f"{draft.pk.hex}{bytes(draft.token_hash).hex()[:_BOUND]}", draft.expires_at)


def sent(draft: Draft, application: UUID) -> None:
    """The form has become a request and is emptied, but for the list of its photos: they are deleted after the commit,
    or with the form when that did not happen."""
    photos = {"photos": answers(draft).get("photos", {})}
    sealed = crypto.system_key().seal(TABLE, "answers", draft.pk, json.dumps(photos))
    Draft.objects.filter(pk=draft.pk).update(application_id=application, answers=sealed)


def forget_expired(at: datetime) -> int:
    """Forms that nobody sent within their week, with the photos in them; returns how many."""
    old = list(Draft.objects.filter(expires_at__lt=at)[:500])
    for draft in old:
        try:
            media.delete(UUID(row) for row in answers(draft).get("photos", {}).values())
        except crypto.CryptoError:
            log.error("form %s does not open; its photos, if any, stay", draft.pk)
    Draft.objects.filter(pk__in=[draft.pk for draft in old]).delete()
    return len(old)


def files() -> set[UUID]:
    """The photos that forms hold."""
    return {UUID(row) for draft in Draft.objects.exclude(answers=None) for row in answers(draft).get("photos", {}).values()}


def find(token: str, at: datetime) -> Draft:
    """The form of a link; refuses an unknown or expired one."""
    draft = _by_link(token, at) if "." in token else Draft.objects.filter(token_hash=_hash(token)).first()
    if draft is None or draft.expires_at < at:
        raise Refusal(
            "link_expired", N_("Tautan ini sudah tidak berlaku. Kirim kata MENU ke WhatsApp kami untuk tautan baru."),
            status=410,
        )  # fmt: skip
    return draft


def answers(draft: Draft) -> dict[str, Any]:
    """What was filled in so far."""
    if not draft.answers:
        return {}
    return dict(json.loads(crypto.system_key().open(TABLE, "answers", draft.pk, bytes(draft.answers))))


def keep(draft: Draft, values: dict[str, Any]) -> None:
    """Replace what was filled in."""
    draft.answers = crypto.system_key().seal(TABLE, "answers", draft.pk, json.dumps(values))
    draft.phone_index = crypto.index("phone", values["phone"], crypto.keyring()) if values.get("phone") else None
    draft.save(update_fields=["answers", "phone_index"])


def unsent(phone_index: bytes, office: str, at: datetime) -> Draft | None:
    """The newest form that states this number and was not sent."""
    return (
        Draft.objects.filter(phone_index=phone_index, office_id=office, application=None, expires_at__gt=at)
        .order_by("-started_at")
        .first()
    )


def _by_link(token: str, at: datetime) -> Draft | None:
    subject = links.read("form", token, at)
    draft = Draft.objects.filter(pk=UUID(subject[:32])).first()
    return draft if draft and bytes(draft.token_hash).hex()[:_BOUND] == subject[32:] else None


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
