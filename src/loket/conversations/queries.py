"""Reads of conversations: the inbox of an office, one thread, opened for the people of the same office."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import F

from loket.conversations import rules
from loket.conversations.composing import words_of
from loket.conversations.keys import CONTACT, MESSAGE, data_key
from loket.conversations.models import Canned, Contact, Fraud, Merge, Message, Note, State, Unsent
from loket.core import crypto
from loket.core.errors import N_, Refusal
from loket.offices import queries as offices

NOTE, UNSENT = Note._meta.db_table, Unsent._meta.db_table
# Longer than twice the pause between two signs of life of a page that is looked at.
LOOKING, TYPING = "25 seconds", "15 seconds"
# Whoever gave no sign of life for so long opens anew, and is recorded anew.
OPENED = "10 minutes"
VIEWS = ("untuk-saya", "menunggu", "saya", "bebas", "terbuka", "ditunda", "semua")
_ROOT = """
WITH RECURSIVE up AS (
    SELECT id, merged_into_id FROM conversations_contact WHERE id = %s
    UNION ALL SELECT c.id, c.merged_into_id FROM conversations_contact c JOIN up ON c.id = up.merged_into_id)
SELECT id FROM up WHERE merged_into_id IS NULL
"""
_NAMES = """
WITH RECURSIVE down AS (
    SELECT %s::uuid AS id UNION ALL SELECT c.id FROM conversations_contact c JOIN down ON c.merged_into_id = down.id)
SELECT id FROM down
"""


@dataclass(frozen=True, slots=True)
class Filter:
    """What of the inbox is wanted; everything of it stands in the address of the page."""

    view: str = "untuk-saya"
    labels: tuple[str, ...] = ()
    overdue: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One conversation in the list. `reply_due` is there while the resident waits, `settle_due` while a person is wanted."""

    id: UUID
    name: str
    phone: str
    unread: int
    owner: str
    last_at: datetime | None
    waiting_since: datetime | None
    snoozed_until: datetime | None
    labels: tuple[str, ...]
    last_inbound_at: datetime | None
    reply_due: datetime | None
    settle_due: datetime | None
    is_broken: bool
    has_held: bool
    bot_step: str

    @property
    def closes_at(self) -> datetime | None:
        """Until when free text may be sent."""
        return rules.window_closes_at(self.last_inbound_at)


@dataclass(frozen=True, slots=True)
class Inbox:
    """The lines of one filter, how many each view holds, the labels in use, and what all of it looks like as one word."""

    counts: dict[str, int]
    labels: list[str]
    version: str
    office: str
    rows: str
    given: dict[str, Any]

    def lines(self) -> list[Line]:
        """The lines with names and numbers opened; read only when something has changed. They may be newer than
        `version`, never older."""
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {_SEALED}, {_SHOWN} {self.rows}", self.given)
            return [_line(row, self.office) for row in cursor.fetchall()]


@dataclass(frozen=True, slots=True)
class Bubble:
    """One message as the thread shows it; `photo` is the id of a kept picture."""

    id: UUID
    outgoing: bool
    text: str
    at: datetime
    author: str
    state: str
    error: str
    photo: UUID | None
    kind: str = ""
    notice: str = ""


@dataclass(frozen=True, slots=True)
class Remark:
    """A private note, or a line about who had the conversation when; `kind` is one of `models.Note.Kind`."""

    id: UUID
    kind: str
    author: str
    other: str
    text: str
    case_id: UUID | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Looker:
    """Somebody else who has the conversation open now."""

    officer: str
    is_typing: bool


