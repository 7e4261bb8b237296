"""The head's page: five sentences, what needs attention, then charts; thresholds; every figure with its definition."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from loket.core import clock, text
from loket.core.actor import Actor, Role
from loket.core.errors import N_, Refusal, Refusals
from loket.insight import alerts, sentences
from loket.insight import queries as insight
from loket.insight.measures import MEASURES, RATIOS, WORK
from loket.insight.queries import Today
from loket.offices import queries as offices
from loket.web import figures, forms, words
from loket.web.gate import staff_only

# Days of the table of who does how much, beside today, which is not over.
WEEK = 7


@require_safe
@staff_only(Role.HEAD, Role.AUDITOR)
def head(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Suket and zero, blanks and cover, the two channels, and what needs attention, on one page and one A4."""
    office = offices.office(actor.office)
    today, found, alarms = insight.today(actor.office), insight.attention(actor.office), insight.differences(actor.office)
    said = sentences.five(today, found, office.settings, len(alarms))
    behind = (reverse("desk:suket"), reverse("oversight:suket"), _seri("blangko"), _seri("permohonan"), "#perhatian")
    context = {
        "t": today,
        "sentences": list(zip(said, behind, strict=True)),
        "needs": [(need, _behind(one.about, actor)) for need, one in sentences.needed(today, found, office.settings, len(alarms))],
        "rows": _rows(today),
        "charts": figures.head_charts(today),
        "load": _load(actor.office, today.frozen_on),
        "may_tune": actor.may(Role.HEAD),
    }
    return render(request, "oversight/pimpinan.html", context)


def _seri(slug: str) -> str:
    return reverse("public:seri", args=[slug])


# Where each kind of alert leads, and who may go there; the others read its series.
_ABOUT: dict[str, tuple[str, str]] = {
    "alarms": ("oversight:angka", ""), "blanks": ("", "blangko"), "overdue": ("", "lewat-janji"), "waiting": ("", "waktu-tunggu"),
    "spoiled": ("", "pemakaian-blangko"), "chats": ("desk:obrolan", ""), "cards": ("", "kartu-belum-diterima"),
    "uncollected": ("", "kartu-belum-diterima"), "channel": ("admin:saluran", ""),
}  # fmt: skip


def _behind(about: str, actor: Actor) -> str:
    page, slug = _ABOUT[about]
    if page == "desk:obrolan" and not actor.may(Role.VERIFIER, Role.COUNTER):
        return ""
    if page == "admin:saluran" and not actor.may(Role.ADMIN, Role.HEAD):
        return ""
    return reverse(page) if page else _seri(slug)


def _rows(today: Today) -> list[dict[str, Any]]:
    """One line per figure: now, thirty days ago where that is known, its series and its definition."""
    lang = get_language() or "id"
    rows = []
    for name, slug in (
        ("open.overdue", "lewat-janji"), ("open.age.median", "lewat-janji"), ("cards.uncollected", "kartu-belum-diterima"),
        ("complaints.open", "keluhan"), ("hand.median.online", "sampai-di-tangan"), ("hand.median.counter", "sampai-di-tangan"),
    ):  # fmt: skip
        measure = MEASURES[name]
        now, before = (_measured(name, values.get(name)) for values in (today.last, today.before))
        rows.append({"name": name, "label": _(measure.label), "how": _(measure.how), "now": now, "before": before, "href": _seri(slug)})
    for name, slug in (
        ("promises.share", "janji"), ("post.share", "cara-terima"), ("visits.per_case.online", "kunjungan"),
        ("visits.per_case.counter", "kunjungan"), ("spoilage.share", "pemakaian-blangko"), ("complaints.share", "keluhan"),
    ):  # fmt: skip
        ratio, found = RATIOS[name], today.ratio(name)
        now = "–" if found is None else text.persen(found, 1, lang) if ratio.unit == "share" else text.angka(found, 2, lang)
        rows.append({"name": name, "label": _(ratio.label), "how": _(ratio.how), "now": now, "before": "", "href": _seri(slug)})
    return rows


