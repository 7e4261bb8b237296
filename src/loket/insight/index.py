"""The index of satisfaction (SKM) per semester, as Permenpan RB 14/2017 counts it; silent while too few have answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from django.db import connection

from loket.core.errors import N_
from loket.insight import surveys
from loket.insight.models import Figure
from loket.offices import queries as offices

# Short names of the nine elements, in the order of `surveys.ELEMENTS` and of the regulation.
TITLES = (
    N_("Persyaratan"), N_("Prosedur"), N_("Waktu penyelesaian"), N_("Biaya"), N_("Hasil layanan"), N_("Kecakapan petugas"),
    N_("Sikap petugas"), N_("Penanganan pengaduan"), N_("Sarana"),
)  # fmt: skip
NAMES = tuple(name for name, *_rest in surveys.ELEMENTS)
# The quality of service by band, from the worst.
BANDS = (("D", N_("Tidak baik")), ("C", N_("Kurang baik")), ("B", N_("Baik")), ("A", N_("Sangat baik")))
# Krejcie and Morgan (1970): chi square at 95 %, the share that needs the largest sample, the error allowed.
_CHI, _SHARE, _ERROR = 3.841, 0.5, 0.05
# One statement for all semesters of an office; an element's mean is exact until the page rounds it.
_SUMS = f"""
SELECT extract(year FROM on_date)::int AS year, CASE WHEN extract(month FROM on_date) < 7 THEN 1 ELSE 2 END AS half, count(*),
       {", ".join(f"sum(marks[{at}])" for at in range(1, len(NAMES) + 1))}
FROM insight_survey_answer WHERE office_id = %s AND on_date < %s GROUP BY 1, 2 ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Element:
    """One of the nine: its mean (NRR) between 1 and 4, the same times 25, and its band."""

    name: str
    title: str
    mean: float
    converted: float
    band: str


@dataclass(frozen=True, slots=True)
class Semester:
    """Half a year. `value` is the index between 25 and 100, None while there are fewer answers than the office asks
    for; `sample` is how many answers would speak for all `served`, None when those are not known."""

    year: int
    half: int
    answers: int
    minimum: int
    served: int
    value: float | None
    band: str
    elements: tuple[Element, ...]

    @property
    def name(self) -> str:
        return f"{self.year}-{self.half}"

    @property
    def start(self) -> date:
        return date(self.year, 1 if self.half == 1 else 7, 1)

    @property
    def end(self) -> date:
        """The first day after it."""
        return date(self.year, 7, 1) if self.half == 1 else date(self.year + 1, 1, 1)

    @property
    def sample(self) -> int | None:
        return sample_size(self.served) if self.served else None

    @property
    def quality(self) -> str:
        """What the band says, in words; empty without an index."""
        return dict(BANDS).get(self.band, "")


def weight(written: str) -> float:
    """The weight of an element as an office writes it: 1/9, 0.11 or 0,11."""
    return float(Fraction(written.replace(",", ".").replace(" ", "")))


def band(converted: float, begins: Sequence[float]) -> str:
    """The band of an index between 25 and 100, rounded to two digits as the regulation's table is."""
    value = round(converted, 2)
    return BANDS[sum(1 for limit in begins if value >= limit)][0]


def sample_size(population: int) -> int:
    """How many of `population` must answer, by Krejcie and Morgan: 322 of 2.000."""
    variance = _CHI * _SHARE * (1 - _SHARE)
    return round(variance * population / (_ERROR**2 * (population - 1) + variance)) if population > 0 else 0


def semesters(office: str, until: date) -> list[Semester]:
    """Every half year with answers before `until`, oldest first."""
    settings = offices.office(office).settings
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, [office, until])
        rows = cursor.fetchall()
    return [
        _semester(year, half, answers, sums, settings.skm_minimum, weight(settings.skm_weight), settings.skm_bands, _served(office, year, half))
        for year, half, answers, *sums in rows
    ]  # fmt: skip


def _semester(
    year: int, half: int, answers: int, sums: Sequence[int], minimum: int, each: float, begins: Sequence[float], served: int
) -> Semester:
    if answers < minimum:
        return Semester(year, half, answers, minimum, served, None, "", ())
    means = [total / answers for total in sums]
    elements = tuple(
        Element(name, title, mean, mean * 25, band(mean * 25, begins)) for name, title, mean in zip(NAMES, TITLES, means, strict=True)
    )
    value = sum(mean * each for mean in means) * 25
    return Semester(year, half, answers, minimum, served, value, band(value, begins), elements)


def _served(office: str, year: int, half: int) -> int:
    """Requests of the semester before: the users whom the sample stands for."""
    start, end = (date(year - 1, 7, 1), date(year, 1, 1)) if half == 1 else (date(year, 1, 1), date(year, 7, 1))
    rows = Figure.objects.filter(office_id=office, kelurahan="", measure__in=("filed.online", "filed.counter"), on__gte=start, on__lt=end)
    return sum(rows.values_list("value", flat=True))
