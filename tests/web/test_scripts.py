"""The two scripts, in a real browser without a server: smaller photos, keys that never commit, scans that queue."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route

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


PHOTO = """async () => {
    const canvas = new OffscreenCanvas(2400, 1800), pen = canvas.getContext("2d");
    for (let y = 0; y < 1800; y += 8) for (let x = 0; x < 2400; x += 8) {
        pen.fillStyle = `rgb(${x % 256} ${y % 256} 90)`; pen.fillRect(x, y, 8, 8); }
    const list = new DataTransfer(), input = document.getElementById("kk");
    list.items.add(new File([await canvas.convertToBlob({type: "image/jpeg", quality: 1})], "kk.jpg", {type: "image/jpeg"}));
    input.files = list.files;
    input.dispatchEvent(new Event("change"));
}"""
FORM = """<!doctype html><html lang="id"><title>Foto</title><main><form method="post" enctype="multipart/form-data" data-foto="f1-kk">
<input type="hidden" name="csrfmiddlewaretoken" value="t"><input type="file" id="kk" name="kk" data-lost="Foto belum terkirim."
 data-again="Kirim lagi" data-sending="Mengirim" data-small="Dari {from} menjadi {to}."><button>Lanjut</button></form></main>
<script type="module" src="/warga.js"></script>"""


def test_a_photo_survives_a_lost_signal_and_a_closed_browser_and_is_sent_again(browser: Browser) -> None:
    context, taken, away = browser.new_context(), list[int](), [True]

    def serve(route: Route) -> None:
        if route.request.url.endswith("warga.js"):
            route.fulfill(body=(STATIC / "warga.js").read_text(), content_type="text/javascript")
        elif route.request.method == "GET":
            route.fulfill(body="<title>Lanjut</title>" if "lanjut" in route.request.url else FORM, content_type="text/html")
        elif away[0]:
            route.abort("internetdisconnected")
        else:
            taken.append(len(route.request.post_data_buffer or b""))
            route.fulfill(status=204, headers={"X-Next": "/lanjut/"})

    context.route("http://127.0.0.1:1/**", serve)
    page = context.new_page()
    page.goto("http://127.0.0.1:1/foto/")
    page.evaluate(PHOTO)
    page.wait_for_selector("img#kk-lihat")
    assert " KB menjadi " in page.inner_text(".adm-upload")
    page.click("form > button")
    page.wait_for_selector("text=Foto belum terkirim.")
    assert taken == []
    # The browser is closed and opened again: the photo is back in its place, and goes up when asked.
    page.close()
    page = context.new_page()
    page.goto("http://127.0.0.1:1/foto/")
    page.wait_for_selector("text=Kirim lagi")
    assert page.evaluate("document.getElementById('kk').files[0].size") <= 350 * 1024
    away[0] = False
    page.click("text=Kirim lagi")
    page.wait_for_url("**/lanjut/")
    assert len(taken) == 1
    assert 20_000 < taken[0] <= 360 * 1024
    # What was taken is kept no longer.
    page.goto("http://127.0.0.1:1/foto/")
    page.wait_for_timeout(150)
    assert page.locator(".adm-upload").count() == 0
    context.close()


def test_a_photo_that_is_refused_shows_the_answer_of_the_page_and_is_not_kept(browser: Browser) -> None:
    context = browser.new_context()
    refused = '<title>Kesalahan: Foto</title><main><div class="govuk-error-summary" tabindex="-1">Foto terlalu gelap.</div></main>'

    def serve(route: Route) -> None:
        if route.request.url.endswith("warga.js"):
            route.fulfill(body=(STATIC / "warga.js").read_text(), content_type="text/javascript")
        elif route.request.method == "GET":
            route.fulfill(body=FORM, content_type="text/html")
        else:
            route.fulfill(status=422, body=refused, content_type="text/html")

    context.route("http://127.0.0.1:1/**", serve)
    page = context.new_page()
    page.goto("http://127.0.0.1:1/foto/")
    page.evaluate(PHOTO)
    page.wait_for_selector("img#kk-lihat")
    page.click("form > button")
    page.wait_for_selector("text=Foto terlalu gelap.")
    assert page.title() == "Kesalahan: Foto"
    page.goto("http://127.0.0.1:1/foto/")
    page.wait_for_timeout(150)
    assert page.locator("img#kk-lihat").count() == 0
    context.close()


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
