"""Freezes the figures of full days from the trail: one statement per source, the same numbers however often it runs."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from loket.core import clock
from loket.insight.measures import MEASURES, OF_LETTERS, SOURCES, Kind, of_source
from loket.insight.models import Alarm, Frozen
from loket.offices import queries as offices

# (measure, kelurahan) to value, of one day.
Counted = dict[tuple[str, str], int]
# A backfill is cut into stretches, so that no statement has to sort years.
STRETCH = 92
# Days of the past that each night's check counts again, beside the newest.
CHECKED = 3
_LEVELS = tuple(source for source in SOURCES if of_source(source)[0].kind == Kind.LEVEL)
_FLOWS = tuple(source for source in SOURCES if source not in _LEVELS)

# The parts by kelurahan, and their sum as the office's own row.
_WHOLE = """
counted AS ({query}),
given AS (
    SELECT on_date, measure, kelurahan, sum(value)::int AS value FROM counted WHERE kelurahan <> '' GROUP BY 1, 2, 3
    UNION ALL SELECT on_date, measure, '', sum(value)::int FROM counted GROUP BY 1, 2)
"""
_DAYS = "generate_series(%(start)s::date, %(end)s::date - 1, interval '1 day')"
# What each kind makes of what its source yields: a row of the whole office for every day, others where there is something.
_MADE = {
    Kind.COUNT: f"""
        SELECT d::date AS on_date, m AS measure, '' AS kelurahan, COALESCE(given.value, 0) AS value
        FROM {_DAYS} d CROSS JOIN unnest(%(measures)s::text[]) m
        LEFT JOIN given ON given.on_date = d::date AND given.measure = m AND given.kelurahan = ''
        UNION ALL SELECT on_date, measure, kelurahan, value FROM given WHERE kelurahan <> '' AND value <> 0""",
    # A level goes on from where the day before ended.
    Kind.LEVEL: f"""
        SELECT on_date, measure, kelurahan, value FROM (
            SELECT d::date AS on_date, p.measure, p.kelurahan,
                   (COALESCE(b.value, 0) + COALESCE(sum(g.value) OVER (PARTITION BY p.measure, p.kelurahan ORDER BY d), 0))::int AS value
            FROM (SELECT m AS measure, '' AS kelurahan FROM unnest(%(measures)s::text[]) m
                  UNION SELECT measure, kelurahan FROM given UNION SELECT measure, kelurahan FROM before) p
            CROSS JOIN {_DAYS} d
            LEFT JOIN before b ON b.measure = p.measure AND b.kelurahan = p.kelurahan
            LEFT JOIN given g ON g.on_date = d::date AND g.measure = p.measure AND g.kelurahan = p.kelurahan) level
        WHERE kelurahan = '' OR value <> 0""",
    Kind.TYPICAL: "SELECT on_date, measure, kelurahan, value FROM given",
}
_BEFORE = """
before AS (SELECT measure, kelurahan, value FROM insight_figure
           WHERE office_id = %(office)s AND measure = ANY(%(measures)s) AND on_date = %(start)s::date - 1)
"""
_FREEZE = """
gone AS (
    DELETE FROM insight_figure f WHERE f.office_id = %(office)s AND f.measure = ANY(%(measures)s)
      AND f.on_date >= %(start)s AND f.on_date < %(end)s
      AND NOT EXISTS (SELECT FROM made n WHERE n.on_date = f.on_date AND n.measure = f.measure AND n.kelurahan = f.kelurahan))
INSERT INTO insight_figure (office_id, kelurahan, measure, on_date, value)
SELECT %(office)s, kelurahan, measure, on_date, value FROM made
ON CONFLICT (office_id, kelurahan, measure, on_date) DO UPDATE SET value = EXCLUDED.value WHERE insight_figure.value <> EXCLUDED.value
"""
_FIRST = """
SELECT LEAST((SELECT min(submitted_at) FROM applications_application WHERE office_id = %(office)s),
             (SELECT min(registered_at) FROM suket_letter WHERE office_id = %(office)s),
             (SELECT min(at) FROM stock_movement WHERE office_id = %(office)s),
             (SELECT min(filed_at) FROM integrity_complaint WHERE office_id = %(office)s),
             (SELECT min(at) FROM visits_recording WHERE office_id = %(office)s))
