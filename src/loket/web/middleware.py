"""What every page passes through: headers, the language asked for, refusals turned into sentences."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader
from django.utils import translation

from loket.core.errors import Refusal, Refusals
from loket.web.words import sentence

View = Callable[[HttpRequest], HttpResponse]

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "font-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; object-src 'none'"
)


class SecurityHeaders:
    """Nothing from elsewhere, nothing inline; personal pages are kept in no cache."""

    def __init__(self, get_response: View):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", CSP)
        response.headers.setdefault("Permissions-Policy", "camera=(self), geolocation=(), microphone=()")
        response.headers.setdefault("Cache-Control", "no-store")
        return response


class Language:
    """Indonesian unless the visitor chose English, by link or earlier by cookie."""

    def __init__(self, get_response: View):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        asked = request.GET.get("bahasa") or request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "id")
        language = asked if asked in ("id", "en") else "id"
        with translation.override(language):
            response = self.get_response(request)
        response.headers["Content-Language"] = language
        return response


class DatabaseAway:
    """While the database is away nothing is accepted and nothing is lost: 503, and when to come back."""

    def __init__(self, get_response: View):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, OperationalError | InterfaceError):
            return None
        if request.path.startswith("/api/"):
            response = HttpResponse('{"code":"unavailable","status":503}', content_type="application/problem+json")
        else:
            response = HttpResponse(loader.render_to_string("503.html", {"kantor": None}), content_type="text/html")
        response.status_code = 503
        response.headers["Retry-After"] = "5"
        return response


class RefusalPages:
    """A refusal that no page has caught becomes a page with its sentence."""

    def __init__(self, get_response: View):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, Refusals):
            exception = exception.problems[0]
        if not isinstance(exception, Refusal):
            return None
        return render(
            request, "galat/ditolak.html", {"kalimat": sentence(exception), "kode": exception.code},
            status=exception.status,
        )  # fmt: skip
