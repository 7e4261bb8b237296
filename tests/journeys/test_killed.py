"""Processes are killed while residents file: what was acknowledged stays, what is sent again is not doubled."""

from __future__ import annotations

import base64
import http.client
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from loket.residents import nik as niks
from tests import cast
from tests.journeys.conftest import Office, environment

pytestmark = pytest.mark.browser
COUNT = 120
BORN = date(1979, 3, 2)


def _cli(office: Office, *arguments: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "loket.cli", *arguments, "--json"], env=environment(office.home), capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    return json.loads(done.stdout)


def _body(number: int) -> bytes:
    photo = base64.b64encode(cast.photo(number)).decode()
    return json.dumps(
        {
            "service": "SUKET_EXCHANGE", "nik": niks.synthetic_nik(6000 + number, BORN, is_woman=False),
            "kk_number": f"367299150312{6000 + number}", "name": "Budi Santoso", "birth_date": BORN.isoformat(),
            "phone": f"0812{44_000_000 + number}", "channel": "online",
            "address": {"line": "Jalan Mawar 3 RT 01 RW 02", "kelurahan": "36.72.01.1001"},
            "documents": [{"kind": "kk", "content_base64": photo}, {"kind": "suket", "content_base64": photo}],
        }
    ).encode()  # fmt: skip


def _call(office: Office, token: str, path: str, body: bytes | None = None, key: str = "") -> dict[str, Any]:
    """Ask until there is an answer, as a patient client does: always with the same key."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Idempotency-Key": key}
    until = time.monotonic() + 60
    while True:
        try:
            asked = urllib.request.Request(f"{office.url}/api/v1/{path}", body, headers)
            with urllib.request.urlopen(asked, timeout=20) as answer:
                return dict(json.loads(answer.read()))
        except urllib.error.HTTPError as problem:
            if problem.code < 500:
                raise
        except (OSError, http.client.HTTPException):
            pass  # refused, or cut off in the middle of an answer
        assert time.monotonic() < until, "nobody answers any more"
        time.sleep(0.2)


def _status(office: Office, path: str) -> int:
    try:
        with urllib.request.urlopen(f"{office.url}{path}", timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as problem:
        return problem.code


def _tree(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(below for child in children for below in _tree(int(child)))]


def _kill(pid: int) -> None:
    for one in _tree(pid):
        os.kill(one, signal.SIGKILL)


def test_kill_web_worker_and_database_while_residents_file(office: Office) -> None:
    token = _cli(office, "token", "create", "--role", "resident")["token"]
    pids = json.loads((office.home / "demo.json").read_text())["pids"]
    acknowledged: dict[int, str] = {}

    def file(number: int) -> None:
        acknowledged[number] = _call(office, token, "applications", _body(number), f"mati-{number}")["code"]

    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(file, number) for number in range(COUNT)]
        for name in ("web", "worker", "database"):
            reached = len(acknowledged)
            while len(acknowledged) < min(reached + 8, COUNT - 10):
                time.sleep(0.02)
            if name == "database":
                os.kill(int((office.home / "pg/data/postmaster.pid").read_text().split()[0]), signal.SIGKILL)
            elif name == "web":
                # The one that listens, and not its children: they must not outlive it and keep the port.
                os.kill(pids[name], signal.SIGKILL)
            else:
                _kill(pids[name])
        for one in waiting:
            one.result()
    assert len(set(acknowledged.values())) == COUNT
    for number, code in acknowledged.items():
        assert _call(office, token, f"applications/{code}")["code"] == code
        assert _call(office, token, "applications", _body(number), f"mati-{number}")["code"] == code
    # Every thread of the web held a connection to the dead server; none of them shows that to a resident.
    with ThreadPoolExecutor(24) as pool:
        assert set(pool.map(lambda _n: _status(office, "/statistik/"), range(96))) == {200}
    broken = [row for row in _cli(office, "verify")["checks"] if not row["ok"]]
    assert broken == []
    revived = json.loads((office.home / "demo.json").read_text())["pids"]
    assert revived["web"] != pids["web"]
    with pytest.raises(ProcessLookupError):
        os.killpg(pids["web"], 0)
    assert revived["worker"] != pids["worker"]
