"""Reads of offices, kept in memory for a few seconds since every page asks."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import date, datetime
from datetime import time as clock_time

from loket.core import clock
from loket.core.errors import N_, Refusal
from loket.offices import rules
from loket.offices.hours import Hours
from loket.offices.models import Holiday, Office, Region

_FRESH_FOR = 5.0
_cached: dict[str, tuple[float, OfficeView]] = {}


@dataclass(frozen=True, slots=True)
class OfficeView:
    """An office as rooms to the right use it: plain values."""

    code: str
    name: str
    city: str
    zone: str
    address: str
    wa_number: str
    opens_at: clock_time
    closes_at: clock_time
    holidays: frozenset[date]
    settings: rules.Settings
    kelurahan: dict[str, str]
    kecamatan: dict[str, str]
    postal_codes: dict[str, str]

    @property
    def hours(self) -> Hours:
        return Hours(self.zone, self.opens_at, self.closes_at, self.holidays)

    def today(self) -> date:
        return clock.today(self.zone)

    def working_days_from(self, start: date, days: int) -> date:
        return rules.add_working_days(start, days, self.holidays)

    def is_open(self, at: datetime) -> bool:
        return rules.is_open(at, self.zone, self.opens_at, self.closes_at, self.holidays)


def office(code: str) -> OfficeView:
    """One office with its calendar and regions; refuses an unknown code."""
    read_at, view = _cached.get(code, (float("-inf"), None))
    if view is None or time.monotonic() - read_at > _FRESH_FOR:
        view = _read(code)
        _cached[code] = (time.monotonic(), view)
    return view


def codes() -> list[str]:
    """The codes of all offices of this database."""
    return list(Office.objects.order_by("code").values_list("code", flat=True))


def forget() -> None:
    """Read offices anew at the next look: after a change, and for tests."""
    _cached.clear()


def _read(code: str) -> OfficeView:
    row = Office.objects.filter(code=code).first()
    if row is None:
        raise Refusal(
            "office_unknown", N_("Kantor dengan kode {office} belum terdaftar. Periksa kodenya."), status=404, office=code
        )
    regions = list(Region.objects.filter(office_id=code).order_by("code"))
    return OfficeView(
        code=row.code,
        name=row.name,
        city=row.city,
        zone=row.zone,
        address=row.address,
        wa_number=row.wa_number,
        opens_at=row.opens_at,
        closes_at=row.closes_at,
        holidays=frozenset(Holiday.objects.filter(office_id=code).values_list("on", flat=True)),
        settings=rules.settings_from(row.settings),
        kelurahan={region.code: region.name for region in regions if region.parent_id},
        kecamatan={region.code: region.name for region in regions if not region.parent_id},
        postal_codes={region.code: region.postal_code for region in regions if region.parent_id},
    )
