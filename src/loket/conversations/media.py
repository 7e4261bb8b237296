"""Fetches what people send: the address is asked for, then the bytes, from known hosts only and never more than fits."""

from __future__ import annotations

import base64
import hashlib
import logging
import random
import time
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

import httpx
from django.conf import settings
from django.db import connection, transaction

from loket.conversations.actions import media as actions
from loket.conversations.models import Media, Message
from loket.core import clock, images
from loket.core.errors import Refusal

log = logging.getLogger(__name__)

MAX_TRIES = 8
# Meta forgets what residents sent after seven days.
LIFE = timedelta(days=7)
# A worker that died in the middle gives its work back after this long: longer than `DEADLINE` and the child's own limit.
LEASE_SECONDS = 180
DEADLINE = 60.0
# A photo that WhatsApp itself shrank has at most 5 MB; one sent as a document comes as the camera made it.
CAPS = {"image": 6 * 1024 * 1024, "document": images.MAX_BYTES}
# Where the account itself is stopped or the disk is full, tries are not what is missing.
ACCOUNT_PAUSE = 300.0
DISK_PAUSE = 60.0
# What is not worth the way, by the type that the provider states; what else is not stated as a photo is none. What the
# bytes are, `core.images` looks at.
_PHOTOS = ("image/jpeg", "image/png", "image/webp", "")
_REASONS = {"application/pdf": "photo_is_pdf", "image/heic": "photo_is_heic", "image/heif": "photo_is_heic"}
_UNKNOWN_OBJECT = 100

_CLAIM = """
UPDATE conversations_media SET claimed_at = clock_timestamp(), tries = tries + 1
WHERE message_id IN (
    SELECT message_id FROM conversations_media
    WHERE state = 'waiting' AND due_at <= clock_timestamp()
      AND (claimed_at IS NULL OR claimed_at < clock_timestamp() - make_interval(secs => %s))
    ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED)
RETURNING message_id, tries
"""


class Later(Exception):
    """Not now: try again after so many seconds. `counts` is false when the file has nothing to do with it."""

    def __init__(self, after: float, reason: str, *, counts: bool = True):
        super().__init__(reason)
        self.after = after
        self.reason = reason
        self.counts = counts


class Gone(Exception):
    """The provider no longer has it."""


class Unfit(Exception):
    """Not fetched, or not fetched to its end; the reason says why."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the provider says of a file: its address for the next five minutes, its type, its size in bytes, its SHA-256."""

    url: str
    mime_type: str
    size: int
    sha256: bytes


class Source:
    """The provider's media: two calls with the same token, the second to a host that is on the list."""

    def __init__(self, base_url: str, path: str, header: tuple[str, str], hosts: tuple[str, ...], via: str = ""):
        self._path = path
        self._base = httpx.URL(base_url)
        self._via = httpx.URL(via) if via else None
        self._hosts = frozenset(hosts)
        # Without redirects: the token would follow wherever an address leads.
        self._client = httpx.Client(
            headers=dict([header, ("Accept-Encoding", "identity")]), timeout=httpx.Timeout(15, connect=5), follow_redirects=False,
            limits=httpx.Limits(max_connections=4), trust_env=False,
        )  # fmt: skip

    def find(self, media_id: str) -> Found:
        """The address of a file; raises Gone when the provider no longer knows it."""
        if not media_id.replace("-", "").replace("_", "").isalnum():
            raise Gone
        url = self._base.join(self._path.format(media_id=media_id))
        try:
            response = self._client.get(url)
        except httpx.HTTPError as problem:
            raise Later(5, type(problem).__name__) from problem
        answer = _json(response)
        if not response.is_success:
            raise _judged(response, answer)
        try:
            return Found(
                str(answer["url"]), str(answer.get("mime_type", "")).partition(";")[0].strip().lower(),
                int(answer.get("file_size") or 0), _digest(str(answer.get("sha256") or "")),
            )  # fmt: skip
        except (KeyError, ValueError) as problem:
            raise Later(30, "answer") from problem

    def fetch(self, found: Found, most: int) -> bytes:
        """The bytes behind an address, cut off beyond `most`; raises Unfit, Later, or LookupError for a dead address."""
        url = self._allowed(found.url)
        if found.size > most:
            raise Unfit("photo_heavy")
        content, until = bytearray(), time.monotonic() + DEADLINE
        try:
            with self._client.stream("GET", url) as response:
                if response.status_code == 404:
                    raise LookupError
                if not response.is_success:
                    raise _judged(response, {})
                # As it comes over the line: nothing is unpacked, and no chunk is waited for.
                for chunk in response.iter_raw():
                    content += chunk
                    if len(content) > most:
                        raise Unfit("photo_heavy")
                    if time.monotonic() > until:
                        raise Later(30, "slow")
        except httpx.HTTPError as problem:
            raise Later(5, type(problem).__name__) from problem
        if found.sha256 and hashlib.sha256(content).digest() != found.sha256:
            # What the provider's checksum is of is written nowhere: a difference is noted and stops nobody.
            log.warning("a file differs from its checksum (%d bytes)", len(content))
        return bytes(content)

    def _allowed(self, address: str) -> httpx.URL:
        """The address, when its host is one that may see the token; a provider's own way to the file when it has one."""
        try:
            url = httpx.URL(address)
        except httpx.InvalidURL as problem:
            raise Unfit("host") from problem
        if url.host in self._hosts and url.scheme == "https" and url.port in (None, 443) and not url.userinfo:
            return url if self._via is None else url.copy_with(scheme=self._via.scheme, host=self._via.host, port=self._via.port)
        if (url.scheme, url.host, url.port) == (self._base.scheme, self._base.host, self._base.port) and not url.userinfo:
            return url
        log.error("the address of a file leads to a host that is not on the list")
        raise Unfit("host")


