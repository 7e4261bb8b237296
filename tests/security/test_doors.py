"""Every page of the staff: who may open it, and that nobody else does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from loket.core.actor import Role
from tests.cast import PASSWORD, Cast

PEOPLE = ("recorder", "counter", "verifier", "printer", "custodian", "dispatcher", "courier", "head", "auditor", "admin")
VALUES = {
    "gabungan": uuid4(), "pesan": uuid4(), "kode": "0000000000Z", "batch": uuid4(), "manifes": uuid4(), "kontak": uuid4(),
    "berkas": uuid4(), "laporan": uuid4(), "layanan": "KTP_NEW", "templat": uuid4(), "kampanye": uuid4(),
    "daftar": uuid4(), "surat": uuid4(), "segmen": "blocked", "impor": 1, "ajakan": uuid4(), "cara": "phone", "kelurahan": "-",
}  # fmt: skip
# Open to everybody, by design.
FREE = (
    "", "masuk/", "keluar/", "bahasa/", "sehat/", "siap/", "ajukan", "suket/", "cek/", "c/", "l/", "statistik/", "bantuan/", "privasi/",
    "cookie/", "asli/", "aksesibilitas/", "data/", "_ui/", "api/", "bukti/", "lupa/", "keluhan/", "survei/", "data.json", "siaran/", "layanan/",
)  # fmt: skip


def pages(resolver: Any = None, above: str = "") -> Iterator[tuple[str, Any]]:
    for entry in (resolver or get_resolver()).url_patterns:
        path = above + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from pages(entry, path)
        elif isinstance(entry, URLPattern):
            yield path, entry.callback


def staff_pages() -> list[tuple[str, Any]]:
    return [(path, view) for path, view in pages() if hasattr(view, "roles")]


def address(path: str) -> str:
    for kind in ("str", "uuid", "slug", "int"):
        for name, value in VALUES.items():
            path = path.replace(f"<{kind}:{name}>", str(value))
    assert "<" not in path, path
    return f"/{path}"


def knock(client: Client, path: str) -> Any:
    """Open a page, or press its button where it is one."""
    answer = client.get(address(path))
    return client.post(address(path)) if answer.status_code == 405 else answer


def test_every_page_is_free_by_design_or_names_its_roles() -> None:
    unguarded = [path for path, view in pages() if not hasattr(view, "roles") and not any(path == f or f and path.startswith(f) for f in FREE)]
    assert unguarded in ([], ["petugas/"], ["kelola/jam/"]), unguarded
    assert len(staff_pages()) > 25


@pytest.mark.parametrize("name", PEOPLE)
def test_a_page_opens_for_its_roles_and_for_nobody_else(cast: Cast, name: str) -> None:
    client = Client()
    assert client.post("/masuk/", {"nama": name, "sandi": PASSWORD}).status_code == 302
    for path, view in staff_pages():
        status = knock(client, path).status_code
        assert (status == 403) == (Role(name) not in view.roles), (path, status)


def test_whoever_is_not_signed_in_is_sent_to_the_gate(cast: Cast) -> None:
    for path, _view in staff_pages():
        answer = knock(Client(), path)
        assert answer.status_code == 302, path
        assert answer.headers["Location"].startswith("/masuk/?lanjut="), path
