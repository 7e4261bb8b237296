"""`office`: what an office may set, shown and changed; every change stands in the trail."""

from __future__ import annotations

import argparse
import json
from typing import Any

from loket.commands import refuse, start_django, told
from loket.commands.database import no_database
from loket.core.actor import Role


def add(commands: Any) -> None:
    office = commands.add_parser("office", help="settings of an office")
    verbs = office.add_subparsers(dest="verb", metavar="VERB", required=True)
    shown = verbs.add_parser("show", help="every setting and its value")
    change = verbs.add_parser("set", help="change one setting; takes effect within seconds")
    change.add_argument("name", help="the setting, as `office show` writes it")
    change.add_argument("value", help="its new value; several are separated by commas, '' is none")
    for verb, run in ((shown, run_show), (change, run_set)):
        verb.add_argument("--office", default="36.72", help="office code (default 36.72)")
        verb.add_argument("--json", action="store_true", help="print one JSON document")
        verb.set_defaults(run=run)


def run_show(given: argparse.Namespace) -> int:
    return _on(given, {})


def run_set(given: argparse.Namespace) -> int:
    return _on(given, {given.name: given.value})


def _on(given: argparse.Namespace, changes: dict[str, str]) -> int:
    """Change what is asked, then print every setting as it stands."""
    if (problem := no_database()) is not None:
        return problem
    start_django("web")
    from loket.core import clock
    from loket.core.actor import Actor
    from loket.core.errors import Refusal
    from loket.offices import actions, queries, rules

    try:
        queries.office(given.office)
        by = Actor("cli", given.office, frozenset({Role.ADMIN}))
        actions.set_up({name: rules.read(name, text) for name, text in changes.items()}, by=by, at=clock.now())
        values = rules.written(queries.office(given.office).settings)
    except Refusal as refusal:
        return refuse(*told(refusal), "./loket office show")
    if given.json:
        print(json.dumps(values))
    else:
        print("\n".join(f"{name:22} {', '.join(map(str, value)) if isinstance(value, list) else value}" for name, value in values.items()))
    return 0
