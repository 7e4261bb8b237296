"""What the office publishes as data: series with machine names, their columns by measure, and how the data have changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db import connection

from loket.core.errors import N_, Refusal
from loket.insight import actions, index, measures, rules
from loket.insight.measures import Kind
from loket.insight.models import Figure, Frozen
from loket.offices import queries as offices

LICENCE = ("CC-BY-4.0", "https://creativecommons.org/licenses/by/4.0/", "Creative Commons Attribution 4.0")
# A column keeps its name and its meaning within one major version.
VERSION = "1.0.0"
CHANGES: tuple[tuple[date, str, str], ...] = (
    (date(2026, 11, 25), "1.0.0", N_("Terbitan pertama: angka harian, angka bulanan per kelurahan, dan indeks kepuasan per semester.")),
)
# What stands in a file instead of a withheld number.
SMALL, COVER = f"<{rules.SMALL}", "*"
_NONE = rules.Cell("", 0)
Cell = int | float | str | bool | date | None


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `kind` is date, integer, number, string or boolean; `measure` is where its values come from, if anywhere;
    `unit` is Indonesian and empty where there is none."""

    name: str
    kind: str
    title: str
    how: str
    unit: str = ""
    measure: str = ""

    @property
    def is_count(self) -> bool:
        """Whether its values may be added up over days."""
        return bool(self.measure) and measures.MEASURES[self.measure].kind is Kind.COUNT

    @property
    def is_level(self) -> bool:
        return bool(self.measure) and measures.MEASURES[self.measure].kind is Kind.LEVEL


