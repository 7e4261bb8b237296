"""Complaints: filed by residents, with a name or without; answered by one person, closed by another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from loket.applications.models import Application
from loket.audit import actions as audit
from loket.audit import queries as trail
from loket.conversations import actions as conversations
from loket.core import codes, crypto, images, media
from loket.core.actor import Actor, Role, require
from loket.core.errors import N_, Refusal
from loket.core.ids import uuid7
from loket.integrity import queries, rules
from loket.integrity.models import Complaint, Reply
from loket.offices import queries as offices

LONGEST = 2000


@dataclass(frozen=True, slots=True)
class Stated:
    """What a resident complains of: one of `rules.KINDS`, her own words, perhaps a request and a photo. `contact` is who
    hears the answer; None stays anonymous."""

    kind: str
    text: str
    application: Application | None = None
    contact: UUID | None = None
    photo: bytes | None = None


def check(kind: str, text: str) -> None:
    """What happened, and a few words about it; refuses what says too little."""
    if kind not in rules.KINDS:
        raise Refusal("kind_missing", N_("Pilih apa yang terjadi."), field="kind")
    if len(text.strip()) < 10:
        raise Refusal("text_short", N_("Ceritakan sedikit lagi, supaya kami bisa memeriksanya."), field="text")
    if len(text) > LONGEST:
        raise Refusal("text_long", N_("Tulis paling panjang {limit} huruf."), field="text", limit=LONGEST)


@transaction.atomic
def file(stated: Stated, *, by: Actor, at: datetime) -> Complaint:
    """Keep a complaint; it gets a number and a day by which it is answered."""
    require(by, Role.RESIDENT)
    check(stated.kind, stated.text)
    office, row, key = offices.office(by.office), uuid7(), crypto.system_key()
    case = stated.application
    actors = {line.actor for line in trail.story(case.pk)} if case else set()
    photo = _store(images.accept(stated.photo), key) if stated.photo else None
    complaint = Complaint.objects.create(
        id=row, office_id=by.office, number=codes.generate(), kind=stated.kind, state="filed",
        text=key.seal(queries.COMPLAINT, "text", row, stated.text.strip()), photo=photo.id if photo else None, application=case,
        contact_id=stated.contact, about=rules.concerns(stated.kind, actors), filed_at=at,
        answer_by=office.working_days_from(office.today(), office.settings.complaint_days),
    )  # fmt: skip
    body = {
        "kind": stated.kind, "complaint": complaint.number, "anonymous": stated.contact is None,
        "answer_by": complaint.answer_by.isoformat(),
    }  # fmt: skip
    # Not among the entries of the case: whoever works on that would read there that somebody complained.
    audit.record([audit.Fact("complaint.file", body=body)], by=by, at=at)
    _tell(complaint, "complaint_received", {"until": complaint.answer_by.isoformat()}, {}, by=by, at=at)
    return complaint


@transaction.atomic
def open_complaint(number: str, *, by: Actor, at: datetime) -> Complaint:
    """Somebody of the office reads a complaint; the reading is recorded."""
    complaint = _seen(queries.by_number(number, by.office), by)
    audit.record([audit.Fact("read.complaint", body={"complaint": number})], by=by, at=at)
    return complaint


@transaction.atomic
def answer(number: str, text: str, photo: bytes | None = None, *, by: Actor, at: datetime) -> None:
    """The office's answer. After a resident has said that it is not settled, it comes from somebody else; a photo
    shown as proof may not have proved another answer."""
    complaint = _lock(number, by)
    _check_move(complaint, "answer")
    if len(text.strip()) < 10:
        raise Refusal("answer_short", N_("Tulis jawaban yang bisa dimengerti warga."), field="jawaban")
    if len(text) > LONGEST:
        raise Refusal("text_long", N_("Tulis paling panjang {limit} huruf."), field="jawaban", limit=LONGEST)
    if Reply.objects.filter(complaint=complaint, author=by.name).exists():
        raise Refusal("two_people", N_("Anda sudah menjawab keluhan ini. Jawaban berikutnya harus dari petugas lain."), status=409)
    key, row = crypto.system_key(), uuid7()
    proof = _store(images.accept(photo), key) if photo else None
    try:
        with transaction.atomic():
            Reply.objects.create(
                id=row, complaint=complaint, text=key.seal(queries.REPLY, "text", row, text.strip()), author=by.name, at=at,
                photo=proof.id if proof else None, photo_digest=proof.digest if proof else None,
            )  # fmt: skip
    except IntegrityError as error:
        if proof:
            media.delete([proof.id])
        if "integrity_evidence_once" not in str(error):
            raise
        raise Refusal(
            "evidence_used", N_("Foto ini sudah dipakai sebagai bukti di keluhan lain. Lampirkan foto keadaan yang sekarang."),
            field="bukti", status=409,
        ) from error  # fmt: skip
    _move(complaint, "answer", {"answered_at": at}, by=by, at=at)
    _tell(complaint, "complaint_answered", {}, {"answer": text.strip()}, by=by, at=at)


@transaction.atomic
def close(number: str, *, by: Actor, at: datetime) -> None:
    """A second person agrees that the answer settles it; the resident may still open it again."""
    complaint = _lock(number, by)
    _check_move(complaint, "close")
    last = Reply.objects.filter(complaint=complaint).order_by("-at", "-id").first()
    if last is None or last.author == by.name:
        raise Refusal("two_people", N_("Keluhan ditutup oleh petugas lain dari yang menjawabnya."), status=409)
    _move(complaint, "close", {"closed_at": at, "closed_by": by.name}, by=by, at=at)


@transaction.atomic
def reopen(number: str, *, by: Actor, at: datetime) -> None:
    """The resident says that it is not settled: another officer looks at it, by a new day."""
    require(by, Role.RESIDENT)
    complaint = Complaint.objects.select_for_update().filter(number=number, office_id=by.office).first()
    if complaint is None:
        raise queries.unknown(number)
    if not rules.may_reopen(complaint.state, complaint.closed_at or complaint.answered_at, at):
        raise Refusal(
            "reopen_late", N_("Keluhan ini tidak bisa dibuka lagi. Sampaikan keluhan baru, dan sebut nomor ini."), status=409
        )
    office = offices.office(by.office)
    until = office.working_days_from(office.today(), office.settings.complaint_days)
    _move(complaint, "reopen", {"answer_by": until, "closed_at": None, "closed_by": ""}, by=by, at=at)


def _lock(number: str, by: Actor) -> Complaint:
    complaint = Complaint.objects.select_for_update().filter(number=number, office_id=by.office).first()
    if complaint is None:
        raise queries.unknown(number)
    return _seen(complaint, by)


def _seen(complaint: Complaint, by: Actor) -> Complaint:
    """The complaint, for those whom it does not concern; to the others it does not exist."""
    if complaint.kind not in rules.kinds_for(by) or by.name in complaint.about:
        raise queries.unknown(complaint.number)
    return complaint


def _check_move(complaint: Complaint, name: str) -> None:
    if complaint.state not in rules.MOVES[name][0]:
        raise Refusal("state", N_("Keluhan ini sudah berubah. Muat ulang halaman."), status=409)


def _move(complaint: Complaint, name: str, changes: dict[str, object], *, by: Actor, at: datetime) -> None:
    before, target = complaint.state, rules.MOVES[name][1]
    Complaint.objects.filter(pk=complaint.pk).update(state=target, **changes)
    # The day that was promised when the move was made: a complaint that is opened again gets another.
    body = {"complaint": complaint.number, "state_of_complaint": [before, target], "answer_by": complaint.answer_by.isoformat()}
    audit.record([audit.Fact(f"complaint.{name}", body=body)], by=by, at=at)


def _tell(
    complaint: Complaint, notice: str, params: dict[str, str], private: dict[str, str], *, by: Actor, at: datetime
) -> None:
    if complaint.contact_id is None:
        return
    link = f"{settings.BASE_URL}/keluhan/{complaint.number}/"
    given = {"complaint": codes.shown(complaint.number), **params}
    conversations.notify(
        [conversations.Notice(complaint.contact_id, notice, params=given, private={"link": link, **private})], by=by, at=at
    )


def _store(content: bytes, key: crypto.DataKey) -> media.Stored:
    return media.store([(uuid7(), content)], key)[0]
