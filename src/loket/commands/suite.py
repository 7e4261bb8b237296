"""`test`: the suite, the same here and in CI."""

from __future__ import annotations

import argparse
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
    """Debian's Chromium, which only root can install; never skipped in silence."""
    if Path(CHROMIUM).exists():
        return None
    command = "apt-get install -y chromium"
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return refuse("Chromium dari Debian belum terpasang.", "Debian's Chromium is not installed.", f"sudo {command}")
    say("Memasang Chromium dari Debian …", "Installing Debian's Chromium …")
    subprocess.run(["apt-get", "update", "-q"], check=False, stdout=subprocess.DEVNULL)
    done = subprocess.run(["apt-get", "install", "-y", "-q", "chromium"], check=False, capture_output=True, text=True)
    if done.returncode:
        sys.stderr.write(done.stdout[-2000:] + done.stderr[-2000:])
        return refuse("Chromium tidak dapat dipasang.", "Chromium could not be installed.", command)
    return None
