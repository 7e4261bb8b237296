"""The plan of each morning, kept: every page that says when Suket will be zero says the same all day."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from loket.insight import planning
from loket.insight.forecast import Scenario
from loket.insight.models import Outlook
from loket.insight.planning import Recent
from loket.offices import queries as offices


@dataclass(frozen=True, slots=True)
class Expected:
    """What the plan of one morning says: dates, or None with what holds it and how many are left; `unknown` are the reasons
    for which there is no plan at all, as sentences and what fills their places."""

    on: date
    zero_on: date | None
    earliest: date | None
    latest: date | None
    binding: str
    remaining: int | None
    unknown: tuple[tuple[str, dict[str, Any]], ...]


def keep_due(office: str) -> bool:
    """Plan once a day, in the morning's first minutes, and keep it; whether it was done now."""
    today = offices.office(office).today()
    if Outlook.objects.filter(office_id=office, on=today).exists():
        return False
    found = planning.recent(office)
    answer = planning.answer(found)
    plan = answer.plan
    row = Outlook(
        office_id=office, on=today, recent=stored(found), unknown=[[sentence, places] for sentence, places in answer.unknown],
        zero_on=plan.zero_on if plan else None, earliest=plan.earliest if plan else None, latest=plan.latest if plan else None,
        binding=plan.binding if plan else "", remaining=plan.remaining if plan else None,
    )  # fmt: skip
    # Another worker may have been as quick: the first stands.
    return bool(Outlook.objects.bulk_create([row], ignore_conflicts=True))


def expected(office: str) -> Expected | None:
    """The newest plan that was kept; None before the first night."""
    row = Outlook.objects.filter(office_id=office).order_by("-on").defer("recent").first()
    if row is None:
        return None
    unknown = tuple((sentence, places) for sentence, places in row.unknown)
    return Expected(row.on, row.zero_on, row.earliest, row.latest, row.binding, row.remaining, unknown)


def recent(office: str) -> Recent:
    """What the newest kept plan starts from; before the first night, the office as it stands now."""
    row = Outlook.objects.filter(office_id=office).order_by("-on").only("recent").first()
    return restored(row.recent) if row else planning.recent(office)


def stored(found: Recent) -> dict[str, Any]:
    """A scenario as JSON that loses nothing."""
    return {item.name: _plain(getattr(found, item.name)) for item in fields(Recent)}


def restored(kept: dict[str, Any]) -> Recent:
    """The scenario that `stored` wrote."""
    return Recent(**{name: _value(one) for name, one in kept.items()})


def _plain(value: Any) -> Any:
    match value:
        case Scenario():
            return {"scenario": {item.name: _plain(getattr(value, item.name)) for item in fields(Scenario)}}
        case datetime():
            return {"at": value.isoformat()}
        case date():
            return {"on": value.isoformat()}
        case Fraction():
            return {"part": f"{value.numerator}/{value.denominator}"}
        case frozenset():
            return {"set": [_plain(one) for one in sorted(value)]}
        case tuple():
            return [_plain(one) for one in value]
        case dict():
            return {"places": value}
        case _:
            return value


def _value(kept: Any) -> Any:
    if isinstance(kept, list):
        return tuple(_value(one) for one in kept)
    if not isinstance(kept, dict):
        return kept
    ((kind, inner),) = kept.items()
    match kind:
        case "scenario":
            return Scenario(**{name: _value(one) for name, one in inner.items()})
        case "at":
            return datetime.fromisoformat(inner)
        case "on":
            return date.fromisoformat(inner)
        case "part":
            return Fraction(inner)
        case "set":
            return frozenset(_value(one) for one in inner)
        case _:
            return inner
