"""What a resident meets on her phone: one question at a time, a form that waits for her, a code that forgives."""

from __future__ import annotations

import re
from datetime import date, timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import strip_tags

from loket import jobs
from loket.applications import actions as applications
from loket.applications import drafts
from loket.applications import queries as cases
from loket.applications.models import Application, Draft, Recall
from loket.conversations.keys import data_key
from loket.conversations.models import Contact, Message
from loket.core import clock, codes, crypto, links, media
from loket.core.ids import uuid7
from loket.delivery import actions as delivery
from loket.web.citizen import door
from tests import cast as play
from tests.cast import CILEGON, Cast

BORN = {"birth_date_hari": "17", "birth_date_bulan": "5", "birth_date_tahun": "1990"}
ANSWERS: dict[str, dict[str, Any]] = {
    "isi/layanan/": {"service": "KTP_NEW"},
    "isi/nomor/": {"nik": "3672015705900001", "kk_number": "3672991203120123"},
    "isi/nama/": {"name": "Siti Aisyah"},
    "isi/lahir/": BORN,
    "foto/kk/": {},
    "isi/whatsapp/": {"phone": "0812 3456 7890"},
    "isi/alamat/": {"address": "Jalan Mawar 3 RT 01 RW 02", "kelurahan": f"{CILEGON}.01.1001"},
}


def answer(client: Client, page: str, **more: str) -> Any:
    return client.post(f"/ajukan/{page}", dict(ANSWERS[page]) | more)


def begun(until: str | None = None) -> Client:
    """A browser in which the form is filled in up to this page, or whole."""
    client = Client()
    client.post("/ajukan/")
    for page in ANSWERS:
        if page == until:
            break
        if page == "foto/kk/":
            hold_photo(Draft.objects.latest("started_at"))
        else:
            assert answer(client, page).status_code == 302, page
    return client


def hold_photo(draft: Draft) -> None:
    """The form has its photo, without a process that decodes it: what photos go through is told in tests of their own."""
    row = uuid7()
    media.store([(row, play.photo())], crypto.system_key())
    drafts.keep(draft, drafts.answers(draft) | {"photos": {"kk": str(row)}})


def own(code: str) -> Client:
    client = Client()
    client.get(f"/l/{links.sign('case', code, clock.now() + timedelta(days=1))}/")
    return client


def words(answer: Any) -> str:
    main = answer.content.decode().split("<main", 1)[1].split("</main>")[0]
    return re.sub(r"\s+", " ", unescape(strip_tags(main)))


def link_in(notice: str) -> str:
    """The path of the link that a queued notice carries."""
    import json

    row = Message.objects.filter(notice=notice).latest("seq")
    contact = Contact.objects.get(pk=row.contact_id)
    stored = data_key(contact).open_text("conversations_message", "body", row.pk, bytes(row.body))
    return "/" + str(json.loads(stored)["link"]).split("/", 3)[3]


@pytest.mark.parametrize("page", [*ANSWERS, "periksa/"])
def test_each_page_asks_one_thing_and_its_heading_is_that_question(cast: Cast, page: str) -> None:
    shown = begun(None if page == "periksa/" else page).get(f"/ajukan/{page}").content.decode()
    assert shown.count("<h1") == 1
    inputs = re.findall(r"<(?:input|select|textarea)[^>]*>", shown)
    asked = {re.search(r'name="([^"]+)"', one)[1] for one in inputs if 'type="hidden"' not in one}  # type: ignore[index]
    assert len(asked) <= 3, asked
    if page != "periksa/":
        inside = r"<(legend|h1)[^>]*>(?:<h1[^>]*>|<label[^>]*>).*?</(legend|h1)>"
        assert re.search(inside, shown, re.S), "the heading is a label or a legend"
    assert "Belum dikirim" in shown


@pytest.mark.parametrize("page", [page for page in ANSWERS if not page.startswith("foto")])
def test_an_empty_page_says_what_to_do_at_each_field_and_in_the_title(cast: Cast, page: str) -> None:
    sent = begun(page).post(f"/ajukan/{page}", {})
    shown = sent.content.decode()
    assert sent.status_code == 422
    assert re.search(r"<title>Kesalahan: ", shown)
    targets = re.findall(r'<li><a href="#([^"]+)">', shown)
    assert targets
    assert all(f'id="{target}"' in shown for target in targets)