"""
# What the trail says that no earlier look has seen: entries of transactions that were still running then (a lower number of an
# entry may become visible after a higher one), and of the caller's own. `whole` is the oldest transaction that runs now.
_HORIZON = """
SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint, COALESCE(pg_current_xact_id_if_assigned()::text::bigint, 0),
       COALESCE((SELECT max(seq) FROM audit_entry), 0)
"""
_LATE = """
SELECT min(at) FILTER (WHERE at < %(until)s),
       bool_or(action = 'suket.undo' OR (action = 'suket.import' AND (body::jsonb ->> 'updated')::int > 0))
FROM audit_entry
WHERE office = %(office)s AND ((xid >= %(seen)s AND xid < %(whole)s) OR (xid = %(own)s AND xid >= %(seen)s AND seq > %(seq)s))
"""


def freeze_due(office: str) -> int:
    """Freeze every full day that is not frozen yet, and anew the days of which the trail has since said more. Returns how
    many days were frozen; a look that finds nothing costs two short queries."""
    view = offices.office(office)
    today = view.today()
    with transaction.atomic():
        mark = Frozen.objects.select_for_update().filter(office_id=office).first()
        if mark is None:
            first = first_day(office, view.zone)
            if first is None or first >= today:
                return 0
            # Two workers begin once: the second waits here for the first.
            Frozen.objects.get_or_create(office_id=office, defaults={"since": first, "until": first, "xid": 0, "seq": 0})
            mark = Frozen.objects.select_for_update().get(office_id=office)
        with connection.cursor() as cursor:
            cursor.execute(_HORIZON)
            whole, own, seq = cursor.fetchone()
        late, letters = _late(office, mark, whole, own, view.zone)
        start = min(mark.until, late) if late else mark.until
        if letters and mark.since < start:
            freeze(office, mark.since, start, sources=OF_LETTERS)
        if start < max(today, mark.until):
            freeze(office, start, max(today, mark.until))
        Frozen.objects.filter(office_id=office).update(since=min(mark.since, start), until=max(today, mark.until), xid=whole, seq=seq)
    return max((max(today, mark.until) - start).days, 0)


def _late(office: str, mark: Frozen, whole: int, own: int, zone: str) -> tuple[date | None, bool]:
    """The earliest frozen day of which the trail has said something since, and whether lists have changed letters."""
    if mark.xid > whole:
        # Another server, restored from a backup, counts its transactions anew: nothing of it has been seen.
        return mark.since, False
    until = datetime.combine(mark.until, time(0), ZoneInfo(zone))
    with connection.cursor() as cursor:
        cursor.execute(_LATE, {"office": office, "seen": mark.xid, "whole": whole, "own": own, "seq": mark.seq, "until": until})
        at, letters = cursor.fetchone()
    return at.astimezone(ZoneInfo(zone)).date() if at else None, bool(letters)


@transaction.atomic
def freeze(office: str, start: date, end: date, sources: Iterable[str] = SOURCES) -> None:
    """Freeze the days of [start, end) anew from the trail; the day before `start` must be frozen, or nothing has happened
    before it."""
    zone = offices.office(office).zone
    while start < end:
        until = min(end, start + timedelta(days=STRETCH))
        for source in sources:
            given = {**_range(office, zone, start, until), "measures": [measure.name for measure in of_source(source)]}
            with connection.cursor() as cursor:
                cursor.execute(f"WITH {_made(source)}, {_FREEZE}", given)
        start = until


def _made(source: str) -> str:
    kind = of_source(source)[0].kind
    before = f"{_BEFORE}, " if kind == Kind.LEVEL else ""
    return f"{before}{_WHOLE.format(query=SOURCES[source])}, made AS ({_MADE[kind]})"


def counted(office: str, start: date, end: date, sources: Collection[str] = SOURCES) -> dict[date, Counted]:
    """The figures of [start, end) counted now, by day; a level is by how much it changed on the day. What is zero is absent."""
    # One statement for all of them: pages ask this, and every way to the database and back costs them time.
    if not sources:
        return {}
    every = " UNION ALL ".join(f"SELECT on_date, measure, kelurahan, value FROM ({SOURCES[source]}) q{number}" for number, source in enumerate(sources))
    found: dict[date, Counted] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH {_WHOLE.format(query=every)} SELECT * FROM given WHERE value <> 0",
            _range(office, offices.office(office).zone, start, end),
        )
        for day, measure, kelurahan, value in cursor.fetchall():
            found.setdefault(day, {})[measure, kelurahan] = int(value)
    return found


def recounted(office: str, days: Collection[date]) -> dict[date, Counted]:
    """Every figure of some days from the whole trail up to them, levels from the very beginning. What is zero is absent."""
    zone = offices.office(office).zone
    found: dict[date, Counted] = {}
    for day in days:
        found[day] = dict(counted(office, day, day + timedelta(days=1), _FLOWS).get(day, {}))
    level: Counted = {}
    start, last = min([first_day(office, zone) or min(days), *days]), max(days)
    while start <= last:
        until = min(start + timedelta(days=STRETCH), last + timedelta(days=1))
        changes = counted(office, start, until, _LEVELS)
        while start < until:
            for key, change in changes.get(start, {}).items():
                level[key] = level.get(key, 0) + change
            if start in found:
                found[start] |= {key: value for key, value in level.items() if value}
            start += timedelta(days=1)
    return found


def frozen(office: str, on: date) -> Counted:
    """The frozen figures of one day; what is zero is absent."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT measure, kelurahan, value FROM insight_figure WHERE office_id = %s AND on_date = %s AND measure = ANY(%s) AND value <> 0",
            [office, on, list(MEASURES)],
        )
        return {(measure, kelurahan): value for measure, kelurahan, value in cursor.fetchall()}


