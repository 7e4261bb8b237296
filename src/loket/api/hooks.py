"""The door of the WhatsApp provider: checks the signature, stores every update once, answers; nothing else happens here."""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from loket.conversations import inbox

PATH = "/hooks/whatsapp"
# The provider sends up to 1.000 updates in up to 3 MB.
MAX_BYTES = 3 * 1024 * 1024
log = logging.getLogger(__name__)

Start = Callable[[str, list[tuple[str, str]]], Any]


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
    if not is_signed(body, environ.get("HTTP_X_HUB_SIGNATURE_256", ""), settings.WA_APP_SECRET):
        log.warning("webhook refused: signature does not fit, %d bytes", len(body))
        return "401 Unauthorized", b""
    pieces = inbox.split(body, settings.WA_PHONE_ID)
    if any(piece.kind == inbox.STRANGE_NUMBER for piece in pieces):
        log.error("webhook for a phone_number_id that is not ours: check LOKET_WA_PHONE_ID")
    if not _store(pieces, hashlib.sha256(body).digest()):
        return "503 Service Unavailable", b""
    return "200 OK", b"ok"


def is_signed(body: bytes, header: str, secret: str) -> bool:
    """Whether the header is the HMAC of exactly these bytes; without a secret nothing is."""
    given = header.removeprefix("sha256=").lower()
    if not secret or not header.startswith("sha256=") or len(given) != 64:
        return False
    return hmac.compare_digest(given.encode(), hmac.new(secret.encode(), body, "sha256").hexdigest().encode())


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


def _store(pieces: list[inbox.Piece], delivery: bytes) -> bool:
    """Keep the updates; a connection that died since the last request is opened anew once."""
    for is_last in (False, True):
        try:
            inbox.keep(pieces, delivery)
        except (OperationalError, InterfaceError) as problem:
            if not connection.in_atomic_block:
                connection.close()
            if is_last:
                log.error("webhook not stored, database away: %s", type(problem).__name__)
                return False
        else:
            return True
    return False

