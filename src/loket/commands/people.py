"""`account` and `token`: the people of an office, and keys for other programs."""

from __future__ import annotations

import argparse
import json
import secrets
from collections.abc import Callable
from typing import Any

from loket.commands import refuse, start_django, told
from loket.commands.database import no_database
from loket.core.actor import Role

ROLES = tuple(role.value for role in Role)


def add(commands: Any) -> None:
    token = commands.add_parser("token", help="keys for other programs")
    verbs = token.add_subparsers(dest="verb", metavar="VERB", required=True)
    create = verbs.add_parser("create", help="make a bearer token; it is shown once")
    create.add_argument("--role", required=True, choices=ROLES, help="what the token may do")
    create.add_argument("--office", default="36.72", help="office code (default 36.72)")
    create.add_argument("--name", default="cli", help="what the token is for")
    create.add_argument("--json", action="store_true", help="print one JSON document")
    create.set_defaults(run=run_create)
    account = commands.add_parser("account", help="people who sign in")
    verbs = account.add_subparsers(dest="verb", metavar="VERB", required=True)
    opened = verbs.add_parser("create", help="open an account; its password is made and shown once")
    opened.add_argument("username", help="what she signs in with")
    opened.add_argument("--full-name", required=True, help="her name, as the office writes it")
    opened.add_argument("--role", required=True, action="append", choices=ROLES[1:], help="what she may do; may be given again")
    opened.add_argument("--office", default="36.72", help="office code (default 36.72)")
    opened.add_argument("--json", action="store_true", help="print one JSON document")
    opened.set_defaults(run=run_open)
    password = verbs.add_parser("password", help="a new password for an account, shown once")
    password.add_argument("username", help="whose")
    password.add_argument("--office", default="36.72", help="office code (default 36.72)")
    password.add_argument("--json", action="store_true", help="print one JSON document")
    password.set_defaults(run=run_password)


def run_open(given: argparse.Namespace) -> int:
    def work(by: Any, at: Any, password: str) -> None:
        from loket.staff import actions as staff

        staff.open_account(
            username=given.username, full_name=given.full_name, password=password, roles=[Role(role) for role in given.role],
            by=by, at=at,
        )  # fmt: skip

    return _with_password(given, work)


def run_password(given: argparse.Namespace) -> int:
    def work(by: Any, at: Any, password: str) -> None:
        from loket.staff import actions as staff

        staff.renew_password(username=given.username, password=password, by=by, at=at)

    return _with_password(given, work)


def _with_password(given: argparse.Namespace, work: Callable[[Any, Any, str], None]) -> int:
    """Do it with a password that nobody chose, and print that once."""
    if (problem := no_database()) is not None:
        return problem
    start_django("web")
    from loket.core import clock
    from loket.core.actor import Actor
    from loket.core.errors import Refusal
    from loket.offices import queries as offices

    password = secrets.token_urlsafe(15)
    try:
        offices.office(given.office)
        work(Actor("cli", given.office, frozenset({Role.ADMIN})), clock.now(), password)
    except Refusal as refusal:
        return refuse(*told(refusal), f"./loket account {given.verb} --help")
    print(json.dumps({"username": given.username, "password": password}) if given.json else f"{given.username}  {password}")
    return 0


def run_create(given: argparse.Namespace) -> int:
    if (problem := no_database()) is not None:
        return problem
    start_django("web")
    from loket.core import clock
    from loket.core.actor import Actor
    from loket.core.errors import Refusal
    from loket.offices import queries as offices
    from loket.staff import actions as staff

    try:
        offices.office(given.office)
        by = Actor("cli", given.office, frozenset({Role.ADMIN}))
        token = staff.issue_token(role=Role(given.role), name=given.name, by=by, at=clock.now())
    except Refusal as refusal:
        return refuse(*told(refusal), "./loket token create --help")
    print(json.dumps({"token": token, "role": given.role}) if given.json else token)
    return 0
