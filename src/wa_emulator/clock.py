"""The provider's own clock: can be set to any instant, and ticks on from there."""

import time
from datetime import UTC, datetime


def read_iso(text: str) -> float:
    """Seconds since 1970 from ISO 8601; an instant without an offset is refused, because nobody can say which it is."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text}: needs an offset, for example +07:00 or Z")
    return moment.timestamp()


def as_iso(seconds: float) -> str:
    """ISO 8601 in UTC, to the millisecond."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Clock:
    """Runs at the pace of the machine's monotonic clock, from wherever it was set."""

    def __init__(self, start: float) -> None:
        self._shift = start - time.monotonic()

    def now(self) -> float:
        return time.monotonic() + self._shift

    def move(self, to: float) -> float:
        """Sets the clock; answers by how many seconds it moved (negative: back)."""
        delta = to - self.now()
        self._shift += delta
        return delta
