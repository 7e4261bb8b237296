"""Published numbers in words: one sentence for each series, an entry for each day, the announcement, the press statement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.urls import reverse
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from loket.core import clock, text
from loket.insight import measures, press, publication, queries
from loket.insight.press import Number, Sentence, Source, Span, Statement, Value
from loket.insight.publication import Column, Series
from loket.insight.rules import month_start
from loket.insight.sentences import duration
from loket.offices import queries as offices
from loket.web.templatetags.loket import obrolan

DAYS = 30


def _lang() -> str:
    return get_language() or "id"


def amount(value: float | None, unit: str = "") -> str:
    """A published number as people read it: minutes become hours or days; what does not exist is a dash."""
    if value is None:
        return "–"
    if unit == measures.MEASURES["open.age.median"].unit:
        return duration(int(value))
    return text.angka(value, 0 if float(value).is_integer() else 2, _lang())


def of_series(one: Series, values: Mapping[str, Mapping[date, int]], day: date) -> str:
    """The sentence of a series on a day, from the values of its last thirty days by measure."""
    given = {column.name: amount(newest(column, values, day), column.unit) for column in one.of_measures}
    return _(one.sentence).format(**given)


def newest(column: Column, values: Mapping[str, Mapping[date, int]], day: date) -> int | None:
    """What a sentence tells of a column: the sum of what happened in thirty days, or how things stand on the day."""
    found = values.get(column.measure, {})
    if column.is_count:
        return sum(value for on, value in found.items() if day - timedelta(days=DAYS) < on <= day)
    return latest(found, day)


def latest(by_day: Mapping[date, int], day: date) -> int | None:
    """How things stood on the last day that is known, until `day`."""
    return next((by_day[on] for on in sorted(by_day, reverse=True) if on <= day), None)


def of_days(office: str, days: int) -> Iterator[tuple[date, str, str]]:
    """Each of the last full days, newest first: the day, its headline, and its sentences."""
    today = offices.office(office).today()
    names = ["suket.outstanding", "suket.settled", "blanks.on_hand", "blanks.printed", "filed.online", "filed.counter"]
    values = publication.daily(office, names, today - timedelta(days=days), today)
    for back in range(1, days + 1):
        day = today - timedelta(days=back)
        left, settled, blanks, printed, online, counter = (values[name].get(day) for name in names)
        if left is None:
            return
        title = _("{day}: sisa Suket {left}, blangko {blanks} keping").format(
            day=text.tanggal(day, _lang()), left=amount(left), blanks=amount(blanks)
        )
        words = _("Suket selesai {settled}. KTP-el dicetak {printed}. Permohonan masuk {online} online dan {counter} di loket.").format(
            settled=amount(settled), printed=amount(printed), online=amount(online), counter=amount(counter)
        )
        yield day, title, words


def announcement(office: str) -> str:
    """The stock of this moment as one short text for social media; it fits into 280 characters."""
    view, now = offices.office(office), clock.now()
    today = queries.today(office)
    printed = publication.daily(office, ["blanks.printed"], view.today(), view.today() + timedelta(days=1))["blanks.printed"]
    parts = [
        _("Stok blangko KTP-el {office}, {day} {time}: {blanks} keping.").format(
            office=view.name, day=text.hari_tanggal(text.local(now, view.zone).date(), _lang()), time=text.waktu(now, view.zone, _lang()),
            blanks=amount(today.blanks),
        )
    ]  # fmt: skip
    if today.cover_days is not None:
        parts.append(_("Cukup untuk {days} hari kerja.").format(days=amount(today.cover_days)))
    parts.append(_("Dicetak hari ini: {printed} kartu.").format(printed=amount(printed.get(view.today(), 0))))
    parts.append(_("KTP-el gratis, tanpa perantara."))
    parts.append(f"{settings.BASE_URL}/")
    return " ".join(parts)


@dataclass(frozen=True, slots=True)
class Told:
    """A press statement ready to be shown: headline and paragraphs with links, the same as plain text, and its sources."""

    title: SafeString
    headline: str
    dateline: str
    paragraphs: list[SafeString]
    plain: str
    sources: list[tuple[str, str, str, str]]


def told(statement: Statement, *, place: str, on: date) -> Told:
    """A statement in the language of the page; `sources` are (number, what it counts, moment, address)."""
    dateline = f"{place}, {text.tanggal(on, _lang())}"
    shown = [mark_safe(" ".join(_linked(one) for one in paragraph)) for paragraph in statement.paragraphs]  # noqa: S308 - built by _linked from escaped parts
    plain = [" ".join(_plain(one) for one in paragraph) for paragraph in statement.paragraphs]
    title = _plain(statement.title)
    whole = "\n\n".join([title, f"{dateline} – {plain[0]}", *plain[1:]])
    return Told(_linked(statement.title), title, dateline, shown, whole, [_cited(number) for number in statement.numbers()])


def _plain(sentence: Sentence) -> str:
    return _(sentence.template).format(**{name: _shown(value) for name, value in sentence.values.items()})


def _linked(sentence: Sentence) -> SafeString:
    given = {name: _link(value) for name, value in sentence.values.items()}
    return mark_safe(escape(_(sentence.template)).format(**given))  # noqa: S308 - the template is escaped, and each value by _link


def _link(value: Value) -> SafeString:
    if isinstance(value, Number):
        return format_html('<a class="govuk-link" href="{}">{}</a>', address(value.source), _shown(value))
    if isinstance(value, Span):
        return format_html('<time datetime="{}">{}</time>', value.start.isoformat()[: 7 if _is_month(value) else 10], _days_in_words(value))
    if isinstance(value, date):
        return format_html('<time datetime="{}">{}</time>', value.isoformat(), _shown(value))
    if value.startswith("+"):
        return obrolan(value)
    return escape(value)


def _shown(value: Value) -> str:
    if isinstance(value, Span):
        return _days_in_words(value)
    if isinstance(value, date):
        return text.tanggal(value, _lang())
    if not isinstance(value, Number):
        return value
    if value.form == "rupiah":
        return text.rupiah(int(value.value), _lang())
    if value.form == "persen":
        return text.persen(value.value, 0, _lang())
    if value.form == "sekitar" and (near := _near(int(value.value))) != value.value:
        return _("sekitar {count}").format(count=text.angka(near, lang=_lang()))
    return text.angka(value.value, lang=_lang())


def _days_in_words(span: Span) -> str:
    """A month by its name; other days without saying month and year twice."""
    if _is_month(span):
        return text.bulan(span.start, _lang())
    if span.start.replace(day=1) == span.end.replace(day=1):
        return _("{first} sampai {last}").format(first=span.start.day, last=text.tanggal(span.end, _lang()))
    first = text.tanggal(span.start, _lang())
    if span.start.year == span.end.year:
        first = first.removesuffix(f"{text.NBSP}{span.start.year}")
    return _("{first} sampai {last}").format(first=first, last=text.tanggal(span.end, _lang()))


def _is_month(span: Span) -> bool:
    return span.start.day == 1 and span.end == month_start(span.start, -1) - timedelta(days=1)


def _near(value: int) -> int:
    """A number as people say it: to one digit where that is no more than a twentieth off, else to two; small ones stay."""
    if value < 100:
        return value
    digits = len(str(value)) - 1
    rounded = [round(value, -digits), round(value, 1 - digits)]
    return next((near for near in rounded if abs(near - value) <= value / 20), rounded[1])


def _cited(number: Number) -> tuple[str, str, str, str]:
    """The exact number, what it counts, of when, and where it stands."""
    source = number.source
    exact = text.persen(number.value, 1, _lang()) if number.form == "persen" else _shown(press.exact(number))
    if source.series == press.STANDARD:
        return exact, _("Biaya menurut standar pelayanan"), "", address(source)
    column = publication.series(source.series).column(source.column)
    days = [text.tanggal(day, _lang()) for day in dict.fromkeys((source.start, source.end))]
    what = f"{_(publication.series(source.series).title)}: {_(column.title)}"
    return exact, f"{what}, {_(number.note)}" if number.note else what, " – ".join(days), address(source)


def address(source: Source) -> str:
    """Where a number can be looked up, with its days."""
    if source.series == press.STANDARD:
        return f"{reverse('data:standar')}#biaya"
    return f"{reverse('data:seri', args=[source.series])}?dari={source.start}&sampai={source.end}#{source.column}"
