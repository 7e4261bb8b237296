"""Waves of invitations: sized by what the office can serve, frozen, called once, and teaching the next."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from loket.applications import drafts
from loket.audit.models import Entry
from loket.bot import answers
from loket.conversations import campaigns
from loket.conversations.models import Contact, Invitation, Message
from loket.conversations.rules import Lane
from loket.core import clock
from loket.core.actor import system
from loket.core.errors import Refusal
from loket.suket import actions, importing, sizing, waves
from loket.suket import queries as suket
from loket.suket.models import Attempt, Handout, Import, Invitee, Letter, Wave
from loket.suket.rules import Segment
from loket.suket.sizing import Capacity, Seen
from loket.suket.waves import Choice
from tests import cast as play
from tests.actions.test_register import nik, register, row
from tests.cast import CILEGON, Cast

BASIS = "Formulir Suket 2019, kotak persetujuan"
# Twelve cards a day for two operators, two of them for others: fifty in five days.
ROOM = Capacity(operators=2, each=6, others=2.0, asked=0, blanks=1000, tier=None, kept=100)
EVERYBODY = Choice(Segment.PRINTABLE)


def make(cast: Cast, choice: Choice = EVERYBODY, capacity: Capacity = ROOM, **more: Any) -> Wave:
    values = {"key": uuid4(), "name": "", "basis": BASIS} | more
    return waves.create(choice=choice, capacity=capacity, by=cast.head, at=clock.now(), **values)


def phone(number: int) -> str:
    return f"0812345678{number:02d}"


def holders(cast: Cast, tmp_path: Path, count: int, first: int = 1) -> list[Letter]:
    return register(cast, tmp_path, [row(number, phone=phone(number)) for number in range(first, first + count)])


def send(wave: Wave, state: str, error: str = "") -> None:
    """The campaign's messages have gone, and this became of them."""
    for invitation in Invitation.objects.filter(campaign=wave.campaign):
        invitation.message = Message.objects.create(
            contact=invitation.contact, outgoing=True, kind="notice", notice="suket_invite", state=state, error=error,
            campaign=wave.campaign, at=clock.now(), lane=Lane.CAMPAIGN, provider_id=f"wamid.{uuid4().hex}",
        )  # fmt: skip
        invitation.save(update_fields=["message"])


@pytest.mark.parametrize(
    ("capacity", "seen", "bounds"),
    [
        (ROOM, Seen(), [50, 990]),
        (Capacity(2, 6, 2.0, 20, 40, None, 100), Seen(), [30, 10]),
        # Half of many came: twice as many may be invited, less what is not sure.
        (ROOM, Seen((1,), 1000, 500, (), 0), [96, 1902]),
        # Those invited last week may still come.
        (ROOM, Seen((1,), 1000, 500, (), 40), [55, 1862]),
        (Capacity(0, 0, 0.0, 0, 100, None, 0), Seen(), [0, 100]),
        (Capacity(1, 5, 9.0, 0, 100, None, 0), Seen(), [0, 55]),
    ],
)
def test_a_wave_is_no_larger_than_what_prints_and_blanks_can_serve(capacity: Capacity, seen: Seen, bounds: list[int]) -> None:
    assert [limit.value for limit in sizing.limits(capacity, seen, prints=True, cap=None)] == bounds


def test_few_answers_are_believed_little() -> None:
    assert sizing.at_most(0, 0) == 1.0
    assert sizing.at_most(0, 3) > 0.3 > sizing.at_most(30, 300) > 0.1
    assert sizing.at_most(3, 3) == 1.0


def test_an_officer_may_lower_the_size_and_never_raise_it(cast: Cast, tmp_path: Path) -> None:
    holders(cast, tmp_path, 8)
    small = Capacity(1, 1, 0.0, 0, 1000, None, 0)

    def size(cap: int | None) -> int:
        return waves.preview(Choice(Segment.PRINTABLE, cap=cap), small, CILEGON, at=clock.now()).size

    assert [size(None), size(3), size(400)] == [5, 3, 5]
    assert "{operators}" in waves.preview(EVERYBODY, small, CILEGON, at=clock.now()).limits[0].sentence


