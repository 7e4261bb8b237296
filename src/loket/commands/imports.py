"""`suket import` and `status import`: lists as offices really have them."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from loket.commands import refuse, say, speaks_english, start_django, told
from loket.commands.database import no_database


def add(commands: Any) -> None:
    for name, what in (("suket", "Suket holders"), ("status", "enrolment statuses")):
        group = commands.add_parser(name, help=f"lists of {what}")
        verbs = group.add_subparsers(dest="verb", metavar="VERB", required=True)
        load = verbs.add_parser("import", help=f"read a list of {what} (XLSX, XLS or CSV)")
        load.add_argument("file", type=Path, help="the list; title rows and any order of columns are fine")
        load.add_argument("--dry-run", action="store_true", help="check everything, keep nothing")
        load.add_argument("--json", action="store_true", help="print one JSON document")
        load.add_argument("--office", default="36.72", help="office code (default 36.72)")
        load.set_defaults(run=run_import, kind=name)


def run_import(given: argparse.Namespace) -> int:
    if not given.file.exists():
        if given.json:
            _refused("file_missing", "file", f"There is no file {given.file}.")
        return refuse(f"Berkas {given.file} tidak ada.", f"There is no file {given.file}.", "ls")
    if (problem := no_database()) is not None:
        return problem
    start_django("web")
    from django.utils import translation

    from loket.applications.importing import import_statuses
    from loket.core import clock
    from loket.core.actor import Actor, Role
    from loket.core.errors import Refusal
    from loket.suket.importing import import_suket

    # Every reason beside its row is told in the language of the terminal.
    translation.activate("en" if speaks_english() else "id")
    by = Actor("cli", given.office, frozenset({Role.ADMIN}))
    read = import_suket if given.kind == "suket" else import_statuses
    try:
        report = read(given.file, dry_run=given.dry_run, by=by, at=clock.now(), progress=_Bar())
    except Refusal as refusal:
        if given.json:
            _refused(refusal.code, refusal.field, refusal.text)
        refuse(*told(refusal))
        return 4 if refusal.code == "import_running" else 3
    if given.json:
        print(json.dumps(report.as_dict(), ensure_ascii=False))
    else:
        _print(report)
    return 1 if report.rejected else 0


def _refused(code: str, column: str | None, message: str) -> None:
    """The document of a file that was refused as a whole."""
    error = {"row": None, "column": column, "code": code, "message": message}
    print(json.dumps({"rows": 0, "new": 0, "updated": 0, "unchanged": 0, "rejected": 0, "errors": [error], "report": None},
                     ensure_ascii=False))  # fmt: skip


def _print(report: Any) -> None:
    say(
        f"{report.rows} baris: {report.new} baru, {report.updated} berubah, {report.unchanged} tetap, "
        f"{report.rejected} ditolak.",
        f"{report.rows} rows: {report.new} new, {report.updated} updated, {report.unchanged} unchanged, "
        f"{report.rejected} rejected.",
    )
    for error in report.errors[:10]:
        print(f"  {error['row']}: {error['message']}")
    if report.report:
        say(f"Baris yang ditolak beserta alasannya: {report.report}", f"Rejected rows with reasons: {report.report}")


class _Bar:
    """Progress on standard error: a bar on a terminal, a line every five seconds elsewhere."""

    def __init__(self) -> None:
        self.last = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if sys.stderr.isatty():
            width = 30 * done // max(total, 1)
            sys.stderr.write(f"\r[{'█' * width}{' ' * (30 - width)}] {done}/{total}")
            if done >= total:
                sys.stderr.write("\n")
            sys.stderr.flush()
        elif now - self.last > 5:
            self.last = now
            word = "of" if speaks_english() else "dari"
            print(f"{done} {word} {total}", file=sys.stderr, flush=True)
