"""The plan of 100.000 Suket: one answer as it is typed, and a thousand draws, each beside a loop that does nothing but count the days."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from fractions import Fraction
from typing import Any

from bench.stage import ROOT, figure
from loket.insight import forecast
from loket.insight.forecast import Scenario

RUNS = 1000


def plan(size: int | None) -> list[dict[str, Any]]:
    """Seconds for the whole command and for the draws; the limit of a draw is the bare arithmetic of its days."""
    suket = size or 100_000
    words = ["--start", "2020-06-03", "--suket", suket, "--blanks", 2 * suket, "--printers", 2, "--per-printer", 300, "--demand", 180,
             "--spoilage", "0.0174", "--holidays", "none"]  # fmt: skip
    command, days = _best(lambda: _typed([str(word) for word in words]))
    scenario = Scenario(date(2020, 6, 3), suket, suket, 2 * suket, 2, 300, demand=Fraction(180), spoilage=Fraction("0.0174"))
    # The same with everything that an office's own weeks bring: holders who come day by day, statuses, letters that end otherwise.
    weeks = tuple(tuple(150 + 7 * (day + week) % 60 for day in range(5)) for week in range(8))
    lived = Scenario(
        date(2020, 6, 3), suket, suket * 2 // 3, 2 * suket, 2, 300, demand=Fraction(180), spoilage=Fraction("0.0174"),
        asking=Fraction(400), released=Fraction(60), closed=Fraction(20), others=weeks,
        askers=tuple(tuple(2 * day for day in week) for week in weeks), closures=tuple(tuple(day // 9 for day in week) for week in weeks),
    )  # fmt: skip
    exact, _ = _best(lambda: forecast.plan(scenario))
    drawn, found = _best(lambda: forecast.plan(scenario, seed=1, runs=RUNS), times=2)
    whole, whole_found = _best(lambda: forecast.plan(lived, seed=1, runs=RUNS), times=1)
    bare, _ = _best(lambda: _bare(len(found.days), suket))
    bare_whole, _ = _best(lambda: _bare(len(whole_found.days), suket))
    return [
        figure(f"loket plan --json, {suket} Suket, {days} working days", command, "s", limit=_best(_nothing)[0], goal=1, more=False),
        figure("the same inside one process", exact, "s"),
        figure(f"{RUNS} seeds, {len(found.days)} working days", drawn, "s", limit=bare, goal=10, more=False),
        figure(f"{RUNS} seeds with an office's weeks, {len(whole_found.days)} working days", whole, "s", limit=bare_whole, goal=10, more=False),
        figure("seeds drawn", min(found.runs, whole_found.runs), "", goal=RUNS),
    ]


def _best(work: Callable[[], Any], times: int = 3) -> tuple[float, Any]:
    """The quickest of some runs, since others use the machine, too; and what it gave."""
    seconds, result = float("inf"), None
    for _ in range(times):
        begun = time.perf_counter()
        result = work()
        seconds = min(seconds, time.perf_counter() - begun)
    return seconds, result


def _typed(words: list[str]) -> int:
    done = subprocess.run(
        [sys.executable, "-m", "loket.cli", "plan", "--json", *words], cwd=ROOT, capture_output=True, check=True, text=True
    )
    return int(json.loads(done.stdout)["working_days"])


def _nothing() -> None:
    """What no command of Loket can be quicker than: Python, and the reading of its own line."""
    subprocess.run([sys.executable, "-m", "loket.cli", "plan", "--help"], cwd=ROOT, capture_output=True, check=True)


def _bare(days: int, suket: int) -> int:
    """As many days as often: take, subtract, compare."""
    ended = 0
    for _run in range(RUNS):
        left, day, store = suket, 0, 2 * suket
        while day < days:
            attempts = min(600, store)
            made = min(attempts - 180, left)
            left, store, day = left - made, store - attempts, day + 1
        ended += day
    return ended
