"""Pages about the data: what there is, one series and its days, the stock of today, opinions, standards, the press statement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from loket.catalogue import queries as catalogue
from loket.core import clock, text
from loket.core.errors import N_, Refusal
from loket.insight import facts, index, press, publication, queries
from loket.insight.publication import Cell, Column, Row, Series
from loket.insight.rules import month_start
from loket.offices import queries as offices
from loket.web import words
from loket.web.data import sentences

# What one page shows of a series; the files hold all of it.
SHOWN = 62
LATEST_MONTHS, LATEST_SEMESTERS = 3, 8


@dataclass(frozen=True, slots=True)
class Total:
    """One column over the days asked for, as the page shows it. `before` is the equally long period before, for counts,
    and the evening before the first day for levels."""

    name: str
    title: str
    how: str
    value: str
    before: str
    monthly: str


@gzip_page
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """Every series with its sentence, its definitions' place and its files."""
    today = offices.office(settings.OFFICE).today()
    names = {column.measure for one in publication.SERIES.values() if one.period == "day" for column in one.of_measures}
    values = publication.daily(settings.OFFICE, sorted(names), today - timedelta(days=sentences.DAYS - 1), today + timedelta(days=1))
    listed = [(one, sentences.of_series(one, values, today) if one.period == "day" else _(one.sentence)) for one in publication.SERIES.values()]
    context = {
        "series": listed, "as_of": clock.now(), "changes": publication.CHANGES, "version": publication.VERSION, "licence": publication.LICENCE,
        "base": settings.BASE_URL,
    }  # fmt: skip
    return render(request, "data/data.html", context)


@gzip_page
@require_safe
def series(request: HttpRequest, seri: str) -> HttpResponse:
    """One series: what its columns mean, their totals over the days asked for, and the days themselves."""
    one = publication.series(seri)
    today = offices.office(settings.OFFICE).today()
    try:
        start, end = _period(request, today, timedelta(days=sentences.DAYS - 1))
    except Refusal as problem:
        context = {"one": one, "problems": words.problems(problem), "asked": _asked(request)}
        return render(request, "data/seri.html", context, status=422)
    if one.period == "month" and "dari" not in request.GET:
        start = month_start(today, LATEST_MONTHS)
    # Files hold everything; a page that is asked for years shows their end. Kelurahan keep their order within a month.
    keys = 1 if one.period == "month" else one.keys
    rows = sorted(publication.rows(one, settings.OFFICE, start, end), key=lambda row: row.cells[:keys], reverse=True)
    cite = _("{office}, {series}, {day}, CC BY 4.0, {address}").format(
        office=offices.office(settings.OFFICE).name, series=_(one.title), day=text.tanggal(today, get_language() or "id"),
        address=f"{settings.BASE_URL}{reverse('data:seri', args=[one.name])}",
    )  # fmt: skip
    context = {
        "one": one, "start": start, "end": end, "as_of": clock.now(), "totals": _totals(one, start, end) if one.period == "day" else [],
        "rows": [_shown(one, row) for row in rows[:SHOWN]], "more": len(rows) > SHOWN, "licence": publication.LICENCE,
        "asked": {"dari": start.isoformat(), "sampai": end.isoformat()}, "is_daily": one.period == "day",
        "columns": _columns(one), "cite": mark_safe(escape(cite).replace("/", "/<wbr>")),  # noqa: S308 - escaped
    }  # fmt: skip
    return render(request, "data/seri.html", context)


def _columns(one: Series) -> list[Column]:
    """What a page shows: a code stands beside its name, and whether a day is over is said beside the day."""
    return [column for column in one.columns if column.name not in ("region_code", "is_final")]


def _shown(one: Series, row: Row) -> list[tuple[str, bool]]:
    """The cells of a row as the page shows them, and whether each is a number."""
    cells = dict(zip((column.name for column in one.columns), row.cells, strict=True))
    shown = [_cell(one, column, cells[column.name], row) for column in _columns(one)]
    if cells.get("is_final") is False:
        shown[0] = (_("{day}, sementara").format(day=shown[0][0]), False)
    return shown


def _cell(one: Series, column: Column, cell: Cell, row: Row) -> tuple[str, bool]:
    if column.name in row.hidden:
        return row.hidden[column.name], True
    if isinstance(cell, date):
        written = text.bulan if one.period == "month" else text.tanggal
        return written(cell, get_language() or "id"), False
    if column.name == "region_name":
        return str(cell) or _("tidak diketahui"), False
    if isinstance(cell, str) or column.name in ("year", "half"):
        return str(cell), False
    assert not isinstance(cell, bool)
    return sentences.amount(cell, column.unit), True