def test_each_is_called_by_the_way_that_was_not_tried_yet(cast: Cast, tmp_path: Path) -> None:
    letters = register(cast, tmp_path, [row(1, phone=phone(1)), row(2, phone=phone(2)), row(3, phone=""), row(4, "SFE"), row(5, "EFAC")])
    actions.note_attempts([actions.Attempt(letters[1].pk, "whatsapp", False, "x")], by=cast.admin, at=clock.now())
    assert make(cast).campaign is not None
    make(cast, Choice(Segment.UNREACHABLE))
    make(cast, Choice(Segment.BLOCKED, cap=9))
    ways = dict(Invitee.objects.values_list("letter_id", "channel"))
    # Who waits for the centre is not invited, and whoever must be recorded gets no message that her card can be made.
    assert ways == {letters[0].pk: "whatsapp", letters[1].pk: "phone", letters[2].pk: "kelurahan", letters[4].pk: "phone"}


def test_WhatsApp_takes_no_more_than_it_reaches_in_these_days(cast: Cast, tmp_path: Path) -> None:
    register(cast, tmp_path, [row(number, phone=phone(number)) for number in range(1, 8)])
    narrow = Capacity(2, 6, 2.0, 0, 1000, tier=101, kept=100)
    assert waves.preview(EVERYBODY, narrow, CILEGON, at=clock.now()).counts == {"whatsapp": 5}


def test_the_same_wave_made_twice_is_one(cast: Cast, tmp_path: Path) -> None:
    holders(cast, tmp_path, 3)
    key = uuid4()
    assert make(cast, key=key) == make(cast, key=key)
    assert Wave.objects.count() == 1
    assert Invitee.objects.count() == 3
    assert Invitation.objects.count() == 3
    assert Entry.objects.filter(action="suket.wave").count() == 1


def test_who_asked_stopped_ended_or_was_just_invited_is_left_out(cast: Cast, tmp_path: Path) -> None:
    letters = holders(cast, tmp_path, 5)
    play.file(cast, "SUKET_EXCHANGE", nik=nik(1), birth_date=date(1990, 5, 17))
    actions.settle(letters[1].pk, "died", "Akta 123", date(2020, 6, 1), by=cast.counter, at=clock.now())
    make(cast, Choice(Segment.PRINTABLE, cap=1))
    invited = Invitee.objects.get().letter_id
    stopped = next(letter.resident for letter in letters[2:] if letter.pk != invited)
    Contact.objects.create(
        office_id=CILEGON, data_key=b"x", phone_index=bytes(stopped.phone_index or b""), opted_out_at=clock.now(), created_at=clock.now()
    )
    seen = waves.preview(EVERYBODY, ROOM, CILEGON, at=clock.now())
    assert (seen.fitting, seen.asked, seen.resting, seen.stopped, seen.size) == (4, 1, 1, 1, 1)
    clock.move_to(clock.now() + timedelta(days=15))
    assert waves.preview(EVERYBODY, ROOM, CILEGON, at=clock.now()).resting == 0


def test_nobody_is_invited_without_a_basis_and_only_by_head_or_admin(cast: Cast, tmp_path: Path) -> None:
    holders(cast, tmp_path, 1)
    with pytest.raises(Refusal) as refusal:
        make(cast, basis="ya")
    assert refusal.value.code == "basis_missing"
    with pytest.raises(Refusal) as refusal:
        waves.create(uuid4(), EVERYBODY, "", BASIS, ROOM, by=cast.counter, at=clock.now())
    assert refusal.value.code == "role"
    with pytest.raises(Refusal) as refusal:
        make(cast, capacity=Capacity(0, 0, 0.0, 0, 0, None, 0))
    assert refusal.value.code == "wave_nobody"
    assert not Wave.objects.exists()
    assert not Invitee.objects.exists()


