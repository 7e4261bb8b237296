"""Freezes the figures of full days: one statement per measure, the same numbers however often it runs."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from loket.insight.models import Figure
from loket.offices import queries as offices

# Each query yields (day, value) for the days of [start, end) in the office's zone.
_COUNTED = {
    "filed.online": "SELECT (submitted_at AT TIME ZONE %(zone)s)::date, count(*) FROM applications_application "
    "WHERE office_id = %(office)s AND channel = 'online' AND submitted_at >= %(from)s AND submitted_at < %(to)s GROUP BY 1",
    "filed.counter": "SELECT (submitted_at AT TIME ZONE %(zone)s)::date, count(*) FROM applications_application "
    "WHERE office_id = %(office)s AND channel = 'counter' AND submitted_at >= %(from)s AND submitted_at < %(to)s GROUP BY 1",
    "chosen.post": "SELECT (chosen_at AT TIME ZONE %(zone)s)::date, count(*) FROM applications_application "
    "WHERE office_id = %(office)s AND method = 'post' AND chosen_at >= %(from)s AND chosen_at < %(to)s GROUP BY 1",
    "chosen.pickup": "SELECT (chosen_at AT TIME ZONE %(zone)s)::date, count(*) FROM applications_application "
    "WHERE office_id = %(office)s AND method = 'pickup' AND chosen_at >= %(from)s AND chosen_at < %(to)s GROUP BY 1",
    "blanks.printed": "SELECT (at AT TIME ZONE %(zone)s)::date, sum(quantity) FROM stock_movement "
    "WHERE office_id = %(office)s AND to_place = 'printed' AND at >= %(from)s AND at < %(to)s GROUP BY 1",
    "blanks.spoiled": "SELECT (at AT TIME ZONE %(zone)s)::date, sum(quantity) FROM stock_movement "
    "WHERE office_id = %(office)s AND to_place = 'spoiled' AND at >= %(from)s AND at < %(to)s GROUP BY 1",
    "suket.settled": "SELECT (settled_at AT TIME ZONE %(zone)s)::date, count(*) FROM suket_letter "
    "WHERE office_id = %(office)s AND settled_at >= %(from)s AND settled_at < %(to)s GROUP BY 1",
    "suket.registered": "SELECT (registered_at AT TIME ZONE %(zone)s)::date, count(*) FROM suket_letter "
    "WHERE office_id = %(office)s AND registered_at >= %(from)s AND registered_at < %(to)s GROUP BY 1",
}
MEASURES = tuple(_COUNTED)

_FREEZE = """
INSERT INTO insight_figure (office_id, on_date, measure, value)
SELECT %(office)s, d::date, %(measure)s, COALESCE(c.value, 0)
FROM generate_series(%(start)s::date, %(end)s::date - 1, interval '1 day') d
LEFT JOIN ({query}) AS c(on_date, value) ON c.on_date = d::date
ON CONFLICT (office_id, measure, on_date) DO UPDATE SET value = EXCLUDED.value WHERE insight_figure.value <> EXCLUDED.value
"""
_FIRST = """
SELECT LEAST((SELECT min(submitted_at) FROM applications_application WHERE office_id = %(office)s),
             (SELECT min(registered_at) FROM suket_letter WHERE office_id = %(office)s),
             (SELECT min(at) FROM stock_movement WHERE office_id = %(office)s))
"""


def freeze_due(office: str) -> int:
    """Freeze every full day that is not frozen yet; returns how many days."""
    view = offices.office(office)
    today = view.today()
    last = Figure.objects.filter(office_id=office).order_by("-on").values_list("on", flat=True).first()
    start = last + timedelta(days=1) if last else first_day(office, view.zone)
    if start is None or start >= today:
        return 0
    freeze(office, start, today)
    return (today - start).days


@transaction.atomic
def freeze(office: str, start: date, end: date) -> None:
    """Freeze the days of [start, end) anew from what is recorded."""
    view = offices.office(office)
    with connection.cursor() as cursor:
        for measure, query in _COUNTED.items():
            cursor.execute(_FREEZE.format(query=query), {**_range(office, view.zone, start, end), "measure": measure})


def counted(office: str, start: date, end: date) -> dict[str, dict[date, int]]:
    """The same figures of [start, end) counted now, by measure and day; days without any are absent."""
    view = offices.office(office)
    found: dict[str, dict[date, int]] = {}
    with connection.cursor() as cursor:
        for measure, query in _COUNTED.items():
            cursor.execute(query, _range(office, view.zone, start, end))
            found[measure] = {day: int(value) for day, value in cursor.fetchall()}
    return found


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
    """The day of the first request, letter or movement of an office; None before anything has happened."""
    with connection.cursor() as cursor:
        cursor.execute(_FIRST, {"office": office})
        first = cursor.fetchone()[0]
    return first.astimezone(ZoneInfo(zone)).date() if first else None
