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
from loket.core import crypto, media
from loket.core.actor import Actor
from loket.core.errors import N_, Refusal

log = logging.getLogger(__name__)
KEPT = timedelta(days=7)
TABLE = "applications_draft"


def start(*, contact: UUID | None, by: Actor, at: datetime) -> str:
    """A new form; returns the token of its link, of which only a hash is kept."""
    token = secrets.token_urlsafe(18)
    Draft.objects.create(
        office_id=by.office, token_hash=_hash(token), contact_id=contact, started_at=at, expires_at=at + KEPT
    )
    return token


def rotate(draft: Draft) -> str:
    """A new token for a form that somebody begins to fill in by a link: whoever else has that link is shut out, also
    the one who sent it to her."""
    token = secrets.token_urlsafe(18)
    Draft.objects.filter(pk=draft.pk).update(token_hash=_hash(token))
    return token


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
    draft = Draft.objects.filter(token_hash=_hash(token)).first()
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
    draft.save(update_fields=["answers"])


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
