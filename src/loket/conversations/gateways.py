"""How a composed message leaves the house: the provider's Cloud API, the console, by hand, or not at all."""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import Any, Protocol

import httpx
from django.conf import settings

from loket.conversations.composing import Composed


class NotTaken(Exception):
    """Refused, and certainly not sent. `conversations.failures` says what to do about the code; `wait` is what the provider
    asks for, in seconds."""

    def __init__(self, code: object, status: int = 0, wait: float = 0):
        super().__init__(str(code or status))
        self.code = code
        self.status = status
        self.wait = wait


class Unknown(Exception):
    """Perhaps taken: the answer was lost. A later status tells, or nobody ever does."""


class Gateway(Protocol):
    """One way out. Where `by_hand` is true nothing leaves by itself: a person sends, and says so."""

    by_hand: bool = False

    def send(self, to: str, composed: Composed, *, window_open: bool, opaque: str) -> str:
        """Hand a message over and return the provider's id; `to` is a number with + or a user id. Raises NotTaken, Unknown."""
        ...


class CloudApi:
    """Meta's Cloud API, or a provider that speaks it; address, paths and header are settings."""

    by_hand = False

    def __init__(self, base_url: str, path: str, header: tuple[str, str], templates_path: str = "", number_path: str = ""):
        self._path, self._templates, self._number = path, templates_path, number_path
        # As many connections as there are senders, kept open: a handshake per message would cost more than the message.
        self._client = httpx.Client(
            base_url=base_url, headers=dict([header]), timeout=httpx.Timeout(15, connect=5), follow_redirects=False,
            limits=httpx.Limits(max_connections=32, max_keepalive_connections=32),
        )  # fmt: skip

    def send(self, to: str, composed: Composed, *, window_open: bool, opaque: str) -> str:
        call = {"messaging_product": "whatsapp", "biz_opaque_callback_data": opaque, **recipient(to)}
        call |= message(composed) if window_open else template(composed)
        return read_answer(self._ask("POST", self._path, call))

    def submit_template(self, form: dict[str, Any]) -> dict[str, Any]:
        """Ask for the approval of one template; the provider's id and state of it."""
        return _json(self._ask("POST", self._templates, form))

    def templates(self) -> list[dict[str, Any]]:
        """All templates of the account as the provider sees them, page by page."""
        found: list[dict[str, Any]] = []
        query = "?limit=250"
        for _page in range(50):
            answer = _json(self._ask("GET", self._templates + query))
            # Meta's own word for the list, and 360dialog's.
            found += answer.get("data") or answer.get("waba_templates") or []
            paging = answer.get("paging") or {}
            after = (paging.get("cursors") or {}).get("after")
            if not paging.get("next") or not after:
                break
            query = f"?limit=250&after={after}"
        return found

    def number(self) -> dict[str, Any]:
        """The number's limit of people a day and its quality; empty where the provider does not tell."""
        if not self._number:
            return {}
        fields = "whatsapp_business_manager_messaging_limit,quality_rating"
        return _json(self._ask("GET", f"{self._number}?fields={fields}"))

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        try:
            return self._client.request(method, path, json=body)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as problem:
            raise NotTaken("connect") from problem
        except httpx.HTTPError as problem:
            raise Unknown(type(problem).__name__) from problem


class Console:
    """Writes to standard error instead of sending, for an office without a provider yet."""

    by_hand = False

    def send(self, to: str, composed: Composed, *, window_open: bool, opaque: str) -> str:
        sys.stderr.write(f"WhatsApp → …{to[-3:]}: {composed.notice or 'teks'}\n")
        return f"console.{opaque}"


class Refusing:
    """Refuses every message: where nothing may leave, and where a provider is not set up."""

    by_hand = False

    def send(self, to: str, composed: Composed, *, window_open: bool, opaque: str) -> str:
        raise NotTaken("no_gateway")


class ByHand(Refusing):
    """Nothing leaves by itself: the office sees a list, sends from its own phone, and marks what was sent."""

    by_hand = True


@lru_cache(maxsize=1)
def configured() -> Gateway:
    """The gateway that the settings name."""
    if settings.WA_KIND == "console":
        return Console()
    if settings.WA_KIND == "manual":
        return ByHand()
    return provider() or Refusing()


@lru_cache(maxsize=1)
def provider() -> CloudApi | None:
    """The provider's API, None where none is set up."""
    if settings.WA_KIND in ("console", "manual") or not settings.WA_BASE_URL or not settings.WA_TOKEN:
        return None
    name, _, prefix = settings.WA_AUTH.partition(":")
    return CloudApi(
        settings.WA_BASE_URL,
        settings.WA_PATH.format(phone_id=settings.WA_PHONE_ID),
        (name, f"{prefix.strip()} {settings.WA_TOKEN}".strip()),
        settings.WA_TEMPLATES_PATH.format(account_id=settings.WA_ACCOUNT_ID) if manages_templates() else "",
        settings.WA_NUMBER_PATH.format(phone_id=settings.WA_PHONE_ID),
    )


def manages_templates() -> bool:
    """Whether Loket can ask for approvals itself; otherwise templates are made in the provider's own pages, by the names
    and words that Loket shows."""
    return settings.WA_KIND not in ("console", "manual") and bool(settings.WA_BASE_URL) and (
        "{account_id}" not in settings.WA_TEMPLATES_PATH or bool(settings.WA_ACCOUNT_ID)
    )


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
    """The approved template of a notice, with the values of its places by name; free text has none."""
    if not composed.template:
        raise NotTaken("131047")
    values = [{"type": "text", "parameter_name": name, "text": on_one_line(value)} for name, value in composed.values]
    components: list[dict[str, Any]] = [{"type": "body", "parameters": values}] if values else []
    for place, (key, _title) in enumerate(composed.buttons):
        payload = [{"type": "payload", "payload": key}]
        components.append({"type": "button", "sub_type": "quick_reply", "index": str(place), "parameters": payload})
    if composed.link and not composed.buttons:
        tail = [{"type": "text", "text": composed.link[1].removeprefix(f"{settings.BASE_URL}/l/")}]
        components.append({"type": "button", "sub_type": "url", "index": "0", "parameters": tail})
    content = {"name": composed.template, "language": {"code": composed.language}, "components": components}
    return {"type": "template", "template": content}


def on_one_line(value: str) -> str:
    """A value of a template: the provider takes no line breaks, tabs or runs of blanks, and nothing empty."""
    return " ".join(value.split()) or "-"


def read_answer(response: httpx.Response) -> str:
    """The provider's id of a taken message; otherwise NotTaken, or Unknown when 2xx names no message."""
    answer = _json(response)
    try:
        return str(answer["messages"][0]["id"])
    except (KeyError, IndexError, TypeError) as problem:
        raise Unknown("answer") from problem


def _json(response: httpx.Response) -> dict[str, Any]:
    """The body of a 2xx answer; an error envelope is raised as NotTaken."""
    try:
        answer = response.json()
    except ValueError:
        answer = {}
    answer = answer if isinstance(answer, dict) else {}
    if response.is_success:
        return answer
    error = answer.get("error")
    code = error.get("code") if isinstance(error, dict) else None
    wait = response.headers.get("Retry-After", "")
    raise NotTaken(code, response.status_code, float(wait) if wait.isdigit() else 0)
