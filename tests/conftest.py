"""The stage for every test: a real PostgreSQL, a fixed cast, and the invariants checked after each writing test."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connections
from playwright.sync_api import Browser, sync_playwright
from xdist.scheduler import LoadFileScheduling

from loket import home, postgres
from tests import isolated
from tests.cast import Cast, build

_numbers = itertools.count()
CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip


def pytest_configure() -> None:
    # Hashing a password slowly is right in an office and a waste of seconds in each test.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


# What takes longest begins first, so that both processes of the suite end together.
FIRST = ("tests/journeys", "tests/web/test_axe.py", "tests/reliability/test_chaos.py", "tests/reliability/test_home.py", "tests/security")


class Files(LoadFileScheduling):
    """Tests go to a process by file; the journeys share one demo and go together."""

    def _split_scope(self, nodeid: str) -> str:
        return FIRST[0] if nodeid.startswith(FIRST[0]) else str(super()._split_scope(nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Files | None:
    # Otherwise xdist begins with the file that has most tests, and ends with the few long ones.
    config.option.loadscopereorder = False
    return Files(config, log) if config.option.dist == "loadfile" else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: next((place for place, file in enumerate(FIRST) if item.nodeid.startswith(file)), len(FIRST)))


def _connect(url: str) -> None:
    """Point Django's default connection at this address; every thread's next connection follows."""
    from loket.settings import _database

    connections["default"].close()
    connections.databases["default"].update(_database(url))
    connections["default"].settings_dict.update(_database(url))


def _forget() -> None:
    from loket.conversations import templates
    from loket.core import clock
    from loket.offices import queries as offices
    from loket.staff import queries as staff

    for room in (clock, offices, staff, templates):
        room.forget()


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """A migrated database on an embedded server of this process's own; the address of the web role."""
    postgres.ensure()
    for command in (["migrate"], ["manage", "collectstatic", "--noinput", "-v0"]):
        subprocess.run([sys.executable, "-m", "loket.cli", *command], check=True, env=os.environ)
    yield home.database_url("web")
    postgres.stop()
    shutil.rmtree(isolated.HOME, ignore_errors=True)


@pytest.fixture(scope="session")
def django_db_setup(server: str, django_db_blocker: pytest.FixtureRequest) -> None:
    """Tests run as the web role, so that a missing or an excessive grant is seen."""
    with django_db_blocker.unblock():
        _connect(server)


@pytest.fixture
def cast(db: None) -> Cast:
    """The office and its people, in a transaction that is rolled back."""
    _forget()
    return build()


@pytest.fixture
def fresh(server: str, django_db_blocker: pytest.FixtureRequest) -> Iterator[str]:
    """A database of its own with committed data, for tests that race, kill or serve; returns its superuser address."""
    with django_db_blocker.unblock():
        connections.close_all()
        name = f"loket_{os.getpid()}_{next(_numbers)}"
        admin = home.database_url("superuser").rsplit("/", 1)[0]
        with psycopg.connect(f"{admin}/postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE loket OWNER loket_owner")
        _connect(f"{server.rsplit('/', 1)[0]}/{name}")
        _forget()
        yield f"{admin}/{name}"
        _check_invariants()
        connections.close_all()
        _connect(server)
        with psycopg.connect(f"{admin}/postgres", autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        _forget()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium for one file of tests. Playwright keeps an event loop in this thread as long as it runs, and
    beside a loop Django keeps connections of their own: those of before and those of after would be out of its reach."""
    connections.close_all()
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield found
        connections.close_all()
        found.close()


@pytest.fixture(autouse=True)
def _invariants(request: pytest.FixtureRequest) -> Iterator[None]:
    """`loket verify` after every test that had the database in its hands."""
    if "db" not in request.fixturenames:
        yield
        return
    request.getfixturevalue("db")
    _forget()
    yield
    _check_invariants()


def _check_invariants() -> None:
    from loket.insight import invariants

    broken = [f"{check.name}: {check.rows}" for check in invariants.check() if not check.ok]
    assert not broken, "\n".join(broken)
