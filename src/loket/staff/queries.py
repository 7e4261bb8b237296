"""Who stands behind a token."""

from __future__ import annotations

import time

from loket.core.actor import Actor, Role
from loket.staff.actions import fingerprint
from loket.staff.models import Token

# A revoked token stops working after at most this many seconds.
_FRESH_FOR = 5.0
_cached: dict[bytes, tuple[float, Actor]] = {}


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


def forget() -> None:
    """Read tokens anew at the next look: for tests, which change databases."""
    _cached.clear()
