"""How large a wave may be, so that nobody is invited to wait: a rule over what the office can serve in the coming days."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, sqrt
from typing import Any

from loket.core.errors import N_

# Working days that a wave is to be served in.
DAYS = 5
# One-sided 90 %: what few answers tell is believed little.
_Z = 1.2816

PRINTING = N_(
    "Paling banyak {value} orang karena cetak: {operators} operator kali {each} kartu sehari, kurang {others} kartu lain sehari, "
    "selama {days} hari kerja. {asked} pemegang sudah antre, {waiting} dari ajakan sebelumnya masih mungkin datang."
)
BLANKS = N_(
    "Paling banyak {value} orang karena blangko: ada {blanks}, {kept} disisihkan untuk kartu lain, {asked} untuk yang sudah antre, "
    "{waiting} untuk ajakan sebelumnya."
)
REACH = N_("Paling banyak {value} lewat WhatsApp: {tier} orang sehari, {kept} disisihkan untuk kabar, selama {days} hari kerja.")
OFFICER = N_("Paling banyak {value} orang: ditentukan petugas.")
RECORDING = N_("Batas cetak tidak berlaku: mereka harus direkam dulu. Undang sebanyak yang bisa direkam.")
LEARNED = N_(
    "Dari {invited} orang pada ajakan {waves}, {filed} mengajukan ({share} dari 100). Supaya aman dihitung {most} dari 100 yang datang."
)
UNSEEN = N_("Belum ada ajakan yang berumur {days} hari, jadi dihitung seolah semua yang diajak datang.")
HISTORY = N_("Perkiraan yang datang memakai riwayat delapan minggu: {share} dari 100 pemegang datang sendiri dalam {days} hari.")
NO_HISTORY = N_("Perkiraan yang datang belum bisa dihitung: belum ada ajakan, dan belum ada riwayat.")


@dataclass(frozen=True, slots=True)
class Capacity:
    """What the coming working days bring: operators who print and cards each a day, other cards a day, holders in line,
    blanks on hand; people WhatsApp reaches a day (None without limit) and how many of them are kept for news; and the share
    of quiet holders who come by themselves in two weeks (None when unknown)."""

    operators: int
    each: int
    others: float
    asked: int
    blanks: int
    tier: int | None
    kept: int
    by_themselves: float | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of the waves that are old enough to tell: their numbers, invited and filed in all and by channel, and how
    many of younger waves may still come."""

    waves: tuple[int, ...] = ()
    invited: int = 0
    filed: int = 0
    by_channel: tuple[tuple[str, int, int], ...] = ()
    open: int = 0
    days: int = 14


@dataclass(frozen=True, slots=True)
class Limit:
    """One bound and the sentence that says why; `value` None where it says something but bounds nothing."""

    value: int | None
    sentence: str
    params: dict[str, Any]


def at_most(filed: int, invited: int) -> float:
    """The largest share of holders who may come, given what was seen (Wilson's upper bound, 90 %); 1 when nothing was."""
    if not invited:
        return 1.0
    share, square = filed / invited, _Z * _Z
    middle = share + square / (2 * invited)
    spread = _Z * sqrt(share * (1 - share) / invited + square / (4 * invited * invited))
    return min(1.0, (middle + spread) / (1 + square / invited))


def limits(capacity: Capacity, seen: Seen, *, prints: bool, cap: int | None) -> tuple[Limit, ...]:
    """Every bound of a wave, with its sentence; `prints` says whether those who come need a card now."""
    found = _served(capacity, seen) if prints else [Limit(None, RECORDING, {})]
    if cap is not None:
        found.append(Limit(cap, OFFICER, {"value": cap}))
    return tuple(found)


def _served(capacity: Capacity, seen: Seen) -> list[Limit]:
    most = at_most(seen.filed, seen.invited)
    waiting = ceil(seen.open * most)
    kept = ceil(capacity.others * DAYS)
    cards = floor(capacity.operators * capacity.each * DAYS - capacity.others * DAYS)
    shared = {"asked": capacity.asked, "waiting": waiting}
    printing = _invitations(cards - capacity.asked - waiting, most)
    blanks = _invitations(capacity.blanks - kept - capacity.asked - waiting, most)
    return [
        Limit(
            printing, PRINTING,
            {"value": printing, "operators": capacity.operators, "each": capacity.each, "others": ceil(capacity.others), "days": DAYS, **shared},
        ),
        Limit(blanks, BLANKS, {"value": blanks, "blanks": capacity.blanks, "kept": kept, **shared}),
    ]  # fmt: skip


def _invitations(requests: int, share: float) -> int:
    """How many may be invited so that no more than so many come."""
    return max(0, floor(requests / share))


def reach(capacity: Capacity) -> Limit | None:
    """How many of a wave WhatsApp takes in its days; None when it takes all."""
    if capacity.tier is None:
        return None
    value = max(0, capacity.tier - capacity.kept) * DAYS
    return Limit(value, REACH, {"value": value, "tier": capacity.tier, "kept": capacity.kept, "days": DAYS})


def learned(capacity: Capacity, seen: Seen) -> list[Limit]:
    """What the size and the expectation were taken from, in sentences."""
    if seen.invited:
        percent = round(100 * seen.filed / seen.invited)
        told = {
            "invited": seen.invited, "filed": seen.filed, "share": percent, "most": ceil(100 * at_most(seen.filed, seen.invited)),
            "waves": ", ".join(str(number) for number in seen.waves),
        }  # fmt: skip
        return [Limit(None, LEARNED, told)]
    first = Limit(None, UNSEEN, {"days": seen.days})
    if capacity.by_themselves is None:
        return [first, Limit(None, NO_HISTORY, {})]
    return [first, Limit(None, HISTORY, {"share": round(100 * capacity.by_themselves), "days": seen.days})]


def expected(counts: dict[str, int], capacity: Capacity, seen: Seen) -> int | None:
    """How many of these (by channel) will ask: as their channel answered before, else as all did, else as they come by
    themselves; None when nothing tells."""
    if not seen.invited and capacity.by_themselves is None:
        return None
    shares = {channel: filed / invited for channel, invited, filed in seen.by_channel if invited}
    otherwise = seen.filed / seen.invited if seen.invited else capacity.by_themselves or 0.0
    return round(sum(count * shares.get(channel, otherwise) for channel, count in counts.items()))