def _measured(name: str, value: int | None) -> str:
    if value is None:
        return "–"
    return sentences.duration(value) if MEASURES[name].unit == "menit" else text.angka(value, lang=get_language() or "id")


def _load(office: str, last: date | None) -> dict[str, Any] | None:
    """What each role did on the last days, and by how many people: no names, no order of people."""
    if last is None:
        return None
    days = [last - timedelta(days=back) for back in range(WEEK - 1, -1, -1)]
    names = [f"{kind}.{role}" for role in WORK for kind in ("work", "people")]
    found = {name: dict(values) for name, values in insight.series(office, names, days[0], last + timedelta(days=1)).items()}
    rows = [
        (_(MEASURES[f"work.{role}"].label), [(found[f"work.{role}"].get(day, 0), found[f"people.{role}"].get(day, 0)) for day in days])
        for role in WORK
    ]
    return {"days": days, "rows": rows}


@require_safe
@staff_only(Role.HEAD, Role.AUDITOR)
def numbers(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Every figure by name with its definition and its last value, and what the nightly check has found."""
    bounds = insight.bounds(actor.office)
    last = insight.at_days(actor.office, list(MEASURES), [bounds[1]]) if bounds else {}
    rows = [
        (name, _(measure.label), _(measure.how), _measured(name, last[name][0][1] if last.get(name) else None))
        for name, measure in MEASURES.items()
    ]
    context = {"rows": rows, "ratios": figures.definitions(list(RATIOS)), "alarms": insight.differences(actor.office), "bounds": bounds}
    return render(request, "oversight/angka.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only(Role.HEAD)
def thresholds(request: HttpRequest, actor: Actor) -> HttpResponse:
    """When the head is told, and where the week's sentences go; beside each threshold what it is measured at now."""
    office = offices.office(actor.office)
    context: dict[str, Any] = {"problems": [], "typed": {}}
    if request.method == "POST":
        try:
            number = "" if "hapus" in request.POST else forms.text(request, "digest_number", 30) or None
            alerts.tune(_thresholds(request), number, by=actor, at=clock.now())
        except (Refusal, Refusals) as refusal:
            context = {"problems": words.problems(refusal), "typed": request.POST}
        else:
            messages.success(request, _("Tersimpan. Tercatat dengan nama Anda."))
            return redirect("oversight:ambang")
    today = insight.today(actor.office)
    lang = get_language() or "id"
    context |= {
        "s": office.settings,
        "spoiled": text.angka(office.settings.alert_spoiled_permille / 10, 1, lang),
        "now": {
            "cover": "–" if today.cover_days is None else text.angka(today.cover_days, lang=lang),
            "spoiled": text.persen(today.spoiled_share, 1, lang),
            "overdue": _share(today.last.get("open.overdue"), [today.last.get(f"open.{one}", 0) for one in ("online", "counter")]),
            "waiting": _share(today.last.get("waiting.median.online"), [today.last.get("waiting.median.counter", 0)]),
            "uncollected": _measured("cards.uncollected", today.last.get("cards.uncollected")),
        },
    }
    return render(request, "oversight/ambang.html", context, status=422 if context["problems"] else 200)


def _share(part: int | None, whole: list[int]) -> str:
    return "–" if part is None or not sum(whole) else text.persen(part / sum(whole), 0, get_language() or "id")


def _thresholds(request: HttpRequest) -> dict[str, int]:
    readers: dict[str, Callable[[str], int]] = dict.fromkeys(alerts.BOUNDS, int)
    readers["alert_spoiled_permille"] = lambda written: round(float(written.replace(",", ".")) * 10)
    given, problems = {}, []
    for name, read in readers.items():
        written = forms.text(request, name, 8)
        try:
            if not written.isascii():
                raise ValueError(written)
            given[name] = read(written)
        except (ValueError, OverflowError):
            low, high = alerts.BOUNDS[name]
            problems.append(Refusal("bounds", N_("Isi angka dari {low} sampai {high}."), field=name, low=low, high=high))
    if problems:
        raise Refusals(problems)
    return given
