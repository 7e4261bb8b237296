"""The plan's page: when Suket will be zero, what holds it back, and what another number would change."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from loket.core import dates, text
from loket.core.actor import Actor, Role
from loket.core.errors import N_, Refusal, Refusals
from loket.insight import outlook, planning
from loket.insight.forecast import Plan, Scenario, Week
from loket.insight.planning import Answer, Recent
from loket.insight.sentences import CONSTRAINTS, inside
from loket.web import charts, words
from loket.web.gate import staff_only

# 4000, 4.000 or 4,000; never 1,5.
_WHOLE = re.compile(r"[0-9]{1,6}|[0-9]{1,3}[.,][0-9]{3}")
# As many points as a phone can show apart.
POINTS = 53


@require_safe
@staff_only(Role.HEAD, Role.AUDITOR)
def page(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The office's own plan, or with other numbers those of the address: a what-if can be sent to a colleague."""
    found = outlook.recent(actor.office)
    problems: list[tuple[str, str]] = []
    try:
        answer = planning.answer(found, _given(request.GET, found))
    except (Refusal, Refusals) as refusal:
        problems, answer = words.problems(refusal), planning.answer(found)
    context = {
        "found": found,
        "s": answer.scenario,
        "problems": problems,
        "typed": {name: request.GET.get(name, "")[:600] for name in FIELDS},
        "own": _own(found.scenario),
        "is_what_if": bool(answer.given),
        "sentences": sentences(found, answer),
        **(_shown(answer.plan, answer.scenario, found) if answer.plan else {}),
        "csv": f"minggu.csv?{request.GET.urlencode()}" if request.GET and not problems else "minggu.csv",
    }
    return render(request, "oversight/suket.html", context, status=422 if problems else 200)