@dataclass(frozen=True, slots=True)
class Series:
    """A table that anybody may have. `period` is day, month or semester; the first `keys` columns name a row. `sentence`
    tells its newest numbers by column: levels of today, counts of the last thirty days."""

    name: str
    title: str
    what: str
    sentence: str
    period: str
    keys: int
    columns: tuple[Column, ...]

    @property
    def of_measures(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if column.measure)

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a series. `hidden` has the columns whose number is withheld: `<5` because it is small, `*` because it would
    give a small one away."""

    cells: tuple[Cell, ...]
    hidden: Mapping[str, str] = field(default_factory=dict)


_DATE = Column("date", "date", N_("Tanggal"), N_("Hari menurut kalender kantor."))
_FINAL = Column("is_final", "boolean", N_("Sudah tetap"), N_("Tidak untuk hari ini: angkanya bertambah sampai tengah malam, atau baru ada sesudahnya."))


def _column(name: str, measure: str) -> Column:
    found = measures.MEASURES[measure]
    return Column(name, "integer", found.label, found.how, found.unit, measure)


def _daily(name: str, title: str, what: str, sentence: str, **columns: str) -> Series:
    return Series(name, title, what, sentence, "day", 1, (_DATE, *(_column(column, measure) for column, measure in columns.items()), _FINAL))


def _satisfaction() -> Series:
    score = N_("Nilai rata-rata unsur ini, 1 sampai 4. Kosong selama jawabannya terlalu sedikit.")
    return Series(
        "satisfaction", N_("Kepuasan masyarakat"), N_("Indeks dari survei sembilan unsur (Permenpan RB 14/2017), per semester."),
        N_("Indeks dihitung setiap semester, dan hanya kalau jawabannya cukup."), "semester", 2,
        (
            Column("year", "integer", N_("Tahun"), N_("Tahun kalender.")),
            Column("half", "integer", N_("Semester"), N_("1 untuk Januari sampai Juni, 2 untuk Juli sampai Desember.")),
            Column("answers", "integer", N_("Jawaban"), N_("Survei yang diisi dalam semester itu.")),
            Column("sample", "integer", N_("Sampel yang dianjurkan"), N_("Jawaban yang mewakili pemohon semester sebelumnya, menurut Krejcie dan Morgan.")),
            Column("index", "number", N_("Indeks"), N_("Jumlah nilai unsur dikali bobotnya, dikali 25: antara 25 dan 100.")),
            Column("band", "string", N_("Mutu"), N_("A sangat baik, B baik, C kurang baik, D tidak baik.")),
            *(Column(name, "number", title, score) for name, title in zip(index.NAMES, index.TITLES, strict=True)),
            _FINAL,
        ),
    )  # fmt: skip


def _kelurahan() -> Series:
    names = {"suket.outstanding": "suket_outstanding", "filed.online": "online", "filed.counter": "counter", "chosen.post": "post", "chosen.pickup": "pickup"}
    return Series(
        "kelurahan", N_("Angka per kelurahan"), N_("Setiap bulan penuh, untuk setiap kelurahan. Angka di bawah 5 tidak ditampilkan."),
        N_("Sesudah bulan berakhir, satu baris untuk setiap kelurahan."), "month", 2,
        (
            Column("month", "date", N_("Bulan"), N_("Hari pertama bulan itu.")),
            Column("region_code", "string", N_("Kode wilayah"), N_("Kode Kemendagri; tanda hubung untuk yang kelurahannya tidak diketahui.")),
            Column("region_name", "string", N_("Kelurahan"), N_("Kelurahan pemohon ketika mengajukan, atau pemegang Suket.")),
            *(_column(names[measure], measure) for measure in measures.OPEN_BY_KELURAHAN),
        ),
    )  # fmt: skip


SERIES: dict[str, Series] = {
    one.name: one
    for one in (
        _daily("suket", N_("Suket"), N_("Berapa Suket yang belum ditukar, dan bagaimana yang lain selesai."),
               N_("Sisa Suket {outstanding}. Dalam 30 hari terakhir {settled} selesai."),
               outstanding="suket.outstanding", registered="suket.registered", settled="suket.settled",
               **{outcome: f"suket.settled.{outcome}" for outcome in measures.OUTCOMES}),
        _daily("blanks", N_("Blangko KTP-el"), N_("Blangko yang siap dicetak, yang datang, yang dicetak, dan yang rusak."),
               N_("Blangko siap {on_hand} keping. Dalam 30 hari terakhir dicetak {printed}, rusak {spoiled}."),
               on_hand="blanks.on_hand", received="blanks.received", printed="blanks.printed", spoiled="blanks.spoiled"),
        _daily("requests", N_("Permohonan"), N_("Permohonan online dan di loket: yang masuk, selesai, dan masih terbuka."),
               N_("Dalam 30 hari terakhir masuk {online} permohonan online dan {counter} di loket."),
               online="filed.online", counter="filed.counter", finished_online="finished.online", finished_counter="finished.counter",
               rejected="ended.rejected", cancelled="ended.cancelled", open_online="open.online", open_counter="open.counter"),
        _daily("choices", N_("Cara terima"), N_("Dikirim lewat Kantor Pos atau diambil di kantor, menurut pilihan pemohon."),
               N_("Dalam 30 hari terakhir {post} pemohon memilih Kantor Pos dan {pickup} mengambil sendiri."),
               post="chosen.post", pickup="chosen.pickup"),
        _daily("waiting", N_("Waktu tunggu"), N_("Berapa lama warga menunggu, online dan di loket, dalam menit."),
               N_("Separuh kartu dicetak dalam {waiting_median_online} sejak berkas online lengkap, dan {waiting_median_counter} di loket."),
               **{f"{until}_{part}_{channel}": f"{until}.{part}.{channel}" for until in ("waiting", "hand")
                  for channel in ("online", "counter") for part in ("median", "p90")}),
        _daily("promises", N_("Janji"), N_("Berapa permohonan yang ditepati janjinya, dan berapa yang lewat."),
               N_("Dalam 30 hari terakhir {kept} janji ditepati dan {broken} terlambat."),
               kept="promises.kept", broken="promises.broken", overdue="open.overdue"),
        _daily("visits", N_("Kunjungan"), N_("Berapa kali warga harus datang untuk permohonan yang selesai."),
               N_("Dalam 30 hari terakhir {finished_online} permohonan online selesai dengan {online} kunjungan, dan {finished_counter} di loket dengan {counter}."),
               online="visits.online", counter="visits.counter", finished_online="finished.online", finished_counter="finished.counter"),
        _daily("cards", N_("Kartu yang belum di tangan"), N_("Kartu yang lama belum diterima warga, dan yang ditarik dari rak."),
               N_("Sesudah 14 hari belum di tangan warga: {uncollected} kartu."),
               uncollected="cards.uncollected", withdrawn="ended.withdrawn"),
        _daily("complaints", N_("Keluhan"), N_("Keluhan yang masuk dan yang dijawab, tepat waktu atau terlambat."),
               N_("Dalam 30 hari terakhir masuk {received} keluhan. Belum dijawab: {open}."),
               received="complaints.received", in_time="complaints.in_time", late="complaints.late", open="complaints.open"),
        _kelurahan(),
        _satisfaction(),
    )
}  # fmt: skip


def series(name: str) -> Series:
    """The series of that name; refuses an unknown one."""
    found = SERIES.get(name)
    if found is None:
        raise Refusal("series_unknown", N_("Seri data ini tidak ada. Lihat daftarnya di halaman Data."), status=404)
    return found


def holding(measure: str) -> str | None:
    """The name of the first series that has a measure, for pages that offer its file."""
    return next((one.name for one in SERIES.values() if any(column.measure == measure for column in one.columns)), None)


def rows(one: Series, office: str, start: date | None = None, end: date | None = None) -> Iterator[Row]:
    """The rows of a series, oldest first: from `start` (the office's first day) up to and with `end` (today)."""
    view = offices.office(office)
    today = view.today()
    first = actions.first_day(office, view.zone) or today
    start, end = max(start or first, first), min(end or today, today)
    if one.period == "day":
        return _days(one, office, start, end, today)
    if one.period == "month":
        return _months(one, office, start, end)
    return _semesters(one, office, today)


def _days(one: Series, office: str, start: date, end: date, today: date) -> Iterator[Row]:
    values = daily(office, [column.measure for column in one.of_measures], start, end + timedelta(days=1))
    for step in range((end - start).days + 1):
        day = start + timedelta(days=step)
        yield Row((day, *(values[column.measure].get(day) for column in one.of_measures), day < today))


def _months(one: Series, office: str, start: date, end: date) -> Iterator[Row]:
    """Full months only: two looks at a month that still grows would tell what happened in between."""
    names = offices.office(office).kelurahan
    columns = one.of_measures
    for month, table in _by_kelurahan(office, [column.measure for column in columns], start, end).items():
        cells = [_open(table[column.measure], names) for column in columns]
        places = {**names, measures.UNKNOWN: ""} if any(measures.UNKNOWN in by_code for by_code in cells) else names
        for code, name in places.items():
            row = [by_code.get(code, _NONE) for by_code in cells]
            hidden = {column.name: SMALL if cell.is_small else COVER for column, cell in zip(columns, row, strict=True) if cell.value is None}
            yield Row((month, code, name, *(cell.value for cell in row)), hidden)


def _open(counts: Mapping[str, int], names: Collection[str]) -> dict[str, rules.Cell]:
    """What everybody may see of one measure in one month, by kelurahan; a kelurahan without a row has none."""
    whole = {**dict.fromkeys(names, 0), **counts}
    return {cell.name: cell for cell in rules.open_cells(whole)}


# Of a count the sum of the month, of a level what its last day ended with: a short stretch of the index for each cell, since
# sorting the days of years into months takes five times as long.
_BY_KELURAHAN = """
SELECT month, measure, kelurahan, value FROM (
    SELECT g::date AS month, (g + interval '1 month')::date AS after
    FROM generate_series(%(start)s::date::timestamp, %(end)s::date::timestamp - interval '1 day', interval '1 month') g) months
CROSS JOIN unnest(%(measures)s::text[]) measure CROSS JOIN unnest(%(places)s::text[]) kelurahan
CROSS JOIN LATERAL (
    SELECT sum(f.value)::int AS value FROM insight_figure f
    WHERE f.office_id = %(office)s AND f.kelurahan = kelurahan.kelurahan AND f.measure = measure.measure AND f.on_date < after
      AND f.on_date >= CASE WHEN measure.measure = ANY(%(counts)s) THEN month ELSE after - 1 END) cell
WHERE value IS NOT NULL ORDER BY 1
"""


def _by_kelurahan(office: str, names: list[str], start: date, end: date) -> dict[date, dict[str, dict[str, int]]]:
    """Frozen values by month, measure and kelurahan, of the months that begin and end between the two days."""
    until = frozen_until(office)
    counts = [name for name in names if measures.MEASURES[name].kind is Kind.COUNT]
    first, last = rules.month_start(start), rules.month_start(min(end + timedelta(days=1), until or start))
    places = [*offices.office(office).kelurahan, measures.UNKNOWN]
    given: dict[str, Any] = {"office": office, "places": places, "measures": names, "counts": counts, "start": first, "end": last}
    found: dict[date, dict[str, dict[str, int]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_BY_KELURAHAN, given)
        for month, measure, kelurahan, value in cursor.fetchall():
            found.setdefault(month, defaultdict(dict))[measure][kelurahan] = value
    return found


def frozen_until(office: str) -> date | None:
    """The first day that is not frozen; None before anything is."""
    return Frozen.objects.filter(office_id=office).values_list("until", flat=True).first()


# Sources whose today is counted whenever somebody asks. The others look back over months: they are told of full days only.
LIVE = ("filed", "moved", "open", "ledger", "ledger.held", "suket", "suket.held", "complaints", "complaints.held")


def daily(office: str, names: Collection[str], start: date, end: date) -> dict[str, dict[date, int]]:
    """Values of the whole office by measure and day, for the days of [start, end) since the office's first: frozen as far as
    they go, counted after that until this moment where that is quick. A level is as the day ended."""
    view = offices.office(office)
    first = actions.first_day(office, view.zone)
    end = min(end, view.today() + timedelta(days=1))
    values: dict[str, dict[date, int]] = {name: {} for name in names}
    if first is None:
        return values
    edge = frozen_until(office) or first
    rows = Figure.objects.filter(office_id=office, kelurahan="", measure__in=list(names), on__gte=min(start, edge - timedelta(days=1)), on__lt=end)
    for measure, on, value in rows.values_list("measure", "on", "value"):
        values[measure][on] = value
    if edge < end:
        _count_on(office, values, edge, end)
    return {name: {on: value for on, value in by_day.items() if on >= start} for name, by_day in values.items()}


def _count_on(office: str, values: dict[str, dict[date, int]], edge: date, end: date) -> None:
    """Go on from where the frozen days end."""
    live = {name: by_day for name, by_day in values.items() if measures.MEASURES[name].source in LIVE}
    counted = actions.counted(office, edge, end, sorted({measures.MEASURES[name].source for name in live}))
    for name, by_day in live.items():
        kind, level = measures.MEASURES[name].kind, by_day.get(edge - timedelta(days=1), 0)
        for step in range((end - edge).days):
            day = edge + timedelta(days=step)
            value = counted.get(day, {}).get((name, ""))
            if kind is Kind.LEVEL:
                level += value or 0
                by_day[day] = level
            else:
                by_day[day] = value or 0


def _semesters(one: Series, office: str, today: date) -> Iterator[Row]:
    for half in index.semesters(office, today + timedelta(days=1)):
        means: dict[str, float | None] = dict.fromkeys(index.NAMES)
        means |= {element.name: round(element.mean, 3) for element in half.elements}
        value = None if half.value is None else round(half.value, 2)
        yield Row((half.year, half.half, half.answers, half.sample, value, half.band or None, *means.values(), half.end <= today))
