"""The files that people send in a chat: expected, kept as photos or turned away, told of once, deleted in their time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from loket.audit import actions as audit
from loket.conversations.keys import data_key
from loket.conversations.models import Contact, Media, Message
from loket.core import media as store
from loket.core.actor import Actor, Role, require
from loket.core.errors import N_, Refusal
from loket.core.ids import uuid7
from loket.core.images import Judged

# Kinds of which nothing is fetched: no officer needs them, and each is a parser more.
NEVER_KEPT = ("audio", "video", "sticker")
KINDS = ("image", "document", *NEVER_KEPT)

_SETTLE = """
UPDATE conversations_media SET state = %s, reason = %s, digest = %s, settled_at = %s,
       -- Told before as arrived: only a clean photo needs no second word.
       answered_at = CASE WHEN %s AND answered_at IS NOT NULL THEN answered_at END
WHERE message_id = %s AND state = 'waiting'
"""
_PUT_OFF = """
UPDATE conversations_media SET claimed_at = NULL, due_at = clock_timestamp() + make_interval(secs => %s), reason = %s,
       tries = tries - %s
WHERE message_id = %s AND state = 'waiting'
"""
# A burst is due when nothing came for a while and everything is settled, or when she has waited long enough for that.
_DUE = """
SELECT m.contact_id FROM conversations_media f JOIN conversations_message m ON m.id = f.message_id
WHERE f.answered_at IS NULL GROUP BY m.contact_id
HAVING max(f.arrived_at) <= clock_timestamp() - make_interval(secs => %s)
   AND (bool_and(f.state <> 'waiting') OR max(f.arrived_at) <= clock_timestamp() - make_interval(secs => %s))
ORDER BY min(f.arrived_at) LIMIT %s
"""
_TAKE = """
WITH told AS (
    UPDATE conversations_media f SET answered_at = clock_timestamp() FROM conversations_message m
    WHERE m.id = f.message_id AND m.contact_id = %s AND f.answered_at IS NULL
    RETURNING m.seq, m.kind, f.state, f.reason, f.digest, m.at)
SELECT kind, state, reason, digest, at FROM told ORDER BY seq
"""
_BAD_BEFORE = """
SELECT count(DISTINCT f.answered_at) FROM conversations_media f JOIN conversations_message m ON m.id = f.message_id
WHERE m.contact_id = %s AND f.state = 'kept' AND f.reason <> '' AND f.answered_at IS NOT NULL AND m.at > %s
"""
_DELETE = """
WITH due AS (
    SELECT m.id, m.photo FROM conversations_media f
    JOIN conversations_message m ON m.id = f.message_id JOIN conversations_contact c ON c.id = m.contact_id
    WHERE f.state = 'kept' AND f.settled_at < %s AND c.office_id = %s LIMIT 500 FOR UPDATE OF f SKIP LOCKED
), forgotten AS (
    UPDATE conversations_message m SET photo = NULL FROM due WHERE m.id = due.id
), marked AS (
    UPDATE conversations_media f SET state = 'deleted', digest = NULL FROM due WHERE f.message_id = due.id
)
SELECT photo FROM due
"""


@dataclass(frozen=True, slots=True)
class Sent:
    """One file of a burst: its kind, what became of it, why, and a digest that tells the same photo sent twice."""

    kind: str
    state: str
    reason: str
    digest: bytes | None
    sent_at: datetime


def expect(message: UUID, kind: str, *, at: datetime) -> None:
    """A message with a file has come: the worker fetches it, or turns away at once what is never kept."""
    if kind in NEVER_KEPT:
        Media.objects.create(message_id=message, state=Media.UNFIT, reason=kind, settled_at=at)
    elif kind in KINDS:
        Media.objects.create(message_id=message, state=Media.WAITING)


def keep(message: Message, judged: Judged, *, at: datetime) -> bool:
    """Keep a fetched photo under the contact's key; False when another worker was faster."""
    row = uuid7()
    with transaction.atomic():
        if not Media.objects.select_for_update().filter(pk=message.pk, state=Media.WAITING).exists():
            return False
        contact = Contact.objects.get(message=message.pk)
        [stored] = store.store([(row, judged.content)], data_key(contact))
        # Inside the block: once the commit has begun nobody knows whether it stands, and the file must stay.
        try:
            Message.objects.filter(pk=message.pk).update(photo=row)
            _settle(message.pk, Media.KEPT, judged.fault, stored.digest, at)
        except BaseException:
            store.delete([row])
            raise
    return True


