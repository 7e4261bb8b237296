"""`token`: keys for other programs."""

from __future__ import annotations

import argparse
import json
from typing import Any

from loket.commands import refuse, start_django
from loket.commands.tend import _no_database

ROLES = (
    "resident", "recorder", "counter", "verifier", "printer", "custodian", "dispatcher", "courier", "head", "auditor",
    "admin",
)  # fmt: skip


def add(commands: Any) -> None:
    token = commands.add_parser("token", help="keys for other programs")
    verbs = token.add_subparsers(dest="verb", metavar="VERB", required=True)
    create = verbs.add_parser("create", help="make a bearer token; it is shown once")
    create.add_argument("--role", required=True, choices=ROLES, help="what the token may do")
    create.add_argument("--office", default="36.72", help="office code (default 36.72)")
    create.add_argument("--name", default="cli", help="what the token is for")
    create.add_argument("--json", action="store_true", help="print one JSON document")
    create.set_defaults(run=run_create)


def run_create(given: argparse.Namespace) -> int:
    if (problem := _no_database()) is not None:
        return problem
    start_django("web")
    from loket.core import clock
    from loket.core.actor import Actor, Role
    from loket.core.errors import Refusal
    from loket.offices import queries as offices
    from loket.staff import actions as staff

    try:
        offices.office(given.office)
        by = Actor("cli", given.office, frozenset({Role.ADMIN}))
        token = staff.issue_token(role=Role(given.role), name=given.name, by=by, at=clock.now())
    except Refusal as refusal:
        return refuse(refusal.text, refusal.text, "./loket token create --help")
    print(json.dumps({"token": token, "role": given.role}) if given.json else token)
    return 0
