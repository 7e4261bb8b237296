"""Refusals as RFC 9457 problem documents, in the language that the caller accepts."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.translation import gettext

from loket.core.errors import Refusal, Refusals


def as_dict(problem: Refusal | Refusals) -> dict[str, Any]:
    """The members of a problem document; `errors` lists each field that must be mended."""
    if isinstance(problem, Refusals):
        first = problem.problems[0]
        return {
            **_members(first),
            "code": problem.code,
            "detail": " ".join(_sentence(item) for item in problem.problems),
            "errors": [_error(item) for item in problem.problems],
        }
    members = _members(problem)
    if problem.field:
        members["errors"] = [_error(problem)]
    return members


def answer(request: HttpRequest, problem: Refusal | Refusals) -> HttpResponse:
    """The response to a refused call."""
    language = "en" if request.headers.get("Accept-Language", "id").lower().startswith("en") else "id"
    with translation.override(language):
        body = json.dumps(as_dict(problem), ensure_ascii=False)
    return HttpResponse(body, status=problem.status, content_type="application/problem+json")


def _members(problem: Refusal) -> dict[str, Any]:
    return {
        "type": f"/bantuan/galat/#{problem.code}",
        "title": problem.code,
        "status": problem.status,
        "detail": _sentence(problem),
        "code": problem.code,
    }


def _error(problem: Refusal) -> dict[str, Any]:
    return {"field": problem.field, "code": problem.code, "detail": _sentence(problem)}


def _sentence(problem: Refusal) -> str:
    template = gettext(problem.message)
    return template.format(**problem.shown) if problem.params else template
