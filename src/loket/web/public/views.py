"""Pages for everybody: the ways in, the figures of today, help; and the same figures as data."""

from __future__ import annotations

import hashlib
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.http import quote_etag
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from loket.insight import queries as insight
from loket.offices import queries as offices
from loket.web import figures


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What one can do here, and the two figures of today."""
    return render(request, "public/beranda.html", {"t": insight.today(settings.OFFICE)})


# Two charts and their tables are most of what a first visit would weigh; the page holds no secret that a compressed
# length could give away.
@gzip_page
@require_safe
def statistics(request: HttpRequest) -> HttpResponse:
    """The head's figures without names."""
    today = insight.today(settings.OFFICE)
    context = {
        "t": today,
        "sentences": figures.public_sentences(today),
        "suket_chart": figures.suket_chart(today),
        "channel_chart": figures.channel_chart(today),
    }
    return render(request, "public/statistik.html", context)


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
