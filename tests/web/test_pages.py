"""Forms as people fill them in: what is wrong stands at its field, and nothing is half saved."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from loket.applications.models import Application, Draft
from loket.conversations.models import Message
from loket.core import clock, codes, images
from loket.core import links as signed
from loket.delivery import actions as delivery
from tests import cast as play
from tests.cast import CILEGON, PASSWORD, Cast
from tests.rules.test_images import _png


def staff(name: str) -> Client:
    client = Client()
    assert client.post("/masuk/", {"nama": name, "sandi": PASSWORD}).status_code == 302
    return client


@pytest.fixture
def form(cast: Cast) -> Client:
    client = Client()
    client.post("/ajukan/")
    client.post("/ajukan/isi/layanan/", {"service": "KTP_NEW"})
    return client


GOOD: dict[str, dict[str, Any]] = {
    "isi/nomor/": {"nik": "3672015705900001", "kk_number": "3672991203120123"},
    "isi/nama/": {"name": "Siti Aisyah"},
    "isi/lahir/": {"birth_date_hari": "17", "birth_date_bulan": "5", "birth_date_tahun": "1990"},
}


@pytest.mark.parametrize(
    ("page", "typed", "sentence"),
    [
        ("isi/nomor/", {"nik": "367201570590000"}, "16 angka"),
        ("isi/nomor/", {"nik": "3.67E+15"}, "Excel"),
        ("isi/nomor/", {"nik": "3672018105900001"}, "tanggal"),
        ("isi/nomor/", {"nik": "3672991203120123", "kk_number": "3672015705900001"}, "Nomor KK"),
        ("isi/lahir/", {"birth_date_hari": "31", "birth_date_bulan": "2"}, "31-2-1990 tidak ada di kalender"),
        ("isi/lahir/", {"birth_date_tahun": "90"}, "Contoh: 27 3 1987"),
        ("isi/nama/", {"name": "S1ti"}, "hanya berisi huruf"),
    ],
)  # fmt: skip
def test_a_wrong_answer_stays_on_its_page_with_what_to_do(form: Client, page: str, typed: dict[str, str], sentence: str) -> None:
    for earlier in list(GOOD)[: list(GOOD).index(page)]:
        form.post(f"/ajukan/{earlier}", GOOD[earlier])
    before = Draft.objects.values_list("answers", flat=True).get()
    answer = form.post(f"/ajukan/{page}", GOOD[page] | typed)
    assert answer.status_code == 422
    shown = answer.content.decode()
    assert sentence in shown
    assert "govuk-error-message" in shown
    assert Draft.objects.values_list("answers", flat=True).get() == before


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("foto.jpg", b"%PDF-1.7 bukan foto", "Berkas ini PDF"),
        ("foto.jpg", b"", "Berkasnya kosong"),
        ("foto.png", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "bukan foto"),
        ("foto.jpg", _png(8000, 5000), "megapiksel"),
        ("foto.jpg", play.photo()[:900], "rusak"),
    ],
    ids=["pdf", "empty", "cut-png", "40-megapixels", "cut-jpeg"],
)  # fmt: skip
def test_a_photo_that_is_none_is_told_what_it_is(form: Client, name: str, content: bytes, sentence: str) -> None:
    for page, typed in GOOD.items():
        assert form.post(f"/ajukan/{page}", typed).status_code == 302
    answer = form.post("/ajukan/foto/kk/", {"kk": SimpleUploadedFile(name, content)})
    assert answer.status_code in (413, 422)
    assert sentence in answer.content.decode()


def test_a_photo_full_of_noise_is_made_smaller_and_kept(form: Client) -> None:
    import os

    from PIL import Image

    from loket.core import images

    noise = Image.frombytes("RGB", (1600, 1000), os.urandom(1600 * 1000 * 3))
    import io

    out = io.BytesIO()
    noise.save(out, "JPEG", quality=60)
    assert len(images.accept(out.getvalue())) <= images.CANONICAL_BYTES


def test_no_page_is_open_before_those_that_come_first(form: Client) -> None:
    assert form.get("/ajukan/isi/alamat/").headers["Location"] == "/ajukan/isi/nomor/"


def test_an_empty_address_page_names_every_field(form: Client) -> None:
    for page, typed in GOOD.items():
        form.post(f"/ajukan/{page}", typed)
    form.post("/ajukan/foto/kk/", {"kk": SimpleUploadedFile("kk.jpg", play.photo())})
    form.post("/ajukan/isi/whatsapp/", {"phone": "0812 3456 7890"})
    shown = form.post("/ajukan/isi/alamat/", {}).content.decode()
    assert shown.count('class="govuk-error-message"') == 2
    assert 'href="#kelurahan"' in shown


def test_the_photo_of_a_form_is_seen_by_the_one_who_fills_it_in(form: Client) -> None:
    for page, typed in GOOD.items():
        form.post(f"/ajukan/{page}", typed)
    form.post("/ajukan/foto/kk/", {"kk": SimpleUploadedFile("kk.jpg", play.photo())})
    assert '/ajukan/foto/kk/lihat/"' in form.get("/ajukan/foto/kk/").content.decode()
    assert form.get("/ajukan/foto/kk/lihat/").content == images.judge(play.photo()).content
    assert Client().get("/ajukan/foto/kk/lihat/").status_code == 404


def test_the_counter_stays_at_its_desk_when_a_code_is_wrong(cast: Cast) -> None:
    client = staff("counter")
    answer = client.post("/petugas/loket/serah/", {"kode": "salah"})
    assert answer.status_code == 422
    assert "Terima permohonan" in answer.content.decode()
    code = play.file(cast).code
    typed = codes.shown(code).lower().replace("0", "o")
    assert client.post("/petugas/loket/serah/", {"kode": typed}).headers["Location"] == f"/petugas/loket/serah/{code}/"


def test_an_empty_form_at_the_counter_names_every_field(cast: Cast) -> None:
    answer = staff("counter").post("/petugas/loket/terima/KTP_NEW/", {"kunci": "k"})
    assert answer.status_code == 422
    assert answer.content.decode().count('class="govuk-error-message"') == 8
    recorder = staff("recorder").post("/rekam/", {"kunci": "k"}).content.decode()
    assert recorder.count('class="govuk-error-message"') == 3
    assert not Application.objects.exists()


def test_a_hand_over_shows_whom_it_is_for_and_preselects_no_suket(cast: Cast) -> None:
    code = play.printed(cast)
    delivery.choose(code, "pickup", by=cast.resident, at=clock.now())
    page = staff("counter").get(f"/petugas/loket/serah/{code}/").content.decode()
    assert "SITI AISYAH" in page
    assert '<select class="govuk-select" id="suket" name="suket"><option value="">' in page


@pytest.mark.parametrize(
    ("sought", "sentence"),
    [("367201570590000", "16 angka"), ("", "Tulis kode, nama, atau NIK lengkap"), ("7K4M-2QX9-R3U", "satu huruf"), ("3672015705900001", "Tulis alasan")],
)  # fmt: skip
def test_a_search_that_cannot_find_anything_says_why(cast: Cast, sought: str, sentence: str) -> None:
    answer = staff("verifier").post("/petugas/cari/", {"cari": sought})
    assert answer.status_code == 422
    assert sentence in answer.content.decode()


@pytest.mark.parametrize(
    ("name", "asked", "lands"),
    [
        ("verifier", "/petugas/", "/petugas/"), ("head", "/petugas/", "/pimpinan/"), ("admin", "/petugas/", "/kelola/"),
        ("counter", "/petugas/suket/", "/petugas/suket/"), ("counter", "/pimpinan/", "/petugas/loket/"),
        ("printer", "/tidak-ada/", "/cetak/"),
    ],
)  # fmt: skip
def test_whoever_signs_in_comes_to_the_page_she_asked_for_or_else_to_her_own(
    cast: Cast, name: str, asked: str, lands: str
) -> None:
    answer = Client().post("/masuk/", {"nama": name, "sandi": PASSWORD, "lanjut": asked})
    assert (answer.status_code, answer.headers["Location"]) == (302, lands)


def test_from_a_closed_page_the_way_leads_to_ones_own(cast: Cast) -> None:
    closed = staff("head").get("/petugas/")
    assert closed.status_code == 403
    assert 'href="/pimpinan/">Ke halaman kerja' in closed.content.decode()


def test_staff_who_open_a_wrong_address_keep_their_menu(cast: Cast) -> None:
    shown = staff("verifier").get("/petugas/k/7K4M2QX9R3T/").content.decode()
    assert 'aria-label="Menu petugas"' in shown
    assert 'href="/petugas/"' in shown


def test_a_manifest_is_not_closed_with_a_word(cast: Cast) -> None:
    code = play.printed(cast)
    delivery.choose(code, "post", by=cast.resident, at=clock.now())
    manifest, _results = delivery.open_manifest([code], by=cast.dispatcher, at=clock.now())
    answer = staff("dispatcher").post(f"/cetak/kirim/{manifest.pk}/", {"jumlah": "abc"})
    assert answer.status_code == 409
    assert "Tulis jumlah amplop dengan angka" in answer.content.decode()
    assert Application.objects.get(code=code).state == "enveloped"


def test_before_the_choice_the_way_ends_in_both(cast: Cast) -> None:
    receipt = play.file(cast)
    token = signed.sign("case", receipt.code, clock.now() + timedelta(days=1))
    shown = Client().get(f"/l/{token}/", follow=True).content.decode()
    assert "Dikirim lewat Pos atau diambil di kantor" in shown
    assert "Disiapkan untuk Pos" not in shown
    assert Message.objects.filter(notice="received").count() == 1
    assert CILEGON
