"""When a message may leave: rates, the reach of a day, quiet hours, age, and when a campaign has to stop. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from loket.conversations.rules import Lane

# One message in six seconds to one person; 45 may go at once and are waited for afterwards (Cloud API, pair rate).
PAIR, PAIR_BURST = timedelta(seconds=6), 45
# People reached outside a window count for 24 hours from their delivery; the provider's clock may differ by a little.
DAY, MARGIN = timedelta(hours=24), timedelta(minutes=1)
NO_TEMPLATE_PAUSE = timedelta(minutes=15)
MAX_TRIES = 8

# News of a card that waits for its holder: worth a second way of telling her, and worth a week.
CARD_NEWS = frozenset({"choose", "choose_reminder", "ready_pickup", "posted", "returned_home"})
_BOT, _TEXT, _NEWS, _CARD, _INVITATION = (
    timedelta(minutes=10), timedelta(hours=24), timedelta(days=3), timedelta(days=7), timedelta(days=30)
)  # fmt: skip


def keeps_for(notice: str, author: str, lane: int) -> timedelta:
    """How long after it was asked for a message is still worth sending."""
    if lane == Lane.CAMPAIGN:
        return _INVITATION
    if not notice:
        return _TEXT
    if author.startswith("loket:bot"):
        return _BOT
    return _CARD if notice in CARD_NEWS else _NEWS


def may_repeat(notice: str, lane: int) -> bool:
    """Whether a message whose answer was lost may go again: news says the same twice and harms nobody. What an officer
    wrote, and an invitation, are shown to a person instead, since nobody can know whether they arrived."""
    return bool(notice) and lane != Lane.CAMPAIGN


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message at the head of its line. `window_open` and `reached` (already counted today) are the contact's."""

    lane: int
    notice: str
    asked_at: datetime
    keeps: timedelta
    window_open: bool
    reached: bool
    has_template: bool
    unwanted: bool
    free_at: datetime | None


@dataclass(slots=True)
class Room:
    """What is left, used up while a batch is judged; `reach` None is without limit."""

    quiet_until: datetime | None
    reach: int | None
    reserve: int
    reach_frees_at: datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    """Goes now as `text` or `template`; or waits until; or has ended, with a code of `failures`."""

    as_: str = ""
    until: datetime | None = None
    code: str = ""


def judge(item: Waiting, room: Room, at: datetime) -> Verdict:
    """Whether a message goes now."""
    if at >= item.asked_at + item.keeps:
        return Verdict(code="too_old")
    if item.unwanted and item.lane == Lane.CAMPAIGN:
        return Verdict(code="opted_out")
    if room.quiet_until and item.lane != Lane.REPLY:
        return Verdict(until=room.quiet_until)
    if item.free_at and item.free_at > at:
        return Verdict(until=item.free_at)
    if item.window_open and item.lane != Lane.CAMPAIGN:
        return Verdict("text")
    if not item.notice:
        return Verdict(code="131047")
    if not item.has_template:
        return Verdict(until=at + NO_TEMPLATE_PAUSE, code="no_template")
    return _reaching(item, room)


def _reaching(item: Waiting, room: Room) -> Verdict:
    """A template outside a window reaches one person more, unless she was reached today already."""
    if room.reach is None or item.reached or item.window_open:
        return Verdict("template")
    kept = room.reserve if item.lane == Lane.CAMPAIGN else 0
    if room.reach <= kept:
        return Verdict(until=room.reach_frees_at)
    room.reach -= 1
    return Verdict("template")


def slots(free_at: datetime | None, at: datetime, per_second: float, burst: float = 0.5) -> int:
    """How many may go now at a rate, with `burst` seconds' worth at once after a rest.

    Half of what the provider takes at once: what a slow connection delays must not arrive on top of the next.
    """
    start = _start(free_at, at, burst)
    return max(0, int((at + timedelta(seconds=burst) - start).total_seconds() * per_second + 1e-6))


