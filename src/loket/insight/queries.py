"""The figures that pages, data and the head read: frozen days plus what happened since."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db import connection

from loket.applications import queries as cases
from loket.applications import rules as case_rules
from loket.conversations import alarms, inbox
from loket.core import clock
from loket.insight import rules
from loket.insight.actions import counted, first_day
from loket.insight.measures import MEASURES, RATIOS, UNKNOWN, Kind
from loket.insight.models import Alarm, Figure, Frozen
from loket.insight.outlook import Expected, expected
from loket.offices import queries as offices
from loket.offices.rules import is_working_day
from loket.stock import actions as stock
from loket.stock import queries as ledger
from loket.suket import queries as suket

# Full months of an average, and months that charts look back on.
MONTHS, SHOWN = 3, 6
# What pages count of the days that are not frozen yet; everything else they show as it stood at the end of the last full day.
LIVE = ("filed", "moved", "ledger", "suket", "complaints")
COUNTS = [measure.name for measure in MEASURES.values() if measure.kind == Kind.COUNT]
STANDING = [measure.name for measure in MEASURES.values() if measure.kind != Kind.COUNT]

_SUMS = """
SELECT measure, date_trunc('month', on_date)::date, sum(value), COALESCE(sum(value) FILTER (WHERE on_date >= %(month_ago)s), 0)
FROM insight_figure WHERE office_id = %(office)s AND kelurahan = '' AND measure = ANY(%(measures)s)
  AND on_date >= %(start)s AND on_date <= %(last)s GROUP BY 1, 2
"""
_AT_DAYS = """
SELECT on_date, measure, value FROM insight_figure
WHERE office_id = %(office)s AND kelurahan = '' AND measure = ANY(%(measures)s) AND on_date = ANY(%(days)s)
"""
_BY_MONTH = """
SELECT measure, date_trunc('month', on_date)::date,
       CASE WHEN measure = ANY(%(counts)s) THEN sum(value) ELSE (array_agg(value ORDER BY on_date DESC))[1] END
