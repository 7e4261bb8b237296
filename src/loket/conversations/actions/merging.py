"""Two contacts that are one person become one, and can be taken apart again."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from loket.audit import actions as audit
from loket.conversations.keys import CONTACT, MESSAGE, data_key
from loket.conversations.models import Contact, Merge, Message
from loket.conversations.queries import root
from loket.core import crypto
from loket.core.actor import Actor, Role, require
from loket.core.errors import N_, Refusal

_MAY = (Role.VERIFIER, Role.COUNTER, Role.ADMIN)
_TIMES = ("last_inbound_at", "last_message_at", "waiting_since", "opted_out_at", "owned_at", "person_since", "snoozed_until")
_MOVE = "UPDATE conversations_message SET contact_id = %s WHERE contact_id = %s RETURNING id"


@transaction.atomic
def merge(kept: UUID, gone: UUID, *, by: Actor, at: datetime) -> Merge:
    """An officer says that two conversations are one person's. Each stays reachable under its own id and number."""
    require(by, *_MAY)
    found = set(Contact.objects.filter(pk__in=(kept, gone), office_id=by.office).values_list("pk", flat=True))
    if found != {kept, gone}:
        raise Refusal("conversation_unknown", N_("Percakapan ini tidak ada di kantor Anda."), status=404)
    if root(kept) == root(gone):
        raise Refusal("merged_already", N_("Kedua percakapan ini sudah satu."), status=409)
    return join(kept, gone, reason="officer", is_same_account=False, by=by, at=at)


@transaction.atomic
def join(kept_id: UUID, gone_id: UUID, *, reason: str, is_same_account: bool, by: Actor, at: datetime) -> Merge:
    """Make one contact part of another: its messages move, and whoever looks for it finds the other.

    Of the same WhatsApp account the kept one takes over what the other was called; of two accounts each keeps its own.
    """
    kept, gone = _locked(root(kept_id), root(gone_id))
    before: dict[str, Any] = {"kept": _named(kept), "gone": _named(gone), "row": _state(gone)}
    if is_same_account:
        _take_over(kept, gone)
    wrapped = crypto.rewrap(bytes(gone.data_key), gone.pk, kept.pk, crypto.keyring())
    former = [crypto.rewrap(bytes(one), gone.pk, kept.pk, crypto.keyring()) for one in gone.former_keys]
    before["keys"] = [one.hex() for one in (wrapped, *former)]
    kept.former_keys = [*kept.former_keys, wrapped, *former]
    _add_up(kept, gone)
    gone.merged_into, gone.last_message_at, gone.waiting_since, gone.unread, gone.owner = kept, None, None, 0, ""
    gone.owned_at = gone.person_since = gone.snoozed_until = None
    gone.save()
    kept.save()
    with connection.cursor() as cursor:
        cursor.execute(_MOVE, [kept.pk, gone.pk])
        moved = [row[0] for row in cursor.fetchall()]
    made = Merge.objects.create(kept=kept, gone=gone, reason=reason, messages=moved, before=before, by=by.name, at=at)
    body = {"kept": str(kept.pk), "gone": str(gone.pk), "merge": str(made.pk), "reason": reason, "messages": len(moved)}
    audit.record([audit.Fact("chat.merge", body=body)], by=by, at=at)
    return made


@transaction.atomic
def unmerge(merge_id: UUID, *, by: Actor, at: datetime) -> None:
    """Take a merge back: messages, names and state return as they were; what came since stays where it is."""
    require(by, *_MAY)
    made = Merge.objects.select_for_update().filter(pk=merge_id, kept__office_id=by.office, undone_at=None).first()
    if made is None:
        raise Refusal("merge_unknown", N_("Penggabungan ini tidak ada atau sudah dibatalkan."), status=404)
    if Merge.objects.filter(kept=made.kept, undone_at=None, at__gt=made.at).exists():
        raise Refusal("merge_order", N_("Batalkan dulu penggabungan yang lebih baru pada percakapan ini."), status=409)
    kept, gone = _locked(made.kept_id, made.gone_id)
    gone.merged_into = None
    _give_back(kept, gone, made.before)
    back = list(Message.objects.filter(pk__in=made.messages, contact=kept))
    _seal_anew(back, data_key(kept), data_key(gone))
    Message.objects.filter(pk__in=[message.pk for message in back]).update(contact=gone)
    kept.former_keys = [one for one in kept.former_keys if bytes(one).hex() not in made.before["keys"]]
    kept.save()
    gone.save()
    Merge.objects.filter(pk=made.pk).update(undone_by=by.name, undone_at=at)
    body = {"kept": str(kept.pk), "gone": str(gone.pk), "merge": str(made.pk), "messages": len(back)}
    audit.record([audit.Fact("chat.unmerge", body=body)], by=by, at=at)