_SEALED = "c.id, c.data_key, c.name, c.phone"
_SHOWN = """
c.unread, c.owner, c.last_message_at, c.waiting_since, c.snoozed_until, c.labels,
c.last_inbound_at, c.person_since, c.bot_step,
COALESCE((SELECT m.state IN ('failed', 'dead') FROM conversations_message m WHERE m.contact_id = c.id AND m.outgoing
          AND m.state NOT IN ('held', 'withdrawn') ORDER BY m.seq DESC LIMIT 1), false),
EXISTS (SELECT 1 FROM conversations_message m WHERE m.contact_id = c.id AND m.state = 'held')
"""
# The same words as the partial index `conversations_open`.
_OPEN = "(c.owner <> '' OR c.waiting_since IS NOT NULL)"
_AWAKE = "(c.snoozed_until IS NULL OR c.snoozed_until <= %(at)s)"
_OVERDUE = "(c.waiting_since <= %(reply)s OR COALESCE(c.person_since, c.waiting_since) <= %(settle)s)"
_VIEW = {
    "untuk-saya": f"{_OPEN} AND {_AWAKE} AND c.owner IN ('', %(me)s)",
    "menunggu": f"{_OPEN} AND {_AWAKE} AND c.waiting_since IS NOT NULL",
    "saya": f"{_OPEN} AND {_AWAKE} AND c.owner = %(me)s",
    "bebas": f"{_OPEN} AND {_AWAKE} AND c.owner = ''",
    "terbuka": f"{_OPEN} AND {_AWAKE}",
    "ditunda": f"{_OPEN} AND NOT {_AWAKE}",
}
_LOOK = f"""
SELECT (SELECT md5(string_agg(shown::text, '|')) FROM (SELECT c.id, {_SHOWN} {{rows}}) shown),
       {", ".join(f"count(*) FILTER (WHERE {where})" for where in _VIEW.values())},
       count(*) FILTER (WHERE {_AWAKE} AND {_OVERDUE}),
       (SELECT array_agg(DISTINCT l ORDER BY l) FROM conversations_contact d, unnest(d.labels) l
        WHERE d.office_id = %(office)s AND d.labels <> '{{{{}}}}')
FROM conversations_contact c WHERE c.office_id = %(office)s AND {_OPEN}
"""


_LED_AWAY = """
WITH RECURSIVE up AS (
    SELECT %s::uuid AS id UNION SELECT m.kept_id FROM conversations_merge m JOIN up ON m.gone_id = up.id)
SELECT EXISTS (SELECT 1 FROM conversations_merge m JOIN up ON m.gone_id = up.id WHERE m.by = %s AND m.reason = 'officer')
"""


def inbox(office: str, wanted: Filter, me: str, at: datetime, limit: int = 60) -> Inbox:
    """The conversations of a filter: who waits longest first, then what was said last.

    One statement, and no row leaves the database: a page that polls learns from `version` whether anything has changed.
    """
    view = offices.office(office)
    given: dict[str, Any] = {
        "office": office, "me": me, "at": at, "labels": list(wanted.labels), "limit": limit,
        "reply": view.hours.before(at, view.settings.chat_reply_minutes),
        "settle": view.hours.before(at, view.settings.chat_settle_minutes),
    }  # fmt: skip
    where = ["c.office_id = %(office)s", _VIEW.get(wanted.view, "c.last_message_at IS NOT NULL")]
    if wanted.labels:
        where.append("c.labels @> %(labels)s::varchar[]")
    if wanted.overdue:
        where.append(f"{_OPEN} AND {_OVERDUE}")
    order = "c.last_message_at DESC" if wanted.view == "semua" else "c.waiting_since NULLS LAST, c.last_message_at DESC"
    rows = f"FROM conversations_contact c WHERE {' AND '.join(where)} ORDER BY {order}, c.id LIMIT %(limit)s"
    with connection.cursor() as cursor:
        cursor.execute(_LOOK.format(rows=rows), given)
        look, *numbers, overdue, labels = cursor.fetchone()
    counts = dict(zip(_VIEW, numbers, strict=True)) | {"lewat": overdue}
    # Due times are shown as well, and follow from the rows, these settings and the calendar.
    hours = (view.zone, view.opens_at, view.closes_at, sorted(view.holidays))
    seen = repr((look, counts, labels, hours, view.settings.chat_reply_minutes, view.settings.chat_settle_minutes))
    return Inbox(counts, labels or [], hashlib.sha256(seen.encode()).hexdigest()[:16], office, rows, given)