FROM insight_figure
WHERE office_id = %(office)s AND kelurahan = '' AND measure = ANY(%(measures)s) AND on_date >= %(start)s AND on_date < %(end)s
GROUP BY 1, 2 ORDER BY 1, 2
"""
_BY_KELURAHAN = """
SELECT kelurahan, sum(value) FROM insight_figure
WHERE office_id = %(office)s AND kelurahan = ANY(%(places)s) AND measure = %(measure)s AND on_date >= %(start)s AND on_date < %(end)s
GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two numbers that stand beside each other."""

    first: int
    second: int

    @property
    def share(self) -> float:
        """The first as a share of both, between 0 and 1."""
        total = self.first + self.second
        return self.first / total if total else 0.0


@dataclass(frozen=True, slots=True)
class Today:
    """One office at one moment. Pairs are (online, counter) and (post, pickup).

    `month` are the sums of the last 30 days, `last` what stood at the end of `frozen_on`, the last full day, and `before` 30 days
    earlier; all by name of `insight.measures`.
    """

    office: str
    as_of: datetime
    on: date
    suket_outstanding: int
    suket_30_days_ago: int
    expected: Expected | None
    blanks: int
    cover_days: int | None
    spoiled_share: float
    monthly_average: Pair
    this_month: Pair
    choice: Pair
    frozen_on: date | None = None
    month: dict[str, int] = field(default_factory=dict)
    last: dict[str, int] = field(default_factory=dict)
    before: dict[str, int] = field(default_factory=dict)
    weekly: dict[str, list[tuple[date, int]]] = field(default_factory=dict)
    monthly: dict[str, list[tuple[date, int]]] = field(default_factory=dict)

    @property
    def weekly_suket(self) -> list[tuple[date, int]]:
        """How many letters were outstanding at the end of each of the last weeks, oldest first, and now."""
        weeks = [point for point in self.weekly.get("suket.outstanding", []) if point[0] <= self.on - timedelta(days=7)]
        return [*weeks, (self.on, self.suket_outstanding)]

    def ratio(self, name: str) -> float | None:
        """A ratio of `insight.measures` over the last 30 days; None where there was nothing."""
        return ratio(name, self.month)


@dataclass(frozen=True, slots=True)
class Attention:
    """What a head should look at; counts of zero are not shown."""

    chats_waiting: int
    unsent: int
    not_understood: int
    alarms: int
    waiting_for_choice: int
    returned: int


def today(office: str) -> Today:
    """The figures of this moment; the cost does not grow with the number of applications, nor with the years that are frozen."""
    view = offices.office(office)
    now, day = clock.now(), view.today()
    tomorrow, month_ago, this_month = day + timedelta(days=1), day - timedelta(days=30), rules.month_start(day)
    frozen_on, sums = _frozen_until(office, day), _Sums()
    sums.add(_sums(office, rules.month_start(day, SHOWN), month_ago, frozen_on))
    # What happened since: today, and any day that no night has frozen yet.
    since = frozen_on + timedelta(days=1) if frozen_on else max(first_day(office, view.zone) or day, rules.month_start(day, SHOWN))
    for on, values in counted(office, since, tomorrow, LIVE).items():
        for (measure, kelurahan), value in values.items():
            if not kelurahan:
                sums.add([(measure, rules.month_start(on), value, value if on >= month_ago else 0)])
    week_ends = [day - timedelta(days=7 * back) for back in range(13, 0, -1)]
    levels = _levels(office, {*week_ends, month_ago, frozen_on or day})
    points = [*week_ends, frozen_on] if frozen_on and frozen_on > week_ends[-1] else week_ends
    outstanding, on_hand = suket.outstanding(office), ledger.on_hand(office, stock.CARD)
    month = sums.recent
    printed, spoiled = month["blanks.printed"], month["blanks.spoiled"]
    working = sum(1 for step in range(30) if is_working_day(month_ago + timedelta(days=step), view.holidays))

    def pair(first: str, second: str, months: int, start: int = 0) -> Pair:
        wanted = [rules.month_start(day, back) for back in range(start, months + 1)]
        return Pair(*(sum(sums.months[name][one] for one in wanted) for name in (first, second)))

    average = pair("filed.online", "filed.counter", MONTHS, 1)
    shown = [rules.month_start(day, back) for back in range(SHOWN - 1, -1, -1)]
    return Today(
        office=office,
        as_of=now,
        on=day,
        suket_outstanding=outstanding,
        suket_30_days_ago=outstanding + month["suket.settled"] - month["suket.registered"],
        expected=expected(office),
        blanks=on_hand,
        cover_days=rules.days_of_cover(on_hand, printed + spoiled, working),
        spoiled_share=spoiled / (printed + spoiled) if printed + spoiled else 0.0,
        monthly_average=Pair(round(average.first / MONTHS), round(average.second / MONTHS)),
        this_month=pair("filed.online", "filed.counter", 0),
        choice=pair("chosen.post", "chosen.pickup", MONTHS),
        frozen_on=frozen_on,
        month=dict(month),
        last=levels.get(frozen_on, {}) if frozen_on else {},
        before=levels.get(month_ago, {}),
        weekly={name: [(on, levels[on][name]) for on in points if name in levels.get(on, {})] for name in STANDING},
        monthly={name: [(one, values[one]) for one in shown if this_month >= one >= min(values, default=one)] for name, values in sums.months.items()},
    )


def ratio(name: str, sums: Mapping[str, int]) -> float | None:
    """A ratio of `insight.measures` from sums by measure; None where nothing stands below the line."""
    wanted = RATIOS[name]
    below = sum(sums.get(one, 0) for one in wanted.below)
    return sum(sums.get(one, 0) for one in wanted.above) / below if below else None


def series(office: str, measures: Collection[str], start: date, end: date, kelurahan: str = "") -> dict[str, list[tuple[date, int]]]:
    """Frozen figures of [start, end) by measure, oldest first; a day that is not frozen yet, or of which a median cannot be
    known, is absent, and so is a kelurahan's zero."""
    found: dict[str, list[tuple[date, int]]] = {name: [] for name in measures}
    rows = Figure.objects.filter(office_id=office, kelurahan=kelurahan, measure__in=list(measures), on__gte=start, on__lt=end)
    for measure, on, value in rows.order_by("measure", "on").values_list("measure", "on", "value"):
        found[measure].append((on, value))
    return found


def months(office: str, names: Collection[str], start: date, end: date) -> dict[str, list[tuple[date, int]]]:
    """Measures by month of [start, end), first days of months: a count's sum, a level or median at its last frozen day."""
    found: dict[str, list[tuple[date, int]]] = {name: [] for name in names}
    with connection.cursor() as cursor:
        cursor.execute(_BY_MONTH, {"office": office, "measures": list(names), "start": start, "end": end, "counts": COUNTS})
        for name, month, value in cursor.fetchall():
            found[name].append((month, int(value)))
    return found


