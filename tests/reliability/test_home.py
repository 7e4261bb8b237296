"""One LOKET_HOME is one office: it can be moved, two run side by side, and a server of somebody else's will do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from loket import home


def loket(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LOKET_", "DATABASE_"))}
    return subprocess.run(
        [sys.executable, "-m", "loket.cli", *arguments], capture_output=True, text=True, check=False,
        env={**kept, "LOKET_HOME": str(folder), "LANG": "en_GB.UTF-8", **environment},
    )  # fmt: skip


@pytest.fixture
def folder() -> Iterator[Path]:
    # The server's user must be able to enter it, which a folder of pytest's own does not allow.
    with tempfile.TemporaryDirectory(prefix="loket-home-") as name:
        Path(name).chmod(0o755)
        yield Path(name) / "office"


def stop(folder: Path) -> None:
    subprocess.run(
        [sys.executable, "-c", "from loket import postgres; postgres.stop()"], check=True,
        env={**os.environ, "LOKET_HOME": str(folder)},
    )  # fmt: skip


def test_two_side_by_side_and_one_moves(folder: Path, server: str) -> None:
    assert loket(folder, "migrate").returncode == 0
    try:
        url = loket(folder, "db", "url").stdout.strip()
        assert urlsplit(url).port != urlsplit(server).port
        assert loket(folder, "verify", "--json").returncode == 0
        stop(folder)
        moved = folder.rename(folder.with_name("moved"))
        checks = json.loads(loket(moved, "verify", "--json").stdout)["checks"]
        assert len(checks) > 10
        assert all(check["ok"] for check in checks)
    finally:
        stop(folder.with_name("moved"))


def test_a_server_that_is_there_already(folder: Path, server: str) -> None:
    admin = home.database_url("superuser").rsplit("/", 1)[0]
    with psycopg.connect(f"{admin}/postgres", autocommit=True) as connection:
        connection.execute("CREATE DATABASE elsewhere OWNER loket_owner")
    url = f"{home.database_url('owner').rsplit('/', 1)[0]}/elsewhere"
    try:
        done = loket(folder, "migrate", DATABASE_URL=url)
        assert done.returncode == 0, done.stderr
        assert not (folder / "pg").exists()
        assert loket(folder, "db", "url", DATABASE_URL=url).stdout.strip() == url
        assert loket(folder, "verify", "--json", DATABASE_URL=url).returncode == 0
        assert "Next: ./loket account create --help" in loket(
            folder, "account", "create", "Ani!", "--full-name", "Ani", "--role", "verifier", DATABASE_URL=url
        ).stderr
        cleared = loket(folder, "demo", "--fresh", DATABASE_URL=url)
        assert (cleared.returncode, "does not clear" in cleared.stderr) == (3, True)
        # The guards of the ledger and of the trail do not depend on roles.
        with psycopg.connect(url) as connection, pytest.raises(psycopg.Error, match="append-only"):
            connection.execute("TRUNCATE audit_entry CASCADE")
    finally:
        with psycopg.connect(f"{admin}/postgres", autocommit=True) as connection:
            connection.execute("DROP DATABASE elsewhere WITH (FORCE)")


@pytest.mark.parametrize(
    "command", [["verify"], ["db", "url"], ["suket", "import", __file__], ["token", "create", "--role", "resident"]]
)
def test_without_a_database_one_command_is_named(folder: Path, command: list[str]) -> None:
    done = loket(folder, *command)
    assert done.returncode == 3, done.stderr
    assert done.stderr.count("Next:") == 1
    assert "./loket demo" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_server_that_does_not_answer_is_a_sentence(folder: Path) -> None:
    done = loket(folder, "migrate", DATABASE_URL="postgresql://nobody@127.0.0.1:9/nothing")
    assert done.returncode == 3, done.stderr
    assert "Traceback" not in done.stderr
    assert "Next:" in done.stderr


def test_every_model_has_its_migration(db: None) -> None:
    from django.core.management import call_command

    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_wrong_usage_is_not_a_refusal(folder: Path) -> None:
    assert loket(folder, "demo", "--colour").returncode == 2
    assert loket(folder, "no-such-command").returncode == 2
    assert loket(folder, "demo", "--port", "99999").returncode == 2


def test_a_refusal_is_told_in_the_language_of_the_terminal(folder: Path) -> None:
    gone = "postgresql://nobody@127.0.0.1:9/nothing"
    assert "tidak menjawab" in loket(folder, "migrate", DATABASE_URL=gone, LANG="id_ID.UTF-8").stderr
    assert "does not answer" in loket(folder, "migrate", DATABASE_URL=gone, LANG="en_GB.UTF-8").stderr
