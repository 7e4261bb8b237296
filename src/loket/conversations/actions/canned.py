"""Ready-made answers of an office: each change is a new version, and the old ones stay to be seen."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Max

from loket.audit import actions as audit
from loket.conversations import rules
from loket.conversations.models import Canned
from loket.core.actor import Actor, Role, require
from loket.core.errors import N_, Refusal

_HEADS = (Role.HEAD, Role.ADMIN)


@transaction.atomic
def write_canned(name: str, text_id: str, text_en: str, *, retired: bool = False, by: Actor, at: datetime) -> Canned:
    """A new version of an answer in both languages, or the first; `retired` takes it out of the picker."""
    require(by, *_HEADS)
    name, text_id, text_en = " ".join(name.split()), text_id.strip(), text_en.strip()
    if not 2 <= len(name) <= 40:
        raise Refusal("canned_name", N_("Beri nama pendek, 2 sampai 40 huruf, misalnya Jam buka."), field="nama")
    for field, text in (("text_id", text_id), ("text_en", text_en)):
        _check(field, text)
    newest = Canned.objects.filter(office_id=by.office, name=name).aggregate(newest=Max("version"))["newest"] or 0
    row = Canned.objects.create(
        office_id=by.office, name=name, version=newest + 1, text_id=text_id, text_en=text_en, retired=retired,
        author=by.name, at=at,
    )  # fmt: skip
    body = {"name": name, "version": row.version, "retired": retired}
    audit.record([audit.Fact("chat.canned", body=body)], by=by, at=at)
    return row


def _check(field: str, text: str) -> None:
    if not text or len(text) > 1000:
        raise Refusal("canned_text", N_("Tulis balasannya dalam bahasa Indonesia dan Inggris, paling panjang 1.000 huruf."), field=field)
    strange = sorted(set(rules.places(text)) - set(rules.PLACES))
    if strange:
        raise Refusal(
            "canned_place", N_("Isian {{{strange}}} tidak dikenal. Pakai salah satu dari: {known}."), field=field,
            strange=strange[0], known=", ".join(f"{{{name}}}" for name in rules.PLACES),
        )  # fmt: skip
