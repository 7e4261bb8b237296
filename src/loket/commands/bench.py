"""`bench`: what is measured, and against what."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path
from typing import Any


def add(commands: Any) -> None:
    bench = commands.add_parser("bench", help="measure, each figure beside its limit in the same run")
    bench.add_argument("name", nargs="?", help="one benchmark (a wrong name lists them); all of them without a name")
    bench.add_argument("--size", type=int, help="applications loaded before, or rows of the list")
    bench.add_argument("--json", action="store_true", help="print one JSON document")
    bench.set_defaults(run=run_bench)


def run_bench(given: argparse.Namespace) -> int:
    root = Path(os.environ.get("LOKET_ROOT", "."))
    arguments = [given.name or "all", *(["--size", str(given.size)] if given.size else []),
                 *(["--json"] if given.json else [])]  # fmt: skip
    return subprocess.run([sys.executable, "-m", "bench", *arguments], cwd=root, check=False).returncode
