"""Who is at the other end: contacts by user id or number, their keys and their wishes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import connection

from loket.audit import actions as audit
from loket.conversations.models import Contact
from loket.core import crypto
from loket.core.actor import Actor
from loket.core.ids import uuid7

CONTACT = "conversations_contact"



def data_key(contact: Contact) -> crypto.DataKey:
    """The key under which a contact's name, number and messages are sealed."""
    return crypto.unwrap(bytes(contact.data_key), contact.pk, crypto.keyring())


def contact_by_phone(phone: str, *, office: str, at: datetime, name: str = "") -> UUID:
    """The contact with this number (E.164), made now if there is none."""
    keyring = crypto.keyring()
    phone_index = crypto.index("phone", phone, keyring)
    row = uuid7()
    wrapped = crypto.wrap(crypto.new_data_key(), row, keyring)
    key = crypto.unwrap(wrapped, row, keyring)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO conversations_contact (id, office_id, data_key, phone, phone_index, name, language, unread, "
            "owner, bot_step, bot_tries, created_at) VALUES (%s, %s, %s, %s, %s, %s, 'id', 0, '', '', 0, %s) "
            "ON CONFLICT (office_id, phone_index) DO NOTHING",
            [
                row,
                office,
                wrapped,
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
    """The contact of an incoming message: matched by user id first, then by number; what was missing is added."""
    keyring = crypto.keyring()
    contact = Contact.objects.filter(office_id=office, bsuid=bsuid).first() if bsuid else None
    if contact is None and phone:
        contact = Contact.objects.get(pk=contact_by_phone(phone, office=office, at=at, name=name))
        if bsuid and contact.bsuid and contact.bsuid != bsuid:
            # The number has a new holder, who must not inherit the cases of the earlier one.
            Contact.objects.filter(pk=contact.pk).update(phone=None, phone_index=None)
            contact = Contact.objects.get(pk=contact_by_phone(phone, office=office, at=at, name=name))
        if bsuid and not contact.bsuid:
            Contact.objects.filter(pk=contact.pk, bsuid=None).update(bsuid=bsuid)
            contact.bsuid = bsuid
    if contact is None:
        row = uuid7()
        wrapped = crypto.wrap(crypto.new_data_key(), row, keyring)
        contact, _ = Contact.objects.get_or_create(
            office_id=office, bsuid=bsuid, defaults={"id": row, "data_key": wrapped, "created_at": at}
        )
    if name and not contact.name:
        contact.name = data_key(contact).seal(CONTACT, "name", contact.pk, name)
        contact.save(update_fields=["name"])
    return contact


def holder(contact: Contact) -> str:
    """Whose chat this is, as one word: another one as soon as its user id or its number changes."""
    named = f"{contact.pk}|{contact.bsuid or ''}|{bytes(contact.phone_index or b'').hex()}"
    return crypto.index("holder", named, crypto.keyring()).hex()


def opt_out(contact: Contact, *, by: Actor, at: datetime) -> None:
    """No more invitations; news about her own requests still comes."""
    Contact.objects.filter(pk=contact.pk).update(opted_out_at=at)
    audit.record([audit.Fact("chat.opt_out", body={"contact": str(contact.pk)})], by=by, at=at)


def speak(contact: Contact, language: str) -> None:
    """From now on in this language: `id` or `en`."""
    Contact.objects.filter(pk=contact.pk).update(language=language)
    contact.language = language
