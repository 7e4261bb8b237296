"""The figures as sentences and charts: the head and the public read the same ones."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from loket.core import text
from loket.insight.queries import Today
from loket.web import charts

View = Callable[..., HttpResponse]


def _language() -> str:
    return get_language() or "id"


def _n(value: int) -> str:
    return text.angka(value, lang=_language())


def _p(share: float, digits: int = 0) -> str:
    return text.persen(share, digits, _language())


def suket_sentence(today: Today) -> str:
    """How many Suket are left and how that changed in thirty days."""
    change = today.suket_30_days_ago - today.suket_outstanding
    if change > 0:
        return _("Sisa Suket {left}, turun {change} dalam 30 hari.").format(left=_n(today.suket_outstanding), change=_n(change))
    if change < 0:
        return _("Sisa Suket {left}, naik {change} dalam 30 hari.").format(left=_n(today.suket_outstanding), change=_n(-change))
    return _("Sisa Suket {left}, tidak berubah dalam 30 hari.").format(left=_n(today.suket_outstanding))


def zero_sentence(today: Today) -> str:
    """When the last Suket would be gone, as a range, or that nobody can know yet."""
    if today.zero is None:
        return _("Nol Suket belum bisa diperkirakan: belum ada delapan minggu data yang turun.")
    month = [text.bulan(day, _language()) for day in (today.zero.on, today.zero.earliest, today.zero.latest)]
    return _("Perkiraan nol Suket {on}, antara {earliest} dan {latest}, kalau lajunya seperti delapan minggu terakhir.").format(
        on=month[0], earliest=month[1], latest=month[2]
    )


def blanks_sentence(today: Today) -> str:
    """Blanks, for how long they last, and how many are spoiled."""
    if today.cover_days is None:
        return _("Blangko {blanks} keping. Dalam 30 hari terakhir belum ada yang dicetak.").format(blanks=_n(today.blanks))
    return _("Blangko {blanks} keping, cukup untuk {days} hari kerja. Rusak {spoiled}.").format(
        blanks=_n(today.blanks), days=_n(today.cover_days), spoiled=_p(today.spoiled_share, 1)
    )


def channel_sentence(today: Today) -> str:
    """Online and counter, this month and on average."""
    return _(
        "Bulan ini {online} permohonan online dan {counter} di loket. Rata-rata sebulan {online_average} dan {counter_average}."
    ).format(
        online=_n(today.this_month.first),
        counter=_n(today.this_month.second),
        online_average=_n(today.monthly_average.first),
        counter_average=_n(today.monthly_average.second),
    )


def choice_sentence(today: Today) -> str:
    """How residents want their cards."""
    return _("{share} pemohon memilih Kantor Pos, sisanya mengambil sendiri.").format(share=_p(today.choice.share))


def public_sentences(today: Today) -> list[str]:
    """What the public page says."""
    return [one(today) for one in (suket_sentence, zero_sentence, blanks_sentence, channel_sentence, choice_sentence)]


def suket_chart(today: Today) -> charts.Chart:
    """The outstanding letters at the end of each of the last weeks."""
    labels = [text.tanggal(day, _language()) for day, _value in today.weekly_suket]
    series = [charts.Series(_("Sisa Suket"), [float(value) for _day, value in today.weekly_suket])]
    return charts.lines(suket_sentence(today), labels, series, first=_("Tanggal"), lang=_language())


def channel_chart(today: Today) -> charts.Chart:
    """Requests per month, online beside counter."""
    title = _("{share} permohonan tiga bulan terakhir masuk lewat online.").format(share=_p(today.monthly_average.share))
    labels = [text.bulan(month, _language(), year=False) for month, _online, _counter in today.months]
    series = [
        charts.Series(_("Online"), [float(online) for _month, online, _counter in today.months]),
        charts.Series(_("Loket"), [float(counter) for _month, _online, counter in today.months]),
    ]
    return charts.columns(title, labels, series, first=_("Bulan"), lang=_language())
