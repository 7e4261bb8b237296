"""Guesses of codes and numbers: whether an answer, its text or its time, tells what exists; and how many are answered."""

from __future__ import annotations

import hashlib
import http.client
import json
import queue
import random
import re
import statistics
import threading
import time
import urllib.parse
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from bench.stage import Stage, figure, stage

Figures = list[dict[str, Any]]
WALKERS = 4
BINS = 20
_REAL = """
import json
from loket.applications.models import Application
from loket.applications import queries
from loket.core import codes
rows = list(Application.objects.order_by('?').values_list('code', flat=True)[:{count}])
known = [queries.case(row).phone for row in Application.objects.filter(contact__isnull=False).order_by('?')[:{phones}]]
print(json.dumps([rows, [codes.generate() for _ in rows], known]))
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """One answer: what exists behind the guess, what it said (status and body, the guess itself cut out), seconds."""

    exists: bool
    said: str
    seconds: float


def enumeration(size: int | None) -> Figures:
    """10.000 guesses, half of them real, each from an address of its own so that no limit stops them; then with limits."""
    count = (size or 10_000) // 2
    with stage() as loket:
        real, made, known = json.loads(loket.python(_REAL.format(count=count, phones=count // 5)))
        assert len(real) == count, "the demo office has too few requests for so many guesses"
        loket.start_web()
        guesses = [(code, True) for code in real] + [(code, False) for code in made]
        random.Random(17).shuffle(guesses)
        rows: Figures = []
        born = {"birth_date_hari": "1", "birth_date_bulan": "1", "birth_date_tahun": "1931"}
        rows += _told("birth date of a code", _ask(loket, guesses, "POST", "/c/{}/buka/", born))
        # Here nothing is looked up, so that fewer show as much.
        few = guesses[: count * 2 // 5]
        for name, path in (("delivery page", "/c/{}/terima/"), ("receipt", "/c/{}/bukti.pdf"), ("correction", "/c/{}/perbaiki/")):
            rows += _told(f"{name} of a code", _ask(loket, few, "GET", path))
        phones = [(phone, True) for phone in known if phone] + [(f"+62899{number:08d}", False) for number in range(len(known))]
        random.Random(18).shuffle(phones)
        rows += _told("lost code of a number", _ask(loket, phones, "POST", "/lupa/", {"phone": "{}"}))
        # The code alone opens its status (contract): it is told apart by design, and only its time is of interest.
        open_ = _ask(loket, few, "POST", "/cek/", {"kode": "{}"})
        rows.append(figure("gap of medians, code typed at /cek/ (told apart by design)", _gap(open_), "ms"))
        rows += _limited(loket, guesses)
        return rows


def _told(name: str, seen: list[Seen]) -> Figures:
    return [
        figure(f"AUC, {name}", _auc(seen), "", goal=0.52, more=False),
        figure(f"gap of medians, {name}", _gap(seen), "ms", goal=5, more=False),
        figure(f"guesses, {name}", len(seen), ""),
    ]


def _auc(seen: list[Seen]) -> float:
    """How well the best guesser tells them apart: for every answer and band of time the share of real ones, learnt on
    one half and tried on the other. 0.5 is a coin."""
    half = len(seen) // 2
    learnt, tried = seen[:half], seen[half:]
    times = sorted(row.seconds for row in learnt)
    edges = [times[len(times) * number // BINS] for number in range(1, BINS)]
    counts: defaultdict[tuple[str, int], list[int]] = defaultdict(lambda: [1, 1])
    for row in learnt:
        counts[row.said, bisect_left(edges, row.seconds)][row.exists] += 1
    score = [(one[1] / sum(one), row.exists) for row in tried for one in [counts[row.said, bisect_left(edges, row.seconds)]]]
    return _area(score)


def _area(score: list[tuple[float, bool]]) -> float:
    """The area under the curve by ranks; equal scores share their rank."""
    ordered = sorted(score)
    ranks, at = 0.0, 0
    while at < len(ordered):
        end = at
        while end < len(ordered) and ordered[end][0] == ordered[at][0]:
            end += 1
        ranks += sum(row[1] for row in ordered[at:end]) * (at + end + 1) / 2
        at = end
    yes = sum(row[1] for row in ordered)
    area = (ranks - yes * (yes + 1) / 2) / (yes * (len(ordered) - yes))
    return max(area, 1 - area)


def _gap(seen: list[Seen]) -> float:
    real, made = ([row.seconds * 1000 for row in seen if row.exists is side] for side in (True, False))
    return abs(statistics.median(real) - statistics.median(made))


def _ask(loket: Stage, guesses: list[tuple[str, bool]], method: str, path: str, fields: dict[str, str] | None = None) -> list[Seen]:
    """Every guess asked once, by a few walkers side by side, in the order given."""
    waiting: queue.Queue[tuple[int, str, bool]] = queue.Queue()
    for number, (guess, exists) in enumerate(guesses):
        waiting.put((number, guess, exists))
    found: dict[int, Seen] = {}

    def walk() -> None:
        visitor = Visitor(loket.port)
        while True:
            try:
                number, guess, exists = waiting.get_nowait()
            except queue.Empty:
                return
            # An address of its own: what limits would stop is let through, without a switch in the product.
            status, said, seconds = visitor.ask(method, path.format(guess), fields, guess, f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}")
            found[number] = Seen(exists, f"{status} {said}", seconds)

    walkers = [threading.Thread(target=walk) for _ in range(WALKERS)]
    for one in walkers:
        one.start()
    for one in walkers:
        one.join()
    return [found[number] for number in sorted(found)]


def _limited(loket: Stage, guesses: list[tuple[str, bool]]) -> Figures:
    """One address, with and without a browser's cookies: how many guesses are answered before the limit stops them."""
    rows = []
    for name, keeps, address in (("one browser", True, "203.0.113.5"), ("one address without cookies", False, "203.0.113.6")):
        visitor, answered = Visitor(loket.port, keeps=keeps), 0
        for guess, _exists in guesses:
            status, _said, _seconds = visitor.ask("POST", "/cek/", {"kode": "{}"}, guess, address)
            if status == 429:
                break
            answered += 1
        rows.append(figure(f"answered at /cek/ in 15 minutes, {name}, half real", answered, "guesses"))
    visitor, answered = Visitor(loket.port), 0
    code = next(guess for guess, exists in guesses if exists)
    for year in range(1940, 2000):
        born = {"birth_date_hari": "2", "birth_date_bulan": "2", "birth_date_tahun": str(year)}
        if visitor.ask("POST", f"/c/{code}/buka/", born, code, f"198.51.100.{year - 1940}")[0] == 429:
            break
        answered += 1
    return [*rows, figure("birth dates answered for one code in an hour, from many addresses", answered, "guesses")]


