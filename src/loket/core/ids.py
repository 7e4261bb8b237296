"""Row ids: UUIDv7 (RFC 9562), so that new rows land side by side in every index."""

from __future__ import annotations

import os
import time
from uuid import UUID


def uuid7(at_ms: int | None = None) -> UUID:
    """A time-ordered UUID; `at_ms` are milliseconds since 1970 (default: this machine's clock)."""
    milliseconds = time.time_ns() // 1_000_000 if at_ms is None else at_ms
    random = int.from_bytes(os.urandom(10), "big")
    value = (milliseconds & ((1 << 48) - 1)) << 80
    value |= 0x7 << 76 | (random >> 68 & 0xFFF) << 64
    value |= 0b10 << 62 | random & ((1 << 62) - 1)
    return UUID(int=value)