@lru_cache(maxsize=1)
def configured() -> Source | None:
    """The source that the settings name; None while there is no provider."""
    if not settings.WA_BASE_URL.startswith("http") or not settings.WA_TOKEN:
        return None
    name, _, prefix = settings.WA_AUTH.partition(":")
    header = (name, f"{prefix.strip()} {settings.WA_TOKEN}".strip())
    return Source(settings.WA_BASE_URL, settings.WA_MEDIA_PATH, header, settings.WA_MEDIA_HOSTS, settings.WA_MEDIA_VIA)


def fetch_due(source: Source | None, limit: int = 2) -> int:
    """Fetch, judge and keep what is due; returns how many were tried. Any number of workers may do this at once."""
    if source is None:
        return 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_CLAIM, [LEASE_SECONDS, limit])
        claimed: list[tuple[UUID, int]] = cursor.fetchall()
    for row, tries in claimed:
        if tries > MAX_TRIES:
            # Whoever tried before did not live to say what happened.
            actions.turn_away(row, Media.FAILED, "died", at=clock.now())
        else:
            _settle(source, Message.objects.get(pk=row), tries)
    return len(claimed)


def _settle(source: Source, message: Message, tries: int) -> None:
    at = clock.now()
    try:
        actions.keep(message, images.judge(_content(source, message)), at=at)
    except Gone:
        actions.turn_away(message.pk, Media.GONE, "gone", at=at)
    except Unfit as problem:
        actions.turn_away(message.pk, Media.UNFIT, str(problem), at=at)
    except Refusal as problem:
        actions.turn_away(message.pk, Media.UNFIT, problem.code, at=at)
    except Later as problem:
        if problem.counts and tries >= MAX_TRIES:
            log.error("message %s: its file cannot be fetched: %s", message.pk, problem.reason)
            actions.turn_away(message.pk, Media.FAILED, problem.reason, at=at)
        else:
            grown = problem.after * 2 ** (tries - 1) if problem.counts else problem.after
            pause = min(900.0, grown) * random.uniform(0.8, 1.2)  # noqa: S311 (jitter)
            actions.put_off(message.pk, pause, problem.reason, counts=problem.counts)
    except OSError as problem:
        log.error("message %s: its photo cannot be written: %s", message.pk, problem.strerror)
        actions.put_off(message.pk, DISK_PAUSE, "disk", counts=False)


def _content(source: Source, message: Message) -> bytes:
    """The file of a message; a dead address is asked for anew, once at once and then after a pause."""
    if clock.now() - message.at > LIFE:
        raise Gone
    for _ in range(2):
        found = source.find(message.media_id)
        if found.mime_type not in _PHOTOS:
            raise Unfit(_REASONS.get(found.mime_type, "photo_unknown"))
        try:
            return source.fetch(found, CAPS[message.kind])
        except LookupError:
            continue
    raise Later(5, "address")


def _judged(response: httpx.Response, answer: dict[str, Any]) -> Exception:
    """An answer that is no file, as what to do about it."""
    error = answer.get("error")
    code = error.get("code") if isinstance(error, dict) else None
    status = response.status_code
    if status in (404, 410) or code == _UNKNOWN_OBJECT:
        return Gone()
    if status in (401, 403) or code == 190:
        # Nothing is lost by waiting until a person has mended the token.
        return Later(ACCOUNT_PAUSE, f"account {code or status}", counts=False)
    if 300 <= status < 400:
        return Unfit("redirect")
    wait = response.headers.get("Retry-After", "")
    return Later(float(wait) if wait.isdigit() else 5, str(code or status))


def _json(response: httpx.Response) -> dict[str, Any]:
    try:
        answer = response.json()
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _digest(text: str) -> bytes:
    """A SHA-256 as the provider writes it: hexadecimal in one place, base64 in another; anything else is none."""
    try:
        found = bytes.fromhex(text) if len(text) == 64 else base64.b64decode(text, validate=True)
    except ValueError:
        return b""
    return found if len(found) == 32 else b""
