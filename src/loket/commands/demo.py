"""`demo`, `serve` and `worker`: what keeps an office running."""

from __future__ import annotations

import argparse
from typing import Any

from loket import postgres, supervisor
from loket.commands import refuse, start_django


def add(commands: Any) -> None:
    demo = commands.add_parser(
        "demo", help="set up and serve the demo office; serve again when it exists",
        description="The first start builds Kota Cilegon on 2 June 2020, which takes about a minute, and prints one login per "
        "role; later starts take seconds. Ctrl-C stops it.",
    )  # fmt: skip
    demo.add_argument("--port", type=_port, default=8000, help="port on 127.0.0.1 (default 8000)")
    demo.add_argument("--fresh", action="store_true", help="begin again with a new demo office")
    demo.set_defaults(run=run_demo)
    serve = commands.add_parser(
        "serve", help="serve one real office: web pages, API and webhooks",
        description="Serves the office of LOKET_HOME on 127.0.0.1; `./loket worker` runs beside it. See docs/operations.md.",
    )  # fmt: skip
    serve.add_argument("--port", type=_port, default=8000, help="port on 127.0.0.1 (default 8000)")
    serve.set_defaults(run=run_serve)
    worker = commands.add_parser(
        "worker", help="run the jobs of one office: messages in and out, reminders, figures",
        description="Runs beside `./loket serve` until it is stopped: messages in and out, reminders, the day's figures.",
    )  # fmt: skip
    worker.set_defaults(run=run_worker)


def _port(text: str) -> int:
    """A port that an ordinary program may listen on; anything else is wrong usage."""
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= 65_534):
        raise argparse.ArgumentTypeError(f"{text}: 1 … 65534")
    return int(text)


def run_demo(given: argparse.Namespace) -> int:
    try:
        return supervisor.demo(given.port, fresh=given.fresh)
    except postgres.Unavailable as problem:
        return refuse(problem.indonesian, problem.english, problem.command)


def run_serve(given: argparse.Namespace) -> int:
    try:
        return supervisor.serve(given.port)
    except postgres.Unavailable as problem:
        return refuse(problem.indonesian, problem.english, problem.command)


def run_worker(given: argparse.Namespace) -> int:
    start_django("worker")
    from loket import jobs

    jobs.run_worker()
    return 0