def at_days(office: str, names: Collection[str], days: Collection[date]) -> dict[str, list[tuple[date, int]]]:
    """Levels and medians at the end of some days, oldest first; days that are not frozen are absent."""
    found: dict[str, list[tuple[date, int]]] = {name: [] for name in names}
    for on, values in sorted(_levels(office, days, names).items()):
        for name, value in values.items():
            found[name].append((on, value))
    return found


def bounds(office: str) -> tuple[date, date] | None:
    """The first and the last frozen day; None before the first night."""
    row = Frozen.objects.filter(office_id=office).values_list("since", "until").first()
    return (row[0], row[1] - timedelta(days=1)) if row and row[0] < row[1] else None


def by_kelurahan(office: str, name: str, month: date) -> dict[str, int]:
    """One measure of a month (its first day) by kelurahan, every kelurahan of the office and what is not known (`-`) among
    them: a count's sum, a level at the last frozen day of the month. Not for everybody's eyes before `rules.open_cells`."""
    end = rules.month_start(month, -1)
    if not _is_count(name):
        last = _frozen_until(office, end)
        month, end = (last, last + timedelta(days=1)) if last and last >= month else (month, month)
    places = [*offices.office(office).kelurahan, UNKNOWN]
    with connection.cursor() as cursor:
        cursor.execute(_BY_KELURAHAN, {"office": office, "places": places, "measure": name, "start": month, "end": end})
        found = {place: int(value) for place, value in cursor.fetchall()}
    return {place: found.get(place, 0) for place in places if place != UNKNOWN or UNKNOWN in found}


def differences(office: str) -> list[Alarm]:
    """Frozen figures that are not what the trail says, as the nightly check found them."""
    return list(Alarm.objects.filter(office_id=office, settled_at=None).order_by("on", "measure")[:20])


def attention(office: str) -> Attention:
    """What waits too long, from partial indexes only."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FILTER (WHERE state = 'printed' AND method = ''), count(*) FILTER (WHERE state = 'returned_home') "
            f"FROM applications_application WHERE office_id = %(office)s AND state NOT IN ({cases.written(case_rules.FINAL)})",
            {"office": office},
        )
        choice, returned = cursor.fetchone()
        cursor.execute(
            "SELECT count(*) FROM conversations_contact WHERE office_id = %s AND waiting_since IS NOT NULL "
            "AND last_message_at IS NOT NULL AND owner = ''",
            [office],
        )
        chats = cursor.fetchone()[0]
        cursor.execute("SELECT count(*) FROM conversations_message WHERE outgoing AND state IN ('failed', 'dead')")
        unsent = cursor.fetchone()[0]
        cursor.execute("SELECT count(*) FROM conversations_event WHERE done_at IS NULL AND tries >= %s AND error <> 'unmatched'", [inbox.MAX_TRIES])
        odd = cursor.fetchone()[0]
    return Attention(chats, unsent, odd, len(alarms.shown(office)), choice, returned)


class _Sums:
    """Sums by measure: of each month, and of the last 30 days."""

    def __init__(self) -> None:
        self.months: defaultdict[str, Counter[date]] = defaultdict(Counter)
        self.recent: Counter[str] = Counter()

    def add(self, rows: Iterable[tuple[str, date, int, int]]) -> None:
        """(measure, first day of a month, value, value within the last 30 days)"""
        for measure, month, value, recent in rows:
            self.months[measure][month] += value
            self.recent[measure] += recent


def _frozen_until(office: str, before: date) -> date | None:
    """The last frozen day before a day."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT LEAST(until, %s) - 1 FROM insight_frozen WHERE office_id = %s AND since < LEAST(until, %s)", [before, office, before])
        row = cursor.fetchone()
    return row[0] if row else None


def _sums(office: str, start: date, month_ago: date, last: date | None) -> list[tuple[str, date, int, int]]:
    if last is None:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, {"office": office, "measures": COUNTS, "start": start, "month_ago": month_ago, "last": last})
        return [(measure, month, int(value), int(recent)) for measure, month, value, recent in cursor.fetchall()]


def _levels(office: str, days: Collection[date], names: Collection[str] = ()) -> dict[date, dict[str, int]]:
    found: dict[date, dict[str, int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_AT_DAYS, {"office": office, "measures": list(names or STANDING), "days": sorted(days)})
        for on, measure, value in cursor.fetchall():
            found.setdefault(on, {})[measure] = value
    return found


def _is_count(name: str) -> bool:
    return MEASURES[name].kind == Kind.COUNT
