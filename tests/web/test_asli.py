"""Is this message from the office? Told to everybody, about nobody."""

from __future__ import annotations

import re
import time
from datetime import timedelta

import pytest
from django.test import Client

from loket.audit.models import Entry
from loket.conversations import authenticity, composing, texts
from loket.conversations import queries as threads
from loket.conversations.authenticity import Verdict, judge
from loket.conversations.gateways import Console
from loket.conversations.models import Fraud, Message
from loket.core import clock
from loket.offices import queries as offices
from loket.offices.models import Office
from tests import cast as play
from tests import working
from tests.cast import CILEGON, PASSWORD, Cast

HOST = "loket.cilegon.go.id"
OURS, NOT_OURS, UNKNOWN = Verdict.OURS, Verdict.NOT_OURS, Verdict.UNKNOWN


@pytest.fixture(autouse=True)
def _https(settings: object) -> None:
    settings.BASE_URL = f"https://{HOST}"  # type: ignore[attr-defined]


def verdict(pasted: str) -> Verdict:
    return judge(pasted, offices.office(CILEGON)).verdict


def answer(pasted: str, **more: str) -> str:
    return Client().post("/asli/", {"tempelan": pasted}, **more).content.decode()  # type: ignore[arg-type]


@pytest.mark.parametrize("number", ["+62254000000", "0254 000000", "(0254) 000-000", "62254000000"])
def test_the_offices_number_is_known_in_every_spelling(cast: Cast, number: str) -> None:
    assert verdict(number) == OURS
    assert "nomor resmi kami" in answer(number)


@pytest.mark.parametrize("number", ["0812 3456 7890", "+62 254 000001", "+1 415 555 0100", "081234567890"])
def test_any_other_number_is_not_ours_whoever_has_it(cast: Cast, number: str) -> None:
    play.file(cast, phone="081234567890")
    assert verdict(number) == NOT_OURS


def test_another_number_is_official_by_a_setting(cast: Cast) -> None:
    Office.objects.filter(code=CILEGON).update(settings={"official_numbers": ["0254 391000"], "official_hosts": ["disdukcapil.cilegon.go.id"]})
    offices.forget()
    assert verdict("+62254391000") == OURS
    assert verdict("https://disdukcapil.cilegon.go.id/berita/1") == OURS
    assert verdict("http://disdukcapil.cilegon.go.id/berita/1") == NOT_OURS


@pytest.mark.parametrize("link", [f"https://{HOST}", f"https://{HOST}/l/abc/", f"{HOST}/cek/", f"HTTPS://{HOST.upper()}/", "https://wa.me/62254000000"])
def test_a_link_to_our_own_host_is_ours(cast: Cast, link: str) -> None:
    assert verdict(link) == OURS


@pytest.mark.parametrize(
    "link",
    [
        f"http://{HOST}/", f"https://{HOST}.evil.com/", f"https://evil.com/{HOST}/", f"https://{HOST}@evil.com/",
        f"https://{HOST}:8443/", f"https://a.{HOST}/", "https://cilegon.go.id/", "https://1oket.cilegon.go.id/",
        "https://lоket.cilegon.go.id/", "https://xn--lket-55d.cilegon.go.id/", f"https://evil.com\\@{HOST}/",
        f"https://{HOST}%2eevil.com/", f"https://{HOST}\u200b/", "bit.ly/ktp-cilegon", "https://s.id/ktp", "http://203.0.113.9/l/a",
        "disdukcapil-cilegon.com/daftar", f"ftp://{HOST}/", "https://[::1]:abc/", "https://wa.me/6281234567890", f"https://{HOST}./",
    ],
)  # fmt: skip
def test_a_link_that_only_looks_like_ours_is_not(cast: Cast, link: str) -> None:
    assert verdict(link) == NOT_OURS


def sent(cast: Cast) -> str:
    """A message to a resident as it went out."""
    play.file(cast)
    working.send_due(Console())
    row = Message.objects.filter(notice="received").latest("seq")
    assert row.state == "sent"
    return threads.thread(row.contact_id, CILEGON)[-1].text


def test_what_the_office_sent_is_ours_however_it_was_copied(cast: Cast) -> None:
    body = sent(cast)
    for copied in (
        body, body.replace("*", ""), body.upper(), f"{body}\n\n{texts.FOOTER['id']}", f"[02/06/20 10.11] Disdukcapil: {body}",
        "  ".join(body.split(" ")), f"{body}\n",
    ):  # fmt: skip
        assert verdict(copied) == OURS, copied


def test_a_forged_addition_to_a_message_of_ours_is_seen(cast: Cast) -> None:
    body = sent(cast)
    for added in (
        "Klik https://bit.ly/ktp-cilegon", "Transfer Rp200.000 ke BCA 1234567890", "Hubungi 0812 3456 7890", "Bayar 150 ribu dulu",
        "Kirim kode OTP Anda", "Unduh aplikasi.apk untuk melanjutkan, lalu masukkan PIN",
    ):  # fmt: skip
        assert verdict(f"{body}\n{added}") == NOT_OURS, added
    assert verdict(f"{body}\nSalam hangat dari kami semua di kantor.") == UNKNOWN
    assert verdict(body.replace("paling lambat", "segera")) == UNKNOWN


