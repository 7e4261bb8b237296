"""The emulator's addresses: the provider's API, the tester's side, and the phone in the browser."""

import json
import re
import secrets
import sys
import traceback
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from wa_emulator import control, media, phone, provider
from wa_emulator.graph import Refused
from wa_emulator.world import World

Json = dict[str, Any]
STATIC = Path(__file__).parent / "static"
TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
LARGEST_BODY = 110 * 2**20
_VERSION = re.compile(r"^/v\d+\.\d+(?=/)")


class Handler(BaseHTTPRequestHandler):
    """One request; the world hangs on the server."""

    protocol_version = "HTTP/1.1"
    server: "Server"

    def log_message(self, format: str, *args: object) -> None:
        """Quiet: what people write does not belong in a log."""

    def do_GET(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

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
            self._json(refused.envelope(secrets.token_urlsafe(8)), refused.http_status)
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
        if self.headers.get("Authorization") != f"Bearer {world.settings.token}":
            raise Refused(190, "Invalid OAuth access token - Cannot parse access token")
        if path.startswith("/whatsapp_business/attachments/"):
            row = media.fetch(world, query)
            if row is None:
                self._bytes(b"", "text/plain", 404)
            else:
                self._bytes(row["data"], row["mime_type"])
            return
        first, _slash, rest = path.lstrip("/").partition("/")
        if method == "POST" and rest in ("messages", "media"):
            if first != world.settings.phone_id:
                raise media.unknown_object(first)
            if rest == "messages":
                self._json(provider.post_message(world, json.loads(body)))
            else:
                self._json(media.upload(world, body, self.headers.get("Content-Type", "")))
        elif method == "GET" and not rest:
            self._json(media.describe(world, first))
        else:
            raise media.unknown_object(first)

    def _tester(self, method: str, name: str, query: dict[str, str]) -> None:
        """The control side and the phone's own calls."""
        world = self.server.world
        if method == "GET" and name == "conversation":
            looking = query.get("looking") == "1"
            self._json(phone.conversation(world, query.get("number", ""), looking=looking))
        elif method == "GET" and name.startswith("photo/"):
            row = media.find(world, name[6:])
            self._bytes(row["data"] if row else b"", row["mime_type"] if row else "text/plain", 200 if row else 404)
        elif method == "GET" and name in READS:
            self._json(READS[name](world))
        elif method == "POST" and name in WRITES:
            self._json(WRITES[name](world, json.loads(self._body() or b"{}")))
        else:
            self._json({"error": f"{name}: unknown; there are {', '.join([*READS, *WRITES])}"}, 404)

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

    def _json(self, value: Any, status: int = 200) -> None:
        self._bytes(json.dumps(value, ensure_ascii=False).encode(), "application/json", status)

    def _bytes(self, content: bytes, kind: str, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(content)


class Server(ThreadingHTTPServer):
    """Listens on the loopback only."""

    daemon_threads = True

    def __init__(self, world: World) -> None:
        self.world = world
        super().__init__(("127.0.0.1", world.settings.port), Handler)


READS: dict[str, Callable[[World], Any]] = {
    "ledger": control.ledger,
    "clock": control.clock,
    "templates": control.templates,
    "people": phone.people,
    "knobs": lambda world: world.knobs.as_json(),
}
WRITES: dict[str, Callable[[World, Any], Any]] = {
    "send": phone.write,
    "clock": control.set_clock,
    "knobs": control.turn_knobs,
    "templates": control.register_templates,
    "reset": lambda world, _call: control.reset(world),
    "meet": lambda world, call: world.meet(provider.plain_number(str(call["number"])), call.get("name")),
}