def _locked(kept: UUID, gone: UUID) -> tuple[Contact, Contact]:
    # In the order of their ids, so that two merges of the same two wait for each other and never mutually.
    rows = {row.pk: row for row in Contact.objects.select_for_update().filter(pk__in=(kept, gone)).order_by("pk")}
    return rows[kept], rows[gone]


def _named(contact: Contact) -> dict[str, Any]:
    """What a contact is called, as it can be kept; the number stays sealed for its row."""
    return {
        "bsuid": contact.bsuid,
        "phone": bytes(contact.phone).hex() if contact.phone else None,
        "index": bytes(contact.phone_index).hex() if contact.phone_index else None,
    }


def _state(contact: Contact) -> dict[str, Any]:
    times = {name: getattr(contact, name) for name in _TIMES}
    return {
        **{name: time.isoformat() if time else None for name, time in times.items()},
        "unread": contact.unread, "owner": contact.owner,
    }  # fmt: skip


def _take_over(kept: Contact, gone: Contact) -> None:
    """The names of the same account in one row; those that the kept one has are the valid ones."""
    number = data_key(gone).open_text(CONTACT, "phone", gone.pk, bytes(gone.phone)) if gone.phone else ""
    bsuid, index = gone.bsuid, gone.phone_index
    gone.bsuid = gone.phone = gone.phone_index = None
    # The names are unique: they are free before they are given.
    gone.save(update_fields=["bsuid", "phone", "phone_index"])
    kept.bsuid = kept.bsuid or bsuid
    if number and not kept.phone_index:
        kept.phone, kept.phone_index = data_key(kept).seal(CONTACT, "phone", kept.pk, number), index


def _add_up(kept: Contact, gone: Contact) -> None:
    """One conversation's state out of two."""
    kept.unread += gone.unread
    if not kept.owner:
        kept.owner, kept.owned_at = gone.owner, gone.owned_at
    kept.person_since = _pick(min, kept.person_since, gone.person_since)
    kept.last_inbound_at = _pick(max, kept.last_inbound_at, gone.last_inbound_at)
    kept.last_message_at = _pick(max, kept.last_message_at, gone.last_message_at)
    kept.waiting_since = _pick(min, kept.waiting_since, gone.waiting_since)
    kept.opted_out_at = _pick(min, kept.opted_out_at, gone.opted_out_at)
    if gone.name and not kept.name:
        name = data_key(gone).open_text(CONTACT, "name", gone.pk, bytes(gone.name))
        kept.name = data_key(kept).seal(CONTACT, "name", kept.pk, name)


def _pick(of: Any, *times: datetime | None) -> datetime | None:
    found: datetime | None = of((time for time in times if time), default=None)
    return found


def _give_back(kept: Contact, gone: Contact, before: dict[str, Any]) -> None:
    """Each gets the names that it had, where they are still this person's."""
    hers, other = before["gone"], before["kept"]
    index = bytes(kept.phone_index).hex() if kept.phone_index else None
    has_bsuid, has_number = kept.bsuid == hers["bsuid"], index == hers["index"]
    if has_bsuid and hers["bsuid"] and hers["bsuid"] != other["bsuid"]:
        kept.bsuid = other["bsuid"]
    if has_number and hers["index"] and hers["index"] != other["index"]:
        kept.phone, kept.phone_index = _bytes(other["phone"]), _bytes(other["index"])
    kept.save(update_fields=["bsuid", "phone", "phone_index"])
    office = Contact.objects.filter(office_id=kept.office_id).exclude(pk=gone.pk)
    if hers["bsuid"] and not office.filter(bsuid=hers["bsuid"]).exists():
        gone.bsuid = hers["bsuid"]
    if hers["index"] and not office.filter(phone_index=_bytes(hers["index"])).exists():
        gone.phone, gone.phone_index = _bytes(hers["phone"]), _bytes(hers["index"])
    row = before["row"]
    for name in _TIMES:
        setattr(gone, name, datetime.fromisoformat(row[name]) if row.get(name) else None)
    gone.unread, gone.owner = row["unread"], row["owner"]


def _bytes(hexed: str | None) -> bytes | None:
    return bytes.fromhex(hexed) if hexed else None


def _seal_anew(messages: list[Message], held: crypto.DataKey, own: crypto.DataKey) -> None:
    """Messages that were composed while the two were one were sealed under the other's key."""
    changed = []
    for message in messages:
        body = bytes(message.body) if message.body else b""
        try:
            if body:
                own.open(MESSAGE, "body", message.pk, body)
        except crypto.CryptoError:
            message.body = own.seal(MESSAGE, "body", message.pk, held.open(MESSAGE, "body", message.pk, body))
            changed.append(message)
    Message.objects.bulk_update(changed, ["body"])