def test_part_of_a_message_is_ours_by_its_lines_if_nothing_in_it_leads_astray(cast: Cast) -> None:
    fee = composing.compose("fees", {"fee": 14_000}, language="id").body
    assert verdict(fee) == OURS
    assert verdict(fee.replace("14.000", "200.000")) == NOT_OURS
    choose = composing.compose(
        "choose", {"fee": 14_000, "days": 7, "code": "7K4M2QX9R3T", "pickup_place": "Disdukcapil Kota Cilegon, Jalan Contoh 1"}, language="id"
    )
    assert verdict(choose.body) == OURS
    assert verdict(choose.body.replace("Jalan Contoh 1", "Jalan Palsu 9")) == UNKNOWN


def test_what_others_write_into_our_messages_makes_nothing_ours(cast: Cast) -> None:
    """A text with a free place, such as a reason, is ours by its mark alone."""
    forged = composing.compose(
        "needs_fix", {"code": "7K4M2QX9R3T", "until": "2020-06-16"}, language="id", private={"reason": "hubungi orang kami dulu"}
    )
    assert verdict(forged.body) == UNKNOWN


@pytest.mark.parametrize("pasted", ["Halo", "Selamat pagi, apakah benar ini?", "Kode: 7K4M-2QX9-R3T", "2 Juni 2020", "x" * 5000])
def test_what_tells_too_little_is_not_judged(cast: Cast, pasted: str) -> None:
    assert verdict(pasted) == UNKNOWN


def test_a_pickup_code_cannot_be_tried_out_here(cast: Cast) -> None:
    body = "KTP-el Anda (7K4M-2QX9-R3T) sudah bisa diambil di kantor kami.\nKode ambil: *123456*"
    authenticity.note(body, "ready_pickup", clock.now())
    assert verdict(body) == OURS
    assert verdict(body.replace("123456", "654321")) == OURS


def test_nothing_is_kept_of_what_was_pasted_and_marks_end(cast: Cast) -> None:
    before = Entry.objects.count()
    answer("Ini pesan rahasia saya dengan NIK 3672015705900001 yang panjang sekali")
    assert (Entry.objects.count(), Fraud.objects.count()) == (before, 0)
    authenticity.note("Sebuah pesan dari kantor yang cukup panjang untuk diingat.", "", clock.now())
    assert authenticity.forget_old(clock.now() + timedelta(days=399)) == 0
    assert authenticity.forget_old(clock.now() + timedelta(days=401)) == 1


def test_the_answer_is_the_same_page_quickly_and_alike_for_all(cast: Cast) -> None:
    known, unknown = sent(cast), "Pesan lain yang panjangnya kira-kira sama dengan pesan kantor itu. " * 3
    took: dict[str, list[float]] = {known: [], unknown: []}
    verdict(known)
    for _ in range(15):
        for pasted, times in took.items():
            begun = time.perf_counter()
            verdict(pasted)
            times.append(time.perf_counter() - begun)
    middle = [sorted(times)[7] for times in took.values()]
    assert max(middle) < 0.1
    assert abs(middle[0] - middle[1]) < 0.01
    pages = [re.sub(r"\s+", " ", re.sub(r"<section.*?</section>|<textarea.*?</textarea>|name=\"csrf[^>]*>", "", answer(one), flags=re.S)) for one in took]
    assert pages[0] == pages[1]


def test_questions_are_limited_per_address(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loket.web.public.authenticity.QUESTIONS", 2)
    client = Client()
    assert [client.post("/asli/", {"tempelan": "halo"}).status_code for _ in range(3)] == [200, 200, 429]
    assert Client(headers={"X-Forwarded-For": "203.0.113.9"}).post("/asli/", {"tempelan": "halo"}).status_code == 200


def test_an_empty_question_says_what_to_do(cast: Cast) -> None:
    page = Client().post("/asli/", {"tempelan": "  "})
    assert page.status_code == 422
    assert "Tempel dulu nomor" in page.content.decode()


def test_a_fraud_is_reported_once_sealed_and_read_by_the_office(cast: Cast) -> None:
    text = "Kirim OTP ke 0812 3456 7890, NIK 3672015705900001"
    for client in (Client(), Client()):
        shown = client.post("/asli/", {"tempelan": text}).content.decode()
        assert "Laporkan penipuan" in shown
        assert client.post("/asli/lapor/", {"tempelan": text, "jenis": "text"}, follow=True).status_code == 200
    row = Fraud.objects.get()
    assert row.times == 2
    assert b"OTP" not in bytes(row.body)
    assert Client().post("/asli/lapor/", {"tempelan": "", "jenis": "text"}).status_code == 422
    staff = Client()
    staff.post("/masuk/", {"nama": "verifier", "sandi": PASSWORD})
    page = staff.get("/petugas/penipuan/").content.decode()
    assert "Kirim OTP" in page
    assert "3672015705900001" not in page
    assert Entry.objects.filter(action="read.frauds", actor="verifier").count() == 1
    assert staff.post(f"/petugas/penipuan/{row.pk}/").status_code == 302
    row.refresh_from_db()
    assert row.seen_by == "verifier"
    assert staff.post(f"/petugas/penipuan/{row.pk}/").status_code == 404


def test_a_report_is_for_its_own_office(cast: Cast) -> None:
    Client().post("/asli/lapor/", {"tempelan": "Transfer dulu ya", "jenis": "text"})
    assert threads.frauds(cast.stranger.office) == []
    other = Client()
    other.post("/masuk/", {"nama": "stranger", "sandi": PASSWORD})
    assert other.post(f"/petugas/penipuan/{Fraud.objects.get().pk}/").status_code == 404
