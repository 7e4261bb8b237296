"""The two scripts, in a real browser without a server: smaller photos, keys that never commit, scans that queue."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

import loket.web

pytestmark = pytest.mark.browser
STATIC = Path(loket.web.__file__).parent / "static" / "loket"


@pytest.fixture(scope="module")
def page(browser: Browser) -> Page:
    page = browser.new_page()
    # localStorage exists only where there is an origin.
    page.route("http://127.0.0.1:1/**", lambda route: route.fulfill(body="<!doctype html>", content_type="text/html"))
    return page


def _show(page: Page, body: str, script: str) -> None:
    page.goto("http://127.0.0.1:1/")
    page.set_content(body)
    page.add_script_tag(content=(STATIC / script).read_text(), type="module")
    page.wait_for_timeout(50)


def test_a_large_photo_is_made_small_before_it_is_sent(page: Page) -> None:
    _show(page, '<form method="post"><input type="file" id="KK"></form>', "warga.js")
    page.evaluate(
        """async () => {
            const canvas = new OffscreenCanvas(4000, 3000), pen = canvas.getContext("2d");
            for (let y = 0; y < 3000; y += 8) for (let x = 0; x < 4000; x += 8) {
                pen.fillStyle = `rgb(${x % 256} ${y % 256} ${(x * y) % 256})`; pen.fillRect(x, y, 8, 8); }
            const blob = await canvas.convertToBlob({type: "image/jpeg", quality: 1});
            const list = new DataTransfer();
            list.items.add(new File([blob], "kk.png", {type: "image/jpeg"}));
            const input = document.getElementById("KK");
            input.files = list.files;
            input.dispatchEvent(new Event("change"));
        }"""
    )
    page.wait_for_selector("img#KK-lihat")
    size = page.evaluate(
        """async () => { const file = document.getElementById("KK").files[0]; const image = await createImageBitmap(file);
            return [file.size, image.width, image.height, file.name]; }"""
    )
    assert size[0] <= 350 * 1024
    assert size[1:] == [1600, 1200, "kk.jpg"]


def test_a_form_is_sent_once(page: Page) -> None:
    _show(page, '<form method="post"><button>Kirim</button></form>', "warga.js")
    page.evaluate(
        "window.sent = 0; addEventListener('submit', e => { if (!e.defaultPrevented) sent++; e.preventDefault(); })"
    )
    page.click("button")
    page.click("button")
    assert page.evaluate("sent") == 1


def test_single_keys_move_and_open_but_never_send(page: Page) -> None:
    _show(
        page,
        """<ul data-daftar><li><a href="#satu" id="satu">1</a></li><li><a href="#dua" id="dua">2</a></li></ul>
        <details class="adm-panel" data-key="s"><summary>Setujui</summary><form method="post">
        <textarea id="alasan"></textarea><button data-key="x">Kirim</button></form></details>""",
        "petugas.js",
    )
    page.evaluate("window.sent = 0; addEventListener('submit', e => { sent++; e.preventDefault(); })")
    for key in "jjkx":
        page.keyboard.press(key)
        page.wait_for_timeout(60)
    assert page.evaluate("document.activeElement.id") == "satu"
    page.keyboard.press("s")
    assert page.evaluate("document.activeElement.id") == "alasan"
    page.keyboard.type("sxj")
    assert page.input_value("#alasan") == "sxj"
    assert page.evaluate("sent") == 0
    page.keyboard.press("Control+Enter")
    assert page.evaluate("sent") == 1


def test_a_scanner_that_types_into_nothing_does_nothing(page: Page) -> None:
    _show(page, '<details class="adm-panel" data-key="t"><summary>Tolak</summary><form></form></details>', "petugas.js")
    page.keyboard.type("7K4Mt2QX9t")
    assert page.evaluate("document.querySelector('details').open") is False


def test_fifty_quick_scans_are_fifty_requests(page: Page) -> None:
    _show(
        page,
        """<script>window.got = []; window.htmx = {ajax: (verb, url, what) =>
            new Promise(done => setTimeout(() => { got.push(what.values.kode); done(); }, 5))};</script>
        <form method="post" hx-post="/pindai/" hx-target="#hasil"><input data-pindai name="kode" id="kode"></form>""",
        "petugas.js",
    )
    for number in range(50):
        page.keyboard.type(f"KODE{number:02d}")
        page.keyboard.press("Enter")
    page.wait_for_function("got.length === 50")
    assert page.evaluate("got") == [f"KODE{number:02d}" for number in range(50)]
