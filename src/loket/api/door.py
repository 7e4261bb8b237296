"""The API object: who may call, how a create is remembered, how a refusal is told."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.parser import Parser
from ninja.security import HttpBearer
from pydantic_core import from_json

from loket.api import problems
from loket.applications import actions as applications
from loket.core import answers, codes
from loket.core.actor import Actor, Role
from loket.core.errors import N_, Refusal, Refusals
from loket.staff import queries as staff

MOST_OF_NO_CODE = 6
log = logging.getLogger(__name__)


class Bearer(HttpBearer):
    """A token of `loket token create`; the office and the role come from it, never from the call."""

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        return staff.bearer(token)


class Body(Parser):
    """Bodies are read by the parser of pydantic: photos make them half a megabyte, and it is twenty times as fast."""

    def parse_body(self, request: HttpRequest) -> Any:
        return from_json(request.body)


class LoketAPI(NinjaAPI):
    def get_openapi_operation_id(self, operation: Any) -> str:
        return str(operation.view_func.__name__)


api = LoketAPI(
    title="Loket",
    version="1",
    description="The service desk of an Indonesian civil-registry office. Problems are RFC 9457 with a `code`.",
    auth=Bearer(),
    parser=Body(),
    docs_url=None,
    openapi_url="/openapi.json",
    urls_namespace="api",
)


def actor(request: HttpRequest, *roles: Role) -> Actor:
    """The caller, who must hold one of the roles; an administrator's token may not act for the others."""
    by: Actor = request.auth  # type: ignore[attr-defined]  # set by `Bearer`
    if roles and not by.may(*roles):
        raise Refusal(
            "role", N_("Token ini tidak boleh melakukan panggilan ini. Pakai token dengan peran yang benar."), status=403
        )
    return by


def code(text: str) -> str:
    """A request code as it is stored; forgiving about case, hyphens and look-alikes."""
    return codes.parse(text)


def stored_codes(texts: Sequence[str]) -> list[str]:
    """Codes of a set: what cannot be a code is refused as unknown, item by item. It is not repeated in full, since
    answers are kept and it may be a NIK that was scanned by mistake."""
    found = []
    for text in texts:
        try:
            found.append(codes.parse(text))
        except Refusal:
            plain = "".join(letter for letter in text if letter.isprintable())
            found.append(plain if len(plain) <= MOST_OF_NO_CODE else f"{plain[:MOST_OF_NO_CODE]}…")
    return found


def once(request: HttpRequest, by: Actor, work: Callable[[], tuple[int, Any]]) -> HttpResponse:
    """Answer a POST once per `Idempotency-Key`; keys are the caller's own, whatever the address."""

    def run() -> tuple[int, str]:
        status, body = work()
        return status, json.dumps(body, ensure_ascii=False, default=_plain)

    answer = answers.once(
        f"api:{by.name}"[:80], request.headers.get("Idempotency-Key", ""), request.path.encode() + b"\n" + request.body, run
    )
    response = HttpResponse(answer.body, status=answer.status, content_type="application/json")
    if answer.replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return response


def results(items: Sequence[applications.Result]) -> list[dict[str, Any]]:
    """Results of a set in the order in which its items came."""
    return [
        {
            "code": item.code,
            "ok": item.problem is None,
            "state": item.state,
            "problem": problems.as_dict(item.problem) if item.problem else None,
        }
        for item in items
    ]


def _plain(value: object) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(type(value).__name__)


@api.exception_handler(Refusal)
def _refused(request: HttpRequest, error: Refusal) -> HttpResponse:
    return problems.answer(request, error)


@api.exception_handler(Refusals)
def _refused_many(request: HttpRequest, error: Refusals) -> HttpResponse:
    return problems.answer(request, error)


@api.exception_handler(AuthenticationError)
def _unauthenticated(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    response = problems.answer(
        request, Refusal("token", N_("Sertakan token yang berlaku: Authorization: Bearer …"), status=401)
    )
    response.headers["WWW-Authenticate"] = "Bearer"
    return response


@api.exception_handler(ValidationError)
def _misshapen(request: HttpRequest, error: ValidationError) -> HttpResponse:
    # Messages of the parser quote what was sent, which may be personal: only the place is told.
    found = [
        Refusal(
            "shape",
            N_("Tulis {place} sebagai tanggal TAHUN-BULAN-HARI, contoh 1987-03-27.")
            if str(item["type"]).startswith("date_")
            else N_("Bagian {place} tidak sesuai bentuk yang diminta di openapi.json ({rule})."),
            field=".".join(str(part) for part in item["loc"] if part not in ("body", "payload")),
            place=".".join(str(part) for part in item["loc"] if part not in ("body", "payload")) or "body",
            rule=item["type"],
        )
        for item in error.errors
    ]
    return problems.answer(request, found[0] if len(found) == 1 else Refusals(found))


@api.exception_handler(HttpError)
def _http(request: HttpRequest, error: HttpError) -> HttpResponse:
    return problems.answer(
        request, Refusal("body", N_("Isi panggilan bukan JSON yang utuh."), status=error.status_code)
    )
