"""What every page passes through: headers, the language asked for, refusals turned into sentences."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader
from django.utils import translation

from loket.core.errors import N_, Refusal, Refusals
from loket.web.gate import home_of
from loket.web.words import sentence

STAFF = ("/petugas/", "/cetak/", "/pos/", "/rekam/", "/pimpinan/", "/kelola/")
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


class BodyLimit:
    """What is too large is refused before anything of it is read: Django's own limit does not count files."""

    def __init__(self, get_response: View):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isascii() and length.isdecimal() and int(length) <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            return self.get_response(request)
        return _plainly(request, 413, "too_large", "413.html")


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
        response = _plainly(request, 503, "unavailable", "503.html")
        response.headers["Retry-After"] = "5"
        return response


class RefusalPages:
    """A refusal that no page has caught becomes a page with its sentence."""

    def __init__(self, get_response: View):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code == 405 and not response.content:
            problem = Refusal("method", N_("Alamat ini hanya dipakai oleh tombol. Kembali, lalu tekan tombolnya."), status=405)
            page = self.process_exception(request, problem)
            assert page is not None
            page.headers["Allow"] = response.headers["Allow"]
            return page
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, Refusals):
            exception = exception.problems[0]
        if not isinstance(exception, Refusal):
            return None
        context = {"kalimat": sentence(exception)}
        if request.path.startswith(STAFF) and request.user.is_authenticated:
            context |= {"dasar": "base_petugas.html", "kembali": home_of(request.user.actor())}
        elif exception.code.startswith("code_"):
            context["kembali"] = "/cek/"
        elif exception.code == "link_expired":
            context["kembali"] = "/lupa/"
        return render(request, "galat/ditolak.html", context, status=exception.status)


def _plainly(request: HttpRequest, status: int, code: str, page: str) -> HttpResponse:
    """An answer that needs neither database nor session."""
    if request.path.startswith("/api/"):
        body = f'{{"code":"{code}","status":{status}}}'
        return HttpResponse(body, content_type="application/problem+json", status=status)
    return HttpResponse(loader.render_to_string(page, {"kantor": None}), content_type="text/html", status=status)
