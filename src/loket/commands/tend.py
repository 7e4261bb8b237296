"""`migrate`, `verify`, `db` and `manage`: how an administrator tends an office."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from loket import home, postgres
from loket.commands import refuse, say, start_django
from loket.commands.database import missing, no_database

DB_ROLES = ("owner", "web", "worker", "seal", "report", "superuser")


def add(commands: Any) -> None:
    migrate = commands.add_parser("migrate", help="bring the database to this version; safe to run again")
    migrate.set_defaults(run=run_migrate)
    verify = commands.add_parser(
        "verify", help="check every invariant, one SQL query each",
        description="Checks every rule of docs/invariants.md by one query each; with a finding the exit code is 1.",
    )  # fmt: skip
    verify.add_argument("--json", action="store_true", help="print one JSON document")
    verify.set_defaults(run=run_verify)
    database = commands.add_parser("db", help="about the database")
    verbs = database.add_subparsers(dest="verb", metavar="VERB", required=True)
    url = verbs.add_parser("url", help="print a connection address")
    url.add_argument("--role", choices=DB_ROLES, default="web", help="the database role (default web)")
    url.set_defaults(run=run_url)
    manage = commands.add_parser("manage", help="a management command of Django, for maintainers", add_help=False)
    manage.add_argument("--role", choices=DB_ROLES, default="owner")
    manage.add_argument("arguments", nargs=argparse.REMAINDER)
    manage.set_defaults(run=run_manage)


def run_migrate(given: argparse.Namespace) -> int:
    try:
        postgres.ensure()
    except postgres.Unavailable as problem:
        return refuse(problem.indonesian, problem.english, problem.command)
    start_django("owner")
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)
    postgres.grant()
    return 0


def run_verify(given: argparse.Namespace) -> int:
    if (problem := no_database()) is not None:
        return problem
    start_django("web")
    from loket.insight import invariants

    checks = invariants.check()
    broken = [check for check in checks if not check.ok]
    if given.json:
        rows = [{"name": check.name, "ok": check.ok, "rows": check.rows} for check in checks]
        json.dump({"checks": rows}, sys.stdout, ensure_ascii=False, default=str)
        print()
    else:
        for check in checks:
            print(f"{'✔' if check.ok else '✘'} {check.name}")
            for row in check.rows[:5]:
                print(f"    {row}")
        say(
            f"{len(checks) - len(broken)} dari {len(checks)} terpenuhi.",
            f"{len(checks) - len(broken)} of {len(checks)} hold.",
        )
    return 1 if broken else 0


def run_url(given: argparse.Namespace) -> int:
    if not (home.path() / "database.json").exists():
        return missing()
    print(home.database_url(given.role))
    return 0


def run_manage(given: argparse.Namespace) -> int:
    start_django(given.role)
    from django.core.management import execute_from_command_line

    execute_from_command_line(["loket manage", *given.arguments])
    return 0