def lines_of(contacts: Sequence[UUID], office: str) -> list[Line]:
    """The conversations of these contacts, newest first: what a search found."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {_SEALED}, {_SHOWN} FROM conversations_contact c WHERE c.office_id = %s AND c.id = ANY(%s) "
            "ORDER BY c.last_message_at DESC NULLS LAST LIMIT 50",
            [office, list(contacts)],
        )
        return [_line(row, office) for row in cursor.fetchall()]


def root(contact_id: UUID) -> UUID:
    """The contact that this one was merged into, or itself."""
    with connection.cursor() as cursor:
        cursor.execute(_ROOT, [contact_id])
        return UUID(str(cursor.fetchone()[0]))


def names(contact_id: UUID) -> list[UUID]:
    """A contact and all that were merged into it: cases and forms keep the name under which they came."""
    with connection.cursor() as cursor:
        cursor.execute(_NAMES, [contact_id])
        return [UUID(str(row[0])) for row in cursor.fetchall()]


def line(contact_id: UUID, office: str) -> Line:
    """One conversation's head; refuses one that is not this office's."""
    found = lines_of([contact_id], office)
    if not found:
        raise Refusal("conversation_unknown", N_("Percakapan ini tidak ada di kantor Anda."), status=404)
    return found[0]


def whole(contact_id: UUID, office: str) -> UUID:
    """The conversation that this one is part of since they were merged, or itself."""
    return root(_contact(contact_id, office).pk)


def merges(contact_id: UUID, office: str) -> list[Merge]:
    """What was merged into this conversation and stands, newest first: only the newest can be taken apart."""
    return list(Merge.objects.filter(kept_id=contact_id, kept__office_id=office, undone_at=None).order_by("-at"))


def has_merged(contact_id: UUID, officer: str) -> bool:
    """Whether this officer ever led a contact's news to another number by a merge, taken back since or not."""
    with connection.cursor() as cursor:
        cursor.execute(_LED_AWAY, [contact_id, officer])
        return bool(cursor.fetchone()[0])


def by_phone(phone: str, office: str) -> list[UUID]:
    """The contact with this whole number (E.164); doors go through `actions.sought`, which records it."""
    index = crypto.index("phone", phone, crypto.keyring())
    return [root(one) for one in Contact.objects.filter(office_id=office, phone_index=index).values_list("pk", flat=True)]


def language(contact_id: UUID, office: str) -> str:
    """`id` or `en`, as she asked for."""
    return str(Contact.objects.filter(pk=contact_id, office_id=office).values_list("language", flat=True).first() or "id")


def contact_of_phone(phone: str, office: str) -> Contact | None:
    """The contact with this number (E.164), if there is one."""
    phone_index = crypto.index("phone", phone, crypto.keyring())
    return Contact.objects.filter(office_id=office, phone_index=phone_index).first()


def thread(contact_id: UUID, office: str, limit: int = 100) -> list[Bubble]:
    """The newest messages of one conversation, oldest first; doors go through `actions.open_thread`, which records it.

    Answers that wait for the resident are not among them: `held` has those. News of her complaints is for nobody here.
    """
    contact = _contact(contact_id, office)
    rows = Message.objects.filter(contact=contact).exclude(state__in=("held", "withdrawn"))
    rows = rows.exclude(notice__in=rules.OF_COMPLAINTS).order_by("-seq")[:limit]
    return _bubbles(contact, list(reversed(rows)))


def held(contact_id: UUID, office: str) -> list[Bubble]:
    """Answers that go when the resident writes, in their order."""
    contact = _contact(contact_id, office)
    return _bubbles(contact, list(Message.objects.filter(contact=contact, state="held").order_by("seq")))


