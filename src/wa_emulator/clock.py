"""The provider's own clock: can be set to any instant, ticks on from there, or stands still until it is moved."""

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
    """Runs at the pace of the machine's monotonic clock, from wherever it was set; or stands."""

    def __init__(self, start: float, *, ticking: bool = True) -> None:
        self._shift = start - time.monotonic()
        self._stands_at: float | None = None if ticking else start

    def now(self) -> float:
        return time.monotonic() + self._shift if self._stands_at is None else self._stands_at

    @property
    def ticking(self) -> bool:
        return self._stands_at is None

    def move(self, to: float) -> float:
        """Sets the clock; answers by how many seconds it moved (negative: back)."""
        delta = to - self.now()
        if self._stands_at is None:
            self._shift += delta
        else:
            self._stands_at = to
        return delta

    def tick(self, on: bool) -> None:
        """Lets it run on from where it stands, or holds it there."""
        now = self.now()
        self._stands_at = None if on else now
        if on:
            self._shift = now - time.monotonic()
