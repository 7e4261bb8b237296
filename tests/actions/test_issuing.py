"""Issuing a Suket: forbidden until a rule allows it, valid for six months, checkable by anybody, naming nobody."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from loket.applications import actions as applications
from loket.audit.models import Entry
from loket.core import clock, codes, crypto
from loket.core.errors import Refusal
from loket.offices import queries as offices
from loket.suket import actions, issuing
from loket.suket import queries as suket
from loket.suket.models import Letter
from tests import cast as play
from tests.cast import CILEGON, PASSWORD, Cast

RULE = "Surat Dirjen Dukcapil 471.13/1234 tanggal 1 Juni 2020"
PATTERN = "471.13/{number:05d}/SKT/{office}/{year}"


def allow(cast: Cast) -> None:
    issuing.switch(RULE, PATTERN, by=cast.head, at=clock.now())


def case(cast: Cast, status: str = "SENT_FOR_ENROLLMENT") -> str:
    wanted = play.filing("KTP_NEW")
    code = applications.file(wanted, by=cast.resident, at=clock.now()).code
    if status:
        index = crypto.index("nik", wanted.nik, crypto.keyring())
        applications.take_statuses([(index, status, clock.now().date())], by=cast.admin, at=clock.now())
    return code


def test_nothing_is_issued_in_normal_times_and_only_the_head_opens_it(cast: Cast) -> None:
    code = case(cast)
    with pytest.raises(Refusal) as refused:
        issuing.issue(code, by=cast.verifier, at=clock.now())
    assert (refused.value.code, Letter.objects.count()) == ("suket_forbidden", 0)
    for actor in (cast.admin, cast.verifier, cast.resident):
        with pytest.raises(Refusal):
            issuing.switch(RULE, PATTERN, by=actor, at=clock.now())
    allow(cast)
    assert issuing.issue(code, by=cast.verifier, at=clock.now())
    issuing.switch("", PATTERN, by=cast.head, at=clock.now())
    with pytest.raises(Refusal):
        issuing.issue(case(cast), by=cast.verifier, at=clock.now())
    told = list(Entry.objects.filter(action="office.settings").values_list("body", flat=True))
    assert len(told) == 2
    assert RULE in told[0]


def test_a_letter_is_valid_for_six_months_and_outstanding_and_the_same_when_asked_again(cast: Cast) -> None:
    allow(cast)
    code = case(cast)
    letter = Letter.objects.get(pk=issuing.issue(code, by=cast.counter, at=clock.now()))
    assert issuing.issue(code, by=cast.counter, at=clock.now()) == letter.pk
    assert (letter.issued_on, letter.valid_until, letter.reference) == (date(2020, 6, 2), date(2020, 12, 2), RULE)
    assert suket.register(CILEGON).left == 1
    assert issuing.paper(letter.pk, by=cast.counter, at=clock.now()).number == f"471.13/00001/SKT/{CILEGON}/2020"
    with pytest.raises(IntegrityError), transaction.atomic():
        Letter.objects.filter(pk=letter.pk).update(reference="")


def test_a_letter_that_ran_out_is_renewed_and_stays_one(cast: Cast) -> None:
    allow(cast)
    code = case(cast)
    first = issuing.issue(code, by=cast.counter, at=clock.now())
    old = Letter.objects.get(pk=first).code
    clock.move_to(clock.now() + timedelta(days=200))
    offices.forget()
    assert issuing.issue(code, by=cast.counter, at=clock.now()) == first
    renewed = Letter.objects.get()
    assert (renewed.code == old, renewed.valid_until) == (False, date(2021, 6, 19))


@pytest.mark.parametrize("status", ["", "UNREGISTERED"])
def test_whoever_was_never_recorded_gets_no_letter(cast: Cast, status: str) -> None:
    allow(cast)
    with pytest.raises(Refusal, match="belum direkam"):
        issuing.issue(case(cast, status), by=cast.verifier, at=clock.now())
    assert Letter.objects.count() == 0


@pytest.mark.parametrize("pattern", ["471.13/2020", "{nomor}", "{number", "{}"])
def test_a_pattern_without_a_serial_is_refused(cast: Cast, pattern: str) -> None:
    with pytest.raises(Refusal, match="Pola nomor"):
        issuing.switch(RULE, pattern, by=cast.head, at=clock.now())
    assert offices.office(CILEGON).settings.suket_reference == ""


def test_anybody_checks_a_letter_and_learns_nothing_about_its_holder(cast: Cast) -> None:
    allow(cast)
    letter = Letter.objects.get(pk=issuing.issue(case(cast), by=cast.counter, at=clock.now()))
    held = issuing.paper(letter.pk, by=cast.counter, at=clock.now())
    page = Client().get(f"/suket/{letter.code}/").content.decode()
    assert "berlaku sampai 2\xa0Desember\xa02020" in page or "berlaku sampai 2 Desember 2020" in page
    for told in (held.name, held.nik, held.nik[:6], held.address):
        assert told not in page
    forged = codes.generate()
    answer = Client().get(f"/suket/{forged}/")
    assert (answer.status_code, "tidak pernah kami terbitkan" in answer.content.decode()) == (404, True)
    actions.settle(letter.pk, "moved", "SKPWNI 12", date(2020, 6, 2), by=cast.verifier, at=clock.now())
    assert "sudah tidak berlaku" in Client().get(f"/suket/{letter.code}/").content.decode()


def test_the_letter_is_a_tagged_page_and_its_making_is_recorded(cast: Cast) -> None:
    allow(cast)
    letter = Letter.objects.get(pk=issuing.issue(case(cast), by=cast.counter, at=clock.now()))
    client = Client()
    client.post("/masuk/", {"nama": "counter", "sandi": PASSWORD})
    answer = client.post(f"/petugas/suket/surat/{letter.pk}/cetak/")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    made = answer.content
    assert made.startswith(b"%PDF")
    assert b"/MarkInfo" in made
    assert Entry.objects.filter(action="read.suket", subject_id=letter.resident_id).count() == 1