def test_the_way_back_keeps_what_was_written(cast: Cast) -> None:
    client = begun()
    page = "/ajukan/isi/alamat/"
    seen = []
    while page != "/ajukan/":
        shown = client.get(page).content.decode()
        seen.append(page)
        page = re.search(r'href="([^"]+)" class="govuk-back-link"', shown)[1]  # type: ignore[index]
    assert seen == [f"/ajukan/{name}" for name in reversed(ANSWERS)]
    assert 'value="3672015705900001"' in client.get("/ajukan/isi/nomor/").content.decode()
    assert 'value="1990"' in client.get("/ajukan/isi/lahir/").content.decode()


def test_one_answer_is_changed_and_leads_straight_back_to_the_summary(cast: Cast) -> None:
    client = begun()
    shown = client.get("/ajukan/periksa/").content.decode()
    assert 'Ubah<span class="govuk-visually-hidden"> Nomor KK</span>' in shown
    assert 'value="SITI AISYAH"' in client.get("/ajukan/isi/nama/?ubah=1").content.decode()
    assert client.post("/ajukan/isi/nama/?ubah=1", {"name": "Siti Aminah"}).headers["Location"] == "/ajukan/periksa/"
    assert "SITI AMINAH" in client.get("/ajukan/periksa/").content.decode()


def test_consent_is_asked_in_plain_words_and_never_ticked_beforehand(cast: Cast) -> None:
    client = begun()
    shown = client.get("/ajukan/periksa/").content.decode()
    assert not re.search(r'id="setuju"[^>]*checked', shown)
    assert client.post("/ajukan/periksa/").status_code == 422
    assert not Application.objects.exists()


def test_sent_twice_or_from_two_tabs_it_is_one_request(cast: Cast) -> None:
    client = begun()
    answers = [client.post("/ajukan/periksa/", {"setuju": "1"}) for _ in range(3)]
    assert {one.headers["Location"] for one in answers} == {"/ajukan/selesai/"}
    assert Application.objects.count() == 1
    # The other tab still shows a question: it leads to the receipt, and changes nothing.
    client.post("/ajukan/isi/nama/", {"name": "Orang Lain"})
    assert codes.shown(Application.objects.get().code) in words(client.get("/ajukan/selesai/"))


def test_a_form_left_alone_opens_at_the_same_question_with_the_same_answers(cast: Cast) -> None:
    client = begun("isi/whatsapp/")
    link = re.search(r'href="http[^"]*(/l/[^"]+)"', client.post("/ajukan/nanti/").content.decode())[1]  # type: ignore[index]
    clock.move_to(cast.at + timedelta(days=6))
    another = Client()
    assert another.get(link).headers["Location"] == "/ajukan/isi/whatsapp/"
    assert 'value="SITI AISYAH"' in another.get("/ajukan/isi/nama/").content.decode()
    clock.move_to(cast.at + timedelta(days=8))
    assert Client().get(link).status_code == 410


def test_a_lost_link_comes_back_only_to_the_number_in_the_form(cast: Cast) -> None:
    client = begun("isi/alamat/")
    told = client.post("/ajukan/nanti/", {"kirim": "1"})
    assert "Tautan juga kami kirim" in words(told)
    jobs.send_what_was_lost(CILEGON)
    row = Message.objects.get(notice="form_again")
    assert row.contact_id == Contact.objects.get().pk
    another, thief = Client(), Client()
    link = link_in("form_again")
    assert another.get(link).headers["Location"] == "/ajukan/isi/alamat/"
    assert answer(another, "isi/alamat/").status_code == 302
    # Once it is filled in by that link, the link and the browser of before are shut out.
    assert thief.get(link).status_code == 410
    assert client.get("/ajukan/isi/alamat/").headers["Location"] == "/ajukan/"
    assert Draft.objects.count() == 1


def test_whoever_forgot_her_code_gets_it_on_her_own_phone_and_nobody_learns_whether_she_is_known(cast: Cast) -> None:
    code = play.file(cast, phone="081234567890").code
    answers = [Client().post("/lupa/", {"phone": phone}) for phone in ("0812 3456 7890", "0812 3456 7899")]
    known, unknown = (words(one).replace("90", "##").replace("99", "##") for one in answers)
    assert known == unknown
    assert Recall.objects.count() == 2
    assert jobs.send_what_was_lost(CILEGON) == 2
    rows = list(Message.objects.filter(notice="codes_again"))
    assert [row.contact_id for row in rows] == [Application.objects.get(code=code).contact_id]
    stored = data_key(Contact.objects.get(pk=rows[0].contact_id)).open_text(
        "conversations_message", "body", rows[0].pk, bytes(rows[0].body)
    )
    assert codes.shown(code) in stored
    assert not Recall.objects.exists()


