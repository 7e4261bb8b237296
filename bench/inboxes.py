"""Thirty officers with the shared inbox open: what their asking costs, what it does to everybody else's pages, and how long a
resident's message takes from the provider's webhook to an officer's screen, with every process as the product runs them."""

from __future__ import annotations

import http.client
import json
import os
import random
import re
import statistics
import subprocess
import sys
import threading
import time
import urllib.parse
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.stage import Browser, Stage, cpu_seconds, figure, p95, stage
from bench.webhook import PHONE_ID, SECRET, _body, _post

OFFICERS, CHATS, PAUSE = 30, 200, 3.0
PASSWORD = "kata-sandi-ukur-30"
_VERSION = re.compile(r'data-versi="([^"]*)"')
_FURNISH = f"""
import json
from datetime import timedelta
from uuid import uuid4
from django.contrib.auth.hashers import make_password
from loket.conversations import actions as talks
from loket.conversations.models import Contact
from loket.core import clock
from loket.staff.models import Account
hashed, now, found = make_password({PASSWORD!r}), clock.now(), []
Account.objects.bulk_create(
    Account(username=f"ukur{{n}}", full_name=f"Petugas {{n}}", office_id="36.72", roles=["verifier"], password=hashed)
    for n in range({OFFICERS}))
for n in range({CHATS}):
    at = now - timedelta(minutes=7 * n)
    contact = talks.contact_by_phone(f"+62812{{7000000 + n}}", office="36.72", at=at, name=f"WARGA {{n}}")
    for m in range(20):
        row = Contact.objects.get(pk=contact)
        talks.receive(row, provider_id=str(uuid4()), kind="text", body=f"Pesan {{m}} tentang permohonan saya yang belum selesai", sent_at=at, at=at)
    talks.call_person(Contact.objects.get(pk=contact), at=at)
    found.append(str(contact))
print(json.dumps(found))
"""


def inboxes(size: int | None) -> list[dict[str, Any]]:
    """`size` is the seconds of each part (60): pages alone, pages beside thirty inboxes, and messages that arrive."""
    seconds = size or 60
    os.environ |= {"LOKET_WA_APP_SECRET": SECRET, "LOKET_WA_PHONE_ID": PHONE_ID, "LOKET_WA_BASE_URL": "console:"}
    with stage() as loket:
        chats = json.loads(loket.python(_FURNISH))
        loket.start_web()
        clerk = Browser(loket.port)
        logins = {row["username"]: row["password"] for row in json.loads((loket.home / "demo.json").read_text())["logins"]}
        clerk.sign_in("verifikator1", logins["verifikator1"])
        begun, cpu = time.perf_counter(), _cpu(loket)
        alone = _pages(clerk, seconds)
        before = (_cpu(loket) - cpu) / (time.perf_counter() - begun)
        with _open(loket, chats) as desks, _worker(loket):
            time.sleep(2 * PAUSE)
            _forget(desks)
            begun, cpu, own = time.perf_counter(), _cpu(loket), cpu_seconds()
            beside = _pages(clerk, seconds)
            spent = (_cpu(loket) - cpu) / (time.perf_counter() - begun)
            quiet = _asked(desks)
            _forget(desks)
            seen = _arrivals(loket, desks, seconds)
            busy, odd = _asked(desks), sum(desk.odd for desk in desks)
            own = (cpu_seconds() - own) / (time.perf_counter() - begun)
        loket.stop_web()
    cores = os.cpu_count() or 1
    unchanged = sum(status == 204 for status, _took in quiet) / len(quiet)
    return [
        figure("inboxes open", OFFICERS, ""),
        figure("seconds between two questions of one inbox", PAUSE, "s"),
        figure("a question, p95, nothing arriving", p95([took for _status, took in quiet]), "ms", goal=50, more=False),
        figure("a question, p95, a message a second arriving", p95([took for _status, took in busy]), "ms", goal=100, more=False),
        figure("questions answered by 'nothing new'", unchanged, "", goal=0.9),
        figure("a page of the queue, p95, without inboxes", p95(alone), "ms"),
        figure("a page of the queue, p95, beside them", p95(beside), "ms", limit=p95(alone), goal=50, more=False),
        figure("CPU of web, worker and database beside them, share of the machine", spent / cores, ""),
        figure("CPU of the pages alone, share of the machine", before / cores, ""),
        figure("from webhook to screen, median", statistics.median(seen), "s"),
        figure("from webhook to screen, p95", p95(seen), "s", goal=PAUSE + 1, more=False),
        figure("answers that were neither news nor 'nothing new'", odd, "", goal=0, more=False),
        figure("generator's share of the CPU", own / cores, ""),
    ]


