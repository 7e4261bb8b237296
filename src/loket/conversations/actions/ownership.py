"""Whose a conversation is: found and locked, taken from exactly the one who was seen to have it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from loket.conversations import rules
from loket.conversations.models import Contact, Note, Unsent
from loket.core.actor import Actor, Role
from loket.core.errors import N_, Refusal
from loket.staff import queries as staff

OFFICE = (Role.VERIFIER, Role.COUNTER)
MOST_LETTERS = 4000


def locked(contact_id: UUID, by: Actor) -> Contact:
    """The conversation of the actor's own office, locked until the end of the transaction."""
    contact = Contact.objects.select_for_update().filter(pk=contact_id, office_id=by.office).first()
    if contact is None:
        raise unknown()
    return contact


def take(contact: Contact, taking_from: str, *, by: Actor, at: datetime) -> None:
    """Make the actor the owner of a locked conversation; `taking_from` is whom the page showed as its owner.

    Refuses when somebody else has it by now: two at once, and the second is told who was first.
    """
    if contact.owner == by.name:
        return
    if contact.owner and contact.owner != taking_from:
        name = staff.full_name(contact.owner, by.office)
        raise Refusal(
            "owned", N_("Percakapan ini sedang dipegang {name}. Ambil alih dulu kalau perlu; tulisan Anda tetap tersimpan."),
            status=409, name=name,
        )  # fmt: skip
    event(contact, Note.Kind.TAKEN if contact.owner else Note.Kind.CLAIMED, by=by, at=at, other=contact.owner)
    contact.owner, contact.owned_at = by.name, at
    contact.person_since = contact.person_since or contact.waiting_since or at


def wanted(text: str) -> str:
    """What a person wrote, without blanks around it; refuses nothing and too much."""
    text = text.strip()
    if not text:
        raise Refusal("empty", N_("Tulis balasannya dulu."), field="text")
    if len(text) > MOST_LETTERS:
        raise Refusal("long", N_("Balasan paling panjang {most} huruf. Bagi menjadi dua."), field="text", most=MOST_LETTERS)
    return text


def check_filled(text: str) -> None:
    """Refuse a text with a place of a ready-made answer that nobody filled in."""
    left = [name for name in rules.places(text) if name in rules.PLACES]
    if left:
        raise Refusal("unfilled", N_("Isi dulu bagian {{{place}}} di balasan Anda."), field="text", place=left[0])


def event(contact: Contact, kind: str, *, by: Actor, at: datetime, other: str = "", case_id: UUID | None = None) -> None:
    """A line in the conversation about what became of it; the trail has its own entry."""
    Note.objects.create(contact=contact, kind=kind, author=by.name, other=other, case_id=case_id, at=at)


def forget_draft(contact: Contact, by: Actor) -> None:
    """What the actor had begun to write here is said, or taken back."""
    Unsent.objects.filter(contact=contact, officer=by.name).delete()


def unknown() -> Refusal:
    return Refusal("conversation_unknown", N_("Percakapan ini tidak ada di kantor Anda."), status=404)
