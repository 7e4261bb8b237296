"""What every command asks first: is there a database, and does it run?"""

from __future__ import annotations

from loket import home, postgres
from loket.commands import refuse


def no_database() -> int | None:
    """A refusal when there is no database yet; starts the embedded one when it stands still."""
    if not (home.path() / "database.json").exists():
        return missing()
    try:
        postgres.start()
    except postgres.Unavailable as problem:
        return refuse(problem.indonesian, problem.english, problem.command)
    return None


def missing() -> int:
    """Says that there is none, and the command that makes one."""
    return refuse(
        f"Belum ada basis data di {home.path()}.", f"There is no database in {home.path()} yet.", "./loket demo"
    )
