"""Idempotency: a create is done once per key, and a repeat gets the first answer, byte for byte."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection, transaction

from loket.core import crypto
from loket.core.errors import N_, Refusal

MAX_KEY = 255


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and body of an answer; `replayed` when it was given before."""

    status: int
    body: str
    replayed: bool = False


@contextmanager
def _whole() -> Iterator[None]:
    """One transaction that stands or falls as one, without savepoints inside."""
    before = connection.is_whole  # type: ignore[attr-defined]  # of `core.database`
    with transaction.atomic():
        connection.is_whole = True  # type: ignore[attr-defined]
        try:
            yield
        finally:
            connection.is_whole = before  # type: ignore[attr-defined]


def once(scope: str, key: str, request: bytes, work: Callable[[], tuple[int, str]]) -> Answer:
    """Do `work` once per (scope, key), in one transaction with the memory of its answer.

    A repeat waits for the first and gets its answer; the same key with another request is refused with 422. What
    `work` refuses is not remembered, since it left no trace.
    """
    if not 1 <= len(key) <= MAX_KEY:
        raise Refusal(
            "idempotency_key",
            N_("Sertakan kepala Idempotency-Key, paling panjang {limit} huruf, berbeda untuk tiap permintaan baru."),
            status=400,
            limit=MAX_KEY,
        )
    digest = hmac.digest(crypto.keyring().subkey("answer"), request, "sha256")
    with _whole(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_answer (scope, key, body_hash, status, body, recorded_at) "
            "VALUES (%s, %s, %s, 0, '', clock_timestamp()) ON CONFLICT (scope, key) DO NOTHING",
            [scope, key, digest],
        )
        if cursor.rowcount == 1:
            status, body = work()
            cursor.execute(
                "UPDATE core_answer SET status = %s, body = %s WHERE scope = %s AND key = %s", [status, body, scope, key]
            )
            return Answer(status, body)
        cursor.execute("SELECT body_hash, status, body FROM core_answer WHERE scope = %s AND key = %s", [scope, key])
        stored, status, body = cursor.fetchone()
    if bytes(stored) != digest:
        raise Refusal(
            "idempotency_reused",
            N_("Idempotency-Key ini sudah dipakai untuk isi yang lain. Buat kunci baru untuk permintaan baru."),
        )
    return Answer(status, body, replayed=True)
