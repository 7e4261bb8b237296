"""Who is at the other end: contacts by user id or number, their keys and their wishes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from loket.audit import actions as audit
from loket.conversations.actions.merging import join
from loket.conversations.keys import CONTACT, data_key
from loket.conversations.models import Contact
from loket.conversations.queries import root
from loket.core import crypto
from loket.core.actor import Actor, system
from loket.core.ids import uuid7


def contact_by_phone(phone: str, *, office: str, at: datetime, name: str = "", bsuid: str | None = None) -> UUID:
    """The contact with this number (E.164), made now if there is none, then with this user id."""
    keyring = crypto.keyring()
    phone_index = crypto.index("phone", phone, keyring)
    row = uuid7()
    wrapped = crypto.wrap(crypto.new_data_key(), row, keyring)
    key = crypto.unwrap(wrapped, row, keyring)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO conversations_contact (id, office_id, data_key, bsuid, phone, phone_index, name, language, unread, "
            "owner, bot_step, bot_tries, created_at) VALUES (%s, %s, %s, %s, %s, %s, %s, 'id', 0, '', '', 0, %s) "
            "ON CONFLICT (office_id, phone_index) DO NOTHING",
            [
                row,
                office,
                wrapped,
                bsuid,
                key.seal(CONTACT, "phone", row, phone),
                phone_index,
                key.seal(CONTACT, "name", row, name) if name else None,
                at,
            ],
        )
        if cursor.rowcount == 1:
            return row
        cursor.execute(
            "SELECT id FROM conversations_contact WHERE office_id = %s AND phone_index = %s", [office, phone_index]
        )
        return UUID(str(cursor.fetchone()[0]))


def contact_to_tell(chat: UUID | None, phone: str, *, office: str, at: datetime, name: str = "") -> UUID:
    """Who gets the news of a request: the contact of the stated number (E.164), or the chat when that has no number."""
    if chat and Contact.objects.filter(pk=chat, phone_index=None).exists():
        return chat
    return contact_by_phone(phone, office=office, at=at, name=name)


def contact_by_user(*, bsuid: str | None, phone: str | None, name: str, office: str, at: datetime) -> Contact:
    """The contact of an incoming message: matched by user id first, then by number; what was missing is added.

    Two contacts that turn out to be one person, the one by her id and the other by the number she writes from, become one.
    A number whose holder has another user id has changed hands, and brings nothing of the earlier holder with it.
    """
    if not bsuid and not phone:
        raise ValueError("neither a user id nor a number")
    keyring = crypto.keyring()
    contact = _of_bsuid(bsuid, office)
    if contact is None and phone:
        contact = Contact.objects.get(pk=contact_by_phone(phone, office=office, at=at, name=name, bsuid=bsuid))
        if bsuid and contact.bsuid and contact.bsuid != bsuid:
            Contact.objects.filter(pk=contact.pk).update(phone=None, phone_index=None)
            contact = Contact.objects.get(pk=contact_by_phone(phone, office=office, at=at, name=name, bsuid=bsuid))
        if bsuid and not contact.bsuid:
            Contact.objects.filter(pk=contact.pk, bsuid=None).update(bsuid=bsuid)
            contact.bsuid = bsuid
    elif contact is not None and phone and contact.phone_index != crypto.index("phone", phone, keyring):
        _hers_now(contact, phone, office, at)
        contact.refresh_from_db()
    elif contact is None:
        row = uuid7()
        wrapped = crypto.wrap(crypto.new_data_key(), row, keyring)
        contact, _ = Contact.objects.get_or_create(
            office_id=office, bsuid=bsuid, defaults={"id": row, "data_key": wrapped, "created_at": at}
        )
    if contact.merged_into_id:
        contact = Contact.objects.get(pk=root(contact.pk))
    if name and not contact.name:
        contact.name = data_key(contact).seal(CONTACT, "name", contact.pk, name)
        contact.save(update_fields=["name"])
    return contact


def holder(contact: Contact) -> str:
    """Whose chat this is, as one word: another one as soon as its user id or its number changes."""
    named = f"{contact.pk}|{contact.bsuid or ''}|{bytes(contact.phone_index or b'').hex()}"
    return crypto.index("holder", named, crypto.keyring()).hex()


@transaction.atomic
def renumber(*, before: str, old_phone: str, bsuid: str, phone: str, office: str, by: Actor, at: datetime) -> None:
    """A person has a new user id, and perhaps a new number: the conversation stays hers.

    `before` and `old_phone` are what she was known by, `bsuid` and `phone` what she is now; each may be empty. What she
    wrote under the new id before this news came becomes part of her conversation; what somebody else did under the new
    number before it was hers does not. Without a new number the old one is no longer known to be hers.
    """
    contact = _of_bsuid(before, office) or _of_phone(old_phone, office)
    if contact is None or (before and contact.bsuid not in (None, before)):
        # Nobody wrote under the old name, or the old number is somebody else's by now.
        return
    newer = _of_bsuid(bsuid, office)
    if newer is not None and root(newer.pk) != root(contact.pk):
        join(contact.pk, newer.pk, reason="renumbered", is_same_account=True, by=by, at=at)
    _call(contact.pk, bsuid=bsuid, phone=phone, office=office)
    audit.record([audit.Fact("chat.renumber", body={"contact": str(contact.pk)})], by=by, at=at)


def _hers_now(contact: Contact, phone: str, office: str, at: datetime) -> None:
    """A person who is known by her id writes from this number."""
    holder = _of_phone(phone, office)
    if holder is not None and holder.pk == contact.pk:
        return
    if holder is not None and not contact.phone_index and not holder.bsuid and root(holder.pk) != root(contact.pk):
        # She had hidden her number in the chat, and stated it in a form.
        join(holder.pk, contact.pk, reason="same_person", is_same_account=True, by=system(office, "inbox"), at=at)
    else:
        _call(contact.pk, bsuid="", phone=phone, office=office)


def _call(contact_id: UUID, *, bsuid: str, phone: str, office: str) -> None:
    """This user id (if any) and this number are a contact's only ones, and nobody else's."""
    index = crypto.index("phone", phone, crypto.keyring()) if phone else None
    others = Contact.objects.filter(office_id=office).exclude(pk=contact_id)
    if index:
        others.filter(phone_index=index).update(phone=None, phone_index=None)
    if bsuid:
        others.filter(bsuid=bsuid).update(bsuid=None)
    contact = Contact.objects.select_for_update().get(pk=contact_id)
    contact.bsuid = bsuid or contact.bsuid
    contact.phone_index = index
    contact.phone = data_key(contact).seal(CONTACT, "phone", contact.pk, phone) if phone else None
    contact.save(update_fields=["bsuid", "phone", "phone_index"])


def _of_bsuid(bsuid: str | None, office: str) -> Contact | None:
    return Contact.objects.filter(office_id=office, bsuid=bsuid).first() if bsuid else None


def _of_phone(phone: str, office: str) -> Contact | None:
    index = crypto.index("phone", phone, crypto.keyring()) if phone else None
    return Contact.objects.filter(office_id=office, phone_index=index).first() if index else None


def opt_out(contact: Contact, *, by: Actor, at: datetime) -> None:
    """No more invitations; news about her own requests still comes."""
    Contact.objects.filter(pk=contact.pk).update(opted_out_at=at)
    audit.record([audit.Fact("chat.opt_out", body={"contact": str(contact.pk)})], by=by, at=at)


def speak(contact: Contact, language: str) -> None:
    """From now on in this language: `id` or `en`."""
    Contact.objects.filter(pk=contact.pk).update(language=language)
    contact.language = language
