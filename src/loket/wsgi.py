"""The door for the web server: webhooks go to a small function, everything else through Django."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterable
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "loket.settings")

from django.core.wsgi import get_wsgi_application

_pages = get_wsgi_application()

from loket.api import hooks  # noqa: E402 (needs the apps that the line above loads)

# What is loaded by now stays for good: the collector need not look at it again, nor as often.
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 20, 20)


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Django costs a webhook more than the database does, so `/hooks/` goes around it."""
    if environ.get("PATH_INFO", "").startswith("/hooks/"):
        return hooks.answer(environ, start_response)
    return _pages(environ, start_response)