@require_safe
@staff_only(Role.HEAD, Role.AUDITOR)
def weeks(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The same plan week by week as a CSV file; nothing but the heading when it cannot be known."""
    found = outlook.recent(actor.office)
    answer = planning.answer(found, _given(request.GET, found))
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["minggu_sampai", "sisa_tengah", "sisa_rendah", "sisa_tinggi"])
    for week in answer.plan.weeks if answer.plan else ():
        writer.writerow([week.ends_on.isoformat(), week.middle, week.low, week.high])
    response = HttpResponse("\ufeff" + out.getvalue(), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="rencana-suket.csv"'
    return response


def sentences(found: Recent, answer: Answer) -> list[str]:
    """The answer in one sentence, and what must be read with it."""
    plan, said = answer.plan, []
    if plan is None:
        reasons = " ".join(_(sentence).format(**places) for sentence, places in answer.unknown)
        return [_("Nol Suket belum bisa diperkirakan: {reasons}").format(reasons=reasons)]
    if not answer.scenario.suket and not found.printed:
        return [_("Nol Suket sudah tercapai.")]
    if plan.zero_on:
        said.append(_between(_("Nol Suket diperkirakan {on}"), plan.zero_on, plan.earliest, plan.latest))
    else:
        what = _("Nol Suket belum bisa diperkirakan: dengan angka ini {left} Suket tetap tersisa karena {what}.")
        said.append(what.format(left=_n(plan.remaining), what=inside(plan.binding)))
    last, first, latest = plan.last_print
    if last and last != plan.zero_on:
        said.append(_between(_("Kartu terakhir yang bisa dicetak selesai {on}"), last, first, latest))
    if plan.zero_on and plan.days:
        most = _("Yang paling menahan: {what}.").format(what=inside(plan.binding))
        said.append(most if plan.is_relieved else _("Melonggarkan satu hambatan saja tidak mempercepatnya."))
    if plan.blanks_out_on:
        said.append(_("Tanpa kiriman lain, blangko habis {on}.").format(on=_day(plan.blanks_out_on)))
    if found.printed:
        said.append(_("{count} kartu sudah tercetak dan tinggal diserahkan; tidak dihitung lagi di sini.").format(count=_n(found.printed)))
    return said


def _between(sentence: str, on: date, earliest: date | None, latest: date | None) -> str:
    """One day, and its range where there is one; the sentence begins with {on} and ends here."""
    begun = sentence.format(on=_day(on))
    if earliest == on == latest:
        return f"{begun}."
    if latest is None:
        return _("{begun}, paling cepat {earliest}; paling lambat belum bisa diperkirakan.").format(begun=begun, earliest=_day(earliest))
    return _("{begun}, antara {earliest} dan {latest}.").format(begun=begun, earliest=_day(earliest), latest=_day(latest))


def _shown(plan: Plan, scenario: Scenario, found: Recent) -> dict[str, Any]:
    stretches = [
        {"first": one.first, "last": one.last, "name": CONSTRAINTS[one.binding][0], "advice": CONSTRAINTS[one.binding][1]}
        for one in plan.stretches
    ]
    reliefs = [
        {"name": CONSTRAINTS[one.constraint][0], "zero_on": one.zero_on, "left": one.remaining,
         "why": inside(one.held_by) if one.held_by else "",
         "is_best": one.constraint == plan.binding and plan.is_relieved}
        for one in plan.reliefs
    ]  # fmt: skip
    unknown_after = found.holidays_until if plan.zero_on and found.holidays_until and plan.zero_on > found.holidays_until else None
    return {"plan": plan, "stretches": stretches, "reliefs": reliefs, "chart": _chart(plan, scenario), "calendar_ends": unknown_after}


def _chart(plan: Plan, scenario: Scenario) -> charts.Chart | None:
    """What is left at the start and at the end of each week, or of every n-th when a plan is long; the last is always there."""
    if not plan.weeks or not plan.days:
        return None
    every = -(-len(plan.weeks) // POINTS)
    begin = Week(scenario.start, scenario.suket, scenario.suket, scenario.suket)
    chosen = [begin, *plan.weeks[::-1][::every][::-1]]
    span = max((chosen[-1].ends_on - begin.ends_on).days, 1)

    def position(day: date) -> float:
        return min((day - begin.ends_on).days / span, 1.0)

    lang = get_language() or "id"
    return charts.band(
        sentence_of(plan),
        [text.tanggal(week.ends_on, lang) for week in chosen],
        [position(week.ends_on) for week in chosen],
        charts.Series(_("Tengah"), [float(week.middle) for week in chosen]),
        charts.Series(_("Rendah"), [float(week.low) for week in chosen]),
        charts.Series(_("Tinggi"), [float(week.high) for week in chosen]),
        strip=[(position(one.first), position(one.last + timedelta(days=1))) for one in plan.stretches],
        first=_("Akhir minggu"),
        lang=lang,
    )


def sentence_of(plan: Plan) -> str:
    """The finding above the chart."""
    if plan.zero_on:
        return _("Sisa Suket per minggu sampai nol, dengan rentang 80 persen")
    return _("Sisa Suket per minggu, dengan rentang 80 persen: {left} tidak terselesaikan").format(left=_n(plan.remaining))


def _n(value: int) -> str:
    return text.angka(value, lang=get_language() or "id")


def _day(value: date | None) -> str:
    return text.tanggal(value, get_language() or "id") if value else ""


def _own(scenario: Scenario) -> dict[str, str]:
    """The office's own numbers, as the hints of the form say them."""
    lang = get_language() or "id"

    def rate(value: Fraction | None) -> str:
        return text.angka(float(value or 0), 1, lang)

    return {
        "printer": _n(scenario.printers), "cetak": _n(scenario.per_printer), "lain": rate(scenario.demand),
        "rusak": text.persen(float(scenario.spoilage), 1, lang), "datang": rate(scenario.asking),
        "respons": text.persen(float(scenario.response), 0, lang), "siap": rate(scenario.released), "tutup": rate(scenario.closed),
    }  # fmt: skip


# What the form sends, and what of a scenario it stands for.
FIELDS = {
    "printer": "printers", "cetak": "per_printer", "sabtu": "saturdays", "kiriman": "deliveries", "lain": "demand",
    "rusak": "spoilage", "datang": "asking", "respons": "response", "siap": "released", "tutup": "closed",
}  # fmt: skip


def _given(query: QueryDict, found: Recent) -> dict[str, Any]:
    """The fields that were filled in, as a scenario's; every wrong one is told at once."""
    readers: dict[str, Callable[[str, str], Any]] = {
        "printer": _whole, "cetak": _whole, "lain": _rate, "rusak": _share, "datang": _rate, "respons": _share,
        "siap": _rate, "tutup": _rate, "kiriman": lambda written, name: _deliveries(written, name, found.scenario.start),
        "sabtu": lambda written, name: True,
    }  # fmt: skip
    given, problems = {}, []
    for name, read in readers.items():
        if written := query.get(name, "").replace("\0", "").strip()[:600]:
            try:
                given[FIELDS[name]] = read(written, name)
            except Refusal as refusal:
                problems.append(refusal)
    if problems:
        raise Refusals(problems)
    return given


def _whole(written: str, name: str) -> int:
    digits = "".join(char for char in written if char not in ".,")
    if not _WHOLE.fullmatch(written) or not 1 <= int(digits) <= 999_999:
        raise Refusal("whole", N_("Tulis bilangan bulat dari 1 sampai 999.999."), field=name)
    return int(digits)


def _decimal(written: str) -> Fraction | None:
    """42,5 as people of the office write it; a point is a decimal mark, too, since nobody groups such small numbers."""
    plain = written.replace(",", ".")
    whole, _mark, part = plain.partition(".")
    if not (whole.isascii() and whole.isdecimal() and (not part or (part.isascii() and part.isdecimal())) and len(plain) < 12):
        return None
    return Fraction(f"{whole}.{part or 0}")


def _rate(written: str, name: str) -> Fraction:
    value = _decimal(written)
    if value is None or value > 99_999:
        raise Refusal("rate", N_("Tulis jumlah per hari kerja, misalnya 40 atau 2,5."), field=name)
    return value


def _share(written: str, name: str) -> Fraction:
    value = _decimal(written.rstrip("% "))
    if value is None or value > 100:
        raise Refusal("share", N_("Tulis persen dari 0 sampai 100, misalnya 1,5."), field=name)
    return value / 100


def _deliveries(written: str, name: str, start: date) -> tuple[tuple[date, int], ...]:
    found = []
    for line in written.splitlines():
        day, _space, quantity = line.strip().rpartition(" ")
        if not line.strip():
            continue
        try:
            # Two digits of a year mean this decade: a delivery lies ahead.
            found.append((dates.parse(day.strip(), latest=start + timedelta(days=3650)), _whole(quantity, name)))
        except Refusal:
            raise Refusal(
                "delivery", N_("Tulis satu kiriman per baris: tanggal, spasi, jumlah. Contoh: 1-9-2020 4.000."), field=name
            ) from None
    return tuple(found)
