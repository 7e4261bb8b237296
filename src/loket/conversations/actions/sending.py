"""What people of the office decide about sending: a template, a message by hand, a number that gets no invitations, going on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction

from loket.audit import actions as audit
from loket.conversations import number, templates
from loket.conversations.keys import CONTACT, MESSAGE, data_key, key_of
from loket.conversations.models import Contact, Message, Sender, State, Suppression, Template
from loket.conversations.rules import Lane
from loket.core import crypto
from loket.core.actor import Actor, Role, require
from loket.core.errors import N_, Refusal
from loket.core.ids import uuid7

_OFFICE = (Role.VERIFIER, Role.COUNTER)
_VALUE_MOST = 600
# Values of a case that say nothing about a person: they stand in the clear, all others are sealed.
_PLAIN = frozenset({"code", "promise_on", "until", "fee", "days"})


@transaction.atomic
def send_template(
    contact_id: UUID, name: str, values: Mapping[str, str], *, case_id: UUID | None = None, by: Actor, at: datetime
) -> Message:
    """Queue an approved template to one contact; `values` fill its places (`templates.for_picker`), those of the case
    included: `code`, and ISO dates `promise_on`, `until`. Refuses a place left empty."""
    require(by, *_OFFICE)
    contact = Contact.objects.select_for_update().filter(pk=contact_id, office_id=by.office).first()
    if contact is None:
        raise Refusal("conversation_unknown", N_("Percakapan ini tidak ada di kantor Anda."), status=404)
    chosen = Template.objects.filter(office_id=by.office, name=name).first()
    version = templates.current(by.office, chosen.notice, contact.language) if chosen else None
    if version is None:
        raise Refusal("template_unknown", N_("Templat ini belum boleh dipakai. Pilih yang lain."), field="templat")
    given = {key: str(value).strip()[:_VALUE_MOST] for key, value in values.items()}
    for place in templates.missing(version, given):
        raise Refusal("template_place", N_("Isi dulu bagian {place} dari templat ini."), field=place, place=place)
    row = uuid7()
    private = {key: value for key, value in given.items() if key not in _PLAIN}
    message = Message.objects.create(
        id=row, contact=contact, outgoing=True, kind="notice", notice=version.notice, case_id=case_id, author=by.name,
        params={key: value for key, value in given.items() if key in _PLAIN},
        body=data_key(contact).seal(MESSAGE, "body", row, json.dumps(private)),
        state=State.QUEUED, due_at=at, at=at, lane=Lane.REPLY,
    )  # fmt: skip
    Contact.objects.filter(pk=contact.pk).update(last_message_at=at)
    body = {"contact": str(contact.pk), "message": str(row), "template": version.name}
    audit.record([audit.Fact("chat.template", body=body)], by=by, at=at)
    return message


@transaction.atomic
def sent_by_hand(message_id: UUID, *, by: Actor, at: datetime) -> None:
    """A person has sent a message from the office's own phone. Said twice, it is noted once."""
    require(by, *_OFFICE)
    message = (
        Message.objects.select_for_update(of=("self",)).filter(pk=message_id, contact__office_id=by.office, outgoing=True).first()
    )
    if message is None or message.state not in (State.BY_HAND, State.SENT):
        raise Refusal("not_by_hand", N_("Pesan ini tidak menunggu dikirim dengan tangan."), status=409)
    if message.state == State.SENT:
        return
    message.state, message.sent_as, message.provider_id = State.SENT, "hand", key_of(f"hand.{message.pk}")
    message.save(update_fields=["state", "sent_as", "provider_id"])
    audit.record([audit.Fact("chat.by_hand", body={"message": str(message.pk)})], by=by, at=at)


@transaction.atomic
def read_by_hand(*, by: Actor, at: datetime) -> None:
    """A person opens the list of what is to be sent by hand; the reading is recorded before it is shown."""
    require(by, *_OFFICE)
    audit.record([audit.Fact("read.by_hand", body={})], by=by, at=at)


@transaction.atomic
def suppress(phone: str, why: str, *, by: Actor, at: datetime) -> None:
    """A number (E.164) gets no more invitations, from whatever way the wish came; said twice, it is noted once."""
    require(by, *_OFFICE, Role.HEAD, Role.ADMIN)
    index = crypto.index("phone", phone, crypto.keyring())
    made = Suppression.objects.get_or_create(
        office_id=by.office, phone_index=index, defaults={"why": why.strip()[:40], "by": by.name, "at": at}
    )[1]
    if made:
        audit.record([audit.Fact("chat.suppress", body={"why": why.strip()[:40]})], by=by, at=at)


@transaction.atomic
def resume_sending(*, by: Actor, at: datetime) -> None:
    """A person has mended what had brought sending to a stand: what waited goes now."""
    require(by, Role.ADMIN, Role.HEAD)
    sender = number.locked(by.office)
    if not sender.stopped_at:
        raise Refusal("sending_runs", N_("Pengiriman sedang berjalan."), status=409)
    why = sender.stopped_why
    Sender.objects.filter(pk=by.office).update(stopped_at=None, stopped_why="", hold_until=None, holds=0)
    audit.record([audit.Fact("sending.resume", body={"why": why})], by=by, at=at)


@transaction.atomic
def reach_by_email(contact_id: UUID, email: str, *, by: Actor, at: datetime) -> None:
    """Where news of a waiting card may go when WhatsApp cannot; empty takes it back."""
    require(by, *_OFFICE, Role.RESIDENT)
    contact = Contact.objects.select_for_update().filter(pk=contact_id, office_id=by.office).first()
    if contact is None:
        raise Refusal("conversation_unknown", N_("Percakapan ini tidak ada di kantor Anda."), status=404)
    address = email.strip()[:254]
    if address and ("@" not in address[1:-1] or any(sign.isspace() for sign in address)):
        raise Refusal("email", N_("Tulis alamat surel seperti nama@contoh.id."), field="email")
    contact.email = data_key(contact).seal(CONTACT, "email", contact.pk, address) if address else None
    contact.save(update_fields=["email"])
    audit.record([audit.Fact("chat.email", body={"contact": str(contact.pk), "given": bool(address)})], by=by, at=at)
