"""The emulator's addresses: the provider's API, the tester's side, and the phone in the browser."""

import json
import re
import sys
import time
import traceback
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from wa_emulator import account, control, media, phone, provider, templates
from wa_emulator.courier import Courier
from wa_emulator.faults import Broken
from wa_emulator.graph import Refused, unknown_object
from wa_emulator.world import World

Json = dict[str, Any]
STATIC = Path(__file__).parent / "static"
TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
LARGEST_BODY = 110 * 2**20
_VERSION = re.compile(r"^/v\d+\.\d+(?=/)")


class Handler(BaseHTTPRequestHandler):
    """One request; the world hangs on the server."""

    protocol_version = "HTTP/1.1"
    # A kept connection would otherwise wait for an acknowledgement between head and body of every answer.
    disable_nagle_algorithm = True
    server: "Server"

    def log_message(self, format: str, *args: object) -> None:
        """Quiet: what people write does not belong in a log."""

    def do_GET(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

    def do_DELETE(self) -> None:
        self._serve("DELETE")

    def _serve(self, method: str) -> None:
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query))
        try:
            if parts.path.startswith("/_/"):
                self._tester(method, parts.path[3:], query)
            elif parts.path == "/" or parts.path.startswith("/static/"):
                self._file(parts.path)
            else:
                self._provider(method, _VERSION.sub("", parts.path), query)
        except provider.ReplyLost:
            self.close_connection = True
            self.connection.close()
        except Refused as refused:
            trace = self.server.world.ids.trace()
            self._json(refused.envelope(trace), refused.http_status, refused.headers | {"x-fb-trace-id": trace})
        except Broken as broken:
            self._bytes(b"<html>Sorry, something went wrong.</html>", "text/html", broken.http_status)
        except (ValueError, KeyError, TypeError) as problem:
            self._json({"error": str(problem)}, 400)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        except Exception:
            traceback.print_exc(file=sys.stderr)
            self._json({"error": "the emulator itself is at fault"}, 500)

    def _provider(self, method: str, path: str, query: dict[str, str]) -> None:
        """What the product calls; every call needs the bearer token."""
        world = self.server.world
        body = self._body() if method == "POST" else b""
        name, _, prefix = world.settings.auth.partition(":")
        if self.headers.get(name) != f"{prefix.strip()} {world.settings.token}".strip():
            raise Refused(190, "Invalid OAuth access token - Cannot parse access token")
        if path.startswith("/whatsapp_business/attachments/"):
            self._medium(media.fetch(world, query))
            return
        first, _slash, rest = path.strip("/").partition("/")
        if first in ("messages", "media") and not rest:
            # A solution provider knows the number by its key.
            first, rest = world.settings.phone_id, first
        kind = {world.settings.phone_id: "phone", world.settings.account: "account"}.get(first, "object")
        self._json(self._answer(world, method, kind, first, rest, query, body))

    def _answer(
        self, world: World, method: str, kind: str, name: str, rest: str, query: dict[str, str], body: bytes
    ) -> Any:
        fields = query.get("fields", "")
        match (method, kind, rest):
            case ("POST", "phone", "messages"):
                return provider.post_message(world, _json_of(body))
            case ("POST", "phone", "media"):
                return media.upload(world, body, self.headers.get("Content-Type", ""))
            case ("GET", "phone", ""):
                return account.describe_number(world, fields)
            case ("GET", "account", ""):
                return account.describe_account(world, fields)
            case ("GET", "account", "phone_numbers"):
                return {"data": [account.describe_number(world, fields)]}
            case ("GET" | "POST" | "DELETE", "account", "message_templates"):
                return self._templates(world, method, query, body)
            case ("GET", "account", "subscribed_apps"):
                return {"data": [{"whatsapp_business_api_data": {"id": "1", "name": "Loket", "link": ""}}]}
            case ("POST" | "DELETE", "account", "subscribed_apps"):
                return {"success": True}
            case ("GET", "object", ""):
                return templates.by_id(world, name) or media.describe(world, name)
            case ("POST", "object", ""):
                return templates.edit(world, name, _json_of(body))
            case ("DELETE", "object", ""):
                return media.forget(world, name)
        raise unknown_object(name)

    def _templates(self, world: World, method: str, query: dict[str, str], body: bytes) -> Any:
        if method == "POST":
            return templates.create(world, _json_of(body))
        return templates.listed(world, query) if method == "GET" else templates.delete(world, query)

    def _medium(self, parcel: media.Parcel | None) -> None:
        """The bytes of a medium; a fault ends them early or lets them drip."""
        if parcel is None:
            self._bytes(b"", "text/plain", 404)
        elif parcel.fault in ("truncated", "truncated_once"):
            self._head("application/octet-stream", 200, len(parcel.data))
            self.wfile.write(parcel.data[: len(parcel.data) // 2])
            self.close_connection = True
        elif parcel.fault == "slow":
            self._head(parcel.mime_type, 200, len(parcel.data))
            for at in range(0, len(parcel.data), 64):
                self.wfile.write(parcel.data[at : at + 64])
                time.sleep(0.2)
        else:
            self._bytes(parcel.data, parcel.mime_type)

    def _tester(self, method: str, name: str, query: dict[str, str]) -> None:
        """The control side and the phone's own calls."""
        world = self.server.world
        if method == "GET" and name == "conversation":
            looking = query.get("looking") == "1"
            self._json(phone.conversation(world, query.get("number", ""), looking=looking))
        elif method == "GET" and name.startswith("photo/"):
            row = media.find(world, name[6:])
            self._bytes(row["data"] if row else b"", row["mime_type"] if row else "text/plain", 200 if row else 404)
        elif method == "GET" and name == "handshake":
            self._json({"verified": self.server.courier.verified, "result": self.server.courier.handshake_result})
        elif method == "GET" and name in READS:
            self._json(READS[name](world))
        elif method == "POST" and name in WRITES:
            self._json(WRITES[name](world, json.loads(self._body() or b"{}")))
        elif method == "POST" and name in TIMED:
            self._json(TIMED[name](world, self.server.courier, json.loads(self._body() or b"{}")))
        else:
            known = [*READS, *WRITES, *TIMED, "handshake", "conversation", "photo/ID"]
            self._json({"error": f"{name}: unknown; there are {', '.join(known)}"}, 404)

    def _file(self, path: str) -> None:
        file = STATIC / ("phone.html" if path == "/" else Path(path).name)
        if not file.is_file():
            self._bytes(b"", "text/plain", 404)
        else:
            self._bytes(file.read_bytes(), TYPES.get(file.suffix, "application/octet-stream"))

    def _body(self) -> bytes:
        length = int(self.headers.get("Content-Length") or 0)
        if length > LARGEST_BODY:
            raise ValueError("the body is too large")
        return self.rfile.read(length)

    def _json(self, value: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self._bytes(json.dumps(value, ensure_ascii=False).encode(), "application/json", status, headers)

    def _bytes(self, content: bytes, kind: str, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self._head(kind, status, len(content), headers)
        self.wfile.write(content)

    def _head(self, kind: str, status: int, length: int, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length))
        self.send_header("Cache-Control", "no-store")
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()


def _json_of(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError as problem:
        raise Refused(100, "The request body is not valid JSON.") from problem


class Server(ThreadingHTTPServer):
    """Listens on the loopback only."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, world: World, courier: Courier) -> None:
        self.world, self.courier = world, courier
        super().__init__(("127.0.0.1", world.settings.port), Handler)


READS: dict[str, Callable[[World], Any]] = {
    "ledger": control.ledger,
    "counts": control.counts,
    "clock": control.clock,
    "templates": templates.everything,
    "people": phone.people,
    "knobs": lambda world: world.knobs.as_json(),
    "account": account.report,
}
WRITES: dict[str, Callable[[World, Any], Any]] = {
    "send": phone.write,
    "meet": phone.meet,
    "change": phone.change,
    "knobs": control.turn_knobs,
    "templates": templates.register,
    "template": templates.turn,
    "account": account.change,
    "webhook": control.inject,
    "reset": control.reset,
}
TIMED: dict[str, Callable[[World, Courier, Any], Any]] = {
    "clock": control.set_clock,
    "settle": lambda _world, courier, call: control.settle(courier, call),
}
