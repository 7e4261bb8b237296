"""Photos sent by the page's script: it keeps them until they are taken, and is told where to go next."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse

View = Callable[..., HttpResponse]


def resumable(view: View) -> View:
    """A view whose redirect is given to the script as `X-Next`: a redirect followed by a script would load the next page
    twice. Without the script nothing changes; the same photo sent again leads to the same place."""

    @wraps(view)
    def inner(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        response = view(request, *args, **kwargs)
        if "X-Foto" not in request.headers or response.status_code != 302:
            return response
        answer = HttpResponse(status=204, headers={"X-Next": response.headers["Location"]})
        answer.cookies = response.cookies
        return answer

    return inner
