"""Photos at rest: sealed files under LOKET_HOME/media, named by a random id and by nothing else."""

from __future__ import annotations

import hmac
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from loket import home
from loket.core import crypto
from loket.core.errors import N_, Refusal

PLACE = ("media", "content")


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that has reached the disk: its id, the size of its content in bytes, a keyed digest of the content."""

    id: UUID
    size: int
    digest: bytes


def store(items: Sequence[tuple[UUID, bytes]], key: crypto.DataKey) -> list[Stored]:
    """Seal contents and bring them to the disk before this returns.

    A file counts only when a committed row names it; what a crash leaves behind is found by `orphans`.
    """
    digest_key = crypto.keyring().subkey("media")
    stored: list[Stored] = []
    made: list[UUID] = []
    written: list[int] = []
    folders: set[Path] = set()
    try:
        for row, content in items:
            target = _path(row)
            if target.parent not in folders:
                folders.add(target.parent)
                if not target.parent.exists():
                    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                    folders |= {target.parent.parent, target.parent.parent.parent}
            written.append(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            made.append(row)
            _write(written[-1], key.seal(*PLACE, row, content))
            stored.append(Stored(row, len(content), hmac.digest(digest_key, content, "sha256")))
        written += [os.open(folder, os.O_RDONLY) for folder in folders]
        # Synced after the last is written: the first sync then brings most of the others along.
        for descriptor in written:
            os.fsync(descriptor)
    except BaseException:
        delete(made)
        raise
    finally:
        for descriptor in written:
            os.close(descriptor)
    return stored


def _write(descriptor: int, content: bytes) -> None:
    """All of it: a full disk takes a part and reports that as no error."""
    left = memoryview(content)
    while left:
        left = left[os.write(descriptor, left) :]


def read(row: UUID, key: crypto.DataKey) -> bytes:
    """The content of a file; refuses one that is no longer kept."""
    try:
        blob = _path(row).read_bytes()
    except FileNotFoundError as error:
        raise Refusal("document_gone", N_("Foto ini sudah dihapus sesuai masa simpannya."), status=410) from error
    return key.open(*PLACE, row, blob)


def delete(rows: Iterable[UUID]) -> None:
    """Remove files; one that is not there is no error."""
    for row in rows:
        _path(row).unlink(missing_ok=True)


def orphans(known: set[UUID]) -> Iterator[UUID]:
    """Files whose row was never committed, or is gone."""
    for file in (home.path() / "media").glob("*/*/*.bin"):
        row = UUID(file.stem)
        if row not in known:
            yield row


def is_older(row: UUID, seconds: float) -> bool:
    """Whether a file was made longer ago than this: its id begins with its time in milliseconds."""
    return time.time() - (row.int >> 80) / 1000 > seconds


def _path(row: UUID) -> Path:
    # The head of a UUIDv7 is its time in steps of 65 s: the photos of one filing share a folder and one sync of it.
    return home.path() / "media" / row.hex[:4] / row.hex[4:8] / f"{row}.bin"