def after(free_at: datetime | None, at: datetime, count: int, per_second: float, burst: float = 0.5) -> datetime:
    """The rate's new mark once so many have gone."""
    return _start(free_at, at, burst) + timedelta(seconds=count / per_second)


def _start(free_at: datetime | None, at: datetime, burst: float) -> datetime:
    # A clock that was set back must not make anybody wait for the old day.
    if free_at is None or free_at > at + timedelta(seconds=2 * burst):
        return at
    return max(free_at, at)


def contact_free_at(mark: datetime | None, at: datetime) -> datetime | None:
    """When a contact may be written to; None when now."""
    most = PAIR * PAIR_BURST
    if mark is None or mark > at + 2 * most:
        return None
    free = mark - most + PAIR
    return free if free > at else None


def contact_after(mark: datetime | None, at: datetime) -> datetime:
    """The contact's new mark once one message has gone."""
    start = at if mark is None or mark > at + 2 * PAIR * PAIR_BURST else max(mark, at)
    return start + PAIR


def quiet_until(at: datetime, zone: str, from_hour: int, until_hour: int) -> datetime | None:
    """When the quiet hours that now are end; None outside them. Equal hours mean that there are none."""
    local = at.astimezone(ZoneInfo(zone))
    if from_hour == until_hour or not _is_quiet(local.hour, from_hour, until_hour):
        return None
    end = local.replace(hour=until_hour, minute=0, second=0, microsecond=0)
    return end if end > local else end + timedelta(days=1)


def _is_quiet(hour: int, from_hour: int, until_hour: int) -> bool:
    if from_hour < until_hour:
        return from_hour <= hour < until_hour
    return hour >= from_hour or hour < until_hour


# --- campaigns ---

OPENS, CLOSES = time(8), time(16)


@dataclass(frozen=True, slots=True)
class Gates:
    """When a campaign stops by itself: shares of what was sent since it was last started, and hours that a resident has
    waited for a person. Shares count from `least` messages on."""

    failed_most: float = 0.05
    opted_out_most: float = 0.03
    waiting_hours_most: float = 4.0
    least: int = 50


def gates_from(stored: dict[str, Any]) -> Gates:
    """Gates with a campaign's own values over the defaults; unknown names are refused."""
    unknown = set(stored) - {item.name for item in fields(Gates)}
    if unknown:
        raise ValueError(f"unknown gates: {', '.join(sorted(unknown))}")
    return Gates(**stored)


@dataclass(frozen=True, slots=True)
class Course:
    """How a campaign went since it was last started; `waiting` is how long the longest call for a person has waited."""

    sent: int
    failed: int
    opted_out: int
    waiting: timedelta
    quality: str


def shut_gate(course: Course, gates: Gates) -> str:
    """The gate that shuts, as a code; empty while all are open."""
    if course.quality in ("RED", "FLAGGED"):
        return "quality"
    if course.waiting > timedelta(hours=gates.waiting_hours_most):
        return "queue_age"
    if course.sent < gates.least:
        return ""
    if course.failed > gates.failed_most * course.sent:
        return "failed_share"
    return "opted_out_share" if course.opted_out > gates.opted_out_most * course.sent else ""


def batch_size(
    *, tier: int | None, used: int, underway: int, reserve: int, daily: int | None, today: int, pilot_left: int | None
) -> int:
    """How many more may be invited now: what the day's reach leaves beside `reserve`, what operators can answer in a
    day (`daily`, of which `today` are gone), and the rest of the pilot while it lasts. `underway` are queued already."""
    rooms = [1000]
    if tier is not None:
        rooms.append(tier - reserve - used - underway)
    if daily is not None:
        rooms.append(daily - today)
    if pilot_left is not None:
        rooms.append(pilot_left)
    return max(0, min(rooms))


def may_invite_at(at: datetime, zone: str, holidays: Collection[Any]) -> bool:
    """08.00 to 16.00 on a working day where the office is."""
    local = at.astimezone(ZoneInfo(zone))
    return local.weekday() < 5 and local.date() not in holidays and OPENS <= local.time() < CLOSES
