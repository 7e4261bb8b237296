"""How a composed message leaves the house: the provider's Cloud API, the console, or not at all."""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import Any, Protocol

import httpx
from django.conf import settings

from loket.conversations.texts import Composed

# What the provider's error codes mean for us; every other code is final.
_TRANSIENT = frozenset({1, 2, 131000, 131016, 131057})
_RATE = frozenset({4, 80007, 130429})
_PAIR_RATE = 131056
_WINDOW_CLOSED = 131047
_ACCOUNT = frozenset({190, 368, 131031, 131042, 131048})


class Retry(Exception):
    """Not taken; try again after so many seconds."""

    def __init__(self, after: float, code: str = ""):
        super().__init__(code)
        self.after = after
        self.code = code


class Final(Exception):
    """Not taken and never will be; the code says why."""

    def __init__(self, code: str):
        super().__init__(code)
        self.code = code


class WindowClosed(Final):
    """Free text is over for this person; only a template goes."""


class Unknown(Exception):
    """Perhaps taken: the answer was lost. A later status tells, or nobody ever does."""


class Gateway(Protocol):
    def send(self, to: str, composed: Composed, *, window_open: bool, opaque: str) -> str:
        """Hand a message over and return the provider's id; `to` is a number with + or a user id."""
        ...


class CloudApi:
    """Meta's Cloud API, or a provider that speaks it; address, path and header are settings."""

    def __init__(self, base_url: str, path: str, header: tuple[str, str]):
        self._path = path
        self._client = httpx.Client(
            base_url=base_url, headers=dict([header]), timeout=httpx.Timeout(15, connect=5), follow_redirects=False,
            limits=httpx.Limits(max_connections=4),
        )  # fmt: skip

    def send(self, to: str, composed: Composed, *, window_open: bool, opaque: str) -> str:
        call = {"messaging_product": "whatsapp", "biz_opaque_callback_data": opaque, **recipient(to)}
        call |= message(composed) if window_open else template(composed)
        try:
            response = self._client.post(self._path, json=call)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as problem:
            raise Retry(5, "connect") from problem
        except httpx.HTTPError as problem:
            raise Unknown(type(problem).__name__) from problem
        return read_answer(response)


class Console:
    """Writes to standard error instead of sending, for an office without a provider yet."""

    def send(self, to: str, composed: Composed, *, window_open: bool, opaque: str) -> str:
        sys.stderr.write(f"WhatsApp → …{to[-3:]}: {composed.notice or 'teks'}\n")
        return f"console.{opaque}"


class Refusing:
    """Refuses every message: where nothing may leave, and where a provider is not set up."""

    def send(self, to: str, composed: Composed, *, window_open: bool, opaque: str) -> str:
        raise Final("no_gateway")


@lru_cache(maxsize=1)
def configured() -> Gateway:
    """The gateway that the settings name."""
    if settings.WA_BASE_URL == "console:":
        return Console()
    if not settings.WA_BASE_URL or not settings.WA_TOKEN:
        return Refusing()
    path = settings.WA_PATH.format(phone_id=settings.WA_PHONE_ID)
    name, _, prefix = settings.WA_AUTH.partition(":")
    return CloudApi(settings.WA_BASE_URL, path, (name, f"{prefix.strip()} {settings.WA_TOKEN}".strip()))


def recipient(to: str) -> dict[str, str]:
    """A number goes with its plus, or the provider would put its own country before it."""
    return {"to": to} if to.startswith("+") else {"recipient": to}


def message(composed: Composed) -> dict[str, Any]:
    """A free message: with a list, with buttons, with a link, or plain."""
    if not composed.rows and not composed.buttons and not composed.link:
        text = f"{composed.body}\n\n{composed.footer}" if composed.footer else composed.body
        return {"type": "text", "text": {"body": text, "preview_url": False}}
    interactive: dict[str, Any] = {"body": {"text": composed.body}, "footer": {"text": composed.footer}}
    if composed.rows:
        rows = [
            {"id": key, "title": title, **({"description": more} if more else {})} for key, title, more in composed.rows
        ]
        action = {"button": composed.list_label, "sections": [{"rows": rows}]}
        interactive |= {"type": "list", "action": action}
    elif composed.buttons:
        replies = [{"type": "reply", "reply": {"id": key, "title": title}} for key, title in composed.buttons]
        interactive |= {"type": "button", "action": {"buttons": replies}}
    elif composed.link:
        parameters = {"display_text": composed.link[0], "url": composed.link[1]}
        interactive |= {"type": "cta_url", "action": {"name": "cta_url", "parameters": parameters}}
    return {"type": "interactive", "interactive": interactive}


def template(composed: Composed) -> dict[str, Any]:
    """The approved template of a notice, with the values of its places; free text has none."""
    if not composed.notice:
        raise WindowClosed(str(_WINDOW_CLOSED))
    values = [{"type": "text", "text": " ".join(value.split()) or "-"} for value in composed.values]
    components: list[dict[str, Any]] = [{"type": "body", "parameters": values}] if values else []
    for place, (key, _title) in enumerate(composed.buttons):
        payload = [{"type": "payload", "payload": key}]
        components.append({"type": "button", "sub_type": "quick_reply", "index": str(place), "parameters": payload})
    if composed.link and not composed.buttons:
        tail = [{"type": "text", "text": composed.link[1].removeprefix(f"{settings.BASE_URL}/l/")}]
        components.append({"type": "button", "sub_type": "url", "index": "0", "parameters": tail})
    content = {"name": composed.template, "language": {"code": composed.language}, "components": components}
    return {"type": "template", "template": content}


def read_answer(response: httpx.Response) -> str:
    """The provider's id of a taken message; otherwise what to do about it."""
    try:
        answer = response.json()
    except ValueError:
        answer = {}
    if response.is_success:
        try:
            return str(answer["messages"][0]["id"])
        except (KeyError, IndexError, TypeError) as problem:
            raise Unknown("answer") from problem
    error = answer.get("error") if isinstance(answer, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    raise judged(code, response.status_code, response.headers.get("Retry-After", ""))


def judged(code: object, status: int, wait: str = "") -> Exception:
    """An error code as what to do: wait and retry, switch to a template, or give up."""
    if code == _WINDOW_CLOSED:
        return WindowClosed(str(code))
    if code == _PAIR_RATE:
        return Retry(16, str(code))
    if code in _RATE or status == 429:
        return Retry(float(wait) if wait.isdigit() else 10, str(code or status))
    if code in _ACCOUNT:
        # The account itself is stopped: nothing is lost by waiting until a person has mended it.
        return Retry(300, str(code))
    if code in _TRANSIENT or status >= 500:
        return Retry(5, str(code or status))
    return Final(str(code or status))