@dataclass
class Desk:
    """One officer's open page: asks again and again, and notes what it took and when a message was first to be seen."""

    browser: Browser
    chat: str
    taken: list[tuple[int, float]] = field(default_factory=list)
    seen: dict[str, float] = field(default_factory=dict)
    odd: int = 0

    def run(self, stop: threading.Event, first: float) -> None:
        version = _version(_ask(self.browser, f"/petugas/obrolan/{self.chat}/")[1])
        stop.wait(first)
        while not stop.is_set():
            path = f"/petugas/obrolan/{self.chat}/kabar/?versi={urllib.parse.quote(version)}"
            begun = time.perf_counter()
            status, text = _ask(self.browser, path)
            self.taken.append((status, (time.perf_counter() - begun) * 1000))
            if status == 200:
                version = _version(text)
                for mark in re.findall(r"ukur-[0-9a-f]{12}", text):
                    self.seen.setdefault(mark, time.perf_counter())
            elif status != 204:
                self.odd += 1
            stop.wait(PAUSE)


def _version(text: str) -> str:
    found = _VERSION.search(text)
    assert found
    return found[1]


def _ask(browser: Browser, path: str) -> tuple[int, str]:
    headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in browser.cookies.items())}
    for _try in range(2):
        try:
            browser.connection.request("GET", path, headers=headers)
            response = browser.connection.getresponse()
            return response.status, response.read().decode()
        except (http.client.HTTPException, OSError):
            browser.connection.close()
    return 0, ""


@contextmanager
def _open(loket: Stage, chats: list[str]) -> Iterator[list[Desk]]:
    """Thirty signed-in browsers, each with a conversation of its own open, their questions spread over the pause."""
    desks = []
    for number in range(OFFICERS):
        browser = Browser(loket.port)
        browser.get("/masuk/")
        browser.post("/masuk/", nama=f"ukur{number}", sandi=PASSWORD)
        desks.append(Desk(browser, chats[number]))
    stop = threading.Event()
    threads = [
        threading.Thread(target=desk.run, args=(stop, PAUSE * number / OFFICERS)) for number, desk in enumerate(desks)
    ]
    for thread in threads:
        thread.start()
    try:
        yield desks
    finally:
        stop.set()
        for thread in threads:
            thread.join(30)


@contextmanager
def _worker(loket: Stage) -> Iterator[None]:
    worker = subprocess.Popen(
        [sys.executable, "-m", "loket.cli", "worker"], env=loket.environment, start_new_session=True, stderr=subprocess.DEVNULL
    )
    try:
        # What the seeded office had waiting goes out first.
        time.sleep(20)
        yield
    finally:
        worker.terminate()
        worker.wait(20)


def _pages(clerk: Browser, seconds: float) -> list[float]:
    """One officer who works: a page of the queue four times a second."""
    taken, until = [], time.perf_counter() + seconds
    while time.perf_counter() < until:
        begun = time.perf_counter()
        assert "</html>" in _ask(clerk, "/petugas/")[1]
        taken.append((time.perf_counter() - begun) * 1000)
        time.sleep(0.25)
    return taken


def _arrivals(loket: Stage, desks: list[Desk], seconds: float) -> list[float]:
    """A message a second for conversations that are open; seconds from the POST until an officer's page had it."""
    sent: list[tuple[Desk, str, float]] = []
    for _ in range(int(seconds)):
        number = random.randrange(OFFICERS)
        mark = f"ukur-{uuid.uuid4().hex[:12]}"
        sent.append((desks[number], mark, time.perf_counter()))
        _post(loket.port, _body(_message(f"62812{7000000 + number}", mark)))
        time.sleep(1)
    time.sleep(3 * PAUSE)
    return [desk.seen[mark] - at if mark in desk.seen else 60.0 for desk, mark, at in sent]


def _message(phone: str, text: str) -> dict[str, Any]:
    message = {"from": phone, "id": f"wamid.{uuid.uuid4().hex}", "timestamp": str(int(time.time())), "type": "text", "text": {"body": text}}
    return {
        "messaging_product": "whatsapp", "metadata": {"display_phone_number": "62254000000", "phone_number_id": PHONE_ID},
        "contacts": [{"wa_id": phone, "profile": {"name": "Warga"}}], "messages": [message],
    }  # fmt: skip


def _forget(desks: list[Desk]) -> None:
    for desk in desks:
        desk.taken.clear()


def _asked(desks: list[Desk]) -> list[tuple[int, float]]:
    return [one for desk in desks for one in list(desk.taken)]


def _cpu(loket: Stage) -> float:
    """CPU seconds so far of everything that runs for this office: every process with its home in the environment."""
    ticks, mark = 0, str(loket.home).encode()
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        try:
            if mark in (folder / "environ").read_bytes() or mark in (folder / "cmdline").read_bytes() or _is_database(folder, mark):
                parts = (folder / "stat").read_text().rpartition(")")[2].split()
                ticks += int(parts[11]) + int(parts[12]) + int(parts[13]) + int(parts[14])
        except (OSError, IndexError):
            continue
    return ticks / os.sysconf("SC_CLK_TCK")


def _is_database(folder: Path, mark: bytes) -> bool:
    return (folder / "comm").read_text().strip() == "postgres" and mark in os.readlink(folder / "cwd").encode()
