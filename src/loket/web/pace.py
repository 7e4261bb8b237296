"""Answers that must not tell by their time what was found: they leave at an even pace."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse

View = Callable[..., HttpResponse]
# Longer than the work behind any gate takes on an office's server, short enough not to be felt.
SECONDS = 0.12


def even(view: View) -> View:
    """A view whose POSTs take SECONDS, or the next multiple of it, whatever they found (see decision 0017)."""

    @wraps(view)
    def inner(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if request.method != "POST":
            return view(request, *args, **kwargs)
        begun = time.monotonic()
        try:
            return view(request, *args, **kwargs)
        finally:
            time.sleep(SECONDS - (time.monotonic() - begun) % SECONDS)

    return inner
