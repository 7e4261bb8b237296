"""Working days, promise dates and the settings of an office, as values."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from loket.core.errors import N_, Refusal


@dataclass(frozen=True, slots=True)
class Settings:
    """What an office may set; the defaults are Kota Cilegon's of June 2020.

    Fee in rupiah, paid by the resident to Kantor Pos; the document itself always costs nothing.
    """

    post_fee: int = 14_000
    choose_within_days: int = 7
    fix_within_days: int = 14
    remind_after_days: int = 3
    low_stock_days: int = 15
    # Clocks of a conversation, in minutes of office hours: first answer, settled, and how long its owner may be silent.
    chat_reply_minutes: int = 60
    chat_settle_minutes: int = 840
    chat_return_minutes: int = 45
    # Working days until a complaint is answered; of a hundred finished requests, how many are asked for their opinion.
    complaint_days: int = 5
    survey_share: int = 30
    # Beside the WhatsApp number and the address of these pages: what residents may trust when they ask (`/asli/`).
    official_numbers: tuple[str, ...] = ()
    official_hosts: tuple[str, ...] = ()
    # Sending: hours in which no news goes out, messages a second of the number and of campaigns in it, people a day who are
    # kept for news, and after how many hours without delivery a card's news goes another way.
    quiet_from_hour: int = 21
    quiet_until_hour: int = 6
    wa_per_second: int = 70
    campaign_per_second: int = 20
    notice_reserve: int = 100
    fallback_after_hours: int = 24
    # Days that photos are kept: in a chat since they came, in a case since it ended.
    chat_photo_days: int = 30
    case_photo_days: int = 30
    # When the head is told: online waits so many per cent of the counter's time, so many of a thousand blanks are spoiled, so
    # many per cent of the open requests are past their promise, so many cards lie uncollected for two weeks.
    alert_wait_percent: int = 150
    alert_spoiled_permille: int = 20
    alert_overdue_percent: int = 5
    alert_uncollected: int = 50
    # The contact (its row's id) that gets the sentences of the week, the head's own WhatsApp; empty sends none.
    digest_contact: str = ""
    # The index of satisfaction: the weight of each of the nine elements ("1/9", or "0.11" as some offices count), where
    # the bands C, B and A begin (Permenpan RB 14/2017), and under how many answers nothing is claimed.
    skm_weight: str = "1/9"
    skm_bands: tuple[float, ...] = (65.0, 76.61, 88.31)
    skm_minimum: int = 30
    # The rule that allows new Suket, and since when; empty forbids them, as the ministry does in normal times.
    suket_reference: str = ""
    suket_since: str = ""
    suket_number: str = "471.13/{number:05d}/SKT/{office}/{year}"


def settings_from(stored: dict[str, Any]) -> Settings:
    """Settings with the office's own values over the defaults; unknown names are refused."""
    known = {item.name for item in fields(Settings)}
    unknown = set(stored) - known
    if unknown:
        raise ValueError(f"unknown office settings: {', '.join(sorted(unknown))}")
    values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()}
    return Settings(**values)


# What a number may be, where not every one from 1 on makes sense.
_BOUNDS = {
    "post_fee": (0, 1_000_000), "survey_share": (0, 100), "quiet_from_hour": (0, 23), "quiet_until_hour": (0, 23),
    "notice_reserve": (0, 100_000), "wa_per_second": (1, 1000), "campaign_per_second": (1, 1000),
}  # fmt: skip
_OTHERS = (1, 3650)


def read(name: str, text: str) -> Any:
    """The value of a setting as it is stored, from what a person wrote: a whole number, or names separated by commas."""
    default = asdict(Settings()).get(name)
    if isinstance(default, int):
        least, most = _BOUNDS.get(name, _OTHERS)
        if text.strip().isdecimal() and least <= int(text) <= most:
            return int(text)
        raise Refusal(
            "setting_value", N_("Nilai {name} adalah angka bulat dari {least} sampai {most}."), field="value",
            name=name, least=least, most=most,
        )  # fmt: skip
    if default == ():
        return [part.strip() for part in text.split(",") if part.strip()]
    # Among them what allows new Suket: it belongs to the head, with the letter that says so (`suket.issuing.switch`).
    raise Refusal("setting_unknown", N_("Tidak ada pengaturan {name} yang diubah di sini."), field="name", name=name)


def written(settings: Settings) -> dict[str, Any]:
    """Every setting and its value, as they are stored."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(settings).items()}


def is_working_day(day: date, holidays: Collection[date]) -> bool:
    return day.weekday() < 5 and day not in holidays


def add_working_days(start: date, days: int, holidays: Collection[date]) -> date:
    """The date `days` working days after `start`; day 0 is the first working day on or after `start`."""
    day = start
    while not is_working_day(day, holidays):
        day += timedelta(days=1)
    for _ in range(days):
        day += timedelta(days=1)
        while not is_working_day(day, holidays):
            day += timedelta(days=1)
    return day


def is_open(at: datetime, zone: str, opens_at: time, closes_at: time, holidays: Collection[date]) -> bool:
    local = at.astimezone(ZoneInfo(zone))
    return is_working_day(local.date(), holidays) and opens_at <= local.time() < closes_at
