"""The door of the WhatsApp provider: checks the signature, stores the delivery once, answers; nothing else happens here."""

from __future__ import annotations

import base64
import hmac
import logging
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import InterfaceError, OperationalError, connection
from psycopg import errors

from loket.conversations import deliveries

PATH = "/hooks/whatsapp"
# The provider sends up to 1.000 updates in up to 3 MB.
MAX_BYTES = 3 * 1024 * 1024
# A server that goes away, comes up or is full: the provider keeps its message and brings it again.
_AWAY = (OperationalError, InterfaceError, errors.OperationalError, errors.InterfaceError)
log = logging.getLogger(__name__)

Start = Callable[[str, list[tuple[str, str]]], Any]


class Scheme(NamedTuple):
    """How a provider proves that a request is its own: `hmac-sha256`, `hmac-sha256-base64` or `secret`; the header as
    WSGI names it, and what stands before the value."""

    name: str
    header: str
    prefix: str


def answer(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
    """WSGI beside Django: 200 is said only after the commit, and every failure lets the provider try again."""
    status, body = _answer(environ)
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
    if status.startswith("503"):
        headers.append(("Retry-After", "5"))
    start_response(status, headers)
    return [body]


def _answer(environ: dict[str, Any]) -> tuple[str, bytes]:
    if environ.get("PATH_INFO", "").rstrip("/") != PATH:
        return "404 Not Found", b""
    method = environ.get("REQUEST_METHOD", "GET")
    if method == "GET":
        return _handshake(environ.get("QUERY_STRING", ""))
    if method != "POST":
        return "405 Method Not Allowed", b""
    body = _body(environ)
    if body is None:
        return "413 Content Too Large", b""
    scheme = scheme_of(settings.WA_SIGNATURE)
    proof = environ.get(scheme.header, "")
    if not is_signed(body, proof, settings.WA_APP_SECRET, scheme):
        log.warning("webhook refused: signature does not fit, %d bytes", len(body))
        return "401 Unauthorized", b""
    # A secret that is sent along is no signature of these bytes, and is nothing to keep.
    if not _store(body, "" if scheme.name == "secret" else proof[:200]):
        return "503 Service Unavailable", b""
    return "200 OK", b"ok"


@lru_cache
def scheme_of(setting: str) -> Scheme:
    """`LOKET_WA_SIGNATURE` as a scheme: its name, the header, and perhaps a prefix, with spaces between them."""
    name, header, prefix = (*setting.split(), "", "", "")[:3]
    if name not in ("hmac-sha256", "hmac-sha256-base64", "secret") or not header:
        raise ImproperlyConfigured(
            f"LOKET_WA_SIGNATURE={setting!r}: write hmac-sha256, hmac-sha256-base64 or secret, then the header, "
            "then what stands before the value; Meta's is 'hmac-sha256 X-Hub-Signature-256 sha256='"
        )
    return Scheme(name, f"HTTP_{header.upper().replace('-', '_')}", prefix)


def is_signed(body: bytes, proof: str, secret: str, scheme: Scheme) -> bool:
    """Whether the header fits exactly these bytes; without a secret nothing does."""
    if not secret or not proof.startswith(scheme.prefix):
        return False
    given = proof.removeprefix(scheme.prefix).strip().encode()
    if scheme.name == "secret":
        return hmac.compare_digest(given, secret.encode())
    digest = hmac.digest(secret.encode(), body, "sha256")
    if scheme.name == "hmac-sha256":
        return hmac.compare_digest(given.lower(), digest.hex().encode())
    return hmac.compare_digest(given, base64.b64encode(digest))


def _handshake(query: str) -> tuple[str, bytes]:
    given = {name: values[0] for name, values in parse_qs(query).items()}
    token = settings.WA_VERIFY_TOKEN
    fits = token and hmac.compare_digest(given.get("hub.verify_token", "").encode(), token.encode())
    if given.get("hub.mode") != "subscribe" or not fits:
        return "403 Forbidden", b""
    return "200 OK", given.get("hub.challenge", "").encode()


def _body(environ: dict[str, Any]) -> bytes | None:
    """The raw bytes, or None when there are too many."""
    length = environ.get("CONTENT_LENGTH") or ""
    if length.isdigit() and int(length) > MAX_BYTES:
        return None
    stream = environ["wsgi.input"]
    body: bytes = stream.read(int(length)) if length.isdigit() else stream.read(MAX_BYTES + 1)
    return body if len(body) <= MAX_BYTES else None


def _store(body: bytes, signature: str) -> bool:
    """Keep the delivery; a connection that died since the last request is opened anew once."""
    pieces = deliveries.split(body, settings.WA_PHONE_ID)
    for is_last in (False, True):
        try:
            deliveries.keep(body, pieces, signature)
        except _AWAY as problem:
            if not connection.in_atomic_block:
                connection.close()
            if is_last:
                log.error("webhook not stored, database away: %s", type(problem).__name__)
                return False
        else:
            return True
    return False
