"""A Loket of its own to measure: database, web process and tokens in a temporary LOKET_HOME."""

from __future__ import annotations

import http.client
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


@dataclass
class Stage:
    """Where the measured Loket lies and on which port it answers."""

    home: Path
    port: int
    web: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ, "LOKET_HOME": str(self.home), "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
            "DJANGO_SETTINGS_MODULE": "loket.settings",
        }  # fmt: skip

    def loket(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "loket.cli", *arguments], env=self.environment, capture_output=True, text=True, check=False
        )
        if done.returncode not in (0, 1):
            raise RuntimeError(f"loket {' '.join(arguments)}: {done.returncode}\n{done.stderr[-2000:]}")
        return done.stdout

    def python(self, code: str, role: str = "web") -> str:
        """Run a few lines inside Django, as one database role."""
        return subprocess.run(
            [sys.executable, "-c", f"import django; django.setup()\n{code}"], capture_output=True, text=True, check=True,
            env={**self.environment, "LOKET_DB_ROLE": role},
        ).stdout  # fmt: skip

    def tokens(self, roles: tuple[str, ...]) -> dict[str, str]:
        return {role: json.loads(self.loket("token", "create", "--role", role, "--json"))["token"] for role in roles}

    def broken(self) -> list[str]:
        """The invariants that do not hold, by `loket verify`."""
        return [row["name"] for row in json.loads(self.loket("verify", "--json"))["checks"] if not row["ok"]]

    def start_web(self, workers: int = 2, threads: int = 8) -> None:
        self.web = subprocess.Popen(
            [
                sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(self.port),
                "--workers", str(workers), "--blocking-threads", str(threads), "--backpressure", "64", "--no-ws",
                "--log-level", "error", "loket.wsgi:application",
            ],
            env={**self.environment, "LOKET_DB_ROLE": "web"}, start_new_session=True,
        )  # fmt: skip
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/siap/", timeout=2):
                    return
            except OSError:
                time.sleep(0.2)
        raise RuntimeError("the web process did not come up")

    def stop_web(self) -> None:
        if self.web:
            os.killpg(self.web.pid, signal.SIGTERM)
            self.web.wait(15)
            self.web = None


class Browser:
    """Keeps cookies and one connection, as a browser does."""

    def __init__(self, port: int):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, path: str, body: str | None = None) -> str:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.connection.request(method, path, body, headers)
        response = self.connection.getresponse()
        text = response.read().decode()
        for line in response.headers.get_all("Set-Cookie") or []:
            name, _, value = line.split(";")[0].partition("=")
            self.cookies[name] = value
        assert response.status in (200, 302), (path, response.status)
        return text

    def get(self, path: str) -> str:
        return self.ask("GET", path)

    def post(self, path: str, **values: str) -> str:
        values["csrfmiddlewaretoken"] = self.cookies["csrftoken"]
        return self.ask("POST", path, urllib.parse.urlencode(values))

    def sign_in(self, name: str, password: str) -> None:
        self.get("/masuk/")
        self.post("/masuk/", nama=name, sandi=password)
        self.get("/petugas/cari/" if name.startswith("verif") else "/pimpinan/")
        # The other office may take minutes to load; no server keeps an idle connection that long.
        self.connection.close()

    def search(self, sought: str, reason: str = "") -> str:
        return self.post("/petugas/cari/", cari=sought, alasan=reason)


@contextmanager
def stage(loaded: int = 0, *, seeded: bool = True) -> Iterator[Stage]:
    """A migrated Loket, seeded with the demo office unless it shall be empty, and with so many finished applications loaded
    before; everything is removed afterwards."""
    home = Path(tempfile.mkdtemp(prefix="loket-bench-"))
    home.chmod(0o755)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    made = Stage(home, port)
    try:
        _furnish(made, loaded, seeded=seeded)
        yield made
    finally:
        made.stop_web()
        made.python("from loket import postgres; postgres.stop()")
        subprocess.run(["rm", "-rf", str(home)], check=False)


def _furnish(made: Stage, loaded: int, *, seeded: bool) -> None:
    """Fill an empty stage. Loading a million takes a quarter of an hour, so LOKET_BENCH_KEEP may name a folder in which
    a loaded stage is kept and from which the next run is copied."""
    kept = Path(os.environ["LOKET_BENCH_KEEP"], str(loaded)) if loaded and "LOKET_BENCH_KEEP" in os.environ else None
    if kept and kept.exists():
        subprocess.run(["cp", "-a", f"{kept}/.", str(made.home)], check=True)
        made.python("from loket import postgres; postgres.start()")
        made.loket("migrate")
        return
    made.loket("migrate")
    made.loket("manage", "collectstatic", "--noinput", "-v0")
    if not seeded:
        return
    made.loket("manage", "seed_demo")
    if loaded:
        made.loket("manage", "load_bulk", str(loaded))
    if kept:
        made.python("from loket import postgres; postgres.stop()")
        kept.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "-a", str(made.home), str(kept)], check=True)
        made.python("from loket import postgres; postgres.start()")


def figure(name: str, value: float, unit: str, *, limit: float | None = None, goal: float | None = None, more: bool = True) -> dict[str, Any]:
    """One measured figure; `more` says whether more is better than the goal or less."""
    met = None if goal is None else (value >= goal if more else value <= goal)
    return {
        "figure": name, "value": round(value, 3), "unit": unit, "limit": round(limit, 3) if limit else None,
        "ratio": round(value / limit, 3) if limit else None, "goal": goal, "met": met,
    }  # fmt: skip


def machine() -> str:
    model = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line), "?"
    )
    memory = int(Path("/proc/meminfo").read_text().split()[1]) // 1024**2
    return f"{os.cpu_count()} × {model}, {memory} GiB, Python {sys.version.split()[0]}"


def cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def p95(values: list[float]) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
