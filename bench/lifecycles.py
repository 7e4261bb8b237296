"""Whole lifecycles over HTTP: filing and choice one call per resident, the office's moves in calls of fifty.

The generator is one process with a few threads and plain HTTP connections; its own CPU is part of the report.
"""

from __future__ import annotations

import base64
import http.client
import io
import itertools
import json
import random
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from PIL import Image

SET = 50
ROLES = ("resident", "admin", "verifier", "printer", "dispatcher", "courier")
# Numbers no earlier run of the same database used; the prefix belongs to nobody.
_serial = itertools.count(random.SystemRandom().randrange(1, 50) * 1_000_000)


@dataclass
class Phases:
    """Seconds spent in each phase, and the slowest calls."""

    seconds: dict[str, float] = field(default_factory=dict)
    calls: list[float] = field(default_factory=list)


class Client:
    """Calls the API over kept-alive connections, one per thread."""

    def __init__(self, port: int, tokens: dict[str, str]):
        self.port, self.tokens, self.phases = port, tokens, Phases()
        self._own = threading.local()

    def reconnect(self) -> None:
        """Forget every connection: the server was started anew."""
        self._own = threading.local()

    def post(self, role: str, path: str, body: bytes) -> dict[str, Any]:
        connection: http.client.HTTPConnection | None = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        begun = time.perf_counter()
        connection.request(
            "POST", f"/api/v1/{path}", body,
            {
                "Authorization": f"Bearer {self.tokens[role]}", "Content-Type": "application/json",
                "Idempotency-Key": uuid.uuid4().hex,
            },
        )  # fmt: skip
        response = connection.getresponse()
        answer = response.read()
        self.phases.calls.append(time.perf_counter() - begun)
        if response.status not in (200, 201):
            raise RuntimeError(f"{path}: {response.status} {answer[:300]!r}")
        return dict(json.loads(answer))

    def items(self, role: str, path: str, items: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        results = self.post(role, path, json.dumps({"items": items}).encode())["results"]
        refused = [item for item in results if not item["ok"]]
        if refused:
            raise RuntimeError(f"{path}: {refused[0]}")
        return list(results)


def photo(kilobytes: int = 200) -> bytes:
    """A plain JPEG of about this size, as the door's own re-encoder would make it."""
    noise = Image.effect_noise((1200, 900), 60).convert("RGB")
    for quality in range(10, 95):
        out = io.BytesIO()
        noise.save(out, "JPEG", quality=quality)
        if out.tell() >= kilobytes * 1024:
            break
    return out.getvalue()


class Run:
    """One wave of residents from filing to the hand, phase by phase."""

    def __init__(self, client: Client, threads: int, kelurahan: str):
        self.client, self.threads, self.kelurahan = client, threads, kelurahan
        image = base64.b64encode(photo()).decode()
        self.tail = (
            f'"documents":[{{"kind":"kk","content_base64":"{image}"}},{{"kind":"suket","content_base64":"{image}"}}]}}'
        ).encode()

    def wave(self, size: int, mark: Callable[[str], None] = lambda _name: None) -> None:
        """`size` lifecycles; `mark` is told the name of each phase as it begins."""
        people = [self._person() for _ in range(size)]
        mark("file")
        with ThreadPoolExecutor(self.threads) as pool:
            codes = list(self._timed("file", pool.map, self._file, people))
            mark("status")
            statuses = [{"nik": nik, "status": "PRR", "as_of": "2020-01-01"} for nik, _ in people]
            self._sets(pool, "status", "admin", "enrolment-statuses", statuses)
            mark("verify")
            self._sets(pool, "verify", "verifier", "verifications", [{"code": c, "verdict": "approve"} for c in codes])
            mark("print")
            printed = self._timed("print", self._print, size)
            mark("choose")
            list(self._timed("choose", pool.map, self._choose, printed))
            mark("manifest")
            self._timed("manifest", list, pool.map(self._send, _fifties(printed)))
            mark("deliver")
            scans = [
                {
                    "code": code, "scan_id": uuid.uuid4().hex, "outcome": "delivered", "receiver": "Penerima",
                    "relation": "self", "suket": "withdrawn",
                }
                for code in printed
            ]  # fmt: skip
            self._sets(pool, "deliver", "courier", "deliveries", scans)

    def _person(self) -> tuple[str, bytes]:
        number = next(_serial)
        # Serials from 5.000 belong to no resident of the demo and to none of a bulk load.
        born = date(1950 + number // 4999 % 50, 1 + number // 249_950 % 12, 1 + number // 2_999_400 % 28)
        nik = f"367299{born:%d%m%y}{5000 + number % 4999:04d}"
        head = {
            "service": "SUKET_EXCHANGE", "nik": nik, "kk_number": f"367299010112{1 + number % 9998:04d}",
            "name": f"UJI {_word(number)} {_word(number // 7)}", "birth_date": born.isoformat(),
            "phone": f"0812{number % 100_000_000:08d}", "channel": "online",
            "address": {"line": f"Jalan Uji {number % 300} RT 01 RW 02", "kelurahan": self.kelurahan},
        }  # fmt: skip
        return nik, json.dumps(head).encode()[:-1] + b"," + self.tail

    def _file(self, person: tuple[str, bytes]) -> str:
        return str(self.client.post("resident", "applications", person[1])["code"])

    def _choose(self, code: str) -> None:
        self.client.post("resident", f"applications/{code}/choice", b'{"method":"post"}')

    def _print(self, size: int) -> list[str]:
        printed: list[str] = []
        while len(printed) < size:
            batch = self.client.post("printer", "batches", json.dumps({"size": SET}).encode())
            items = [{"code": code, "result": "printed"} for code in batch["codes"]]
            self.client.items("printer", f"batches/{batch['batch']}/results", items)
            printed += batch["codes"]
        return printed

    def _send(self, codes: Sequence[str]) -> None:
        made = self.client.post("dispatcher", "manifests", json.dumps({"items": [{"code": c} for c in codes]}).encode())
        manifest = made["manifest"]
        self.client.post("dispatcher", f"manifests/{manifest}/close", json.dumps({"count": len(codes)}).encode())
        items = [{"code": code, "tracking_number": f"P{uuid.uuid4().int % 10**14:014d}"} for code in codes]
        self.client.items("courier", f"manifests/{manifest}/handover", items)

    def _sets(self, pool: ThreadPoolExecutor, name: str, role: str, path: str, items: list[dict[str, Any]]) -> None:
        self._timed(name, list, pool.map(lambda part: self.client.items(role, path, part), _fifties(items)))

    def _timed(self, name: str, work: Callable[..., Any], *arguments: Any) -> Any:
        begun = time.perf_counter()
        answer = work(*arguments)
        answer = list(answer) if name in ("file", "choose") else answer
        spent = self.client.phases.seconds
        spent[name] = spent.get(name, 0.0) + time.perf_counter() - begun
        return answer


def _fifties(items: Sequence[Any]) -> list[Sequence[Any]]:
    return [items[start : start + SET] for start in range(0, len(items), SET)]


def _word(number: int) -> str:
    letters = "ABDEGHIKLMNRSTUY"
    return "".join(letters[number // 16**place % 16] for place in range(5))
