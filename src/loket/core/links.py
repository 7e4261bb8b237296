"""Signed links: what a chat carries instead of a code and a birth date. They expire and name one thing only."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime

from loket import home
from loket.core.errors import N_, Refusal

_MAC_BYTES = 16


def sign(purpose: str, subject: str, expires: datetime) -> str:
    """A token for one subject (such as a request code) and one purpose, valid until `expires`."""
    text = f"{int(expires.timestamp()):x}.{subject}"
    return f"{text}.{_mac(purpose, text)}"


def read(purpose: str, token: str, now: datetime) -> str:
    """The subject of a token; refuses a forged or expired one."""
    text, _, mac = token.rpartition(".")
    if not text or not hmac.compare_digest(mac.encode(), _mac(purpose, text).encode()):
        raise Refusal(
            "link_invalid", N_("Tautan ini tidak lengkap. Salin seluruh tautan dari pesan kami, lalu buka lagi."),
            status=404,
        )  # fmt: skip
    expires, _, subject = text.partition(".")
    if now > datetime.fromtimestamp(int(expires, 16), UTC):
        raise Refusal(
            "link_expired", N_("Tautan ini sudah tidak berlaku. Kirim kata STATUS ke WhatsApp kami untuk tautan baru."),
            status=410,
        )  # fmt: skip
    return subject


def _mac(purpose: str, text: str) -> str:
    key = hashlib.sha256(b"loket-link\x00" + home.keys()["secret_key"].encode()).digest()
    digest = hmac.digest(key, f"{purpose}\x00{text}".encode(), "sha256")[:_MAC_BYTES]
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
