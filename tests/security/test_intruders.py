"""What somebody tries who wants a card, a place or data that are not hers; each guard was seen to fail without it."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import Error, connection, transaction
from django.test import Client

from loket import jobs
from loket.applications import actions as applications
from loket.applications import drafts
from loket.applications import queries as cases
from loket.applications.models import Application, Draft
from loket.audit.models import Entry
from loket.conversations import actions as talks
from loket.conversations import queries as threads
from loket.conversations import rules
from loket.conversations.keys import data_key, key_of
from loket.conversations.models import Contact, Message
from loket.core import clock, crypto, links
from loket.core.actor import Actor, Role
from loket.core.errors import Refusal
from loket.delivery import actions as delivery
from loket.delivery import queries as parcels
from loket.printing import actions as printing
from loket.residents.models import Enrolment
from loket.stock import actions as stock
from loket.stock import queries as ledger
from loket.visits import actions as visits
from tests import cast as play
from tests.cast import CILEGON, NOW, PASSWORD, Cast


def shelved(cast: Cast) -> Application:
    code = play.printed(cast)
    delivery.choose(code, "pickup", by=cast.resident, at=clock.now())
    return Application.objects.get(code=code)


def sent(application: Application, notice: str, text: str) -> None:
    """The notice as it stands after the worker has composed and sent it."""
    contact = Contact.objects.get(pk=application.contact_id)
    row = Message.objects.get(case_id=application.pk, notice=notice)
    sealed = data_key(contact).seal("conversations_message", "body", row.pk, text)
    Message.objects.filter(pk=row.pk).update(body=sealed, state="sent", provider_id=row.pk.hex)


def staff(name: str) -> Client:
    client = Client()
    assert client.post("/masuk/", {"nama": name, "sandi": PASSWORD}).status_code == 302
    return client


def guess(application: Application, code: str, cast: Cast) -> str:
    """The code of the refusal of one hand-over, empty when the card went out."""
    pickup = delivery.Pickup(application.code, code, "Siti Aisyah", "self", "none")
    problem = delivery.collect([pickup], by=cast.counter, at=clock.now())[0].problem
    return problem.code if problem else ""


def test_the_office_reads_no_pickup_code_and_no_link_in_a_conversation(cast: Cast) -> None:
    application = shelved(cast)
    code = parcels.pickup_code(application)
    sent(application, "ready_pickup", f"Kode ambil: *{code}*\nhttps://kantor.example/l/abc.{application.code}.tanda/")
    shown = "".join(line.text for line in threads.thread(application.contact_id, CILEGON))
    assert "Kode ambil: *••••••*" in shown
    assert code not in shown
    assert "tanda" not in shown


def test_a_pasted_nik_is_masked_and_reading_a_conversation_is_recorded(cast: Cast) -> None:
    application = Application.objects.get(code=play.file(cast).code)
    contact = Contact.objects.get(pk=application.contact_id)
    talks.receive(contact, provider_id="wamid.1", kind="text", body="#KTP#3672015705900001#Siti", sent_at=NOW, at=NOW)
    page = staff("verifier").get(f"/petugas/obrolan/{contact.pk}/").content.decode()
    assert "36••••••••••••••" in page
    assert "3672015705900001" not in page
    for written in ("NIK3672015705900001", "3672 0157 0590 0001", "3672-0157-0590-0001", "3672.0157.0590.0001"):
        assert "0157" not in rules.for_the_office(f"ini {written}.", "")
        assert rules.for_the_office("0812 3456 7890, 2 Juni 2020", "") == "0812 3456 7890, 2 Juni 2020"
    assert Entry.objects.filter(action="read.chat", actor="verifier").count() == 1


def test_five_wrong_pickup_codes_end_the_code_and_stand_in_the_trail(cast: Cast) -> None:
    application = shelved(cast)
    right = parcels.pickup_code(application)
    wrong = f"{(int(right) + 1) % 10**6:06d}"
    assert [guess(application, wrong, cast) for _ in range(6)] == ["pickup_code"] * 5 + ["pickup_tries"]
    # Gone for good, also on another day.
    clock.move_to(cast.at + timedelta(days=2))
    assert guess(application, right, cast) == "pickup_tries"
    assert Entry.objects.filter(action="delivery.wrong_code", case_id=application.pk).count() == 5
    delivery.resend_code(application.code, by=cast.counter, at=clock.now())
    assert guess(application, parcels.pickup_code(application), cast) == ""


@pytest.mark.parametrize("again", ["resend", "choose"])
def test_a_card_has_six_pickup_codes_a_day_at_most(cast: Cast, again: str) -> None:
    application = shelved(cast)

    def another() -> None:
        if again == "resend":
            delivery.resend_code(application.code, by=cast.counter, at=clock.now())
            return
        for method in ("post", "pickup"):
            delivery.choose(application.code, method, by=cast.resident, at=clock.now())

    for _ in range(5):
        another()
    with pytest.raises(Refusal) as refused:
        another()
    assert refused.value.code == "resent_often"


def test_news_goes_to_the_number_in_the_form_and_not_to_whoever_passed_the_link_on(cast: Cast) -> None:
    sender = talks.contact_by_phone("+6281230009999", office=CILEGON, at=NOW)
    wanted = play.filing(phone="081230001111")
    receipt = applications.file(wanted, chat=sender, by=cast.resident, at=clock.now())
    application = Application.objects.get(pk=receipt.id)
    assert application.contact_id == talks.contact_by_phone("+6281230001111", office=CILEGON, at=NOW)
    assert list(Message.objects.filter(contact=sender).values_list("notice", "case_id")) == [("sent_elsewhere", None)]
    own = applications.file(play.filing(phone="081230009999"), chat=sender, by=cast.resident, at=clock.now())
    assert Application.objects.get(pk=own.id).contact_id == sender


def test_a_corrected_number_gets_the_news_from_then_on(cast: Cast) -> None:
    code = play.file(cast, phone="081230001111").code
    verdict = applications.Verdict(code, "return", "Nomor tidak aktif", ("phone",))
    applications.decide([verdict], by=cast.verifier, at=clock.now())
    applications.correct(code, [], {"phone": "081230002222"}, by=cast.resident, at=clock.now())
    new = talks.contact_by_phone("+6281230002222", office=CILEGON, at=NOW)
    assert Application.objects.get(code=code).contact_id == new
    assert Message.objects.filter(contact=new, notice="corrected").count() == 1


def test_a_lost_number_is_changed_by_one_and_the_card_handed_over_by_another(cast: Cast) -> None:
    application = shelved(cast)
    both = Actor("serba", CILEGON, frozenset({Role.VERIFIER, Role.COUNTER}))
    change = (application.code, "081230002222", "HP hilang, KK asli ditunjukkan")
    with pytest.raises(Refusal) as refused:
        applications.change_phone(*change, by=cast.counter, at=clock.now())
    assert refused.value.code == "role"
    applications.change_phone(*change, by=both, at=clock.now())
    delivery.resend_code(application.code, by=cast.counter, at=clock.now())
    new = talks.contact_by_phone("+6281230002222", office=CILEGON, at=NOW)
    assert Message.objects.filter(contact=new, notice="ready_pickup").count() == 1
    pickup = delivery.Pickup(application.code, parcels.pickup_code(application), "Siti Aisyah", "self", "none")
    mine, other = (delivery.collect([pickup], by=by, at=clock.now())[0].problem for by in (both, cast.counter))
    assert mine is not None
    assert (mine.code, other) == ("two_people", None)


def test_filing_that_is_refused_uses_up_nobodys_place(cast: Cast) -> None:
    from loket.core import limits

    play.file(cast, nik="3672015705900001")
    client = Client()
    for _ in range(11):
        client.post("/ajukan/")
        draft = Draft.objects.latest("started_at")
        media_id = str(uuid4())
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("loket.core.media.read", lambda *_given: play.photo())
            drafts.keep(draft, {
                "service": "KTP_NEW", "nik": "3672015705900001", "kk_number": "3672991503120777", "name": "SITI AISYAH",
                "birth_date": "1990-05-17", "phone": "+6281230001111", "address": "Jalan Mawar 3 RT 01 RW 02",
                "kelurahan": f"{CILEGON}.01.1001", "photos": {"kk": media_id},
            })  # fmt: skip
            assert client.post("/ajukan/periksa/", {"setuju": "1"}).status_code == 409
    assert not limits.exceeded("file:+6281230001111", 1, 24 * 60, at=clock.now())


def test_a_birth_date_shows_the_case_and_not_its_pickup_code(cast: Cast) -> None:
    application = shelved(cast)
    code = parcels.pickup_code(application)
    by_date, by_link = Client(), Client()
    born = {"birth_date_hari": "17", "birth_date_bulan": "5", "birth_date_tahun": "1990"}
    assert by_date.post(f"/c/{application.code}/buka/", born).status_code == 302
    seen = by_date.get(f"/c/{application.code}/").content.decode()
    assert "Kirim ulang kode ambil" in seen
    assert code not in seen
    token = links.sign("case", application.code, clock.now() + timedelta(days=1))
    assert code in by_link.get(f"/l/{token}/", follow=True).content.decode()


def test_a_resident_sees_who_opened_her_data(cast: Cast) -> None:
    receipt = play.file(cast)
    applications.reveal_nik(receipt.code, "Cocokkan dengan KK", by=cast.verifier, at=clock.now())
    token = links.sign("case", receipt.code, clock.now() + timedelta(days=1))
    page = Client().get(f"/l/{token}/", follow=True).content.decode()
    assert "NIK dibuka petugas (verifier)" in page
    assert "Cocokkan dengan KK" in page


@pytest.mark.parametrize(("path", "code"), [("/ajukan/foto/KK/", "Berkas terlalu besar"), ("/api/v1/applications", "too_large")])
def test_what_is_far_too_large_is_refused_before_it_is_read(cast: Cast, path: str, code: str) -> None:
    answer = Client().generic("POST", path, b"", CONTENT_LENGTH=str(5 * 2**30))
    assert answer.status_code == 413
    assert code in answer.content.decode()


def test_signing_out_ends_the_session_for_every_process(cast: Cast) -> None:
    from django.contrib.sessions.models import Session

    client = staff("verifier")
    assert client.get("/petugas/").status_code == 200
    # What another process does when somebody signs out there.
    Session.objects.all().delete()
    assert client.get("/petugas/").status_code == 302


@pytest.mark.parametrize(
    ("field", "typed", "refused"),
    [
        ("birth_date", "27 3 1987", "date"), ("birth_date", "2031-01-01", "birth_future"), ("name", "S1T1", "name_odd"),
        ("kk_number", "123", "kk_number_length"), ("phone", "rumah", "phone_letters"), ("address", "x", "address_missing"),
    ],
)  # fmt: skip
def test_a_correction_passes_the_rules_of_filing_and_leaves_no_trace_when_refused(
    cast: Cast, field: str, typed: str, refused: str
) -> None:
    code = play.file(cast).code
    verdict = applications.Verdict(code, "return", "Mohon diperbaiki", (field,))
    applications.decide([verdict], by=cast.verifier, at=clock.now())
    before = cases.case(Application.objects.get(code=code)).claims
    with pytest.raises(Refusal) as problem:
        applications.correct(code, [], {field: typed}, by=cast.resident, at=clock.now())
    assert problem.value.code == refused
    application = Application.objects.get(code=code)
    assert (application.state, cases.case(application).claims) == ("needs_fix", before)


def test_a_corrected_birth_date_is_typed_in_three_boxes(cast: Cast) -> None:
    code = play.file(cast).code
    verdict = applications.Verdict(code, "return", "Mohon diperbaiki", ("birth_date", "address"))
    applications.decide([verdict], by=cast.verifier, at=clock.now())
    client = Client()
    client.get(f"/l/{links.sign('case', code, clock.now() + timedelta(days=1))}/")
    assert "Jalan Mawar 3 RT 01 RW 02" in client.get(f"/c/{code}/perbaiki/").content.decode()
    typed = {
        "birth_date_hari": "27", "birth_date_bulan": "3", "birth_date_tahun": "1987", "address": "Jalan Melati 9 RT 02 RW 01",
        "kelurahan": f"{CILEGON}.01.1002",
    }  # fmt: skip
    assert client.post(f"/c/{code}/perbaiki/", typed).status_code == 302
    case = cases.case(Application.objects.get(code=code))
    assert case.claims["birth_date"] == "1987-03-27"
    assert case.destination == "Jalan Melati 9 RT 02 RW 01, Kel. Kedaleman, Kec. Cibeber, Kota Cilegon 42422"


def test_a_form_link_shuts_out_whoever_else_has_it(cast: Cast) -> None:
    token = drafts.start(contact=None, by=cast.resident, at=clock.now())
    sender, resident, later = Client(), Client(), Client()
    for one in (sender, resident):
        assert one.get(f"/l/{token}/").status_code == 302
    assert resident.post("/ajukan/isi/layanan/", {"service": "KTP_NEW"}).status_code == 302
    # Her own browser goes on by the same link; the sender's and any other do not.
    assert resident.get(f"/l/{token}/").headers["Location"] == "/ajukan/isi/nomor/"
    assert sender.get("/ajukan/isi/nomor/").headers["Location"] == "/ajukan/"
    assert sender.get(f"/l/{token}/").status_code == 410
    assert later.get(f"/l/{token}/").status_code == 410


def test_a_number_with_a_new_holder_brings_none_of_the_old_cases(cast: Cast) -> None:
    old = talks.contact_by_user(bsuid="ID.lama", phone="+6281230001111", name="Siti", office=CILEGON, at=NOW)
    new = talks.contact_by_user(bsuid="ID.baru", phone="+6281230001111", name="Budi", office=CILEGON, at=NOW)
    assert new.pk != old.pk
    old.refresh_from_db()
    assert (old.bsuid, old.phone) == ("ID.lama", None)
    assert talks.contact_by_phone("+6281230001111", office=CILEGON, at=NOW) == new.pk


def test_nobody_reads_a_number_out_of_the_id_of_a_message(cast: Cast) -> None:
    contact = talks.contact_by_user(bsuid=None, phone="+6281230001111", name="Siti", office=CILEGON, at=NOW)
    talks.receive(contact, provider_id="wamid.HBgLNjI4MTIzMDAwMTExMQ", kind="text", body="halo", sent_at=NOW, at=NOW)
    assert Message.objects.get(outgoing=False).provider_id == key_of("wamid.HBgLNjI4MTIzMDAwMTExMQ")
    assert re.fullmatch("[0-9a-f]{32}", key_of("wamid.HBgLNjI4MTIzMDAwMTExMQ"))


def test_a_temporary_table_does_not_stand_in_for_the_ledger(cast: Cast) -> None:
    play.blanks(cast, 2)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE stock_balance AS SELECT id, office_id, product, place, 999 AS quantity FROM public.stock_balance")
        cursor.execute("GRANT ALL ON pg_temp.stock_balance TO PUBLIC")
    with pytest.raises(Error, match="stock_balance_not_negative"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO stock_movement (office_id, product, from_place, to_place, quantity, document, document_id, key, actor, "
            f"counter_signer, reason, at) VALUES ('{CILEGON}', 'KTP_EL', 'store', 'missing', 3, 'count', 'x', 'x', 'x', '', '', now())"
        )
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE pg_temp.stock_balance")


def test_forms_that_nobody_sent_are_forgotten_after_their_week(cast: Cast) -> None:
    token = drafts.start(contact=None, by=cast.resident, at=clock.now())
    drafts.keep(drafts.find(token, clock.now()), {"nik": "3672015705900001"})
    jobs.tend()
    assert Draft.objects.count() == 1
    clock.move_to(cast.at + timedelta(days=8))
    jobs.tend()
    assert Draft.objects.count() == 0


def test_nobody_keeps_an_officer_out_from_another_address(cast: Cast) -> None:
    attacker, officer = Client(headers={"X-Forwarded-For": "203.0.113.9"}), Client(headers={"X-Forwarded-For": "198.51.100.2"})
    for _ in range(10):
        attacker.post("/masuk/", {"nama": "verifier", "sandi": "salah"})
    assert attacker.post("/masuk/", {"nama": "verifier", "sandi": PASSWORD}).status_code == 429
    assert officer.post("/masuk/", {"nama": "verifier", "sandi": PASSWORD}).status_code == 302


def test_one_form_at_the_counter_is_one_resident(cast: Cast) -> None:
    client, key = staff("counter"), uuid4().hex

    def send(name: str) -> int:
        wanted = play.filing("BIRTH", name=name)
        fields = {
            "kunci": key, "nik": "3672015705900011", "kk_number": wanted.kk_number, "name": name, "phone": wanted.phone,
            "birth_date_hari": "17", "birth_date_bulan": "5", "birth_date_tahun": "1990", "alamat": wanted.address.line,
            "kelurahan": wanted.address.kelurahan,
        }  # fmt: skip
        from django.core.files.uploadedfile import SimpleUploadedFile

        photos = {kind: SimpleUploadedFile(f"{kind}.jpg", play.photo()) for kind in wanted.service.documents}
        return client.post("/petugas/loket/terima/BIRTH/", fields | photos).status_code

    assert send("Siti Aisyah") == 302
    assert send("Budi Santoso") == 422
    assert Application.objects.count() == 1


def test_one_form_of_the_recorder_is_one_resident(cast: Cast) -> None:
    def record(nik: str) -> None:
        visits.record(
            nik=nik, name="Siti Aisyah", birth_date=None, kecamatan=f"{CILEGON}.01", result="recorded", reason="",
            key="kunci", by=cast.recorder, at=clock.now(),
        )  # fmt: skip

    record("3672015705900001")
    record("3672015705900001")
    with pytest.raises(Refusal) as refused:
        record("3672015705900002")
    assert refused.value.code == "form_reused"


def test_a_recording_does_not_push_a_ready_case_out_of_line(cast: Cast) -> None:
    wanted = play.filing()
    code = play.ready(cast, nik=wanted.nik)
    visits.record(
        nik=wanted.nik, name="Siti Aisyah", birth_date=None, kecamatan=f"{CILEGON}.01", result="recorded", reason="",
        key="kunci", by=cast.recorder, at=clock.now(),
    )  # fmt: skip
    assert Application.objects.get(code=code).state == "ready"
    index = crypto.index("nik", wanted.nik, crypto.keyring())
    assert Enrolment.objects.get(nik_index=index).status == "PRINT_READY_RECORD"


def test_a_courier_notes_only_what_he_carries(cast: Cast) -> None:
    code = play.printed(cast)
    delivery.choose(code, "post", by=cast.resident, at=clock.now())
    manifest, _results = delivery.open_manifest([code], by=cast.dispatcher, at=clock.now())
    delivery.close_manifest(manifest.pk, 1, by=cast.dispatcher, at=clock.now())
    other = Actor("pos-lain", CILEGON, frozenset({Role.COURIER}))
    delivery.hand_over(manifest.pk, [(code, "")], by=other, at=clock.now())
    proof = {"scan_id": uuid4().hex, "hasil": "delivered", "penerima": "Siti", "hubungan": "self", "suket": "none"}
    assert staff("courier").post(f"/pos/antar/{code}/", proof).status_code == 404
    assert Application.objects.get(code=code).state == "in_transit"


def test_whoever_verified_a_case_does_not_note_how_it_was_printed(cast: Cast) -> None:
    code = play.ready(cast)
    play.blanks(cast, 1)
    batch, _codes = printing.open_batch(1, by=cast.printer, at=clock.now())
    both = Actor(cast.verifier.name, CILEGON, frozenset({Role.VERIFIER, Role.PRINTER}))
    result = printing.settle(batch.pk, [printing.Outcome(code, "printed")], by=both, at=clock.now())[0]
    assert result.problem is not None
    assert result.problem.code == "two_people"
    assert ledger.balances(CILEGON, stock.CARD)["drawer"] == 1


def test_a_reason_holds_no_number_of_anybody(cast: Cast) -> None:
    receipt = play.file(cast)
    with pytest.raises(Refusal) as refused:
        applications.reveal_nik(receipt.code, "NIK 3672015705900001", by=cast.verifier, at=clock.now())
    assert refused.value.code == "reason_numbers"


@pytest.mark.parametrize("action", ["answer", "claim", "release", "open_thread"])
def test_a_conversation_is_for_the_desk_of_its_own_office(cast: Cast, action: str) -> None:
    contact = Application.objects.get(code=play.file(cast).code).contact_id
    for by, code in ((cast.printer, "role"), (cast.stranger, "conversation_unknown")):
        given = (contact, "Selamat pagi") if action == "answer" else (contact,)
        with pytest.raises(Refusal) as refused:
            getattr(talks, action)(*given, by=by, at=clock.now())
        assert refused.value.code == code
    assert not Entry.objects.filter(action__in=["chat.answer", "chat.claim", "chat.release", "read.chat"]).exists()


@pytest.mark.parametrize(
    ("path", "status"),
    [("/l/aa.bb.é/", 404), ("/petugas/k/x/", 302), ("/c/<kode>/batal/", 302), ("/ajukan/nanti/", 405), ("/cetak/stok/?kursor=²", 302)],
)
def test_odd_addresses_are_answered_with_a_page(cast: Cast, path: str, status: int) -> None:
    answer = Client(raise_request_exception=True).get(path.replace("<kode>", play.file(cast).code))
    assert answer.status_code == status
    assert answer.content or status == 302


def test_a_strange_cursor_and_a_name_with_a_nul_are_sentences(cast: Cast) -> None:
    with pytest.raises(Refusal):
        ledger.page(CILEGON, stock.CARD, after="²")
    with pytest.raises(Refusal):
        ledger.page(CILEGON, stock.CARD, after="9" * 30)
    assert Client().post("/masuk/", {"nama": "ver\0ifier", "sandi": "a\0b"}).status_code == 422
