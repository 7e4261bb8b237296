"""The figures that pages, data and the head read: frozen days plus what happened since."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db import connection

from loket.applications import queries as cases
from loket.applications import rules as case_rules
from loket.conversations import alarms, inbox
from loket.core import clock
from loket.insight import rules
from loket.insight.actions import counted
from loket.insight.models import Figure
from loket.offices import queries as offices
from loket.offices.rules import is_working_day
from loket.stock import actions as stock
from loket.stock import queries as ledger
from loket.suket import queries as suket

# Full months of an average, and months that charts look back on.
MONTHS, SHOWN = 3, 6


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
    """One office at one moment. Pairs are (online, counter) and (post, pickup)."""

    office: str
    as_of: datetime
    suket_outstanding: int
    suket_30_days_ago: int
    zero: rules.Zero | None
    blanks: int
    cover_days: int | None
    spoiled_share: float
    monthly_average: Pair
    this_month: Pair
    choice: Pair
    weekly_suket: list[tuple[date, int]] = field(default_factory=list)
    months: list[tuple[date, int, int]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Attention:
    """What a head should look at; counts of zero are not shown."""

    overdue: int
    chats_waiting: int
    long_on_shelf: int
    unsent: int
    not_understood: int
    alarms: int
    waiting_for_choice: int
    returned: int


def today(office: str) -> Today:
    """The figures of this moment; the cost does not grow with the number of applications."""
    view = offices.office(office)
    now, day = clock.now(), view.today()
    days = _days(office, rules.month_start(day, SHOWN), day)

    def total(measure: str, start: date, end: date) -> int:
        return sum(value for on, value in days[measure].items() if start <= on < end)

    def pair(first: str, second: str, start: date, end: date) -> Pair:
        return Pair(total(first, start, end), total(second, start, end))

    this_month, tomorrow = rules.month_start(day), day + timedelta(days=1)
    window = rules.month_start(day, MONTHS)
    average = pair("filed.online", "filed.counter", window, this_month)
    month_ago = day - timedelta(days=30)
    printed, spoiled = (total(name, month_ago, tomorrow) for name in ("blanks.printed", "blanks.spoiled"))
    working = sum(1 for step in range(30) if is_working_day(month_ago + timedelta(days=step), view.holidays))
    outstanding, on_hand = suket.outstanding(office), ledger.on_hand(office, stock.CARD)
    declines = [
        total("suket.settled", start, start + timedelta(days=7)) - total("suket.registered", start, start + timedelta(days=7))
        for start in (day - timedelta(days=7 * back - 1) for back in range(rules.WEEKS, 0, -1))
    ]
    since = total("suket.settled", month_ago, tomorrow) - total("suket.registered", month_ago, tomorrow)
    first_frozen = min(days["suket.settled"], default=day)
    return Today(
        office=office,
        as_of=now,
        suket_outstanding=outstanding,
        suket_30_days_ago=outstanding + since,
        zero=rules.expected_zero(outstanding, declines, day) if first_frozen <= day - timedelta(weeks=rules.WEEKS) else None,
        blanks=on_hand,
        cover_days=rules.days_of_cover(on_hand, printed + spoiled, working),
        spoiled_share=spoiled / (printed + spoiled) if printed + spoiled else 0.0,
        monthly_average=Pair(round(average.first / MONTHS), round(average.second / MONTHS)),
        this_month=pair("filed.online", "filed.counter", this_month, tomorrow),
        choice=pair("chosen.post", "chosen.pickup", window, tomorrow),
        weekly_suket=_weekly(outstanding, days, day),
        months=[
            (start, total("filed.online", start, end), total("filed.counter", start, end))
            for start, end in ((rules.month_start(day, back), rules.month_start(day, back - 1)) for back in range(SHOWN - 1, -1, -1))
            if total("filed.online", start, end) + total("filed.counter", start, end)
        ],
    )


def attention(office: str) -> Attention:
    """What waits too long, from partial indexes only."""
    view = offices.office(office)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FILTER (WHERE promise_on < %(day)s AND state IN ({cases.written(case_rules.OURS)})), "
            "count(*) FILTER (WHERE state = 'on_shelf' AND state_at < %(shelf)s), "
            "count(*) FILTER (WHERE state = 'printed' AND method = ''), "
            "count(*) FILTER (WHERE state = 'returned_home') "
            f"FROM applications_application WHERE office_id = %(office)s AND state NOT IN ({cases.written(case_rules.FINAL)})",
            {"office": office, "day": view.today(), "shelf": clock.now() - timedelta(days=14)},
        )
        overdue, shelf, choice, returned = cursor.fetchone()
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
    warned = len(alarms.shown(office))
    return Attention(overdue, chats, shelf, unsent, odd, warned, choice, returned)


def _days(office: str, start: date, today_: date) -> defaultdict[str, dict[date, int]]:
    """Figures by measure and day from `start` until today: frozen as far as they go, counted after that."""
    days: defaultdict[str, dict[date, int]] = defaultdict(dict)
    last = start - timedelta(days=1)
    rows = Figure.objects.filter(office_id=office, on__gte=start, on__lt=today_).values_list("measure", "on", "value")
    for measure, on, value in rows:
        days[measure][on] = value
        last = max(last, on)
    for measure, values in counted(office, last + timedelta(days=1), today_ + timedelta(days=1)).items():
        days[measure].update(values)
    return days


def _weekly(outstanding: int, days: defaultdict[str, dict[date, int]], today_: date) -> list[tuple[date, int]]:
    """How many letters were outstanding at the end of each of the last thirteen weeks, oldest first."""
    points = [(today_, outstanding)]
    for back in range(1, 14):
        end = today_ - timedelta(days=7 * back)
        if end < min(days["suket.settled"], default=today_):
            break
        after = [on for on in days["suket.settled"] if on > end] + [on for on in days["suket.registered"] if on > end]
        settled = sum(days["suket.settled"].get(on, 0) for on in set(after))
        registered = sum(days["suket.registered"].get(on, 0) for on in set(after))
        points.append((end, outstanding + settled - registered))
    return points[::-1]
