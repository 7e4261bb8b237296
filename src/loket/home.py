"""LOKET_HOME: where one office's database, media and keys lie, and how they are read."""

from __future__ import annotations

import base64
import json
import os
import secrets
from functools import lru_cache
from pathlib import Path
from typing import Any


def path() -> Path:
    """The directory of this instance: LOKET_HOME, or `.loket` beside the source."""
    given = os.environ.get("LOKET_HOME")
    return Path(given).resolve() if given else Path(__file__).resolve().parents[2] / ".loket"


def keys() -> dict[str, Any]:
    """The keys, made at the first look: data-key wrapping keys by version, the index key, Django's secret."""
    return _read_keys(str(path()))


@lru_cache(maxsize=4)
def _read_keys(home: str) -> dict[str, Any]:
    file = Path(home) / "keys" / "keys.json"
    if not file.exists():
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = {
            "active": 1,
            "kek": {"1": base64.b64encode(os.urandom(32)).decode()},
            "index": base64.b64encode(os.urandom(32)).decode(),
            "secret_key": secrets.token_urlsafe(48),
        }
        _write_new(file, made)
    return dict(json.loads(file.read_text()))


def database_url(role: str = "web") -> str:
    """The connection address of one role."""
    file = path() / "database.json"
    if not file.exists():
        return os.environ.get("DATABASE_URL", "postgresql://127.0.0.1:1/loket")
    return str(json.loads(file.read_text())[role])


def database() -> dict[str, Any]:
    """What is known of the embedded server: addresses by role, port and passwords."""
    return dict(json.loads((path() / "database.json").read_text()))


def demo() -> dict[str, Any]:
    """What the demo noted about itself; empty for a real office."""
    file = path() / "demo.json"
    return dict(json.loads(file.read_text())) if file.exists() else {}


def write(name: str, value: dict[str, Any]) -> None:
    """Replace one of the JSON files of LOKET_HOME, readable by its owner only, whole or not at all."""
    target = path() / name
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    _write_new(beside, value)
    beside.replace(target)


def _write_new(file: Path, value: dict[str, Any]) -> None:
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return  # another process made it a moment ago; its keys are the keys
    with os.fdopen(descriptor, "w") as stream:
        json.dump(value, stream, indent=1)
        stream.flush()
        os.fsync(stream.fileno())
