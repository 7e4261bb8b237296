"""The gate: sign in and out, choose a language, and tell machines whether Loket is well."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import authenticate, login, logout
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from loket.core import clock, limits
from loket.core.actor import Actor, Role
from loket.web import errors, forms, visitor
from loket.web.context import PLACES

View = Callable[..., HttpResponse]
TRIES, TRIES_FROM_ONE_ADDRESS, MINUTES = 10, 100, 15


def staff_only(*roles: Role) -> Callable[[View], View]:
    """A page for signed-in people who hold one of the roles; the view gets `actor`, never the request's user."""

    def wrap(view: View) -> View:
        @wraps(view)
        def inner(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect(f"{settings.LOGIN_URL}?lanjut={request.get_full_path()}")
            actor: Actor = request.user.actor()
            if not actor.may(*roles):
                return errors.forbidden(request)
            return view(request, actor, *args, **kwargs)

        inner.roles = roles  # type: ignore[attr-defined]  # read by tests/security/test_doors.py
        return inner

    return wrap


def sign_in(request: HttpRequest) -> HttpResponse:
    """Name and password; after ten wrong ones for one name from one address that pair rests for a quarter of an hour."""
    following = request.POST.get("lanjut") or request.GET.get("lanjut", "")
    if not url_has_allowed_host_and_scheme(following, allowed_hosts={request.get_host()}):
        following = ""
    context: dict[str, Any] = {"lanjut": following, "nama": "", "problems": []}
    if request.method != "POST":
        return render(request, "masuk.html", context)
    name, place, now = forms.text(request, "nama", 40), visitor.address(request), clock.now()
    # Per name and address, so that nobody keeps an officer out from elsewhere.
    mine, all_here = f"login:{name}:{place}", f"login:{place}"
    if limits.exceeded(mine, TRIES, MINUTES, at=now) or limits.exceeded(all_here, TRIES_FROM_ONE_ADDRESS, MINUTES, at=now):
        return errors.too_many(request, MINUTES)
    account = authenticate(request, username=name, password=request.POST.get("sandi", "").replace("\0", ""))
    if account is None:
        limits.spend(mine, TRIES, MINUTES, at=now)
        limits.spend(all_here, TRIES_FROM_ONE_ADDRESS, MINUTES, at=now)
        wrong = _("Nama atau kata sandi tidak cocok. Periksa keduanya, lalu coba lagi.")
        context |= {"nama": name, "problems": [("nama", wrong)]}
        return render(request, "masuk.html", context, status=422)
    login(request, account)
    return HttpResponseRedirect(following if _may_enter(account.actor(), following) else home_of(account.actor()))


def _may_enter(actor: Actor, address: str) -> bool:
    """Whether the page somebody asked for before she signed in is one of hers; the way in is `/petugas/` for everybody."""
    try:
        roles = getattr(resolve(urlsplit(address).path).func, "roles", None)
    except Resolver404:
        return False
    return roles is None or actor.may(*roles)


def home_of(actor: Actor) -> str:
    """The first place of the bar that an actor may enter."""
    return next((reverse(name) for roles, name, _label in PLACES if actor.may(*roles)), "/")


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("/")


@require_safe
def language(request: HttpRequest) -> HttpResponse:
    """Keep the language in a cookie and go back to the page."""
    chosen = request.GET.get("ke", "id")
    back = request.GET.get("lanjut", "/")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}):
        back = "/"
    response = redirect(back)
    if chosen in ("id", "en"):
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, chosen, max_age=365 * 86400, samesite="Lax")
    return response


@require_safe
def alive(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"ok": True})


@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Whether the database answers; 503 tells a balancer to send people elsewhere."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM core_clock LIMIT 1")
    except Error:
        return JsonResponse({"ok": False, "database": False}, status=503)
    return JsonResponse({"ok": True, "database": True})
