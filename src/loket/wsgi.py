"""The door for the web server: webhooks go to a small function, calls and pages through Django."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterable
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "loket.settings")

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application


class _Calls(WSGIHandler):
    """Django with the short list of middleware that calls need."""

    def load_middleware(self, is_async: bool = False) -> None:
        pages, settings.MIDDLEWARE = settings.MIDDLEWARE, settings.API_MIDDLEWARE
        try:
            super().load_middleware(is_async)
        finally:
            settings.MIDDLEWARE = pages


_pages = get_wsgi_application()
_calls = _Calls()

from loket.api import hooks  # noqa: E402 (needs the apps that the lines above load)

# A setting that cannot be read is said at the start, not at the first message.
hooks.scheme_of(settings.WA_SIGNATURE)

# What is loaded by now stays for good: the collector need not look at it again, nor as often.
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 20, 20)


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Django costs a webhook more than the database does, so `/hooks/` goes around it."""
    path = environ.get("PATH_INFO", "")
    if path.startswith("/hooks/"):
        return hooks.answer(environ, start_response)
    return (_calls if path.startswith("/api/") else _pages)(environ, start_response)