@pytest.mark.parametrize("statement", ["UPDATE suket_invitee SET channel = 'phone', contact_id = NULL", "DELETE FROM suket_invitee", "UPDATE suket_wave SET basis = 'lain'"])
def test_the_database_keeps_the_invited_as_they_were(cast: Cast, tmp_path: Path, statement: str) -> None:
    holders(cast, tmp_path, 1)
    make(cast)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_the_database_invites_a_letter_once_in_a_wave(cast: Cast, tmp_path: Path) -> None:
    letter = register(cast, tmp_path, [row(1, phone="")])[0]
    wave = make(cast, Choice(Segment.UNREACHABLE))
    with pytest.raises(IntegrityError), transaction.atomic():
        Invitee.objects.create(wave=wave, letter=letter, channel="kelurahan")


def test_an_import_with_invited_holders_is_not_taken_from_under_them(cast: Cast, tmp_path: Path) -> None:
    holders(cast, tmp_path, 2)
    make(cast, Choice(Segment.PRINTABLE, cap=1))
    undone = importing.undo_import(Import.objects.get().pk, by=cast.admin, at=clock.now())
    assert (undone.removed, undone.stayed) == (1, 1)


def test_what_became_of_a_message_is_kept_with_the_letter_once(cast: Cast, tmp_path: Path) -> None:
    holders(cast, tmp_path, 1)
    wave, by = make(cast), system(CILEGON, "waves")
    assert waves.feed(CILEGON, by=by, at=clock.now()) == 0
    send(wave, "failed", "131026")
    assert [waves.feed(CILEGON, by=by, at=clock.now()) for _ in range(2)] == [1, 0]
    assert suket.register(CILEGON).outstanding[Segment.UNREACHABLE] == 1
    # It did not reach her, so she is called another way at once.
    assert waves.preview(Choice(Segment.UNREACHABLE), ROOM, CILEGON, at=clock.now()).counts == {"phone": 1}
    Message.objects.update(state="delivered", error="")
    assert waves.feed(CILEGON, by=by, at=clock.now()) == 1
    assert suket.register(CILEGON).outstanding[Segment.SILENT] == 1
    assert sorted(Attempt.objects.values_list("reached", flat=True)) == [False, True]


def test_a_list_names_holders_without_NIK_and_each_reading_is_recorded(cast: Cast, tmp_path: Path) -> None:
    letters = register(cast, tmp_path, [row(number, phone="") for number in (1, 2)])
    wave = make(cast, Choice(Segment.UNREACHABLE))
    kelurahan = letters[0].kelurahan
    listed = waves.entries(wave, "kelurahan", kelurahan, by=cast.counter, at=clock.now())
    assert [one.name for one in listed] == ["SITI AISYAH"] * 2
    assert not any(one.phone for one in listed)
    assert not any(nik(number) in repr(listed) for number in (1, 2))
    assert set(Entry.objects.filter(action="read.suket_list").values_list("subject_id", flat=True)) == {one.resident_id for one in letters}
    with pytest.raises(Refusal):
        waves.entries(wave, "kelurahan", kelurahan, by=cast.head, at=clock.now())


def test_a_list_goes_out_comes_back_and_its_ticks_are_attempts(cast: Cast, tmp_path: Path) -> None:
    letters = register(cast, tmp_path, [row(number, phone="") for number in (1, 2)])
    wave, place = make(cast, Choice(Segment.UNREACHABLE)), letters[0].kelurahan
    for _ in range(2):
        waves.hand_out(wave, "kelurahan", place, "Lurah Cibeber", by=cast.counter, at=clock.now())
    waves.take_back(wave, "kelurahan", place, by=cast.counter, at=clock.now())
    assert Handout.objects.get().back_by == cast.counter.name
    assert list(Entry.objects.filter(action__startswith="suket.list").values_list("action", flat=True)) == ["suket.list_out", "suket.list_back"]
    found = {letters[0].pk: "reached", letters[1].pk: "died"}
    assert [waves.note(wave, "kelurahan", found, by=cast.counter, at=clock.now()) for _ in range(2)] == [2, 0]
    assert {one.letter: one.result for one in waves.entries(wave, "kelurahan", place, by=cast.counter, at=clock.now())} == found
    # A death that somebody told of takes nothing off the register: its evidence does.
    assert suket.register(CILEGON).left == 2
    with pytest.raises(Refusal):
        waves.note(wave, "phone", {letters[0].pk: "reached"}, by=cast.counter, at=clock.now())


