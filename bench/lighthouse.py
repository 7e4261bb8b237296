"""What a first visit costs a resident: bytes of every page, and Lighthouse on a slow phone."""

from __future__ import annotations

import base64
import gzip
import http.client
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import httpx

from bench.stage import Stage, figure, stage

Figures = list[dict[str, Any]]
HERE = Path(__file__).parent / "lighthouse"
CHROMIUM = "/usr/bin/chromium"
OPEN = (
    "/", "/ajukan/", "/cek/", "/lupa/", "/keluhan/baru/", "/statistik/", "/bantuan/", "/privasi/", "/cookie/", "/aksesibilitas/", "/asli/",
)  # fmt: skip
STATES = ("submitted", "needs_fix", "verified", "ready", "printed", "on_shelf", "in_transit", "returned_home", "delivered", "rejected")
FORM: tuple[tuple[str, dict[str, str]], ...] = (
    ("isi/layanan/", {"service": "SUKET_EXCHANGE"}),
    ("isi/nomor/", {"nik": "3672015705900001", "kk_number": "3672991203120123"}),
    ("isi/nama/", {"name": "Siti Aisyah"}),
    ("isi/lahir/", {"birth_date_hari": "17", "birth_date_bulan": "5", "birth_date_tahun": "1990"}),
    ("foto/kk/", {}),
    ("foto/suket/", {}),
    ("isi/whatsapp/", {"phone": "0812 3456 7890"}),
    ("isi/alamat/", {"address": "Jalan Mawar 3 RT 01 RW 02", "kelurahan": "36.72.01.1001"}),
    ("periksa/", {"setuju": "1"}),
)
_CASES = f"""
import json
from datetime import timedelta
from loket.applications.models import Application
from loket.core import clock, links
from loket.insight import surveys
until = clock.now() + timedelta(days=7)
found = {{}}
for state in {STATES}:
    row = Application.objects.filter(state=state, slot="card").first()
    if row:
        found[state] = [row.code, links.sign("case", row.code, until)]
done = Application.objects.filter(state="delivered").first()
print(json.dumps([found, surveys.token(done.code, clock.now())]))
"""
_PHOTO = """
import base64, io, random
from PIL import Image, ImageDraw
random.seed(5)
sheet = Image.new("RGB", (1200, 900), (250, 249, 246))
pen = ImageDraw.Draw(sheet)
for row in range(24):
    for column in range(60):
        if random.random() < 0.7:
            pen.rectangle((40 + 19 * column, 30 + 36 * row, 52 + 19 * column, 48 + 36 * row), fill=(20, 20, 20))
out = io.BytesIO()
sheet.save(out, "JPEG", quality=85)
print(base64.b64encode(out.getvalue()).decode())
"""


def weight(size: int | None) -> Figures:
    """Bytes of the first visit of each resident page: the page and every file it names, compressed as sent."""
    with stage() as loket:
        loket.start_web()
        return [
            figure(f"first visit of {name}", _first_visit(loket.port, path, cookie) / 1024, "KiB", goal=30, more=False)
            for name, path, cookie in pages(loket)
        ]


def lighthouse(size: int | None) -> Figures:
    """Lighthouse 12 with its mobile profile on every resident page: 700 kbit/s, 300 ms, a processor four times slower."""
    program = _program()
    rows = []
    with stage() as loket:
        loket.start_web()
        for name, path, cookie in islice(pages(loket), size):
            report = _run(program, f"http://127.0.0.1:{loket.port}{path}", cookie)
            for kind, goal in (("performance", 95), ("accessibility", 100)):
                rows.append(figure(f"{kind} of {name}", round(100 * report["categories"][kind]["score"]), "", goal=goal))
            errors = report["audits"]["errors-in-console"]["details"].get("items", [])
            rows.append(figure(f"errors in the console of {name}", len(errors), "", goal=0, more=False))
    return rows


