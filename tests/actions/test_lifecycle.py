"""The life of an application through the actions: every move, what it draws, whom it tells, and what it refuses."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from loket.applications import actions as applications
from loket.applications import queries as cases
from loket.applications import rules
from loket.applications.filing import Address, Paper
from loket.applications.models import Application, Document
from loket.audit.models import Entry
from loket.catalogue import queries as catalogue
from loket.conversations.models import Message
from loket.core import clock, codes, media
from loket.core.actor import Actor, Role
from loket.core.errors import Refusal, Refusals
from loket.delivery import actions as delivery
from loket.delivery import queries as parcels
from loket.printing import actions as printing
from loket.residents.models import Resident
from loket.stock import actions as stock
from loket.stock import queries as ledger
from loket.suket import queries as suket
from loket.suket.models import Letter
from tests import cast as play
from tests.cast import CILEGON, Cast


def _state(code: str) -> str:
    return Application.objects.get(code=code).state


def _notices(code: str) -> list[str]:
    case = Application.objects.get(code=code)
    return list(Message.objects.filter(case_id=case.pk).order_by("seq").values_list("notice", flat=True))


def test_a_filing_gets_a_code_a_place_and_a_promise(cast: Cast) -> None:
    first, second = play.file(cast), play.file(cast)
    assert codes.parse(codes.shown(first.code)) == first.code
    assert (first.place, second.place) == (1, 2)
    assert first.promise_on == date(2020, 6, 16)
    assert _notices(first.code) == ["received"]


@pytest.mark.parametrize("service", ["KTP_NEW", "SUKET_EXCHANGE", "KTP_LOST", "KTP_DAMAGED", "KTP_CHANGE"])
@pytest.mark.parametrize("channel", ["online", "counter"])
def test_every_card_is_filed_with_its_own_papers(cast: Cast, service: str, channel: str) -> None:
    receipt = play.file(cast, service, channel=channel)
    found = cases.case(Application.objects.get(code=receipt.code))
    assert [row.kind for row in found.documents] == list(catalogue.service(service).documents)
    with pytest.raises(Refusal) as refused:
        play.file(cast, service, channel=channel, papers=play.filing(service).papers[1:])
    assert refused.value.code == "document_missing"
    assert refused.value.field == catalogue.service(service).documents[0]


def test_a_card_goes_to_the_address_that_was_stated_with_its_request(cast: Cast) -> None:
    """Also when the office knew the resident before, without an address or with an older one."""
    first = play.filing(address=Address("Jalan Lama 1 RT 01 RW 01", f"{CILEGON}.01.1001"))
    code = applications.file(first, by=cast.resident, at=clock.now()).code
    applications.cancel(code, by=cast.resident, at=clock.now())
    again = play.file(cast, nik=first.nik, address=Address("Jalan Baru 2 RT 01 RW 01", f"{CILEGON}.01.1001"))
    found = cases.case(Application.objects.get(code=again.code))
    assert found.destination.startswith("Jalan Baru 2")
    assert found.address.startswith("Jalan Lama 1")


def test_from_filing_to_the_hand_by_post(cast: Cast) -> None:
    code = play.in_transit(cast)
    scan = delivery.Scan(code, "pindai-0001", "delivered", "Siti Aisyah", "self", "none")
    assert delivery.deliver([scan], by=cast.courier, at=clock.now())[0].state == "delivered"
    assert delivery.deliver([scan], by=cast.courier, at=clock.now())[0].state == "delivered"
    assert ledger.balances(CILEGON, stock.CARD)["printed"] == 1
    assert _notices(code) == ["received", "in_line", "choose", "chosen_post", "posted", "handed_over"]


def test_from_filing_to_the_hand_over_the_counter(cast: Cast) -> None:
    code = play.printed(cast)
    case = delivery.choose(code, "pickup", by=cast.resident, at=clock.now())
    assert case.state == "on_shelf"
    secret = parcels.pickup_code(case)
    wrong = delivery.Pickup(code, "000000" if secret != "000000" else "111111", "Siti", "self", "none")
    assert delivery.collect([wrong], by=cast.counter, at=clock.now())[0].problem.code == "pickup_code"
    right = delivery.Pickup(code, f"{secret[:3]} {secret[3:]}", "Siti", "self", "none")
    assert delivery.collect([right], by=cast.counter, at=clock.now())[0].state == "collected"
    assert _notices(code)[-1] == "handed_over"


def test_a_card_in_the_hand_settles_the_suket(cast: Cast) -> None:
    code = play.in_transit(cast, "SUKET_EXCHANGE")
    case = Application.objects.get(code=code)
    Letter.objects.create(office_id=CILEGON, resident_id=case.resident_id, registered_at=cast.at)
    assert suket.outstanding(CILEGON) == 1
    scan = delivery.Scan(code, "pindai-0002", "delivered", "Siti", "self", "withdrawn")
    delivery.deliver([scan], by=cast.courier, at=clock.now())
    assert suket.outstanding(CILEGON) == 0
    letter = Letter.objects.get(resident_id=case.resident_id)
    assert (letter.outcome, letter.evidence) == ("exchanged", f"{code}:post:withdrawn")


def test_a_returned_envelope_is_asked_again(cast: Cast) -> None:
    code = play.in_transit(cast)
    scan = delivery.Scan(code, "pindai-0003", "returned", reason="not_home")
    assert delivery.deliver([scan], by=cast.courier, at=clock.now())[0].state == "returned_home"
    assert delivery.choose(code, "pickup", by=cast.resident, at=clock.now()).state == "on_shelf"


def test_a_failed_attempt_stays_with_the_post_and_is_told(cast: Cast) -> None:
    code = play.in_transit(cast)
    scan = delivery.Scan(code, "pindai-0004", "failed", reason="not_home")
    assert delivery.deliver([scan], by=cast.courier, at=clock.now())[0].state == "in_transit"
    assert _notices(code)[-1] == "attempt_failed"


def test_the_choice_may_change_until_the_envelope_is_closed(cast: Cast) -> None:
    code = play.printed(cast)
    delivery.choose(code, "pickup", by=cast.resident, at=clock.now())
    case = delivery.choose(code, "post", by=cast.resident, at=clock.now())
    assert (case.state, case.fee) == ("printed", 14_000)
    manifest, _ = delivery.open_manifest([code], by=cast.dispatcher, at=clock.now())
    with pytest.raises(Refusal) as refused:
        delivery.choose(code, "pickup", by=cast.resident, at=clock.now())
    assert refused.value.code == "too_late"
    delivery.take_out(code, by=cast.dispatcher, at=clock.now())
    assert delivery.choose(code, "pickup", by=cast.resident, at=clock.now()).fee is None


def test_a_manifest_closes_only_with_an_equal_count(cast: Cast) -> None:
    code = play.printed(cast)
    delivery.choose(code, "post", by=cast.resident, at=clock.now())
    manifest, _ = delivery.open_manifest([code], by=cast.dispatcher, at=clock.now())
    with pytest.raises(Refusal) as refused:
        delivery.close_manifest(manifest.pk, 2, by=cast.dispatcher, at=clock.now())
    assert refused.value.code == "count"
    assert _state(code) == "enveloped"


def test_only_print_ready_records_go_on_to_the_printer(cast: Cast) -> None:
    wanted = play.filing()
    receipt = applications.file(wanted, by=cast.resident, at=clock.now())
    applications.decide([applications.Verdict(receipt.code, "approve")], by=cast.verifier, at=clock.now())
    assert _state(receipt.code) == "verified"
    assert _notices(receipt.code)[-1] == "status"
    play.print_ready(cast, wanted.nik)
    assert _state(receipt.code) == "ready"


def test_approval_never_moves_the_place(cast: Cast) -> None:
    early, late = play.filing(), play.filing()
    first = applications.file(early, by=cast.resident, at=clock.now())
    clock.move_to(cast.at + timedelta(hours=1))
    second = applications.file(late, by=cast.resident, at=clock.now())
    play.print_ready(cast, early.nik, late.nik)
    for code in (second.code, first.code):
        applications.decide([applications.Verdict(code, "approve")], by=cast.verifier, at=clock.now())
    play.blanks(cast, 2)
    _batch, order = printing.open_batch(2, by=cast.printer, at=clock.now())
    assert order == [first.code, second.code]


def test_a_return_moves_the_place_only_to_the_corrected_paper(cast: Cast) -> None:
    receipt = play.file(cast)
    verdict = applications.Verdict(receipt.code, "return", "Foto KK tidak terbaca.", ("kk",))
    applications.decide([verdict], by=cast.verifier, at=clock.now())
    later = cast.at + timedelta(hours=3)
    clock.move_to(later)
    applications.correct(receipt.code, [Paper("kk", play.photo(1))], {}, by=cast.resident, at=later)
    assert Application.objects.get(code=receipt.code).complete_at == later
    verdict = applications.Verdict(receipt.code, "return", "Nama tidak sama dengan KK.", ("name",))
    applications.decide([verdict], by=cast.verifier, at=clock.now())
    clock.move_to(later + timedelta(hours=3))
    applications.correct(receipt.code, [], {"name": "SITI AISAH"}, by=cast.resident, at=clock.now())
    assert Application.objects.get(code=receipt.code).complete_at == later


def test_a_spoiled_blank_draws_another_and_keeps_the_place(cast: Cast) -> None:
    code = play.ready(cast)
    play.blanks(cast, 2)
    batch, _ = printing.open_batch(1, by=cast.printer, at=clock.now())
    spoil = printing.settle(batch.pk, [printing.Outcome(code, "encode_failure")], by=cast.printer, at=clock.now())
    assert spoil[0].state == "printing"
    printing.settle(batch.pk, [printing.Outcome(code, "printed")], by=cast.printer, at=clock.now())
    balances = ledger.balances(CILEGON, stock.CARD)
    assert (balances["printed"], balances["spoiled"], balances["store"], balances["drawer"]) == (1, 1, 0, 0)


def test_without_another_blank_a_spoiled_card_goes_back_where_it_stood(cast: Cast) -> None:
    code = play.ready(cast)
    before = Application.objects.get(code=code)
    play.blanks(cast, 1)
    batch, _ = printing.open_batch(1, by=cast.printer, at=clock.now())
    result = printing.settle(batch.pk, [printing.Outcome(code, "print_failure")], by=cast.printer, at=clock.now())
    assert result[0].state == "ready"
    after = Application.objects.get(code=code)
    assert (after.complete_at, after.queue_seq) == (before.complete_at, before.queue_seq)


def test_filer_verifier_and_printer_are_three_people(cast: Cast) -> None:
    wanted = play.filing(channel="counter")
    receipt = applications.file(wanted, by=cast.counter, at=clock.now())
    own = type(cast.verifier)(cast.counter.name, CILEGON, cast.verifier.roles)
    result = applications.decide([applications.Verdict(receipt.code, "approve")], by=own, at=clock.now())
    assert result[0].problem.code == "two_people"
    applications.decide([applications.Verdict(receipt.code, "approve")], by=cast.verifier, at=clock.now())
    play.print_ready(cast, wanted.nik)
    play.blanks(cast, 1)
    same = type(cast.printer)(cast.verifier.name, CILEGON, cast.printer.roles)
    with pytest.raises(Refusal) as refused:
        printing.open_batch(1, by=same, at=clock.now())
    assert refused.value.code == "nothing_ready"


def test_paper_documents_are_signed_and_sent(cast: Cast) -> None:
    receipt = play.file(cast, "KK_CHANGE")
    applications.decide([applications.Verdict(receipt.code, "approve")], by=cast.verifier, at=clock.now())
    assert applications.advance_paper([receipt.code], "sign", by=cast.verifier, at=clock.now())[0].state == "signed"
    assert applications.advance_paper([receipt.code], "send", by=cast.verifier, at=clock.now())[0].state == "sent"


def test_a_second_request_for_the_same_card_is_refused_and_keeps_the_first(cast: Cast) -> None:
    wanted = play.filing()
    first = applications.file(wanted, by=cast.resident, at=clock.now())
    with pytest.raises(Refusal) as refused:
        applications.file(wanted, by=cast.resident, at=clock.now())
    assert refused.value.code == "already_open"
    assert Application.objects.get().code == first.code


def test_a_refused_filing_leaves_no_trace(cast: Cast) -> None:
    with pytest.raises(Refusals) as refused:
        play.file(cast, nik="367299170590001", phone="0254", name=" ")
    assert {problem.field for problem in refused.value.problems} == {"nik", "phone", "name"}
    assert not Application.objects.exists()
    assert not Resident.objects.exists()
    assert not Message.objects.exists()
    assert not Entry.objects.filter(action="application.file").exists()


def test_photos_of_a_refused_filing_do_not_stay(cast: Cast) -> None:
    first = play.filing()
    applications.file(first, by=cast.resident, at=clock.now())
    kept = {row.pk for row in Document.objects.all()}
    with pytest.raises(Refusal, match="masih berjalan"):
        play.file(cast, nik=first.nik)
    recent = [row for row in media.orphans(kept) if row > min(kept)]
    assert recent == []


def test_another_office_sees_nothing(cast: Cast) -> None:
    receipt = play.file(cast)
    with pytest.raises(Refusal) as refused:
        applications.open_case(receipt.code, purpose="case", by=cast.stranger, at=clock.now())
    assert refused.value.code == "code_unknown"
    assert cases.by_name("Siti Aisyah", cast.stranger.office) == []
    result = applications.decide([applications.Verdict(receipt.code, "approve")], by=cast.stranger, at=clock.now())
    assert result[0].problem.code == "code_unknown"


def test_every_item_of_a_set_stands_alone(cast: Cast) -> None:
    good, bad = play.file(cast), play.file(cast)
    verdicts = [
        applications.Verdict(good.code, "approve"),
        applications.Verdict(bad.code, "return"),
        applications.Verdict("00000000000", "approve"),
        applications.Verdict(good.code, "reject", "Sudah dua kali."),
    ]
    results = applications.decide(verdicts, by=cast.verifier, at=clock.now())
    assert [item.problem and item.problem.code for item in results] == [None, "reason_missing", "code_unknown", "twice"]
    assert _state(bad.code) == "submitted"


def test_a_step_out_of_turn_is_a_sentence_with_the_code(cast: Cast) -> None:
    code = play.ready(cast)
    result = applications.decide([applications.Verdict(code, "approve")], by=cast.verifier, at=clock.now())[0]
    assert result.problem is not None
    assert (result.problem.code, result.problem.status) == ("state", 409)
    assert _state(code) == "ready"
    assert _notices(code) == ["received", "in_line"]


def test_a_tracking_number_belongs_to_one_envelope(cast: Cast) -> None:
    one, two = play.printed(cast), play.printed(cast)
    for code in (one, two):
        delivery.choose(code, "post", by=cast.resident, at=clock.now())
    manifest, _results = delivery.open_manifest([one, two], by=cast.dispatcher, at=clock.now())
    delivery.close_manifest(manifest.pk, 2, by=cast.dispatcher, at=clock.now())
    scans = [(one, "P12345678901"), (two, "p 1234 5678 901")]
    _, results = delivery.hand_over(manifest.pk, scans, by=cast.courier, at=clock.now())
    assert [item.problem and item.problem.code for item in results] == [None, "tracking_used"]
    _, results = delivery.hand_over(manifest.pk, scans[1:], by=cast.courier, at=clock.now())
    assert [item.problem and item.problem.code for item in results] == ["tracking_used"]
    assert _state(two) == "manifested"


# The office's own table, written down by hand: from which state, which move, made by whom.
OFFICE_MOVES = """
submitted     return approve reject             verifier
submitted     cancel                            resident counter
needs_fix     correct cancel                    resident counter
verified      cancel                            resident counter
verified      release                           verifier recorder admin
verified      sign                              verifier head
ready         cancel                            resident counter
ready         hold                              verifier recorder admin
ready         start_print                       printer
printing      put_back print                    printer
printed       shelve                            resident counter
printed       envelope                          dispatcher
printed       withdraw                          custodian
on_shelf      unshelve                          resident counter
on_shelf      collect                           counter
on_shelf      withdraw                          custodian
enveloped     open_envelope manifest            dispatcher
manifested    hand_over bring_home              courier
in_transit    deliver bring_home                courier
returned_home shelve unshelve                   resident counter
returned_home withdraw                          custodian
signed        send                              verifier dispatcher
"""


def test_every_state_every_move_and_every_role_is_as_the_office_has_it() -> None:
    allowed = set()
    for line in OFFICE_MOVES.strip().splitlines():
        state, *words = line.split()
        allowed |= {(state, name, role) for name in words if name in rules.MOVES for role in words if role in set(Role)}
    for state in rules.STATES:
        application = Application(code="0000000000", state=state)
        for name in rules.MOVES:
            for role in Role:
                by = Actor("seseorang", CILEGON, frozenset({role}))
                assert _may(application, name, by) == ((state, name, role.value) in allowed), (state, name, role)


def _may(application: Application, name: str, by: Actor) -> bool:
    try:
        applications.check_move(application, name, by)
    except Refusal:
        return False
    return True


def test_reading_a_case_is_recorded_for_the_resident_to_see(cast: Cast) -> None:
    receipt = play.file(cast)
    applications.open_case(receipt.code, purpose="case", by=cast.verifier, at=clock.now())
    applications.reveal_nik(receipt.code, "Cocokkan dengan KK", by=cast.verifier, at=clock.now())
    case = Application.objects.get(code=receipt.code)
    actions = set(Entry.objects.filter(subject_id=case.resident_id).values_list("action", flat=True))
    assert {"read.case", "read.nik"} <= actions