@transaction.atomic
def check(office: str, days: Collection[date]) -> int:
    """Count days again from the trail and hold them against what is frozen; a difference becomes an alarm, an alarm whose
    figures agree again is settled. Returns how many figures differ."""
    now, differ, recount = clock.now(), 0, recounted(office, days)
    open_ = {(row.on, row.measure, row.kelurahan): row for row in Alarm.objects.filter(office_id=office, settled_at=None, on__in=list(days))}
    for day in days:
        kept, told = frozen(office, day), recount[day]
        for key in sorted(kept.keys() | told.keys()):
            if kept.get(key) == told.get(key):
                continue
            differ += 1
            row = open_.pop((day, *key), None) or Alarm(office_id=office, on=day, measure=key[0], kelurahan=key[1], found_at=now)
            row.frozen, row.counted = kept.get(key), told.get(key)
            row.save()
    Alarm.objects.filter(pk__in=[row.pk for row in open_.values()]).update(settled_at=now)
    return differ


def check_due(office: str) -> int:
    """The nightly check: the newest frozen day, some of the past by lot, and the days of open alarms."""
    mark = Frozen.objects.filter(office_id=office).first()
    if mark is None or mark.checked == mark.until:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT d::date FROM generate_series(%s::date, %s::date - 1, interval '1 day') d ORDER BY random() LIMIT %s",
            [mark.since, mark.until, CHECKED],
        )
        days = {day for (day,) in cursor.fetchall()}
    days |= {mark.until - timedelta(days=1)} | set(Alarm.objects.filter(office_id=office, settled_at=None).values_list("on", flat=True))
    differ = check(office, sorted(days))
    Frozen.objects.filter(office_id=office).update(checked=mark.until)
    return differ


def _range(office: str, zone: str, start: date, end: date) -> dict[str, Any]:
    # Midnights of the office, so that the indexes on instants can be used.
    midnight = time(0, tzinfo=ZoneInfo(zone))
    return {
        "office": office,
        "zone": zone,
        "start": start,
        "end": end,
        "from": datetime.combine(start, midnight),
        "to": datetime.combine(end, midnight),
    }


def first_day(office: str, zone: str) -> date | None:
    """The day of the first request, letter, movement, recording or complaint of an office; None before anything has happened."""
    with connection.cursor() as cursor:
        cursor.execute(_FIRST, {"office": office})
        first = cursor.fetchone()[0]
    return first.astimezone(ZoneInfo(zone)).date() if first else None
