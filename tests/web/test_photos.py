"""Photos in the form: a bad one comes back with one tip and a choice, a second bad one is taken, nothing is a wall."""

from __future__ import annotations

import os
import re
from pathlib import Path
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from playwright.sync_api import Browser, Page

from loket.applications import actions as applications
from loket.applications import drafts
from loket.applications.filing import Paper
from loket.applications.models import Draft
from loket.core import clock, media
from tests import cast as play
from tests import photographs as ph
from tests.cast import PASSWORD, Cast, photo
from tests.rules.test_images import with_place
from tests.web.test_axe import site  # noqa: F401

PAGE = "/ajukan/foto/kk/"


ANSWERS = {
    "service": "KTP_NEW", "nik": "3672015705900001", "kk_number": "3672991503120001", "name": "SITI", "birth_date": "1990-05-17",
}  # fmt: skip


def bad(label: str = "dark") -> bytes:
    return next(iter(ph.photographs(3, 1, (label,)))).content


@pytest.fixture
def form(cast: Cast) -> Client:
    """A browser that stands before its first photo."""
    browser = Client()
    browser.post("/ajukan/")
    drafts.keep(Draft.objects.get(), ANSWERS)
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


def _picture(page: Page, name: str) -> None:
    if folder := os.environ.get("LOKET_PICTURES"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


@pytest.mark.browser
def test_the_choice_is_made_on_a_small_phone_without_scripts(site: str, browser: Browser, tmp_path: Path) -> None:  # noqa: F811
    play.build()
    (tmp_path / "gelap.jpg").write_bytes(bad())
    window = browser.new_context(viewport={"width": 360, "height": 740}, java_script_enabled=False, locale="id-ID")
    page = window.new_page()
    page.goto(f"{site}/ajukan/")
    page.locator("main form button").first.click()
    drafts.keep(Draft.objects.get(), ANSWERS)
    page.goto(site + PAGE)
    page.locator("input[type=file]").set_input_files(tmp_path / "gelap.jpg")
    page.locator("main form button").first.click()
    assert page.get_by_text("Foto terlalu gelap").is_visible()
    _picture(page, "foto-gelap")
    page.get_by_role("button", name="Pakai foto ini").click()
    assert PAGE not in page.url
    window.close()


@pytest.mark.browser
def test_the_officer_sees_the_hint_beside_the_photo(site: str, browser: Browser) -> None:  # noqa: F811
    cast = play.build()
    filing = play.filing()
    first = play.file(cast)
    receipt = applications.file(
        play.filing(papers=[Paper(paper.kind, bad("blurred")) for paper in filing.papers]), by=cast.resident, at=clock.now()
    )
    second = play.file(cast)
    while applications.judge_due():
        pass
    window = browser.new_context(viewport={"width": 1366, "height": 768}, locale="id-ID")
    page = window.new_page()
    page.goto(f"{site}/masuk/")
    page.locator("input[name=nama]").fill("verifier")
    page.locator("input[name=sandi]").fill(PASSWORD)
    page.locator("main button").first.click()
    page.goto(f"{site}/petugas/k/{receipt.code}/")
    assert page.get_by_text("Foto buram").is_visible()
    _picture(page, "kasus-foto-buram")
    page.goto(f"{site}/petugas/k/{second.code}/")
    page.get_by_text("Foto yang sama ada di").click()
    assert first.code in page.url
    page.go_back()
    _picture(page, "kasus-foto-sama")
    window.close()
