"""Pages for everybody: the ways in, the figures of today, help; and the same figures as data."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.http import quote_etag
from django.utils.translation import get_language
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from loket.core import text
from loket.insight import publication, rules, sentences
from loket.insight import queries as insight
from loket.offices import queries as offices
from loket.web import figures
from loket.web.middleware import CSP

# What the first page's sentences speak of.
DEFINED = (
    "suket.outstanding", "blanks.on_hand", "filed.online", "filed.counter", "waiting.median.online", "post.share", "spoilage.share",
)  # fmt: skip
_AS_OF = re.compile(rb'<p class="adm-asof"><time.*?</time>', re.DOTALL)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What one can do here, and the two figures of today."""
    return render(request, "public/beranda.html", {"t": insight.today(settings.OFFICE)})


# Two charts and their tables are most of what a first visit would weigh; the page holds no secret that a compressed
# length could give away.
@gzip_page
@require_safe
def statistics(request: HttpRequest) -> HttpResponse:
    """The head's figures without names: what is to be said first, and the way to each series."""
    today = insight.today(settings.OFFICE)
    context = {
        "t": today,
        "sentences": [(say(today), slug) for say, slug in figures.SENTENCES],
        "suket_chart": figures.suket_chart(today),
        "channel_chart": figures.channel_chart(today),
        "series": [(slug, serie.title) for slug, serie in figures.SERIES.items()],
        "definitions": figures.definitions(DEFINED),
        "base_url": settings.BASE_URL,
    }
    return _kept(request, render(request, "public/statistik.html", context), today.as_of)


@gzip_page
@require_safe
def series(request: HttpRequest, seri: str) -> HttpResponse:
    """One series of the last year: its finding, chart, table and definitions, and by kelurahan where that tells nobody's story."""
    serie = figures.SERIES.get(seri)
    if serie is None:
        raise Http404
    office = offices.office(settings.OFFICE)
    bounds = insight.bounds(office.code)
    last = bounds[1] if bounds else office.today()
    month = rules.month_start(last, 0 if (last + timedelta(days=1)).day == 1 else 1)
    context = {
        "serie": serie,
        "file": next(filter(None, map(publication.holding, serie.measures)), None),
        "slug": seri,
        "shown": figures.shown(serie, office.code, last),
        "last": last,
        "month": text.bulan(month, get_language() or "id"),
        "places": figures.places(serie, office, month) if serie.per_kelurahan and bounds and bounds[0] < rules.month_start(month, -1) else [],
        "columns": [label for _name, label, _how in figures.definitions(serie.per_kelurahan)],
        "definitions": figures.definitions([*serie.lines, *(name for name in serie.measures if name not in serie.lines)]),
        "series": [(slug, one.title) for slug, one in figures.SERIES.items() if slug != seri],
    }
    return _kept(request, render(request, "public/seri.html", context), None)


# Any page may show the board in a frame: it holds no form and no name.
FRAMED = CSP.replace("frame-ancestors 'none'", "frame-ancestors *")


@require_safe
@xframe_options_exempt
def stock_board(request: HttpRequest) -> HttpResponse:
    """The blanks of today for the page of a kelurahan or a newspaper, in an iframe."""
    today = insight.today(settings.OFFICE)
    response = _kept(request, render(request, "public/sematan.html", {"t": today, "sentence": sentences.blanks_sentence(today)}), today.as_of)
    response.headers["Content-Security-Policy"] = FRAMED
    return response


def _kept(request: HttpRequest, response: HttpResponse, as_of: datetime | None) -> HttpResponse:
    """An answer that caches may keep for a minute and then ask whether it still stands: `as_of` alone changes nothing."""
    body = response.content
    if as_of is not None:
        body = _AS_OF.sub(b"", body)
    response.headers["Cache-Control"] = "public, max-age=60"
    response.headers["ETag"] = quote_etag(hashlib.sha256(body).hexdigest()[:16])
    patch_vary_headers(response, ["Cookie"])
    return get_conditional_response(request, etag=response.headers["ETag"], response=response) or response


@require_safe
def today_json(request: HttpRequest) -> HttpResponse:
    """`/data/hari-ini.json` of the contract."""
    today = insight.today(settings.OFFICE)
    office = offices.office(settings.OFFICE)
    body = {
        "office": today.office,
        "as_of": today.as_of.astimezone(ZoneInfo(office.zone)).isoformat(timespec="seconds"),
        "suket_outstanding": today.suket_outstanding,
        "blanks_on_hand": today.blanks,
        "monthly_average": {
            "months": insight.MONTHS,
            "online": today.monthly_average.first,
            "counter": today.monthly_average.second,
        },
        "this_month": {"online": today.this_month.first, "counter": today.this_month.second},
        "choice": {"months": insight.MONTHS, "post": today.choice.first, "pickup": today.choice.second},
    }
    response = JsonResponse(body)
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cache-Control"] = "public, max-age=60"
    figures_only = "|".join(str(value) for key, value in body.items() if key != "as_of")
    response.headers["ETag"] = quote_etag(hashlib.sha256(figures_only.encode()).hexdigest()[:16])
    return response


def _page(template: str) -> figures.View:
    @require_safe
    def view(request: HttpRequest) -> HttpResponse:
        return render(request, template, {"fee": offices.office(settings.OFFICE).settings.post_fee})

    return view


help_page = _page("public/bantuan.html")
privacy = _page("public/privasi.html")
cookies = _page("public/cookie.html")
accessibility = _page("public/aksesibilitas.html")
