"""Photos in the form: a bad one comes back with one tip and a choice, a second bad one is taken, nothing is a wall."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from loket.applications import drafts
from loket.applications.models import Draft
from loket.core import media
from tests import photographs as ph
from tests.cast import Cast, photo
from tests.rules.test_images import with_place

PAGE = "/ajukan/foto/kk/"


def bad(label: str = "dark") -> bytes:
    return next(iter(ph.photographs(3, 1, (label,)))).content


@pytest.fixture
def form(cast: Cast) -> Client:
    """A browser that stands before its first photo."""
    browser = Client()
    browser.post("/ajukan/")
    draft = Draft.objects.get()
    drafts.keep(
        draft,
        {"service": "KTP_NEW", "nik": "3672015705900001", "kk_number": "3672991503120001", "name": "SITI", "birth_date": "1990-05-17"},
    )
    return browser


def upload(form: Client, content: bytes) -> str:
    answer = form.post(PAGE, {PAGE.split("/")[-2]: SimpleUploadedFile("foto.jpg", content, "image/jpeg")})
    return answer.headers["Location"] if answer.status_code == 302 else f"{answer.status_code} {answer.content.decode()}"


def held() -> list[UUID]:
    return [UUID(row) for row in drafts.answers(Draft.objects.get())["photos"].values()]


def test_a_good_photo_leads_on_and_keeps_nothing_hidden(form: Client) -> None:
    assert upload(form, with_place()).startswith("/ajukan/")
    assert b"Exif" not in form.get(PAGE + "lihat/").content


def test_a_dark_photo_comes_back_with_the_tip_and_the_choice(form: Client) -> None:
    page = upload(form, bad())
    assert page.startswith("422")
    assert "Foto terlalu gelap, tulisan di Kartu Keluarga tidak terbaca." in page
    assert "Foto ulang" in page
    assert "Pakai foto ini" in page
    assert form.get("/ajukan/periksa/").headers["Location"] == PAGE


def test_she_may_use_the_photo_as_it_is(form: Client) -> None:
    upload(form, bad())
    answer = form.post(PAGE, {"pakai": "1"})
    assert answer.status_code == 302
    assert answer.headers["Location"] != PAGE
    assert len(held()) == 1


def test_pressing_on_without_a_choice_asks_again(form: Client) -> None:
    upload(form, bad())
    answer = form.post(PAGE)
    assert answer.status_code == 422
    assert "pakai foto ini" in answer.content.decode()


def test_a_better_photo_takes_the_place_of_the_bad_one(form: Client) -> None:
    upload(form, bad())
    [first] = held()
    assert upload(form, photo()).startswith("/ajukan/")
    assert first not in set(media.orphans(set()))
    assert held()[0] in set(media.orphans(set()))


def test_a_second_bad_photo_is_taken_and_an_officer_looks(form: Client) -> None:
    upload(form, bad())
    following = upload(form, bad("blurred"))
    assert following.startswith("/ajukan/")
    assert "Petugas akan melihatnya" in form.get(following).content.decode()


def test_the_tip_is_english_on_an_english_page(form: Client) -> None:
    form.cookies["bahasa"] = "en"
    page = upload(form, bad())
    assert "The photo is too dark" in page
    assert "Use this photo" in page
    assert not re.search(r"\{paper\}", page)
