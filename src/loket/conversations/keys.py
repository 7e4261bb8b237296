"""Under which key the values of a contact are sealed, by the names of their tables, and what the provider's ids are kept as."""

from __future__ import annotations

from loket.conversations.models import Contact
from loket.core import crypto

CONTACT, MESSAGE = "conversations_contact", "conversations_message"


def data_key(contact: Contact) -> crypto.DataKey:
    """The key under which a contact's name, number and messages are sealed; it also opens what came with a merge."""
    ring = crypto.keyring()
    key = crypto.unwrap(bytes(contact.data_key), contact.pk, ring)
    if not contact.former_keys:
        return key
    return crypto.WithFormer(key, [crypto.unwrap(bytes(one), contact.pk, ring) for one in contact.former_keys])


def key_of(provider_id: str) -> str:
    """What a message's id at the provider is kept as: Meta's ids carry the resident's number in the clear."""
    return crypto.index("wamid", provider_id, crypto.keyring()).hex()
