"""The emulator as a process of its own, and a product of a few lines that takes its webhooks or does not."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]
PHONE_ID, ACCOUNT = "100000000000001", "102290129340398"
SECRET, VERIFY, TOKEN = "rahasia-uji", "verifikasi-uji", "token-uji"
NOW = "2020-06-03T08:00:00+07:00"
SITI, SITI_NUMBER = "6289900000001", "+6289900000001"


@dataclass
class Receiver:
    """What the product is to the provider: `statuses` are answered one after the other, then 200."""

    posts: list[tuple[bytes, dict[str, str]]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    down: bool = False
    url: str = ""

    def updates(self, kind: str) -> list[dict[str, Any]]:
        """Everything of one kind (messages, statuses, errors) in the order in which it came."""
        return [one for value in self.values() for one in value.get(kind, [])]

    def values(self, of: str = "messages") -> list[dict[str, Any]]:
        changes = [change for body, _ in self.posts for entry in json.loads(body)["entry"] for change in entry["changes"]]
        return [change["value"] for change in changes if change["field"] == of]


@pytest.fixture(scope="session")
def receiver() -> Iterator[Receiver]:
    made = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, format: str, *args: object) -> None: ...

        def do_GET(self) -> None:
            given = parse_qs(urlsplit(self.path).query)
            fits = given.get("hub.verify_token") == [VERIFY]
            self._answer(200 if fits else 403, given["hub.challenge"][0].encode() if fits else b"")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.posts.append((body, dict(self.headers)))
            self._answer(503 if made.down else made.statuses.pop(0) if made.statuses else 200, b"")

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    made.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    yield made
    server.shutdown()
    server.server_close()


@dataclass
class Emulator:
    """The running emulator, by its two sides: the tester's hand and the provider's API."""

    client: httpx.Client
    url: str

    def do(self, path: str, body: Any = None) -> Any:
        answer = self.client.post(f"/_/{path}", json={} if body is None else body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def see(self, path: str) -> Any:
        return self.client.get(f"/_/{path}").json()

    def write(self, number: str = SITI, **content: Any) -> str:
        """A person writes (text `halo` if nothing else is given) and it is delivered; the wamid."""
        content = content or {"text": "halo"}
        wamid = str(self.do("send", {"from": number, **content})["wamid"])
        self.settle()
        return wamid

    def settle(self) -> None:
        assert self.do("settle")["settled"]

    def advance(self, seconds: float) -> None:
        assert self.do("clock", {"advance": seconds})["settled"]

    def api(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {TOKEN}"} | more.pop("headers", {})
        return self.client.request(method, f"/v26.0/{path}", headers=headers, **more)

    def send(self, to: str = SITI_NUMBER, **content: Any) -> httpx.Response:
        content = content or {"type": "text", "text": {"body": "Halo"}}
        return self.api("POST", f"{PHONE_ID}/messages", json={"messaging_product": "whatsapp", "to": to, **content})

    def sent(self, to: str = SITI_NUMBER, **content: Any) -> str:
        answer = self.send(to, **content)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["messages"][0]["id"])


def refused(answer: httpx.Response) -> int:
    """The code of a refusal in the provider's envelope, which must be whole."""
    error = answer.json()["error"]
    assert {"message", "type", "code", "fbtrace_id"} <= set(error)
    return int(error["code"])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def start(receiver: Receiver) -> Iterator[Callable[..., Emulator]]:
    """Starts emulators with more arguments; the clock stands."""
    processes, clients = [], []

    def begin(*more: str) -> Emulator:
        port = free_port()
        command = [
            sys.executable, "-m", "wa_emulator", "--port", str(port), "--callback", receiver.url, "--phone-id", PHONE_ID,
            "--now", NOW, "--seed", "uji", "--strict-templates", "--stand-still", *more,
        ]  # fmt: skip
        secrets = {"LOKET_WA_APP_SECRET": SECRET, "LOKET_WA_VERIFY_TOKEN": VERIFY, "LOKET_WA_TOKEN": TOKEN}
        processes.append(subprocess.Popen(command, env={**os.environ, **secrets, "PYTHONPATH": str(ROOT / "src")}))
        url = f"http://127.0.0.1:{port}"
        client = httpx.Client(base_url=url, timeout=60, trust_env=False)
        clients.append(client)
        until = time.monotonic() + 10
        while time.monotonic() < until:
            try:
                if client.get("/_/handshake").json()["verified"]:
                    return Emulator(client, url)
            except httpx.TransportError:
                pass
            time.sleep(0.02)
        raise AssertionError("the emulator did not come up and shake hands")

    yield begin
    for client in clients:
        client.close()
    for process in processes:
        process.terminate()
    for process in processes:
        assert process.wait(10) == 0


@pytest.fixture(scope="session")
def _emulator(start: Callable[..., Emulator]) -> Emulator:
    return start()


@pytest.fixture
def emulator(_emulator: Emulator, receiver: Receiver) -> Emulator:
    """As on its first morning: nobody, nothing, eight o'clock; and a receiver that is empty and willing."""
    receiver.statuses, receiver.down = [], False
    _emulator.settle()
    _emulator.do("reset", {"everything": True, "now": NOW})
    receiver.posts.clear()
    return _emulator