def test_the_next_wave_learns_from_what_came_of_this_one(cast: Cast, tmp_path: Path) -> None:
    letters = holders(cast, tmp_path, 4)
    wave = make(cast)
    send(wave, "delivered")
    waves.feed(CILEGON, by=system(CILEGON, "waves"), at=clock.now())
    clock.move_to(clock.now() + timedelta(days=1))
    play.file(cast, "SUKET_EXCHANGE", nik=nik(1), birth_date=date(1990, 5, 17))
    Contact.objects.filter(pk=Invitee.objects.get(letter=letters[1]).contact_id).update(opted_out_at=clock.now())
    came = waves.responses(CILEGON)[wave.pk]["whatsapp", letters[0].kelurahan]
    assert (came.invited, came.reached, came.filed, came.exchanged, came.stopped) == (4, 4, 1, 0, 1)
    young = waves.seen(CILEGON, at=clock.now())
    assert (young.invited, young.open) == (0, 2)
    clock.move_to(clock.now() + timedelta(days=14))
    old = waves.seen(CILEGON, at=clock.now())
    assert (old.waves, old.invited, old.filed, old.open, old.by_channel) == ((wave.number,), 4, 1, 0, (("whatsapp", 4, 1),))
    assert sizing.expected({"whatsapp": 100}, ROOM, old) == 25
    assert sizing.learned(ROOM, old)[0].params["waves"] == str(wave.number)


def test_who_is_called_again_counts_for_the_later_wave_alone(cast: Cast, tmp_path: Path) -> None:
    holders(cast, tmp_path, 1)
    first = make(cast)
    clock.move_to(clock.now() + timedelta(days=20))
    second = make(cast)
    clock.move_to(clock.now() + timedelta(days=1))
    play.file(cast, "SUKET_EXCHANGE", nik=nik(1), birth_date=date(1990, 5, 17))
    filed = {wave: sum(one.filed for one in parts.values()) for wave, parts in waves.responses(CILEGON).items()}
    assert filed == {first.pk: 0, second.pk: 1}


def test_whoever_was_invited_begins_with_the_exchange_and_nothing_of_the_register(cast: Cast, tmp_path: Path) -> None:
    letters = holders(cast, tmp_path, 1)
    make(cast)
    contact = Contact.objects.get(pk=Invitee.objects.get(letter=letters[0]).contact_id)
    draft = answers.new_form(contact, clock.now())
    given = drafts.answers(draft)
    assert given["service"] == "SUKET_EXCHANGE"
    assert set(given) == {"service", drafts.HOLDER, drafts.OFFERED}
    assert not drafts.is_begun(draft)
    drafts.keep(draft, given | {"service": "KTP_NEW"})
    assert drafts.is_begun(draft)
    actions.settle(letters[0].pk, "moved", "Surat pindah 9", date(2020, 6, 1), by=cast.counter, at=clock.now())
    assert "service" not in drafts.answers(answers.new_form(contact, clock.now()))


def test_a_campaign_of_a_wave_waits_for_a_person(cast: Cast, tmp_path: Path) -> None:
    holders(cast, tmp_path, 3)
    wave = make(cast)
    assert wave.campaign is not None
    assert wave.campaign.state == "draft"
    assert wave.campaign.daily == 1
    assert campaigns.counts_of(UUID(str(wave.campaign_id))).invited == 3
    assert not Message.objects.exists()
