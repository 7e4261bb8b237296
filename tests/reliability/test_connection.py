"""Connections to a server that went away are replaced before anybody notices."""

from __future__ import annotations

import io
from typing import Any

import psycopg
import pytest
from django.db import connection

from loket.core import clock


def ask(path: str) -> str:
    """One request as the web server makes it, with Django's own care of connections; returns the status."""
    from loket.wsgi import application

    said: list[str] = []
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": "", "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "80",
        "HTTP_HOST": "127.0.0.1", "wsgi.input": io.BytesIO(), "wsgi.errors": io.StringIO(), "wsgi.url_scheme": "http",
        "REMOTE_ADDR": "127.0.0.1", "SCRIPT_NAME": "",
    }  # fmt: skip
    answer = application(environ, lambda status, _headers: said.append(status))
    b"".join(answer)
    if hasattr(answer, "close"):
        answer.close()
    return said[0]


@pytest.fixture
def admin(fresh: str) -> str:
    from tests.cast import build

    build()
    return fresh


def cut_off(admin: str) -> None:
    with psycopg.connect(admin, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.mark.parametrize("path", ["/statistik/", "/data/hari-ini.json"])
def test_no_resident_sees_a_connection_that_was_cut(admin: str, path: str) -> None:
    assert ask(path) == "200 OK"
    cut_off(admin)
    clock.forget()
    assert ask(path) == "200 OK"


def test_whether_a_connection_lives_is_seen_without_asking(admin: str) -> None:
    connection.ensure_connection()
    assert connection.is_usable()
    cut_off(admin)
    assert not connection.is_usable()
    connection.close()