def remarks(contact_id: UUID, office: str, limit: int = 100) -> list[Remark]:
    """The newest notes and changes of hands of one conversation, oldest first; those of merged ones stand among them."""
    contact = _contact(contact_id, office)
    key = data_key(contact)
    rows = Note.objects.filter(contact_id__in=names(contact.pk)).order_by("-recorded_at")[:limit]
    return [
        Remark(
            row.pk, row.kind, row.author, row.other,
            key.open_text(NOTE, "body", row.pk, bytes(row.body)) if row.body else "", row.case_id, row.at,
        )
        for row in reversed(rows)
    ]  # fmt: skip


def draft(contact_id: UUID, officer: str, office: str) -> str:
    """What this officer has begun to write here."""
    row = Unsent.objects.select_related("contact").filter(contact_id=contact_id, contact__office_id=office, officer=officer).first()
    return data_key(row.contact).open_text(UNSENT, "body", row.pk, bytes(row.body)) if row else ""


def lookers(contact_id: UUID, me: str) -> list[Looker]:
    """Who else has a conversation open, by the database's clock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT officer, COALESCE(typed_at > clock_timestamp() - %s::interval, false) FROM conversations_presence "
            "WHERE contact_id = %s AND officer <> %s AND seen_at > clock_timestamp() - %s::interval ORDER BY officer",
            [TYPING, contact_id, me, LOOKING],
        )
        return [Looker(*row) for row in cursor.fetchall()]


def thread_version(contact_id: UUID, officer: str) -> str:
    """What one conversation looks like, as one word, in one statement that opens nothing; empty when this officer has
    not opened it lately, so that whatever is shown next is recorded as a reading first."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT md5(concat_ws('|',
                (SELECT string_agg(concat_ws(':', id, state, error, photo, md5(body)), ',') FROM
                    (SELECT id, state, error, photo, body FROM conversations_message WHERE contact_id = %(contact)s
                     ORDER BY seq DESC LIMIT 100) m),
                (SELECT count(*) FROM conversations_note WHERE contact_id = %(contact)s),
                (SELECT concat_ws(':', owner, snoozed_until, labels, last_inbound_at, waiting_since)
                 FROM conversations_contact WHERE id = %(contact)s),
                (SELECT string_agg(officer || COALESCE(typed_at > clock_timestamp() - %(typing)s::interval, false)::text, ',' ORDER BY officer)
                 FROM conversations_presence WHERE contact_id = %(contact)s AND officer <> %(me)s
                 AND seen_at > clock_timestamp() - %(looking)s::interval)))
            FROM conversations_presence
            WHERE contact_id = %(contact)s AND officer = %(me)s AND seen_at > clock_timestamp() - %(opened)s::interval
            """,
            {"contact": contact_id, "me": officer, "typing": TYPING, "looking": LOOKING, "opened": OPENED},
        )
        row = cursor.fetchone()
    return str(row[0]) if row else ""


def canned(office: str, *, retired: bool = False) -> list[Canned]:
    """The newest version of every ready-made answer, by name; those taken out of the picker only when asked for."""
    newest = Canned.objects.filter(office_id=office).order_by("name", "-version").distinct("name")
    return [row for row in newest if retired or not row.retired]


def canned_versions(office: str, name: str) -> list[Canned]:
    """Every version of one answer, newest first."""
    return list(Canned.objects.filter(office_id=office, name=name).order_by("-version"))


def _bubbles(contact: Contact, rows: list[Message]) -> list[Bubble]:
    key = data_key(contact)
    bubbles = []
    for row in rows:
        body = key.open_text(MESSAGE, "body", row.pk, bytes(row.body)) if row.body else ""
        # A notice that was not sent yet holds its parameters, not its text.
        text = "" if row.notice and row.state in ("queued", "sending") else rules.for_the_office(_text(body), row.notice)
        bubbles.append(
            Bubble(row.pk, row.outgoing, text, row.at, row.author, row.state, row.error, row.photo, row.kind, row.notice)
        )
    return bubbles


def _contact(contact_id: UUID, office: str) -> Contact:
    contact = Contact.objects.filter(pk=contact_id, office_id=office).first()
    if contact is None:
        raise Refusal("conversation_unknown", N_("Percakapan ini tidak ada di kantor Anda."), status=404)
    return contact


def _due(row: tuple[Any, ...], view: offices.OfficeView) -> tuple[datetime | None, datetime | None]:
    """By when the first answer is due, and by when all of it is to be settled."""
    waiting, person = row[7], row[11] or row[7]
    return (
        view.hours.after(waiting, view.settings.chat_reply_minutes) if waiting else None,
        view.hours.after(person, view.settings.chat_settle_minutes) if person else None,
    )


def _line(row: tuple[Any, ...], office: str) -> Line:
    key = crypto.unwrap(bytes(row[1]), row[0], crypto.keyring())
    reply_due, settle_due = _due(row, offices.office(office))
    return Line(
        id=row[0],
        name=key.open_text(CONTACT, "name", row[0], bytes(row[2])) if row[2] else "",
        phone=key.open_text(CONTACT, "phone", row[0], bytes(row[3])) if row[3] else "",
        unread=row[4],
        owner=row[5],
        last_at=row[6],
        waiting_since=row[7],
        snoozed_until=row[8],
        labels=tuple(row[9]),
        last_inbound_at=row[10],
        reply_due=reply_due,
        settle_due=settle_due,
        bot_step=row[12],
        is_broken=row[13],
        has_held=row[14],
    )


def _text(body: str) -> str:
    """Composed messages are kept as JSON with their buttons; plain text stands for itself."""
    if not body.startswith("{"):
        return body
    try:
        return str(json.loads(body).get("body", body))
    except ValueError:
        return body


@dataclass(frozen=True, slots=True)
class Reported:
    """What residents reported as a fraud, masked like a conversation."""

    id: UUID
    kind: str
    text: str
    times: int
    last_at: datetime
    seen_by: str


def frauds(office: str, limit: int = 100) -> list[Reported]:
    """Reports of fraud, what nobody has looked into first; doors go through `actions.open_frauds`, which records it."""
    rows = Fraud.objects.filter(office_id=office).order_by(F("seen_at").asc(nulls_first=True), "-last_at")[:limit]
    key = crypto.system_key()
    return [
        Reported(
            row.pk, row.kind, rules.for_the_office(key.open_text(Fraud._meta.db_table, "body", row.pk, bytes(row.body)), ""),
            row.times, row.last_at, row.seen_by,
        )
        for row in rows
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class ByHand:
    """A message that waits for a person: her number, the words, and the address that opens her chat."""

    id: UUID
    name: str
    phone: str
    text: str
    at: datetime
    # The number of the complaint that it is about, if any.
    complaint: str = ""

    @property
    def link(self) -> str:
        return f"https://wa.me/{self.phone.lstrip('+')}"


def by_hand(office: str, limit: int = 50) -> list[ByHand]:
    """What is to be sent from the office's own phone, the oldest first; doors go through `actions.read_by_hand`."""
    rows = Message.objects.filter(outgoing=True, state=State.BY_HAND, contact__office_id=office).select_related("contact")
    found = []
    for row in rows.order_by("seq")[:limit]:
        contact, key = row.contact, data_key(row.contact)
        text = words_of(key.open_text(MESSAGE, "body", row.pk, bytes(row.body or b"")), row)
        name = key.open_text(CONTACT, "name", contact.pk, bytes(contact.name)) if contact.name else ""
        phone = key.open_text(CONTACT, "phone", contact.pk, bytes(contact.phone)) if contact.phone else ""
        found.append(ByHand(row.pk, name, phone, text, row.at, row.params.get("complaint", "")))
    return found
