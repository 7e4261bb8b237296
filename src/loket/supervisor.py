"""Starts and tends the processes of one office: database, web, worker and, in the demo, the WhatsApp emulator.

It loads no room itself, so that it stays small; what needs them runs in a process of its own.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from loket import home, postgres
from loket.commands import refuse, say

_DEATH_SIGNAL = 1
# Python uses one core per process: two of them let a small server use both of its own. A thread waits for the disk while
# its transaction commits, so eight keep a process busy where four leave it idle (decision 9).
WORKERS, THREADS = 2, 8
_AGAIN_ELSEWHERE = "createdb loket_demo && DATABASE_URL=postgresql:///loket_demo LOKET_HOME=.loket-demo ./loket demo"


@dataclass
class Child:
    """One process that must live: how to start it, and when to try again after it died."""

    name: str
    command: list[str]
    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    failures: int = 0
    not_before: float = 0.0
    started: float = field(default_factory=time.monotonic)


def demo(port: int, *, fresh: bool) -> int:
    """The demo office: made at the first start, served again at the next."""
    lock = _lock()
    if lock is None:
        return _locked()
    if fresh and os.environ.get("DATABASE_URL"):
        return refuse(
            "--fresh tidak menghapus basis data yang disebut DATABASE_URL.",
            "--fresh does not clear the database that DATABASE_URL names.",
            _AGAIN_ELSEWHERE,
        )
    if fresh:
        _forget()
    if _is_taken(port):
        return refuse(f"Port {port} sudah dipakai.", f"Port {port} is taken.", f"./loket demo --port {port + 1}")
    begun = time.monotonic()
    made = _prepare(port)
    stored = home.demo()
    children = [
        _web(port),
        _worker(),
        Child(
            "emulator",
            [
                sys.executable, "-m", "wa_emulator", "--port", str(stored["emulator_port"]),
                "--callback", f"http://127.0.0.1:{port}/hooks/whatsapp", "--phone-id", stored["wa_phone_id"], "--state", str(home.path() / "emulator.db"),
                "--now", _core_time(),
            ],
            {
                "LOKET_WA_APP_SECRET": stored["wa_app_secret"], "LOKET_WA_VERIFY_TOKEN": stored["wa_verify_token"],
                "LOKET_WA_TOKEN": stored["wa_token"],
            },
        ),
    ]  # fmt: skip
    return _tend(children, port, lambda: _welcome(port, made, time.monotonic() - begun))


def serve(port: int) -> int:
    """One real office: web and nothing else; `loket worker` runs beside it."""
    lock = _lock()
    if lock is None:
        return _locked()
    postgres.ensure()
    _loket("migrate")
    _loket("manage", "collectstatic", "--noinput", "-v0")
    return _tend([_web(port)], port, lambda: say(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{port}"))


def _prepare(port: int) -> bool:
    """Database, schema, office and demo values; returns whether the office was made now."""
    home.keys()
    emulator_port = home.demo().get("emulator_port") or _near(port + 1)
    if _is_taken(emulator_port):
        emulator_port = _near(port + 1)
    made = not home.demo().get("logins")
    if made:
        say("Menyiapkan kantor contoh. Ini sekali saja.", "Setting up the demo office. This happens once.")
    values: dict[str, Any] = {
        "wa_app_secret": secrets.token_hex(16),
        "wa_verify_token": secrets.token_urlsafe(16),
        "wa_token": secrets.token_urlsafe(24),
        "wa_phone_id": "100000000000001",
        "wa_account_id": "102290129340398",
        **home.demo(),
        "url": f"http://127.0.0.1:{port}",
        "emulator_port": emulator_port,
        "emulator_url": f"http://127.0.0.1:{emulator_port}",
        "wa_base_url": f"http://127.0.0.1:{emulator_port}",
    }
    home.write("demo.json", values)
    _step("basis data", "database", made, postgres.ensure)
    _step("skema", "schema", made, lambda: _loket("migrate"))
    _step("berkas halaman", "page files", made, lambda: _loket("manage", "collectstatic", "--noinput", "-v0"))
    if made:
        _step("penduduk, permohonan, blangko", "residents, applications, blanks", made, lambda: _loket("manage", "seed_demo"))
    return made


def _core_time() -> str:
    """The time of the core clock, which the emulator follows."""
    done = subprocess.run(
        [sys.executable, "-c", "import django; django.setup(); from loket.core import clock; print(clock.now().isoformat())"],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "loket.settings"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.strip()


def _step(indonesian: str, english: str, shown: bool, work: Callable[[], None]) -> None:
    begun = time.monotonic()
    work()
    if shown:
        seconds = f"{time.monotonic() - begun:.1f} s"
        say(f"✔ {indonesian} ({seconds})", f"✔ {english} ({seconds})")


def _loket(*arguments: str) -> None:
    done = subprocess.run([sys.executable, "-m", "loket.cli", *arguments], check=False)
    if done.returncode:
        again = _AGAIN_ELSEWHERE if os.environ.get("DATABASE_URL") else "./loket demo --fresh"
        what = f"loket {' '.join(arguments)}: {done.returncode}"
        raise postgres.Unavailable(what, what, again)


def _web(port: int) -> Child:
    command = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
        "--workers", str(WORKERS), "--blocking-threads", str(THREADS), "--backpressure", "64", "--no-ws",
        "--log-level", "warning", "loket.wsgi:application",
    ]  # fmt: skip
    return Child("web", command, {"LOKET_DB_ROLE": "web"})


def _worker() -> Child:
    return Child("worker", [sys.executable, "-m", "loket.cli", "worker"], {"LOKET_DB_ROLE": "worker"})


def _tend(children: list[Child], port: int, welcome: Callable[[], None]) -> int:
    """Keep every child alive until somebody stops us; a dead one is started again after a growing pause."""
    stopping: list[int] = []
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda number, _frame: stopping.append(number))
    try:
        for child in children:
            _start(child)
        _note_pids(children)
        if _wait_until_up(port, children, stopping):
            welcome()
        while not stopping:
            for child in children:
                _revive(child, children)
            _revive_database()
            time.sleep(0.3)
    finally:
        _stop(children)
        postgres.stop()
    say("Berhenti dengan rapi.", "Stopped cleanly.")
    return 0


def _start(child: Child) -> None:
    child.started = time.monotonic()
    child.process = subprocess.Popen(
        child.command, env={**os.environ, **child.environment}, preexec_fn=_die_with_parent, stdin=subprocess.DEVNULL
    )


def _revive(child: Child, children: list[Child]) -> None:
    if child.process is None or child.process.poll() is None:
        return
    now = time.monotonic()
    if child.not_before == 0.0:
        _sweep(child)
        child.failures = 0 if now - child.started > 30 else child.failures + 1
        pause = min(30.0, 0.5 * 2**child.failures)
        child.not_before = now + pause
        say(f"! {child.name} mati, dihidupkan lagi.", f"! {child.name} died, starting it again.")
    if now >= child.not_before:
        child.not_before = 0.0
        _start(child)
        _note_pids(children)


def _revive_database() -> None:
    """A server that was killed is started again; it plays back its log, so nothing committed is missing."""
    if postgres.is_alive():
        return
    say("! basis data mati, dihidupkan lagi.", "! the database died, starting it again.")
    try:
        postgres.start()
    except postgres.Unavailable as problem:
        say(f"! {problem.indonesian}", f"! {problem.english}")


def _stop(children: list[Child]) -> None:
    living = [child for child in children if child.process and child.process.poll() is None]
    for child in living:
        assert child.process
        child.process.terminate()
    until = time.monotonic() + 8
    for child in living:
        assert child.process
        try:
            child.process.wait(max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.process.kill()
    for child in children:
        if child.process:
            _sweep(child)


def _sweep(child: Child) -> None:
    """End what a killed process has left behind: its own children know nothing of its death and would keep the port."""
    assert child.process
    with suppress(ProcessLookupError):
        os.killpg(child.process.pid, signal.SIGKILL)


def _note_pids(children: list[Child]) -> None:
    if home.demo():
        pids = {child.name: child.process.pid for child in children if child.process}
        home.write("demo.json", {**home.demo(), "pids": {"supervisor": os.getpid(), **pids}})


def _wait_until_up(port: int, children: list[Child], stopping: list[int]) -> bool:
    for _ in range(200):
        if stopping:
            return False
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/siap/", timeout=2):
                return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
            for child in children:
                _revive(child, children)
    return False


def _welcome(port: int, made: bool, seconds: float) -> None:
    stored = home.demo()
    lines = [
        "",
        f"  Loket, Kota Cilegon            http://127.0.0.1:{port}/",
        f"  Masuk petugas                  http://127.0.0.1:{port}/masuk/",
        f"  HP contoh (WhatsApp)           http://127.0.0.1:{stored['emulator_port']}/",
        f"  Jam contoh                     http://127.0.0.1:{port}/kelola/jam/",
        "",
    ]
    for login in stored.get("logins", []):
        lines.append(f"  {login['role']:<12} {login['username']:<14} {login['password']}")
    lines += ["", f"  ({seconds:.1f} s)  Ctrl-C"]
    print("\n".join(lines), flush=True)


def _lock() -> int | None:
    """Hold LOKET_HOME as long as this process lives; None when another holds it."""
    home.path().mkdir(mode=0o755, parents=True, exist_ok=True)
    descriptor = os.open(home.path() / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return None
    return descriptor


def _locked() -> int:
    say(f"✘ {home.path()} sedang dipakai proses lain.", f"✘ {home.path()} is in use by another process.")
    say("  Langkah: hentikan yang lain, atau LOKET_HOME=… ./loket demo", "  Next: stop it, or LOKET_HOME=… ./loket demo")
    return 4


def _forget() -> None:
    """Remove the demo office with its database; a home without one is never touched."""
    if not home.demo():
        return
    postgres.stop()
    folders = [postgres.cluster(), home.path() / "media", home.path() / "keys", home.path() / "static"]
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    for name in ("database.json", "demo.json", "emulator.db"):
        (home.path() / name).unlink(missing_ok=True)


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
        return False


def _near(port: int) -> int:
    while _is_taken(port):
        port += 1
    return port


def _die_with_parent() -> None:
    """Ask the kernel to end this child when the supervisor dies, however it dies; Ctrl-C reaches us alone."""
    os.setpgrp()
    ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGTERM)


