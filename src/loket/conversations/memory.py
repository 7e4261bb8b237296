"""What a conversation itself remembers for the bot: what was said last, what was asked, what the resident wrote since."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from loket.conversations import composing, texts
from loket.conversations.keys import MESSAGE, data_key
from loket.conversations.models import Contact, Message

# More than anybody looks back at; an index on the thread makes it one short read.
_LOOKED_AT = 20
_NEVER_LEFT = ("failed", "dead", "held", "withdrawn")


@dataclass(frozen=True, slots=True)
class Said:
    """A message of ours: `notice` names its text, `options` are (id, title) of its buttons or rows in their order."""

    id: UUID
    seq: int
    notice: str
    at: datetime
    is_unsent: bool
    by_bot: bool
    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Past:
    """The end of a conversation, newest first: what we said, and the texts that the resident wrote."""

    said: tuple[Said, ...]
    written: tuple[tuple[int, datetime, str], ...]

    def last(self, notices: Collection[str] = ()) -> Said | None:
        """The newest message of ours, or the newest of these notices."""
        return next((one for one in self.said if not notices or one.notice in notices), None)

    def asked(self) -> Said | None:
        """The last question: the newest message of ours that offers a choice."""
        return next((one for one in self.said if one.options), None)

    def unsent(self) -> list[Said]:
        """Answers of the bot that have not left yet, newest first, with nothing of ours after them."""
        found = []
        for one in self.said:
            if not (one.is_unsent and one.by_bot):
                break
            found.append(one)
        return found

    def burst(self, since: datetime) -> list[tuple[datetime, str]]:
        """What she wrote since an instant and since our last message that left, oldest first."""
        left = next((one.seq for one in self.said if not one.is_unsent), 0)
        return [(at, text) for seq, at, text in reversed(self.written) if seq > left and at >= since]


def past(contact: Contact) -> Past:
    """The end of a conversation. Bodies are opened only as far as a choice or a text may be needed."""
    key = data_key(contact)
    rows = list(Message.objects.filter(contact=contact).order_by("-seq")[:_LOOKED_AT])

    def body(row: Message) -> str:
        return key.open_text(MESSAGE, "body", row.pk, bytes(row.body)) if row.body else ""

    said = tuple(
        Said(row.pk, row.seq, row.notice, row.at, row.state == "queued" and not row.tries, row.author == "loket:bot",
             _options(row, body(row), contact.language))
        for row in rows if row.outgoing and row.state not in _NEVER_LEFT
    )  # fmt: skip
    written = tuple((row.seq, row.at, body(row)) for row in rows if not row.outgoing and row.kind == "text")
    return Past(said, written)


def was_told(contact: Contact, notices: Collection[str], since: datetime) -> bool:
    """Whether one of these texts went to her, or is about to, since an instant."""
    return Message.objects.filter(contact=contact, outgoing=True, notice__in=notices, at__gt=since).exists()


def place_in_chat(contact: Contact) -> int | None:
    """How many conversations called for a person before this one, plus one; None when nobody was called."""
    if contact.person_since is None:
        return None
    earlier = Contact.objects.filter(
        office_id=contact.office_id, person_since__lt=contact.person_since, waiting_since__isnull=False
    )
    return earlier.count() + 1


def silent_for(office: str, at: datetime, idle: timedelta, window: timedelta) -> list[Contact]:
    """Whoever wrote last between `window` and `idle` ago: the last hour in which a free message still reaches her."""
    return list(
        Contact.objects.filter(
            office_id=office, owner="", merged_into=None, last_inbound_at__gt=at - window, last_inbound_at__lte=at - idle,
            opted_out_at=None,
        )[:500]
    )


def _options(row: Message, body: str, language: str) -> tuple[tuple[str, str], ...]:
    """The choices of a message: as it was composed, or as it will be."""
    composed: dict[str, Any] = {}
    if body.startswith("{"):
        try:
            composed = json.loads(body)
        except ValueError:
            composed = {}
    if "footer" in composed:
        rows = [(key, title) for key, title, *_more in composed.get("rows", ())]
        return tuple(rows or ((key, title) for key, title in composed["buttons"]))
    return composing.options(row.notice, row.params, language) if row.notice in texts.TEXTS else ()
