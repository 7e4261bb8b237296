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
        """`size` lifecycles; `mark` is told the name of each phase as it begins.

        No call of a phase depends on another call of the same phase, so that `bench.replay` may repeat each phase from
        several sessions at once.
        """
        people = [self._person() for _ in range(size)]
        with ThreadPoolExecutor(self.threads) as pool:

            def phase(name: str, call: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
                mark(name)
                begun = time.perf_counter()
                answers = list(pool.map(call, items))
                spent = self.client.phases.seconds
                spent[name] = spent.get(name, 0.0) + time.perf_counter() - begun
                return answers

            codes = phase("file", self._file, people)
            statuses = [{"nik": nik, "status": "PRR", "as_of": "2020-01-01"} for nik, _ in people]
            phase("status", self._set("admin", "enrolment-statuses"), _fifties(statuses))
            verdicts = [{"code": code, "verdict": "approve"} for code in codes]
            phase("verify", self._set("verifier", "verifications"), _fifties(verdicts))
            batches = phase("batch", self._open_batch, _fifties(codes))
            phase("print", self._print, batches)
            printed = [code for batch in batches for code in batch["codes"]]
            phase("choose", self._choose, printed)
            manifests = phase("envelope", self._envelope, _fifties(printed))
            phase("close", self._close, manifests)
            phase("take over", self._take_over, manifests)
            phase("deliver", self._set("courier", "deliveries"), _fifties([_delivered(code) for code in printed]))

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
        return nik, json.dumps(head).encode()[:-1] + b","

    def _file(self, person: tuple[str, bytes]) -> str:
        return str(self.client.post("resident", "applications", person[1] + self.tail)["code"])

    def _choose(self, code: str) -> None:
        self.client.post("resident", f"applications/{code}/choice", b'{"method":"post"}')

    def _open_batch(self, codes: Sequence[str]) -> dict[str, Any]:
        return self.client.post("printer", "batches", json.dumps({"size": len(codes)}).encode())

    def _print(self, batch: dict[str, Any]) -> None:
        items = [{"code": code, "result": "printed"} for code in batch["codes"]]
        self.client.items("printer", f"batches/{batch['batch']}/results", items)

    def _envelope(self, codes: Sequence[str]) -> tuple[str, Sequence[str]]:
        made = self.client.post("dispatcher", "manifests", json.dumps({"items": [{"code": c} for c in codes]}).encode())
        return made["manifest"], codes

    def _close(self, manifest: tuple[str, Sequence[str]]) -> None:
        self.client.post("dispatcher", f"manifests/{manifest[0]}/close", json.dumps({"count": len(manifest[1])}).encode())

    def _take_over(self, manifest: tuple[str, Sequence[str]]) -> None:
        items = [{"code": code, "tracking_number": f"P{uuid.uuid4().int % 10**14:014d}"} for code in manifest[1]]
        self.client.items("courier", f"manifests/{manifest[0]}/handover", items)

    def _set(self, role: str, path: str) -> Callable[[Sequence[dict[str, Any]]], list[dict[str, Any]]]:
        return lambda items: self.client.items(role, path, items)


def _delivered(code: str) -> dict[str, str]:
    return {
        "code": code, "scan_id": uuid.uuid4().hex, "outcome": "delivered", "receiver": "Penerima", "relation": "self",
        "suket": "withdrawn",
    }  # fmt: skip


def _fifties(items: Sequence[Any]) -> list[Sequence[Any]]:
    return [items[start : start + SET] for start in range(0, len(items), SET)]


def _word(number: int) -> str:
    letters = "ABDEGHIKLMNRSTUY"
    return "".join(letters[number // 16**place % 16] for place in range(5))
