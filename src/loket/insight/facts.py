"""What a press statement starts from: the figures of any period, and what stood before it."""

from __future__ import annotations

from datetime import date, timedelta

from loket.core.errors import N_, Refusal
from loket.insight import actions, press, publication, queries, rules
from loket.offices import queries as offices
from loket.offices.rules import is_working_day

# The days whose pace of printing tells for how long blanks last, as on the page of today.
PACE = 30
# Nothing was counted before, and arithmetic with days needs a floor.
EARLIEST = date(2000, 1, 1)
_MEASURES = (
    "suket.outstanding", "suket.settled", "blanks.on_hand", "blanks.received", "blanks.printed", "blanks.spoiled", "filed.online",
    "filed.counter", "chosen.post", "chosen.pickup",
)  # fmt: skip


def of_period(office: str, start: date, end: date) -> press.Facts:
    """The facts of the days from `start` to `end`, both included; until today at most; refuses what is backwards or has not begun."""
    view = offices.office(office)
    start, end = within(start, end, view.today())
    first = actions.first_day(office, view.zone)
    # A period that ends with its month may count that month among the full ones.
    month = rules.month_start(end + timedelta(days=1))
    window = rules.month_start(month, queries.MONTHS), month - timedelta(days=1)
    length, pace_from = end - start + timedelta(days=1), end - timedelta(days=PACE)
    days = publication.daily(office, _MEASURES, min(window[0], start - length, pace_from), end + timedelta(days=1))

    def total(measure: str, since: date, until: date) -> int:
        return sum(value for on, value in days[measure].items() if since <= on <= until)

    def filed(since: date, until: date) -> int:
        return total("filed.online", since, until) + total("filed.counter", since, until)

    def average(measure: str) -> int:
        return round(total(measure, *window) / queries.MONTHS) if first and first <= window[0] else 0

    blanks, used = days["blanks.on_hand"].get(end), total("blanks.printed", pace_from, end) + total("blanks.spoiled", pace_from, end)
    working = sum(1 for step in range(PACE) if is_working_day(pace_from + timedelta(days=step), view.holidays))
    left = days["suket.outstanding"].get(end)
    return press.Facts(
        office=view.name, city=view.city, wa_number=view.wa_number, start=start, end=end,
        left=left, before=days["suket.outstanding"].get(start - timedelta(days=1)), letters=left or _registered(office, first, end),
        settled=total("suket.settled", start, end), blanks=blanks, received=total("blanks.received", start, end),
        printed=total("blanks.printed", start, end), cover=rules.days_of_cover(blanks or 0, used, working), pace_from=pace_from,
        low_cover=view.settings.low_stock_days, online=total("filed.online", start, end), counter=total("filed.counter", start, end),
        previous=filed(start - length, start - timedelta(days=1)) if first and first <= start - length else None,
        months=queries.MONTHS, window=window, average_online=average("filed.online"), average_counter=average("filed.counter"),
        chosen=(window[0], end), post=total("chosen.post", window[0], end), pickup=total("chosen.pickup", window[0], end),
        fee=view.settings.post_fee,
    )  # fmt: skip


def within(start: date, end: date, today: date) -> tuple[date, date]:
    """Two days that figures may be asked for, the last at most today; refuses the rest with a sentence."""
    if start > today:
        raise Refusal("period_ahead", N_("Masa ini belum mulai. Pilih tanggal sampai hari ini."), field="dari")
    if end < start:
        raise Refusal("period_backwards", N_("Tanggal akhir lebih dulu daripada tanggal awal. Tukar keduanya."), field="dari")
    if start < EARLIEST:
        raise Refusal("period_early", N_("Pilih tanggal sejak tahun 2000."), field="dari")
    return start, min(end, today)


def _registered(office: str, first: date | None, end: date) -> int:
    """How many letters were ever registered: without any, zero proves nothing."""
    return sum(publication.daily(office, ["suket.registered"], first, end + timedelta(days=1))["suket.registered"].values()) if first else 0