def turn_away(message: UUID, state: str, reason: str, *, at: datetime) -> None:
    """Nothing is kept of this file, and why: `unfit`, `gone` or `failed`."""
    _settle(message, state, reason, None, at)


def _settle(message: UUID, state: str, reason: str, digest: bytes | None, at: datetime) -> None:
    with connection.cursor() as cursor:
        is_clean = state == Media.KEPT and not reason
        cursor.execute(_SETTLE, [state, reason[:24], digest, at, is_clean, message])


def put_off(message: UUID, pause: float, reason: str, *, counts: bool) -> None:
    """Try again after `pause` seconds; a try that could not succeed does not count."""
    with connection.cursor() as cursor:
        cursor.execute(_PUT_OFF, [pause, reason[:24], 0 if counts else 1, message])


def bursts_due(silence: float, patience: float, limit: int = 20) -> list[UUID]:
    """Contacts who are owed an answer to what they sent: after `silence` seconds without a file, and `patience` at most
    for what is still being fetched."""
    with connection.cursor() as cursor:
        cursor.execute(_DUE, [silence, patience, limit])
        return [row[0] for row in cursor.fetchall()]


def with_burst(contact_id: UUID) -> Contact | None:
    """The contact locked until the transaction ends, so that one burst is answered once; None while another has it."""
    return Contact.objects.select_for_update(skip_locked=True).filter(pk=contact_id).first()


def take_burst(contact: Contact) -> list[Sent]:
    """What this contact sent since the last answer, in order, now told; in the transaction that queues the answer."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [contact.pk])
        return [Sent(kind, state, reason, digest and bytes(digest), at) for kind, state, reason, digest, at in cursor.fetchall()]


def bad_before(contact: Contact, *, at: datetime) -> int:
    """How often in the last day this contact was already told of a bad photo; asked before the burst is taken."""
    with connection.cursor() as cursor:
        cursor.execute(_BAD_BEFORE, [contact.pk, at - timedelta(days=1)])
        return int(cursor.fetchone()[0])


def photo(message: UUID, *, by: Actor, at: datetime) -> bytes:
    """The photo of a message, opened for a person of the office that holds the conversation; the reading is recorded
    before it is shown."""
    require(by, Role.VERIFIER, Role.COUNTER)
    with transaction.atomic():
        found = Message.objects.select_related("contact").filter(pk=message, contact__office_id=by.office).first()
        if found is None:
            raise Refusal("document_unknown", N_("Berkas ini tidak ada di kantor Anda."), status=404)
        if found.photo is None:
            raise Refusal("document_gone", N_("Foto ini sudah dihapus sesuai masa simpannya."), status=410)
        body = {"contact": str(found.contact_id), "message": str(found.pk)}
        audit.record([audit.Fact("read.chat_photo", body=body)], by=by, at=at)
    return store.read(found.photo, data_key(found.contact))


def delete_old_photos(kept_days: int, *, by: Actor, at: datetime) -> int:
    """Delete photos that lie in chats for longer than this, and say so in the trail; returns how many."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_DELETE, [at - timedelta(days=kept_days), by.office])
        files = [row[0] for row in cursor.fetchall()]
        if files:
            body = {"count": len(files), "days": kept_days, "files": sorted(map(str, files))}
            audit.record([audit.Fact("chat.photos_deleted", body=body)], by=by, at=at)
    # After the commit: a crash between leaves files without a row, which the sweep of orphans finds.
    store.delete(files)
    return len(files)


def files_in_use() -> set[UUID]:
    """Every file of the media store that a message names."""
    return {row for row in Message.objects.values_list("photo", flat=True).exclude(photo=None) if row}
