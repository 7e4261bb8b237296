"""The figures as one SQLite file, written once a day: a table for each series, and what every column means."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import translation
from django.utils.translation import gettext

from loket import home
from loket.core import clock
from loket.insight import publication
from loket.insight.publication import LICENCE, SERIES, VERSION, Series
from loket.offices import queries as offices

_TYPES = {"integer": "INTEGER", "number": "REAL", "boolean": "INTEGER"}
_DEFINITIONS = (
    "table_name TEXT, column_name TEXT, kind TEXT, unit TEXT, title_id TEXT, title_en TEXT, how_id TEXT, how_en TEXT, "
    "PRIMARY KEY (table_name, column_name)"
)


def path(office: str) -> Path:
    """Where the file of an office lies."""
    return home.path() / "data" / f"harian-{office}.db"


def write_due(office: str) -> bool:
    """Write the file when today's is not there yet; returns whether it did."""
    file = path(office)
    if file.exists() and _written_on(file) == offices.office(office).today().isoformat():
        return False
    write(office)
    return True


def write(office: str) -> Path:
    """Write the file anew beside the old one, and put it in its place whole."""
    file, now = path(office), clock.now()
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    with closing(sqlite3.connect(beside, isolation_level=None)) as base:
        base.execute("PRAGMA journal_mode = OFF")
        base.execute("BEGIN")
        for one in SERIES.values():
            _table(base, one, office)
        _explain(base, office, now)
        base.execute("COMMIT")
    with beside.open("rb") as stream:
        os.fsync(stream.fileno())
    beside.replace(file)
    return file


def _table(base: sqlite3.Connection, one: Series, office: str) -> None:
    keys = ", ".join(f'"{column.name}"' for column in one.columns[: one.keys])
    columns = ", ".join(f'"{column.name}" {_TYPES.get(column.kind, "TEXT")}' for column in one.columns)
    base.execute(f'CREATE TABLE "{one.name}" ({columns}, suppressed TEXT, PRIMARY KEY ({keys})) WITHOUT ROWID')
    places = ", ".join("?" * (len(one.columns) + 1))
    base.executemany(
        f'INSERT INTO "{one.name}" VALUES ({places})',
        ([*map(_plain, row.cells), json.dumps(row.hidden) if row.hidden else None] for row in publication.rows(one, office)),
    )


def _explain(base: sqlite3.Connection, office: str, now: datetime) -> None:
    view = offices.office(office)
    base.execute(f"CREATE TABLE definitions ({_DEFINITIONS}) WITHOUT ROWID")
    for one in SERIES.values():
        base.executemany(
            "INSERT INTO definitions VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            ([one.name, column.name, column.kind, column.unit, *_both(column.title), *_both(column.how)] for column in one.columns),
        )
    base.execute("CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID")
    local = now.astimezone(ZoneInfo(view.zone))
    base.executemany(
        "INSERT INTO about VALUES (?, ?)",
        {
            "office": view.name, "office_code": office, "version": VERSION, "written_at": local.isoformat(timespec="seconds"),
            "written_on": local.date().isoformat(), "licence": LICENCE[0], "licence_url": LICENCE[1],
            "suppressed": "NULL, its column named in `suppressed`: <5 is below 5 residents, * would give such a number away",
        }.items(),
    )  # fmt: skip
    base.execute("CREATE TABLE changelog (on_date TEXT, version TEXT, id TEXT, en TEXT)")
    base.executemany("INSERT INTO changelog VALUES (?, ?, ?, ?)", ([on.isoformat(), version, *_both(text)] for on, version, text in publication.CHANGES))


def _plain(cell: Any) -> Any:
    if isinstance(cell, bool):
        return int(cell)
    return cell.isoformat() if isinstance(cell, date) else cell


def _both(text: str) -> tuple[str, str]:
    """A sentence in Indonesian and in English."""
    if not text:
        return "", ""
    with translation.override("en"):
        return text, gettext(text)


def _written_on(file: Path) -> str:
    """The day the file was written for, by its own word; empty when it cannot be read."""
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as base:
            return str(base.execute("SELECT value FROM about WHERE key = 'written_on'").fetchone()[0])
    except (sqlite3.Error, TypeError):
        return ""