def test_nobody_floods_a_number_with_its_own_codes(cast: Cast) -> None:
    play.file(cast, phone="081234567890")
    for _ in range(9):
        assert Client().post("/lupa/", {"phone": "081234567890"}).status_code == 200
    assert jobs.send_what_was_lost(CILEGON) == 3


@pytest.mark.parametrize("written", ["lower", "blanks", "letters", "hyphens", "bare"])
def test_a_code_is_taken_as_people_type_it(cast: Cast, written: str) -> None:
    code = play.file(cast).code
    typed = {
        "lower": code.lower(), "blanks": f" {code[:4]} {code[4:8]} {code[8:]} ", "hyphens": codes.shown(code), "bare": code,
        "letters": code.replace("0", "O").replace("1", "l"),
    }[written]  # fmt: skip
    assert Client().post("/cek/", {"kode": typed}).headers["Location"] == f"/c/{code}/"


def test_a_wrong_check_symbol_is_told_without_a_look_at_the_database(
    cast: Cast, django_assert_num_queries: Any, client: Client
) -> None:
    code = play.file(cast).code
    wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
    client.get("/cek/")
    with django_assert_num_queries(0):
        answer = client.post("/cek/", {"kode": wrong})
    assert answer.status_code == 422
    assert "Ada huruf atau angka yang keliru" in words(answer)
    assert "Lupa kode?" in words(answer)


def test_wrong_codes_rest_a_browser_long_before_the_phones_that_share_its_address(cast: Cast) -> None:
    code, guesser = play.file(cast).code, Client()
    answers = [guesser.post("/cek/", {"kode": codes.generate()}).status_code for _ in range(21)]
    assert answers == [422] * 20 + [429]
    assert guesser.get(f"/c/{codes.generate()}/").status_code == 429
    assert Client().post("/cek/", {"kode": code}).status_code == 302


def test_many_browsers_of_one_address_are_stopped_too_also_without_the_form(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "ADDRESS_GUESSES", 12)
    statuses = [Client().get(f"/c/{codes.generate()}/").status_code for _ in range(13)]
    assert statuses == [404] * 12 + [429]


def test_a_receipt_says_what_comes_next_and_until_when(cast: Cast) -> None:
    client = begun()
    client.post("/ajukan/periksa/", {"setuju": "1"})
    shown = client.get("/ajukan/selesai/")
    assert shown.content.decode().count("<li>Petugas memeriksa") == 1
    assert "paling lambat 5\u00a0Juni\u00a02020" in shown.content.decode()
    assert "3672015705900001" not in shown.content.decode()


@pytest.mark.parametrize(
    ("state", "who", "what"),
    [
        ("submitted", "Anda tidak perlu melakukan apa pun.", "Petugas memeriksa data dan foto Anda."),
        ("needs_fix", "Sekarang giliran Anda", "Perbaiki bagian yang ditandai petugas."),
        ("verified", "Anda tidak perlu melakukan apa pun.", "Kami menunggu status siap cetak dari pusat"),
        ("ready", "Anda tidak perlu melakukan apa pun.", "Kartu dicetak menurut urutan."),
        ("printed", "Sekarang giliran Anda", "Pilih cara menerima kartu"),
        ("on_shelf", "Sekarang giliran Anda", "Ambil kartu di kantor"),
        ("in_transit", "Anda tidak perlu melakukan apa pun.", "Petugas Pos mengantar kartu"),
        ("returned_home", "Sekarang giliran Anda", "Kartu Anda aman"),
        ("delivered", "Tidak ada lagi yang perlu Anda lakukan.", "Selesai, sudah diterima"),
        ("rejected", "Permohonan ini tidak dapat diproses.", "Ajukan permohonan baru"),
        ("cancelled", "Permohonan ini dibatalkan.", "Ajukan permohonan baru"),
    ],
)  # fmt: skip
def test_a_status_says_who_must_act_and_what_is_next(cast: Cast, state: str, who: str, what: str) -> None:
    code = reached(cast, state)
    shown = words(Client().get(f"/c/{code}/"))
    assert who in shown
    assert what in shown
    assert "SITI" not in shown
    if state not in ("delivered", "rejected", "cancelled"):
        assert "Janji selesai 16\u00a0Juni\u00a02020" in Client().get(f"/c/{code}/").content.decode().replace("</dt><dd>", " ")
        assert 'aria-current="step"' in Client().get(f"/c/{code}/").content.decode()


