"""Who stands behind a token, and who works in an office."""

from __future__ import annotations

import time
from collections.abc import Sequence

from loket.core.actor import Actor, Role
from loket.staff.actions import fingerprint
from loket.staff.models import Account, Token

# A revoked token stops working after at most this many seconds.
_FRESH_FOR = 5.0
_cached: dict[bytes, tuple[float, Actor]] = {}
_people: dict[str, tuple[float, list[Account]]] = {}


def bearer(token: str) -> Actor | None:
    """The actor of a bearer token, or nobody."""
    key = fingerprint(token)
    read_at, actor = _cached.get(key, (float("-inf"), None))
    if actor is not None and time.monotonic() - read_at < _FRESH_FOR:
        return actor
    row = Token.objects.filter(hash=key, revoked_at=None).first()
    if row is None:
        _cached.pop(key, None)
        return None
    actor = Actor(f"token:{row.pk}", row.office_id, frozenset({Role(row.role)}))
    _cached[key] = (time.monotonic(), actor)
    return actor


def colleagues(office: str, roles: Sequence[Role]) -> dict[str, str]:
    """Who works in an office in one of these roles: account name to full name, by full name."""
    wanted = {role.value for role in roles}
    return {one.username: one.full_name for one in _of(office) if one.is_active and wanted & set(one.roles)}


def full_name(username: str, office: str) -> str:
    """What a person of the office is called; the account name of whoever is not known there, such as a job of Loket's."""
    return next((one.full_name for one in _of(office) if one.username == username), username)


def _of(office: str) -> list[Account]:
    read_at, found = _people.get(office, (float("-inf"), []))
    if time.monotonic() - read_at > _FRESH_FOR:
        found = list(Account.objects.filter(office_id=office).order_by("full_name"))
        _people[office] = (time.monotonic(), found)
    return found


def forget() -> None:
    """Read tokens and people anew at the next look: for tests, which change databases."""
    _cached.clear()
    _people.clear()
