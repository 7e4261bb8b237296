"""`test`: the suite, the same here and in CI."""

from __future__ import annotations

import argparse
import ctypes
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from loket.commands import refuse, say

CHROMIUM = "/usr/bin/chromium"


def add(commands: Any) -> None:
    test = commands.add_parser("test", help="run the suite, browser included (3 minutes on 2 cores)")
    test.add_argument("--long", action="store_true", help="run every count that the issues state")
    test.add_argument("arguments", nargs="*", help="files or tests, as pytest takes them")
    test.set_defaults(run=run_test)


def run_test(given: argparse.Namespace) -> int:
    if (problem := _browser()) is not None:
        return problem
    root = Path(os.environ.get("LOKET_ROOT", "."))
    bin_ = Path(sys.executable).parent
    steps = [] if given.arguments else [
        [str(bin_ / "ruff"), "check", "."],
        [str(bin_ / "lint-imports")],
        [str(bin_ / "mypy")],
    ]  # fmt: skip
    marks = [] if given.long else ["-m", "not long"]
    steps.append([sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadfile", *marks, *given.arguments])
    for step in steps:
        say(f"▶ {' '.join(Path(part).name for part in step[:3])}", f"▶ {' '.join(Path(part).name for part in step[:3])}")
        code = subprocess.run(step, cwd=root, check=False).returncode
        if code:
            return 3 if code == 5 else 1
    return 0


def _browser() -> int | None:
    """What the browser tests need of Debian, which only root can install; never skipped in silence."""
    missing = _missing()
    if not missing:
        return None
    names = " ".join(missing)
    command = f"apt-get install -y {names}"
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return refuse(f"Paket Debian belum terpasang: {names}.", f"Packages of Debian are missing: {names}.", f"sudo {command}")
    say(f"Memasang dari Debian: {names} …", f"Installing from Debian: {names} …")
    subprocess.run(["apt-get", "update", "-q"], check=False, stdout=subprocess.DEVNULL)
    done = subprocess.run(["apt-get", "install", "-y", "-q", *missing], check=False, capture_output=True, text=True)
    if done.returncode or _missing():
        sys.stderr.write(done.stdout[-2000:] + done.stderr[-2000:])
        return refuse(f"Tidak dapat dipasang: {names}.", f"Could not be installed: {names}.", command)
    return None


def _missing() -> list[str]:
    """Debian's packages that are not there: the browser, and a library that Playwright's own program is linked to."""
    missing = [] if Path(CHROMIUM).exists() else ["chromium"]
    try:
        ctypes.CDLL("libatomic.so.1")
    except OSError:
        missing.append("libatomic1")
    return missing