def pages(loket: Stage) -> Iterator[tuple[str, str, str]]:
    """Every page of a resident as (name, path, cookie), each given while it stands so: open pages, every question before
    it is answered, each state of a request with and without its proof, complaint and survey."""
    cases, survey = json.loads(loket.python(_CASES))
    base = f"http://127.0.0.1:{loket.port}"
    yield from ((path, path, "") for path in OPEN if httpx.get(base + path).status_code == 200)
    yield from _questions(base, base64.b64decode(loket.python(_PHOTO)))
    for state, (code, token) in cases.items():
        with httpx.Client(base_url=base, follow_redirects=True) as browser:
            browser.get(f"/l/{token}/")
            cookie = _cookie(browser)
        yield f"status, {state}, by code", f"/c/{code}/", ""
        yield f"status, {state}, own", f"/c/{code}/", cookie
        if more := {"needs_fix": "perbaiki", "printed": "terima"}.get(state):
            yield more, f"/c/{code}/{more}/", cookie
    yield "birth date", f"/c/{cases['submitted'][0]}/buka/", ""
    yield from _complaint(base)
    yield "survey", f"/survei/{survey}/", ""


def _questions(base: str, photo: bytes) -> Iterator[tuple[str, str, str]]:
    """The form, page by page, in one browser."""
    with httpx.Client(base_url=base, follow_redirects=True) as browser:
        _post(browser, "/ajukan/", {})
        for place, typed in FORM:
            page = browser.get(f"/ajukan/{place}")
            assert page.url.path == f"/ajukan/{place}", (place, page.url)
            yield f"question {place.strip('/')}", f"/ajukan/{place}", _cookie(browser)
            kind = place.split("/")[1] if place.startswith("foto/") else ""
            sent = _post(browser, f"/ajukan/{place}", typed, {kind: ("foto.jpg", photo, "image/jpeg")} if kind else None)
            # A photo that was judged is confirmed by a second answer.
            if kind and sent.url.path == f"/ajukan/{place}":
                _post(browser, f"/ajukan/{place}", {"pakai": "1"})
        yield "receipt", "/ajukan/selesai/", _cookie(browser)


def _complaint(base: str) -> Iterator[tuple[str, str, str]]:
    with httpx.Client(base_url=base, follow_redirects=True) as browser:
        browser.get("/keluhan/baru/")
        sent = _post(browser, "/keluhan/baru/", {"kind": "late", "text": "Kartu saya belum datang.", "kunci": "bench"})
        yield "complaint", sent.url.path, _cookie(browser)


def _post(browser: httpx.Client, path: str, fields: dict[str, str], files: dict[str, Any] | None = None) -> httpx.Response:
    page = browser.get(path)
    token = re.search(r'csrfmiddlewaretoken" value="([^"]+)"', page.text)[1]  # type: ignore[index]
    return browser.post(path, data={**fields, "csrfmiddlewaretoken": token}, files=files)


def _cookie(browser: httpx.Client) -> str:
    return "; ".join(f"{name}={value}" for name, value in browser.cookies.items())


def _first_visit(port: int, path: str, cookie: str) -> int:
    total, page = _transfer(port, path, cookie)
    for link in set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page)):
        total += _transfer(port, link, "")[0]
    return total


def _transfer(port: int, path: str, cookie: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path, headers={"Accept-Encoding": "gzip", "Cookie": cookie})
    response = connection.getresponse()
    body = response.read()
    assert response.status == 200, (path, response.status)
    zipped = response.headers.get("Content-Encoding") == "gzip"
    text = gzip.decompress(body) if zipped else body
    return len(body) + sum(len(name) + len(value) + 4 for name, value in response.getheaders()), text.decode("utf-8", "replace")


def _program() -> Path:
    """Lighthouse itself, installed once beside this file; nothing else of Loket needs it."""
    program = HERE / "node_modules" / ".bin" / "lighthouse"
    if not program.exists():
        npm = shutil.which("npm")
        if npm is None or not Path(CHROMIUM).exists():
            raise SystemExit("lighthouse needs Node's npm and Debian's chromium: apt-get install -y npm chromium")
        subprocess.run([npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=HERE, check=True, stdout=subprocess.DEVNULL)
    return program


def _run(program: Path, url: str, cookie: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="loket-lighthouse-") as folder:
        headers, report = Path(folder, "headers.json"), Path(folder, "report.json")
        headers.write_text(json.dumps({"Cookie": cookie} if cookie else {}))
        subprocess.run(
            [
                str(program), url, "--quiet", "--only-categories=performance,accessibility,best-practices", "--form-factor=mobile",
                "--throttling-method=simulate", "--throttling.rttMs=300", "--throttling.throughputKbps=700",
                "--throttling.cpuSlowdownMultiplier=4", f"--extra-headers={headers}", "--output=json", f"--output-path={report}",
                "--chrome-flags=--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run",
            ],
            check=True, env={**os.environ, "CHROME_PATH": CHROMIUM}, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        return dict(json.loads(report.read_text()))
