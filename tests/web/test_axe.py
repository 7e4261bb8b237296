"""axe-core finds nothing on the pages of the staff and in the pattern book, and nothing is wider than a phone."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from socketserver import ThreadingMixIn
from tempfile import NamedTemporaryFile
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.db import connections
from django.test import override_settings
from playwright.sync_api import Browser, Page

from loket.applications import actions as applications
from loket.applications.models import Application
from loket.core import links
from loket.delivery.models import Manifest
from loket.printing import actions as printing
from loket.residents import nik as niks
from loket.suket.importing import import_suket
from loket.web import ui
from tests import cast as casting
from tests.cast import Cast

pytestmark = pytest.mark.browser
PICTURES = os.environ.get("LOKET_PICTURES")


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *args: object) -> None:
        """Nothing: the test says what matters."""


@pytest.fixture
def site(fresh: str) -> Iterator[str]:
    from django.contrib.staticfiles.handlers import StaticFilesHandler
    from django.core.wsgi import get_wsgi_application

    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}

    def application(environ: dict[str, object], start: object) -> object:
        try:
            return StaticFilesHandler(get_wsgi_application())(environ, start)
        finally:
            connections.close_all()

    server = make_server("127.0.0.1", 0, application, server_class=_Server, handler_class=_Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    # override_settings, and not a patched attribute: it also drops the storage that an earlier test made.
    with override_settings(IS_DEMO=True, STORAGES={**settings.STORAGES, "staticfiles": plain}):
        yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def _findings(page: Page, url: str, name: str) -> list[str]:
    """What axe finds at the width of a desk, and whether a phone would have to scroll sideways."""
    page.set_viewport_size({"width": 1366, "height": 768})
    page.goto(url)
    assert page.evaluate("[...document.styleSheets].some(one => one.cssRules.length > 0)"), f"{url}: no style sheet"
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}-1366.png", full_page=True)
    violations = Axe().run(page).response["violations"]
    found = [f"{url}: {one['id']} {[node['target'] for node in one['nodes'][:3]]}" for one in violations]
    page.set_viewport_size({"width": 360, "height": 740})
    overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}-360.png", full_page=True)
    return found + ([f"{url}: {overflow} px wider than a phone"] if overflow > 0 else [])


def _english(page: Page, url: str, name: str) -> list[str]:
    """The same page in English, whose words are longer or shorter, on a phone."""
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{url}{'&' if '?' in url else '?'}bahasa=en")
    assert page.locator("html").get_attribute("lang") == "en", url
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/en-{name}-360.png", full_page=True)
    found = [f"{url} in English: {one['id']}" for one in Axe().run(page).response["violations"]]
    overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return found + ([f"{url} in English: {overflow} px wider than a phone"] if overflow > 0 else [])


def test_pattern_book_is_clean(site: str, browser: Browser, fresh: str) -> None:
    casting.build()
    page = browser.new_page()
    found = [line for name in ui.PAGES for line in _findings(page, f"{site}/_ui/{name}/", f"ui-{name}")]
    assert not found, "\n".join(found)


def _hold_suket(people: Cast) -> None:
    """Two holders in the register, one of them blocked by her status."""
    rows = "NIK,Nama Lengkap,Tgl Lahir,Kelurahan,Status\n" + "".join(
        f"{niks.synthetic_nik(number, date(1988, 3, 14), is_woman=True)},Siti Aisyah,1988-03-14,Cibeber,{status}\n"
        for number, status in ((8001, "PRR"), (8002, "SFE"))
    )
    with NamedTemporaryFile("w", suffix=".csv") as file:
        file.write(rows)
        file.flush()
        assert import_suket(Path(file.name), by=people.admin, at=people.at).new == 2


def _work(people: Cast) -> dict[str, list[str]]:
    """Something on every desk; the addresses each role may see."""
    _hold_suket(people)
    fresh_case = casting.file(people).code
    shelf = casting.printed(people)
    sent = casting.in_transit(people)
    manifest = Manifest.objects.get()
    casting.ready(people)
    casting.blanks(people, 1)
    batch, _codes = printing.open_batch(1, by=people.printer, at=people.at)
    return {
        "verifier": ["petugas/", "petugas/?status=ready", f"petugas/k/{fresh_case}/", "petugas/cari/",
                     "petugas/obrolan/"],
        "counter": ["petugas/loket/", "petugas/loket/terima/KTP_NEW/", f"petugas/loket/serah/{shelf}/"],
        "recorder": ["rekam/"],
        "printer": ["cetak/", f"cetak/b/{batch.pk}/"],
        "custodian": ["cetak/stok/"],
        "dispatcher": ["cetak/kirim/", f"cetak/kirim/{manifest.pk}/"],
        "courier": ["pos/", f"pos/antar/{sent}/"],
        "head": ["pimpinan/", "pimpinan/ambang/", "pimpinan/angka/", "pimpinan/suket/", "pimpinan/suket/?printer=2&cetak=9&lain=1&datang=3&siap=1&sabtu=1&kiriman=3-6-2020+50"],
        "admin": ["kelola/", "kelola/impor/"],
    }  # fmt: skip


def test_staff_pages_are_clean(site: str, browser: Browser, fresh: str) -> None:
    people = casting.build()
    places = _work(people)
    found = _findings(browser.new_page(), f"{site}/masuk/", "masuk")
    for role, addresses in places.items():
        page = _signed_in(browser, site, role)
        named = [(f"{site}/{address}", f"{role}-{address.replace('/', '_').replace('?', '_')}") for address in addresses]
        for look in (_findings, _english):
            found += [line for url, name in named for line in look(page, url, name)]
        page.context.close()
    assert not found, "\n".join(found)


def _signed_in(browser: Browser, site: str, role: str) -> Page:
    page = browser.new_context().new_page()
    page.goto(f"{site}/masuk/")
    page.fill("#nama", role)
    page.fill("#sandi", casting.PASSWORD)
    page.click("main button")
    return page


# What stands on each desk before anything has happened, and the button that sends its form empty.
EMPTY = {
    "verifier": [("petugas/", ""), ("petugas/cari/", "Cari"), ("petugas/obrolan/", "")],
    "counter": [("petugas/loket/", "Buka"), ("petugas/loket/terima/KTP_NEW/", "Simpan dan cetak bukti")],
    "recorder": [("rekam/", "Simpan perekaman")],
    "printer": [("cetak/", "")],
    "custodian": [("cetak/stok/", "Simpan penerimaan")],
    "dispatcher": [("cetak/kirim/", "")],
    "courier": [("pos/", "")],
    "head": [("pimpinan/", ""), ("pimpinan/suket/", "")],
    "admin": [("kelola/", "Simpan status"), ("kelola/impor/", "Lanjut ke kolom"), ("petugas/suket/", "")],
}


def test_desks_are_clean_before_anything_happened_and_when_a_form_is_refused(site: str, browser: Browser, fresh: str) -> None:
    casting.build()
    found = []
    for role, desks in EMPTY.items():
        page = _signed_in(browser, site, role)
        for address, button in desks:
            name = f"kosong-{role}-{address.replace('/', '_')}"
            found += _findings(page, f"{site}/{address}", name)
            if button:
                page.get_by_role("button", name=button, exact=True).click()
                assert page.get_by_role("alert").count() == 1, address
                if PICTURES:
                    page.screenshot(path=f"{PICTURES}/salah-{role}-{address.replace('/', '_')}.png", full_page=True)
                found += [f"{address} refused: {one['id']}" for one in Axe().run(page).response["violations"]]
        page.context.close()
    assert not found, "\n".join(found)


def test_public_pages_are_clean_in_both_languages(site: str, browser: Browser, fresh: str) -> None:
    casting.build()
    page = browser.new_page()
    names = ("", "ajukan/", "cek/", "statistik/", "statistik/suket/", "statistik/waktu-tunggu/", "bantuan/", "privasi/", "cookie/", "aksesibilitas/", "masuk/")
    found = [line for name in names for line in _findings(page, f"{site}/{name}", f"publik-{name.strip('/')}")]
    found += [line for name in names for line in _english(page, f"{site}/{name}", f"publik-{name.strip('/')}")]
    assert not found, "\n".join(found)


def test_a_residents_own_pages_are_clean_in_every_state(site: str, browser: Browser, fresh: str) -> None:
    people = casting.build()
    returned = casting.file(people).code
    verdict = applications.Verdict(returned, "return", "Foto KK terpotong. Ambil lagi.", ("kk", "name"))
    applications.decide([verdict], by=people.verifier, at=people.at)
    rejected = casting.file(people).code
    applications.decide([applications.Verdict(rejected, "reject", "Sudah punya KTP-el.")], by=people.verifier, at=people.at)
    printed, sent = casting.printed(people), casting.in_transit(people)
    found = []
    for code, more in ((returned, "perbaiki/"), (rejected, ""), (printed, "terima/"), (sent, "")):
        page = browser.new_context().new_page()
        page.goto(f"{site}/l/{links.sign('case', code, people.at + timedelta(days=365))}")
        for place in dict.fromkeys(("", more)):
            name = f"warga-{_state(code)}-{place.strip('/') or 'status'}"
            found += _findings(page, f"{site}/c/{code}/{place}", name) + _english(page, f"{site}/c/{code}/{place}", name)
    assert not found, "\n".join(found)


def _state(code: str) -> str:
    """The state a case stands in, for the names of pictures."""
    return Application.objects.get(code=code).state