def reached(cast: Cast, state: str) -> str:
    """A request that stands in this state, by the real road."""
    at = clock.now()
    if state in ("submitted", "needs_fix", "verified", "rejected", "cancelled"):
        code = play.file(cast).code
        verdict = {"needs_fix": "return", "verified": "approve", "rejected": "reject"}.get(state)
        if verdict:
            applications.decide([applications.Verdict(code, verdict, "Foto KK terpotong.", ("kk",))], by=cast.verifier, at=at)
        if state == "cancelled":
            applications.cancel(code, by=cast.resident, at=at)
        return code
    if state == "ready":
        return play.ready(cast)
    if state in ("in_transit", "delivered", "returned_home"):
        code = play.in_transit(cast)
        if state != "in_transit":
            outcome = "delivered" if state == "delivered" else "returned"
            scan = delivery.Scan(code, f"scan-{code}", outcome, "Siti", "self", "none", "not_home" if outcome == "returned" else "")
            assert delivery.deliver([scan], by=cast.courier, at=at)[0].problem is None
        return code
    code = play.printed(cast)
    if state == "on_shelf":
        delivery.choose(code, "pickup", by=cast.resident, at=at)
    return code


def test_a_promise_that_slipped_comes_with_an_apology_the_cause_and_the_new_date(cast: Cast) -> None:
    code = play.file(cast).code
    clock.move_to(cast.at + timedelta(days=20))
    assert "Maaf, kami terlambat dari janji." in words(Client().get(f"/c/{code}/"))
    jobs.tell_of_slips(CILEGON)
    shown = words(Client().get(f"/c/{code}/"))
    assert "Maaf, kami terlambat dari janji. Janji semula 16\u00a0Juni\u00a02020".replace("\u00a0", " ") in shown.replace("\u00a0", " ")
    assert "antrean lebih panjang dari perkiraan" in shown
    assert "Janji baru" in shown


def test_a_correction_asks_for_what_was_flagged_and_for_nothing_else(cast: Cast) -> None:
    code = play.file(cast).code
    verdict = applications.Verdict(code, "return", "Nama tidak sama dengan KK.", ("name", "kk"))
    applications.decide([verdict], by=cast.verifier, at=clock.now())
    shown = own(code).get(f"/c/{code}/perbaiki/").content.decode()
    asked = set(re.findall(r'<(?:input|select|textarea)[^>]*name="([^"]+)"', shown)) - {"csrfmiddlewaretoken"}
    assert asked == {"name", "kk"}
    assert "Nama tidak sama dengan KK." in shown
    assert "16\u00a0Juni\u00a02020" in shown


def test_a_return_without_a_flag_is_not_sent_from_the_desk_and_means_every_paper_from_elsewhere(cast: Cast) -> None:
    code, client = play.file(cast).code, Client()
    client.post("/masuk/", {"nama": "verifier", "sandi": play.PASSWORD})
    sent = client.post(f"/petugas/k/{code}/putusan/", {"putusan": "return", "alasan": "Foto terpotong."})
    assert sent.status_code == 422
    assert "Centang bagian yang harus diperbaiki" in words(sent)
    assert Application.objects.get(code=code).state == "submitted"
    odd = applications.decide([applications.Verdict(code, "return", "Foto terpotong.", ("nik",))], by=cast.verifier, at=clock.now())
    assert odd[0].problem
    assert odd[0].problem.code == "field_unknown"
    applications.decide([applications.Verdict(code, "return", "Foto terpotong.")], by=cast.verifier, at=clock.now())
    assert Application.objects.get(code=code).fix_fields == ["kk"]


