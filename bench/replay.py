"""The physical limit of a lifecycle: the very statements that one wave sent, replayed by pgbench without any Python.

A wave is recorded by the server's own log, phase by phase and session by session, and every value is written into its
statement. The database is copied before it; the copy then takes the same statements from as many pgbench sessions at once.
"""

from __future__ import annotations

import re
import subprocess
import time
from collections import defaultdict
from pathlib import Path

import psycopg

from bench.lifecycles import Run
from bench.stage import Stage

SIZE = 200
_LINE = re.compile(r"^#(\d+)# LOG:  (?:statement|execute [^:]+): (.*)", re.S)
_VALUES = re.compile(r"^#(\d+)# DETAIL:  [Pp]arameters: (.*)", re.S)
_VALUE = re.compile(r"\$(\d+) = (NULL|'(?:[^']|'')*')")


def limit(loket: Stage, run: Run) -> float:
    """Lifecycles per second at which the database alone takes the statements of a wave."""
    admin = loket.loket("db", "url", "--role", "superuser").strip()
    log = _log_file(loket)
    with psycopg.connect(admin.rsplit("/", 1)[0] + "/postgres", autocommit=True) as connection:
        loket.stop_web()
        connection.execute("CREATE DATABASE loket_limit TEMPLATE loket OWNER loket_owner")
        connection.execute("ALTER SYSTEM SET log_line_prefix = '#%p# '")
        connection.execute("ALTER SYSTEM SET log_statement = 'all'")
        connection.execute("SELECT pg_reload_conf()")
        loket.start_web()
        run.client.reconnect()
        time.sleep(0.5)
        marks: list[tuple[str, int]] = []
        run.wave(SIZE, lambda name: marks.append((name, log.stat().st_size)))
        marks.append(("end", log.stat().st_size))
        connection.execute("ALTER SYSTEM RESET log_statement")
        connection.execute("SELECT pg_reload_conf()")
        time.sleep(0.5)
    text = log.read_bytes()
    spent = 0.0
    address = admin.rsplit("/", 1)[0] + "/loket_limit"
    for number, (_phase, start) in enumerate(marks[:-1]):
        sessions = _sessions(text[start : marks[number + 1][1]].decode("utf-8", "replace"))
        spent += _replay(loket, address, sessions)
    return SIZE / spent


def _sessions(text: str) -> list[str]:
    """The statements of each server process, in order, as scripts."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for entry in re.split(r"\n(?=#\d+# )", text):
        if line := _LINE.match(entry.strip("\n")):
            found[line[1]].append(line[2])
        elif line := _VALUES.match(entry.strip("\n")):
            found[line[1]].append(_filled(found[line[1]].pop(), line[2]))
    skipped = ("set ", "alter system", "select pg_reload", "create database")
    return [
        "\n".join(
            " ".join(statement.split("\n")).rstrip("; ") + ";"
            for statement in statements
            if not statement.lower().startswith(skipped)
        )
        for statements in found.values()
    ]


def _filled(statement: str, values: str) -> str:
    """A statement with its values in the places of `$1`, `$2` and so on."""
    known = {int(number): value for number, value in _VALUE.findall(values)}
    return re.sub(r"\$(\d+)", lambda place: known[int(place[1])], statement)


def _replay(loket: Stage, address: str, sessions: list[str]) -> float:
    files = []
    for number, script in enumerate(sessions):
        path = loket.home / f"replay-{number}.sql"
        path.write_text(script + "\n")
        files.append(path)
    program = str(_program())
    begun = time.perf_counter()
    running = [
        subprocess.Popen(
            [program, "-n", "-M", "simple", "-c", "1", "-t", "1", "-f", str(path), address],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )
        for path in files
    ]  # fmt: skip
    said = [one.communicate()[1] for one in running]
    if any(one.returncode for one in running):
        raise RuntimeError("a session could not be replayed: " + " ".join(said)[-2000:])
    return time.perf_counter() - begun


def _program() -> Path:
    from loket import postgres

    return postgres.programs() / "pgbench"


def _log_file(loket: Stage) -> Path:
    return loket.home / "pg" / "data" / "server.log"
