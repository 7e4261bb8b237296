"""The figures as files at permanent addresses: no sign-in, from any site, asked for again only when they changed."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable
from datetime import UTC, datetime, time
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils import translation
from django.utils.cache import get_conditional_response
from django.utils.feedgenerator import Rss201rev2Feed
from django.utils.http import quote_etag
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from loket.core import clock, text
from loket.insight import database, publication
from loket.offices import queries as offices
from loket.web.data import formats, sentences

FRESH = 60
FEED_DAYS = 14
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
View = Callable[..., HttpResponse]
Response = TypeVar("Response", bound=HttpResponseBase)


def open_file(view: View) -> View:
    """A file for everybody: from any site, and answered with 304 when the asker has it already."""

    @gzip_page
    @require_safe
    @wraps(view)
    def inner(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        # By the address alone, not by the visitor's cookie: what is kept on the way is the same for everybody.
        with translation.override("en" if request.GET.get("bahasa") == "en" else "id"):
            response = view(request, *args, **kwargs)
        if "ETag" not in response.headers:
            response.headers["ETag"] = quote_etag(hashlib.sha256(response.content).hexdigest()[:20])
        return _opened(_known(request, response.headers["ETag"]) or response)

    return inner


def _known(request: HttpRequest, etag: str) -> HttpResponse | None:
    """304 for who says that she has this one already."""
    known = get_conditional_response(request, etag=etag)
    if known is not None:
        known.headers["ETag"] = etag
    return known


def _opened(response: Response) -> Response:
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Expose-Headers"] = "ETag, Link, Content-Range, Accept-Ranges"
    response.headers["Cache-Control"] = f"public, max-age={FRESH}"
    response.headers["Link"] = f'<{publication.LICENCE[1]}>; rel="license"'
    return response


@open_file
def as_csv(request: HttpRequest, seri: str) -> HttpResponse:
    """`/data/<series>.csv`."""
    one = publication.series(seri)
    response = HttpResponse(formats.as_csv(one, publication.rows(one, settings.OFFICE)), content_type="text/csv; charset=utf-8; header=present")
    response.headers["Content-Disposition"] = f'inline; filename="{one.name}.csv"'
    return response


@open_file
def as_json(request: HttpRequest, seri: str) -> HttpResponse:
    """`/data/<series>.json`; its ETag leaves out the moment, which alone is no change."""
    one = publication.series(seri)
    body = formats.as_json(one, publication.rows(one, settings.OFFICE), offices.office(settings.OFFICE), _now())
    response = _json(body)
    response.headers["ETag"] = _etag({key: value for key, value in body.items() if key != "as_of"})
    return response


@open_file
def datapackage(request: HttpRequest) -> HttpResponse:
    body = formats.datapackage(offices.office(settings.OFFICE), settings.BASE_URL, _now())
    response = _json(body)
    response.headers["ETag"] = _etag({key: value for key, value in body.items() if key != "created"})
    return response


@open_file
def dcat(request: HttpRequest) -> HttpResponse:
    """`/data.json`."""
    office = offices.office(settings.OFFICE)
    return _json(formats.catalogue(office, settings.BASE_URL, office.today()), "application/ld+json")


@open_file
def feed(request: HttpRequest) -> HttpResponse:
    """`/data/umpan.xml`: an entry for each full day, newest first; an entry never changes."""
    office = offices.office(settings.OFFICE)
    page = f"{settings.BASE_URL}{reverse('data:data')}"
    made = Rss201rev2Feed(
        title=_("Angka harian {office}").format(office=office.name), link=page, feed_url=f"{settings.BASE_URL}{request.path}",
        description=_("Suket, blangko, dan permohonan setiap hari. Bebas dipakai dengan menyebut sumbernya (CC BY 4.0)."),
        language=get_language() or "id", feed_copyright=publication.LICENCE[2], ttl=60,
    )  # fmt: skip
    for day, title, words in sentences.of_days(settings.OFFICE, FEED_DAYS):
        address = f"{settings.BASE_URL}{reverse('data:seri', args=['suket'])}?dari={day}&sampai={day}"
        at = datetime.combine(day, time(23, 59, 59), ZoneInfo(office.zone))
        made.add_item(title=title, link=address, description=words, pubdate=at, unique_id=f"{page}#{day}", unique_id_is_permalink=False)
    return HttpResponse(made.writeString("utf-8"), content_type="application/rss+xml; charset=utf-8")


@open_file
def announcement(request: HttpRequest) -> HttpResponse:
    """`/data/pengumuman.txt`: the stock of today as text for social media."""
    return HttpResponse(sentences.announcement(settings.OFFICE) + "\n", content_type="text/plain; charset=utf-8")


@require_safe
def daily_database(request: HttpRequest) -> HttpResponseBase:
    """`/data/harian.db`, whole or in part; written by the worker, and here when it has not been written yet."""
    file = database.path(settings.OFFICE)
    if not file.exists():
        database.write(settings.OFFICE)
    response = _opened(_ranged(request, file))
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["Content-Disposition"] = 'attachment; filename="harian.db"'
    return response


def _ranged(request: HttpRequest, file: Path) -> HttpResponseBase:
    """The file, or the one range of bytes that was asked for (RFC 9110, 14.2)."""
    stream = file.open("rb")
    found = os.fstat(stream.fileno())
    etag = quote_etag(hashlib.sha256(f"{found.st_ino}:{found.st_mtime_ns}:{found.st_size}".encode()).hexdigest()[:20])
    known = _known(request, etag)
    if known is not None:
        stream.close()
        return known
    size, asked = found.st_size, _RANGE.fullmatch(request.headers.get("Range", ""))
    fresh = request.headers.get("If-Range", etag) == etag
    response: HttpResponseBase
    if asked and fresh and any(asked.groups()):
        first, last = asked.groups()
        start = int(first) if first else max(size - int(last), 0)
        end = min(int(last), size - 1) if first and last else size - 1
        if start > end or start >= size:
            stream.close()
            return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}", "ETag": etag})
        with stream:
            stream.seek(start)
            response = HttpResponse(stream.read(end - start + 1), status=206, content_type="application/vnd.sqlite3")
        response.headers["Content-Range"] = f"bytes {start}-{end}/{size}"
    else:
        response = FileResponse(stream, content_type="application/vnd.sqlite3")
    response.headers["ETag"] = etag
    response.headers["Last-Modified"] = datetime.fromtimestamp(found.st_mtime, UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    return response


def _now() -> datetime:
    return text.local(clock.now(), offices.office(settings.OFFICE).zone)


def _json(body: dict[str, Any], kind: str = "application/json") -> HttpResponse:
    return HttpResponse(json.dumps(body, ensure_ascii=False, indent=1), content_type=kind)


def _etag(body: dict[str, Any]) -> str:
    return quote_etag(hashlib.sha256(json.dumps(body, ensure_ascii=False, sort_keys=True).encode()).hexdigest()[:20])
