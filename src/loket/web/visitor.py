"""Where a visitor comes from, as far as it can be known: limits on guessing are kept per address."""

from __future__ import annotations

from django.http import HttpRequest

_THIS_MACHINE = ("127.0.0.1", "::1")


def address(request: HttpRequest) -> str:
    """The address a request came from. Loket listens on this machine alone, so behind it stands the office's own
    proxy, and what that proxy wrote last into X-Forwarded-For is the visitor."""
    direct = str(request.META.get("REMOTE_ADDR", ""))
    forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return forwarded[:64] if forwarded and direct in _THIS_MACHINE else direct
