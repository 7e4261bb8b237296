"""The figures as sentences and charts: the head and the public read the same ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.http import HttpResponse
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from loket.core import text
from loket.insight import queries as insight
from loket.insight import rules
from loket.insight.measures import MEASURES, RATIOS, UNKNOWN
from loket.insight.queries import Today
from loket.insight.sentences import (
    DAY,
    blanks_sentence,
    channel_sentence,
    choice_sentence,
    duration,
    suket_sentence,
    waiting,
    waiting_sentence,
    zero_sentence,
)  # fmt: skip
from loket.offices.queries import OfficeView
from loket.web import charts

View = Callable[..., HttpResponse]
Points = Mapping[str, list[tuple[date, int]]]
MONTHS, WEEKS = 12, 26


def _language() -> str:
    return get_language() or "id"


def _n(value: float, digits: int = 0) -> str:
    return text.angka(value, digits, lang=_language())


def _p(share: float, digits: int = 0) -> str:
    return text.persen(share, digits, _language())


# Each sentence with the series behind it, where everybody may look further.
SENTENCES: tuple[tuple[Callable[[Today], str], str], ...] = (
    (suket_sentence, "suket"), (zero_sentence, "suket"), (blanks_sentence, "blangko"), (channel_sentence, "permohonan"),
    (waiting_sentence, "waktu-tunggu"), (choice_sentence, "cara-terima"),
)  # fmt: skip


def suket_chart(today: Today) -> charts.Chart:
    """The outstanding letters at the end of each of the last weeks."""
    labels = [text.tanggal(day, _language()) for day, _value in today.weekly_suket]
    series = [charts.Series(_("Sisa Suket"), [float(value) for _day, value in today.weekly_suket])]
    return charts.lines(suket_sentence(today), labels, series, first=_("Tanggal"), lang=_language())


def channel_chart(today: Today) -> charts.Chart:
    """Requests per month, online beside counter."""
    title = _("{share} permohonan tiga bulan terakhir masuk lewat online.").format(share=_p(today.monthly_average.share))
    return _columns(title, today.monthly, ("filed.online", "filed.counter"), (_("Online"), _("Loket")))


def head_charts(today: Today) -> list[charts.Chart]:
    """What the head sees drawn, each with its finding as title; Suket and the two channels come first."""
    drawn = [suket_chart(today), channel_chart(today)]
    for slug in ("waktu-tunggu", "kunjungan", "cara-terima", "janji", "kartu-belum-diterima", "keluhan"):
        serie = SERIES[slug]
        points = {name: (today.weekly if serie.weekly else today.monthly).get(name, []) for name in serie.measures}
        if any(value for values in points.values() for _on, value in values):
            drawn.append(_drawn(serie, points))
    return drawn


def _drawn(serie: Serie, points: Points) -> charts.Chart:
    draw = _lines if serie.weekly or any(name in RATIOS for name in serie.lines) else _columns
    return draw(serie.finding(points), points, tuple(serie.lines), tuple(str(name) for name in serie.lines.values()))


@dataclass(frozen=True, slots=True)
class Serie:
    """One page of figures: what it shows, by month or by week, and its finding in a sentence.

    `lines` are the names of the drawn measures or ratios with what they are called in the picture; `more` are further
    measures of the table and of the definitions.
    """

    title: str | Promise
    finding: Callable[[Points], str]
    lines: dict[str, str | Promise]
    more: tuple[str, ...] = ()
    weekly: bool = False
    per_kelurahan: tuple[str, ...] = ()

    @property
    def measures(self) -> list[str]:
        """Every measure that the page needs, those behind its ratios among them."""
        names = [*self.lines, *self.more]
        plain = [one for name in names for one in ((*RATIOS[name].above, *RATIOS[name].below) if name in RATIOS else (name,))]
        return list(dict.fromkeys(plain))


@dataclass(frozen=True, slots=True)
class Shown:
    """A series as its page shows it."""

    chart: charts.Chart
    points: Points = field(repr=False)


def shown(serie: Serie, office: str, day: date) -> Shown:
    """The series of the year or the half year up to `day`."""
    if serie.weekly:
        ends = [day - timedelta(days=7 * back) for back in range(WEEKS - 1, -1, -1)]
        points = insight.at_days(office, serie.measures, ends)
    else:
        points = insight.months(office, serie.measures, rules.month_start(day, MONTHS - 1), rules.month_start(day, -1))
    return Shown(_drawn(serie, points), points)


def _value(name: str, points: Mapping[str, dict[date, int]], at: date) -> float | None:
    """One measure or ratio at one point, in the unit a reader expects: shares in per cent, minutes as days."""
    if name in RATIOS:
        found = insight.ratio(name, {one: values.get(at, 0) for one, values in points.items()})
        return None if found is None else round(found * 100, 1) if RATIOS[name].unit == "share" else round(found, 2)
    value = points.get(name, {}).get(at)
    if value is None:
        return None
    return round(value / DAY, 1) if MEASURES[name].unit == "menit" else float(value)


def _series(points: Points, names: Sequence[str], called: Sequence[str]) -> tuple[list[date], list[charts.Series]]:
    at = sorted({on for values in points.values() for on, _value_ in values})
    by_day = {name: dict(values) for name, values in points.items()}
    # What nobody knows yet is not drawn.
    at = [on for number, on in enumerate(at) if any(_value(name, by_day, one) is not None for name in names for one in at[: number + 1])]
    return at, [charts.Series(label, [_value(name, by_day, on) for on in at]) for name, label in zip(names, called, strict=True)]


def _lines(title: str, points: Points, names: Sequence[str], called: Sequence[str]) -> charts.Chart:
    at, series = _series(points, names, called)
    by_month = all(on.day == 1 for on in at)
    labels = [text.bulan(on, _language()) if by_month else text.tanggal(on, _language()) for on in at]
    return charts.lines(title, labels, series, first=_("Bulan") if by_month else _("Tanggal"), lang=_language())


def _columns(title: str, points: Points, names: Sequence[str], called: Sequence[str]) -> charts.Chart:
    # What was before the first month with anything in it is no finding.
    first = min((on for name in names for on, value in points.get(name, []) if value), default=date.min)
    at, series = _series({name: [one for one in points.get(name, []) if one[0] >= first] for name in names}, names, called)
    return charts.columns(title, [text.bulan(on, _language(), year=len(at) > 6) for on in at], series, first=_("Bulan"), lang=_language())


def _last(points: Points, name: str) -> int | None:
    values = points.get(name) or []
    return values[-1][1] if values else None


def _sum(points: Points, *names: str) -> dict[str, int]:
    return {name: sum(value for _on, value in points.get(name, [])) for name in names}


def _nothing() -> str:
    return _("Belum ada angka: hari pertama dihitung malam ini.")


def _fell(points: Points, name: str, said: str) -> str:
    """What stood at the end of the last of the weeks, and against the first."""
    values = points.get(name) or []
    if not values:
        return _nothing()
    return said.format(now=_n(values[-1][1]), on=text.tanggal(values[-1][0], _language()), then=_n(values[0][1]),
                       since=text.tanggal(values[0][0], _language()))  # fmt: skip


def _months(points: Points) -> dict[str, str]:
    """The first and the last month of what is drawn."""
    at = [on for values in points.values() for on, value in values if value]
    return {"since": text.bulan(min(at), _language()), "until": text.bulan(max(at), _language())} if at else {"since": "–", "until": "–"}


def _share(points: Points, name: str, said: str, digits: int = 0) -> str:
    found = insight.ratio(name, _sum(points, *RATIOS[name].below, *RATIOS[name].above))
    return _nothing() if found is None else said.format(share=_p(found, digits), **_months(points))


def _of_requests(points: Points) -> str:
    sums = _sum(points, "filed.online", "filed.counter")
    said = _("{online} permohonan online dan {counter} di loket, {since} sampai {until}.")
    return said.format(online=_n(sums["filed.online"]), counter=_n(sums["filed.counter"]), **_months(points))


def _of_visits(points: Points) -> str:
    found = [insight.ratio(f"visits.per_case.{one}", _sum(points, f"visits.{one}", f"finished.{one}")) for one in ("online", "counter")]
    if found == [None, None]:
        return _nothing()
    said = [_n(one, 2) if one is not None else "–" for one in found]
    return _("Permohonan online perlu {online} kunjungan sampai selesai, permohonan loket {counter}.").format(online=said[0], counter=said[1])


def _of_complaints(points: Points) -> str:
    sums = _sum(points, "complaints.received", "complaints.in_time", "complaints.late")
    said = _("{received} keluhan masuk, {in_time} dijawab tepat waktu dan {late} terlambat, {since} sampai {until}.")
    return said.format(received=_n(sums["complaints.received"]), in_time=_n(sums["complaints.in_time"]), late=_n(sums["complaints.late"]),
                       **_months(points))  # fmt: skip


_ONLINE, _COUNTER = gettext_lazy("Online"), gettext_lazy("Loket")
SERIES: dict[str, Serie] = {
    "suket": Serie(
        gettext_lazy("Sisa Suket"),
        lambda points: _fell(points, "suket.outstanding", _("Sisa Suket {now} pada {on}; {then} pada {since}.")),
        {"suket.outstanding": gettext_lazy("Sisa Suket")}, ("suket.registered", "suket.settled"), weekly=True,
        per_kelurahan=("suket.outstanding",),
    ),
    "permohonan": Serie(
        gettext_lazy("Permohonan per kanal"), _of_requests, {"filed.online": _ONLINE, "filed.counter": _COUNTER},
        ("finished.online", "finished.counter", "ended.rejected", "ended.cancelled"), per_kelurahan=("filed.online", "filed.counter"),
    ),
    "waktu-tunggu": Serie(
        gettext_lazy("Waktu tunggu sampai dicetak (hari)"),
        lambda points: waiting([_last(points, f"waiting.median.{one}") for one in ("online", "counter")]),
        {"waiting.median.online": _ONLINE, "waiting.median.counter": _COUNTER,
         "waiting.p90.online": gettext_lazy("Online, 9 dari 10"), "waiting.p90.counter": gettext_lazy("Loket, 9 dari 10")},
        weekly=True,
    ),
    "sampai-di-tangan": Serie(
        gettext_lazy("Waktu sampai kartu di tangan (hari)"),
        lambda points: _in_hand([_last(points, f"hand.median.{one}") for one in ("online", "counter")]),
        {"hand.median.online": _ONLINE, "hand.median.counter": _COUNTER,
         "hand.p90.online": gettext_lazy("Online, 9 dari 10"), "hand.p90.counter": gettext_lazy("Loket, 9 dari 10")},
        weekly=True,
    ),
    "kunjungan": Serie(
        gettext_lazy("Kunjungan per permohonan selesai"), _of_visits,
        {"visits.per_case.online": _ONLINE, "visits.per_case.counter": _COUNTER},
    ),
    "cara-terima": Serie(
        gettext_lazy("Cara terima"),
        lambda points: _share(points, "post.share", _("{share} pemohon memilih Kantor Pos, {since} sampai {until}.")),
        {"chosen.post": gettext_lazy("Kantor Pos"), "chosen.pickup": gettext_lazy("Ambil sendiri")}, per_kelurahan=("chosen.post", "chosen.pickup"),
    ),
    "janji": Serie(
        gettext_lazy("Janji ditepati"),
        lambda points: _share(points, "promises.share", _("{share} janji ditepati, {since} sampai {until}."), 1),
        {"promises.kept": gettext_lazy("Ditepati"), "promises.broken": gettext_lazy("Terlambat")},
    ),
    "lewat-janji": Serie(
        gettext_lazy("Lewat janji"),
        lambda points: _fell(points, "open.overdue", _("{now} permohonan lewat janji pada {on}; {then} pada {since}.")),
        {"open.overdue": gettext_lazy("Lewat janji")}, ("open.online", "open.counter", "open.age.median"), weekly=True,
    ),
    "blangko": Serie(
        gettext_lazy("Blangko"),
        lambda points: _fell(points, "blanks.on_hand", _("Blangko {now} keping pada {on}; {then} pada {since}.")),
        {"blanks.on_hand": gettext_lazy("Blangko")}, weekly=True,
    ),
    "pemakaian-blangko": Serie(
        gettext_lazy("Blangko diterima dan dipakai"),
        lambda points: _share(points, "spoilage.share", _("{share} blangko rusak, {since} sampai {until}."), 1),
        {"blanks.received": gettext_lazy("Diterima"), "blanks.printed": gettext_lazy("Dicetak"), "blanks.spoiled": gettext_lazy("Rusak")},
    ),
    "kartu-belum-diterima": Serie(
        gettext_lazy("Kartu belum diterima"),
        lambda points: _fell(points, "cards.uncollected", _("{now} kartu belum diterima sesudah 14 hari pada {on}; {then} pada {since}.")),
        {"cards.uncollected": gettext_lazy("Kartu belum diterima")}, weekly=True,
    ),
    "keluhan": Serie(
        gettext_lazy("Keluhan"), _of_complaints,
        {"complaints.received": gettext_lazy("Masuk"), "complaints.in_time": gettext_lazy("Dijawab tepat waktu"),
         "complaints.late": gettext_lazy("Dijawab terlambat")},
    ),
}  # fmt: skip


def _in_hand(minutes: Sequence[int | None]) -> str:
    said = [duration(one) if one is not None else "–" for one in minutes]
    return _("Separuh kartu sampai di tangan dalam {online} (online) dan {counter} (loket).").format(online=said[0], counter=said[1])


def definitions(names: Sequence[str]) -> list[tuple[str, str, str]]:
    """Name, label and definition of measures and ratios, in the language of the page."""
    return [(name, _(row.label), _(row.how)) for name in names for row in (MEASURES.get(name) or RATIOS[name],)]


@dataclass(frozen=True, slots=True)
class Place:
    """One kelurahan of a table for everybody: counts as they may be shown, in the order of the table's columns."""

    name: str
    cells: list[str]


def places(serie: Serie, office: OfficeView, month: date) -> list[Place]:
    """A series of one month by kelurahan, small counts hidden so that the sum does not tell them."""
    columns = [
        {cell.name: cell for cell in rules.open_cells(insight.by_kelurahan(office.code, name, month))} for name in serie.per_kelurahan
    ]
    names = {**office.kelurahan, UNKNOWN: _("Tidak diketahui")}
    every = list(dict.fromkeys(code for column in columns for code in column))
    return [Place(names[code], [_cell(column.get(code)) for column in columns]) for code in every]


def _cell(cell: rules.Cell | None) -> str:
    if cell is None or cell.is_small:
        return f"<{rules.SMALL}"
    return "–" if cell.value is None else _n(cell.value)