def test_both_ways_of_delivery_show_their_price_and_the_address_is_confirmed(cast: Cast) -> None:
    code = play.printed(cast)
    client = own(code)
    page = words(client.get(f"/c/{code}/terima/"))
    assert "Dikirim lewat Kantor Pos, Rp14.000" in page
    assert "Diambil di kantor, gratis" in page
    asked = client.post(f"/c/{code}/terima/", {"method": "post"})
    assert "Jalan Mawar 3 RT 01 RW 02, Kel. Cibeber" in words(asked)
    assert Application.objects.get(code=code).method == ""
    missing = client.post(f"/c/{code}/terima/", {"method": "post", "address": ""})
    assert missing.status_code == 422
    assert client.post(f"/c/{code}/terima/", {"method": "post", "where": "this", "address": ""}).status_code == 302
    assert "Dikirim ke: Jalan Mawar 3" in words(client.get(f"/c/{code}/"))
    assert Message.objects.filter(notice="chosen_post").count() == 1
    other = {"method": "post", "where": "other", "address": "Jalan Melati 9 RT 02 RW 01", "kelurahan": f"{CILEGON}.01.1002"}
    assert client.post(f"/c/{code}/terima/", other).status_code == 302
    assert "Dikirim ke: Jalan Melati 9" in words(client.get(f"/c/{code}/"))
    assert client.post(f"/c/{code}/terima/", {"method": "pickup"}).status_code == 302
    assert Application.objects.get(code=code).state == "on_shelf"


def test_a_closed_envelope_is_told_with_the_way_to_an_officer(cast: Cast) -> None:
    code = play.printed(cast)
    client = own(code)
    client.post(f"/c/{code}/terima/", {"method": "post", "where": "this", "address": ""})
    delivery.open_manifest([code], by=cast.dispatcher, at=clock.now())
    refused = client.post(f"/c/{code}/terima/", {"method": "pickup"})
    assert refused.status_code == 409
    assert "Amplop kartu ini sudah ditutup" in words(refused)
    assert "Amplop sudah ditutup, jadi pilihan ini tidak bisa diubah di sini" in words(client.get(f"/c/{code}/"))


GATES = ("terima/", "perbaiki/", "bukti.pdf", "kode-ambil/", "batal/")


@pytest.mark.parametrize("gate", GATES)
def test_a_stranger_meets_the_same_before_a_code_that_exists_and_one_that_does_not(
    cast: Cast, gate: str, django_assert_num_queries: Any
) -> None:
    real, guessed = play.printed(cast), codes.generate()
    told = []
    for code in (real, guessed):
        client = Client()
        with django_assert_num_queries(0):
            answers = [client.get(f"/c/{code}/{gate}"), client.post(f"/c/{code}/{gate}")]
        told.append([(one.status_code, one.headers.get("Location", "").replace(code, "X"), one.content.replace(code.encode(), b"X")) for one in answers])
    assert told[0] == told[1]


def test_a_wrong_birth_date_and_a_code_of_nobody_get_the_same_answer(cast: Cast) -> None:
    told, work = [], []
    play.file(cast)
    for code in (play.file(cast).code, "0" * 11):
        with CaptureQueriesContext(connection) as seen:
            cases.is_birth_date(code, date(1991, 1, 1), CILEGON)
        work.append([re.sub(r"'[^']*'", "?", row["sql"]) for row in seen.captured_queries])
        sent = Client().post(f"/c/{code}/buka/", BORN | {"birth_date_tahun": "1991"})
        body = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", sent.content.decode())
        told.append((sent.status_code, body.replace(code, "X").replace(codes.shown(code), "X")))
    assert told[0] == told[1]
    # The same statements behind it: there is nothing that a clock could see.
    assert work[0] == work[1]
    assert len(work[0]) == 3


def test_no_page_for_everybody_looks_anything_up_by_nik(cast: Cast) -> None:
    """A NIK typed into any field of any free page gets the same answer whether its holder is known or not."""
    from tests.security.test_doors import pages

    known, unknown = "3672015705900001", "3672015705900077"
    code = play.file(cast, nik=known).code
    free = [path for path, view in pages() if not hasattr(view, "roles") and "<" not in path and not path.startswith(("api/", "_ui", "data/"))]
    assert len(free) > 12
    for path in free:
        told = []
        for number in (known, unknown):
            typed = dict.fromkeys(("nik", "kode", "q", "text", "phone", "cari", "pesan", "nomor", "kind"), number)
            given = [Client().get(f"/{path}", typed), Client().post(f"/{path}", typed)]
            told.append([(one.status_code, _bare(one, number)) for one in given])
            assert code not in told[-1][0][1] + told[-1][1][1], path
        assert told[0] == told[1], path


def _bare(answer: Any, number: str) -> str:
    shown = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", answer.content.decode())
    return re.sub(r'datetime="[^"]+"', "", shown).replace(number, "N")