def _totals(one: Series, start: date, end: date) -> list[Total]:
    """What the columns come to over the days, so that whoever follows a number finds it."""
    length, one_day = end - start + timedelta(days=1), timedelta(days=1)
    names = [column.measure for column in one.of_measures]
    values = publication.daily(settings.OFFICE, names, start - length, end + one_day)
    months = _full_months(start, end)
    found = []
    for column in one.of_measures:
        by_day = values[column.measure]
        if column.is_count:
            total = sum(value for on, value in by_day.items() if start <= on <= end)
            earlier = sum(value for on, value in by_day.items() if on < start)
            monthly = sentences.amount(round(total / months)) if months else ""
            cells = sentences.amount(total), sentences.amount(earlier), monthly
        else:
            within = {on: value for on, value in by_day.items() if on >= start}
            cells = sentences.amount(sentences.latest(within, end), column.unit), sentences.amount(by_day.get(start - one_day), column.unit), ""
        found.append(Total(column.name, _(column.title), _(column.how), *cells))
    return found


def _full_months(start: date, end: date) -> int:
    """How many whole months lie between two days; 0 when they do not begin and end with one."""
    after = end + timedelta(days=1)
    return (after.year - start.year) * 12 + after.month - start.month if start.day == after.day == 1 else 0


@gzip_page
@require_safe
def press_statement(request: HttpRequest) -> HttpResponse:
    """`/siaran/?dari=…&sampai=…`: what the office has to tell of these days, for whoever wants to write about it."""
    office = offices.office(settings.OFFICE)
    try:
        start, end = _period(request, office.today(), timedelta(0))
        known = facts.of_period(settings.OFFICE, start, end)
    except Refusal as problem:
        return render(request, "data/siaran.html", {"problems": words.problems(problem), "asked": _asked(request)}, status=422)
    told = sentences.told(press.statement(known), place=office.city, on=known.end)
    context = {
        "told": told, "as_of": clock.now(), "start": start, "end": known.end, "licence": publication.LICENCE,
        "asked": {"dari": start.isoformat(), "sampai": known.end.isoformat()},
    }  # fmt: skip
    return render(request, "data/siaran.html", context)


@require_safe
def announcement(request: HttpRequest) -> HttpResponse:
    """The stock of blanks, and the same as text to copy."""
    context = {"t": queries.today(settings.OFFICE), "announcement": sentences.announcement(settings.OFFICE), "licence": publication.LICENCE}
    return render(request, "data/pengumuman.html", context)


@gzip_page
@require_safe
def satisfaction(request: HttpRequest) -> HttpResponse:
    """The index of satisfaction: the newest semester with one, and how it came about."""
    office = offices.office(settings.OFFICE)
    found = index.semesters(settings.OFFICE, office.today() + timedelta(days=1))[-LATEST_SEMESTERS:]
    context = {
        "semesters": found[::-1], "newest": next((half for half in reversed(found) if half.value is not None), None),
        "running": found[-1] if found else None, "minimum": office.settings.skm_minimum, "weight": office.settings.skm_weight,
        "bands": _bands(office.settings.skm_bands), "as_of": clock.now(), "licence": publication.LICENCE,
    }  # fmt: skip
    return render(request, "data/skm.html", context)


def _bands(begins: tuple[float, ...]) -> list[tuple[str, str, float]]:
    """Letter, words and lower limit of each band, the best first."""
    return [(letter, _(quality), limit) for (letter, quality), limit in zip(index.BANDS, (25.0, *begins), strict=True)][::-1]


@gzip_page
@require_safe
def standards(request: HttpRequest) -> HttpResponse:
    """The service standard (Permenpan RB 15/2014): six parts for each service, from the catalogue."""
    language = get_language() or "id"
    settings_ = offices.office(settings.OFFICE).settings
    listed = [
        {
            "code": one.code, "name": one.name(language), "summary": one.summary(language), "days": one.promise_days, "form": one.form,
            "papers": [catalogue.document_name(kind, language) for kind in one.documents], "is_card": one.is_card,
            "takes_back": one.takes_back,
        }
        for one in catalogue.services()
    ]  # fmt: skip
    context: dict[str, Any] = {"services": listed, "fee": settings_.post_fee, "complaint_days": settings_.complaint_days}
    return render(request, "data/standar.html", context)


def _asked(request: HttpRequest) -> dict[str, str]:
    return {name: request.GET.get(name, "")[:10] for name in ("dari", "sampai")}


def _period(request: HttpRequest, today: date, back: timedelta) -> tuple[date, date]:
    """The two days asked for, at most until today; without them, today and as many days before it as `back` says."""
    end = _day(request, "sampai", today)
    return facts.within(_day(request, "dari", max(end - back, facts.EARLIEST)), end, today)


def _day(request: HttpRequest, name: str, otherwise: date) -> date:
    written = request.GET.get(name, "").strip()
    try:
        return date.fromisoformat(written) if written else otherwise
    except ValueError as error:
        raise Refusal("day", N_("Tulis tanggal sebagai tahun-bulan-hari. Contoh: 2020-06-02."), field=name) from error
