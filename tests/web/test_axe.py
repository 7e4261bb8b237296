"""axe-core finds nothing on the pages of the staff and in the pattern book, wide and narrow."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.db import connections
from playwright.sync_api import Browser, Page, sync_playwright

from loket.printing import actions as printing
from loket.web import ui
from tests import cast as casting
from tests.cast import Cast

pytestmark = pytest.mark.browser
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
WIDTHS = ((360, 740), (1366, 768))
PICTURES = os.environ.get("LOKET_PICTURES")


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *args: object) -> None:
        """Nothing: the test says what matters."""


@pytest.fixture
def site(fresh: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    from django.contrib.staticfiles.handlers import StaticFilesHandler
    from django.core.wsgi import get_wsgi_application

    monkeypatch.setattr(settings, "IS_DEMO", True)
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    monkeypatch.setattr(settings, "STORAGES", {**settings.STORAGES, "staticfiles": plain})

    def application(environ: dict[str, object], start: object) -> object:
        try:
            return StaticFilesHandler(get_wsgi_application())(environ, start)
        finally:
            connections.close_all()

    server = make_server("127.0.0.1", 0, application, server_class=_Server, handler_class=_Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Iterator[Browser]:
    # Playwright keeps an event loop in this thread; Django would refuse the database beside it.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield browser
        # Inside Playwright's loop Django keeps connections of its own; they must not outlive their database.
        connections.close_all()
        browser.close()


def _findings(page: Page, url: str, name: str) -> list[str]:
    page.goto(url)
    page.wait_for_load_state("networkidle")
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}-{page.viewport_size['width']}.png", full_page=True)
    overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    violations = Axe().run(page).response["violations"]
    found = [f"{url}: {one['id']} {[node['target'] for node in one['nodes'][:3]]}" for one in violations]
    return found + ([f"{url}: {overflow} px wider than the screen"] if overflow > 0 else [])


def test_pattern_book_is_clean(site: str, browser: Browser, fresh: str) -> None:
    casting.build()
    found: list[str] = []
    for width, height in WIDTHS:
        page = browser.new_page(viewport={"width": width, "height": height})
        for name in ui.PAGES:
            found += _findings(page, f"{site}/_ui/{name}/", f"ui-{name}")
    assert not found, "\n".join(found)


def _work(people: Cast) -> dict[str, list[str]]:
    """Something on every desk; the addresses each role may see."""
    fresh_case = casting.file(people).code
    shelf = casting.printed(people)
    casting.in_transit(people)
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
        "dispatcher": ["cetak/kirim/"],
        "courier": ["pos/"],
        "head": ["pimpinan/"],
        "admin": ["kelola/"],
    }  # fmt: skip


def test_staff_pages_are_clean(site: str, browser: Browser, fresh: str) -> None:
    people = casting.build()
    places = _work(people)
    found: list[str] = []
    for width, height in WIDTHS:
        for role, addresses in places.items():
            context = browser.new_context(viewport={"width": width, "height": height})
            page = context.new_page()
            found += _findings(page, f"{site}/masuk/", "masuk")
            page.fill("#nama", role)
            page.fill("#sandi", casting.PASSWORD)
            page.click("main button")
            for address in addresses:
                found += _findings(page, f"{site}/{address}", f"{role}-{address.replace('/', '_').replace('?', '_')}")
            context.close()
    assert not found, "\n".join(found)
