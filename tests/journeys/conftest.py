"""A whole demo office, started as a newcomer starts it, and a browser to walk through it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page

ROOT = Path(__file__).resolve().parents[2]
AXE = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}}
WITHOUT_SCRIPTS: set[int] = set()
PHONE, DESK = {"width": 360, "height": 740}, {"width": 1366, "height": 768}


@dataclass
class Office:
    """The running demo: its addresses, its logins, and the command line for the same LOKET_HOME."""

    home: Path
    stored: dict[str, Any]
    process: subprocess.Popen[str]
    errors: list[str] = field(default_factory=list)
    # The public figures right after the first start, before any test walked through.
    at_first: dict[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return str(self.stored["url"])

    @property
    def phone_url(self) -> str:
        return str(self.stored["emulator_url"])

    def login(self, username: str) -> dict[str, str]:
        return next(row for row in self.stored["logins"] if row["username"] == username)

    def loket(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "loket.cli", *arguments], env=environment(self.home), capture_output=True, text=True,
            check=False,
        )  # fmt: skip

    def figures(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.url}/data/hari-ini.json") as answer:
            return dict(json.load(answer))


def environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LOKET_")}
    return {**kept, "LOKET_HOME": str(home), "PYTHONPATH": str(ROOT / "src"), "LANG": "C.UTF-8"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def begin(home: Path, port: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "loket.cli", "demo", "--port", str(port)], env=environment(home), text=True,
        stdout=subprocess.DEVNULL, stderr=(home / "demo.log").open("a"),
    )  # fmt: skip


def wait_until_up(port: int, process: subprocess.Popen[str], seconds: float = 120) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert process.poll() is None, "the demo ended by itself"
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/siap/", timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("the demo did not come up")


@pytest.fixture(scope="session")
def office() -> Iterator[Office]:
    """`loket demo` in an empty LOKET_HOME; stopped cleanly at the end."""
    home = Path(tempfile.mkdtemp(prefix="loket-demo-"))
    home.chmod(0o755)
    port = free_port()
    process = begin(home, port)
    wait_until_up(port, process)
    made = Office(home, json.loads((home / "demo.json").read_text()), process)
    made.at_first = made.figures()
    yield made
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0, (home / "demo.log").read_text()[-2000:]


class People:
    """Opens a browser window for a person; a picture of any page is kept when LOKET_PICTURES names a folder."""

    def __init__(self, office: Office, browser: Browser):
        self.office, self.browser, self.contexts = office, browser, list[BrowserContext]()

    def window(self, size: dict[str, int], *, scripts: bool = True) -> Page:
        context = self.browser.new_context(
            viewport=size, java_script_enabled=scripts, locale="id-ID", timezone_id="Asia/Jakarta"  # type: ignore[arg-type]
        )
        self.contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        if not scripts:
            WITHOUT_SCRIPTS.add(id(page))
        page.on("pageerror", lambda error: self.office.errors.append(str(error)))
        return page

    def staff(self, username: str, size: dict[str, int] = DESK) -> Page:
        page = self.window(size)
        login = self.office.login(username)
        page.goto(f"{self.office.url}/masuk/")
        page.locator("input[name=nama]").fill(login["username"])
        page.locator("input[name=sandi]").fill(login["password"])
        page.locator("main button").first.click()
        page.wait_for_url(lambda url: "/masuk/" not in url)
        return page


def picture(page: Page, name: str) -> None:
    """Look at a page as it stands: axe finds nothing, nothing is wider than the screen, and a picture if wanted."""
    folder = os.environ.get("LOKET_PICTURES")
    if folder:
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)
    if id(page) in WITHOUT_SCRIPTS:
        return  # axe is a script; the same pages are looked at with scripts in the first journey
    found = Axe().run(page, options=AXE).response["violations"]
    assert not found, f"{name}: " + "; ".join(f"{row['id']}: {row['nodes'][0]['html'][:200]}" for row in found)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, f"{name} is wider than the screen"


@pytest.fixture
def people(office: Office, browser: Browser) -> Iterator[People]:
    made = People(office, browser)
    yield made
    for context in made.contexts:
        context.close()
    assert office.errors == []