class Visitor:
    """Asks like a script: one connection, one form token, cookies only when it `keeps` them."""

    def __init__(self, port: int, *, keeps: bool = False):
        self.port, self.keeps, self.cookies = port, keeps, dict[str, str]()
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.token = re.search(r'csrfmiddlewaretoken" value="([^"]+)"', self._call("GET", "/cek/", None, "127.0.0.9")[1])[1]  # type: ignore[index]

    def ask(self, method: str, path: str, fields: dict[str, str] | None, guess: str, address: str) -> tuple[int, str, float]:
        body = None
        if fields is not None:
            given = {name: value.format(guess) for name, value in fields.items()}
            body = urllib.parse.urlencode({**given, "csrfmiddlewaretoken": self.token})
        begun = time.perf_counter()
        status, text = self._call(method, path, body, address)
        seconds = time.perf_counter() - begun
        text = re.sub(r'csrfmiddlewaretoken" value="[^"]+"', "", text)
        for written in (guess, f"{guess[:4]}-{guess[4:8]}-{guess[8:]}", f"••••••••••{guess[-3:]}", guess[-3:] if guess[0] == "+" else guess):
            text = text.replace(written, "X")
        return status, hashlib.sha256(text.encode()).hexdigest()[:16], seconds

    def _call(self, method: str, path: str, body: str | None, address: str) -> tuple[int, str]:
        headers = {"X-Forwarded-For": address, "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.connection.request(method, path, body, headers)
        response = self.connection.getresponse()
        text = response.read().decode("utf-8", "replace") + response.headers.get("Location", "")
        for line in response.headers.get_all("Set-Cookie") or []:
            name, _, value = line.split(";")[0].partition("=")
            if self.keeps or name == "csrftoken":
                self.cookies[name] = value
        return response.status, text
