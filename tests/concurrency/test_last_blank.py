"""Races for what is scarce: the last blank, one number, one key, one conversation."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, connections

from loket.conversations import actions as talks
from loket.conversations import queries as threads
from loket.conversations.models import Contact
from loket.core import answers, clock
from loket.core.actor import Actor, Role
from loket.core.errors import Refusal
from loket.delivery import actions as delivery
from loket.delivery.models import Manifest
from loket.printing import actions as printing
from loket.stock import actions as stock
from loket.stock import queries as ledger
from loket.suket import waves
from loket.suket.models import Invitee
from loket.suket.rules import Segment
from loket.suket.sizing import Capacity
from loket.suket.waves import Choice
from tests import cast as play
from tests.actions.test_register import register, row
from tests.cast import CILEGON


def together(work: Callable[[int], Any], count: int) -> list[Any]:
    """Run `work` in so many threads, each with its own connection, all let go at the same instant."""
    gate = threading.Barrier(count)

    def run(number: int) -> Any:
        try:
            connection.ensure_connection()
            gate.wait(20)
            return work(number)
        except Refusal as problem:
            return problem.code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def test_holders_are_invited_once_however_many_make_a_wave_at_the_same_time(fresh: str, tmp_path: Path) -> None:
    cast = play.build()
    register(cast, tmp_path, [row(number, phone=f"0812345678{number:02d}") for number in range(1, 7)])
    room, key = Capacity(1, 100, 0.0, 0, 1000, None, 0), uuid4()

    def work(number: int) -> Any:
        # Two send the same form twice, two make waves of their own.
        own = key if number < 2 else uuid4()
        return waves.create(own, Choice(Segment.PRINTABLE), "", "Aturan kantor 2020", room, by=cast.head, at=clock.now()).pk

    done = together(work, 4)
    assert len({one for one in done if one != "wave_nobody"}) == 1
    assert Invitee.objects.count() == 6


def test_the_last_blank_goes_to_one_of_ten(fresh: str) -> None:
    cast = play.build()
    for _ in range(10):
        play.ready(cast)
    play.blanks(cast, 1)
    operators = [Actor(f"cetak{number}", CILEGON, frozenset({Role.PRINTER})) for number in range(10)]

    def work(number: int) -> str:
        _batch, codes = printing.open_batch(10, by=operators[number], at=clock.now())
        return f"printed {len(codes)}"

    assert sorted(together(work, 10)) == ["no_blanks"] * 9 + ["printed 1"]
    assert ledger.balances(CILEGON, stock.CARD)["store"] == 0


def test_six_dispatchers_get_six_manifest_numbers(fresh: str) -> None:
    cast = play.build()
    codes = [play.printed(cast) for _ in range(6)]
    for code in codes:
        delivery.choose(code, "post", by=cast.resident, at=clock.now())

    def work(number: int) -> int:
        manifest, _results = delivery.open_manifest([codes[number]], by=cast.dispatcher, at=clock.now())
        return manifest.number

    assert sorted(together(work, 6)) == [1, 2, 3, 4, 5, 6]
    assert Manifest.objects.count() == 6


def test_one_key_makes_one_application_however_often_it_is_sent(fresh: str) -> None:
    cast = play.build()
    wanted = play.filing()
    from loket.applications import actions as applications

    def work(_number: int) -> str:
        return answers.once(
            "test", "kunci-yang-sama", b"isi",
            lambda: (201, applications.file(wanted, by=cast.resident, at=clock.now()).code),
        ).body  # fmt: skip

    assert len(set(together(work, 8))) == 1


def test_one_envelope_stands_on_one_manifest(fresh: str) -> None:
    cast = play.build()
    code = play.printed(cast)
    delivery.choose(code, "post", by=cast.resident, at=clock.now())

    def work(_number: int) -> str:
        _manifest, results = delivery.open_manifest([code], by=cast.dispatcher, at=clock.now())
        return results[0].problem.code if results[0].problem else "listed"

    assert sorted(together(work, 5)) == ["listed"] + ["state"] * 4


def test_one_tracking_number_goes_to_one_of_four_envelopes(fresh: str) -> None:
    cast = play.build()
    codes = [play.printed(cast) for _ in range(4)]
    manifests = []
    for code in codes:
        delivery.choose(code, "post", by=cast.resident, at=clock.now())
        manifest, _results = delivery.open_manifest([code], by=cast.dispatcher, at=clock.now())
        delivery.close_manifest(manifest.pk, 1, by=cast.dispatcher, at=clock.now())
        manifests.append(manifest.pk)

    def work(number: int) -> str:
        _row, results = delivery.hand_over(
            manifests[number], [(codes[number], "P12345678901")], by=cast.courier, at=clock.now()
        )
        return results[0].problem.code if results[0].problem else "taken"

    assert sorted(together(work, 4)) == ["taken", *["tracking_used"] * 3]


@pytest.mark.long
def test_fifty_operators_and_ten_blanks(fresh: str) -> None:
    cast = play.build()
    for _ in range(50):
        play.ready(cast)
    play.blanks(cast, 10)

    def work(number: int) -> str:
        by = Actor(f"cetak{number}", CILEGON, frozenset({Role.PRINTER}))
        printing.open_batch(1, by=by, at=clock.now())
        return "printed"

    results = together(work, 50)
    assert results.count("printed") == 10
    assert results.count("no_blanks") == 40


def test_of_fifty_officers_who_claim_one_conversation_one_has_it_and_the_others_hear_who(fresh: str) -> None:
    play.build()
    contact = talks.contact_by_phone("+628120009050", office=CILEGON, at=clock.now())
    officers = [Actor(f"petugas{number}", CILEGON, frozenset({Role.VERIFIER})) for number in range(50)]

    def work(number: int) -> str:
        talks.claim(contact, by=officers[number], at=clock.now())
        return officers[number].name

    told = together(work, 50)
    winners = [name for name in told if name != "owned"]
    assert len(winners) == 1
    assert told.count("owned") == 49
    assert Contact.objects.get(pk=contact).owner == winners[0]
    assert [row.author for row in threads.remarks(contact, CILEGON)] == winners


def test_a_held_answer_and_the_resident_who_writes_meet_once(fresh: str) -> None:
    cast = play.build()
    contact = talks.contact_by_phone("+628120009051", office=CILEGON, at=clock.now())
    row = talks.hold(contact, "Sudah jadi.", by=cast.verifier, at=clock.now())

    def work(number: int) -> str:
        if number == 0:
            talks.withdraw_held(row.pk, by=cast.verifier, at=clock.now())
            return "withdrawn"
        at = clock.now()
        talks.receive(
            Contact.objects.get(pk=contact), provider_id=f"wamid.{number}", kind="text", body="Ya", sent_at=at, at=at
        )
        return "written"

    told = together(work, 6)
    row.refresh_from_db()
    assert (row.state, told[0]) in (("withdrawn", "withdrawn"), ("queued", "not_held"))
