"""What the head is told without asking: thresholds he may tune, and the sentences of the week by WhatsApp."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from loket.conversations import actions as conversations
from loket.core.actor import Actor, Role, require
from loket.core.errors import N_, Refusal, Refusals
from loket.insight.models import Digest
from loket.insight.queries import Attention, Today
from loket.offices import actions as offices_actions
from loket.offices import queries as offices
from loket.offices.rules import Settings
from loket.residents import phones

# What may be tuned, between which bounds.
BOUNDS = {
    "low_stock_days": (1, 250),
    "alert_wait_percent": (100, 1000),
    "alert_spoiled_permille": (1, 500),
    "alert_overdue_percent": (1, 100),
    "alert_uncollected": (1, 10_000),
}
MONDAY, MORNING = 0, time(8)


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that waits too long, runs out or went wrong: a sentence, what fills its places (floats are shares), and the
    list or series behind it."""

    sentence: str
    about: str
    places: dict[str, float] = field(default_factory=dict)


def alerts(today: Today, found: Attention, settings: Settings, alarms: int) -> list[Alert]:
    """Everything that needs the head's eye, the most pressing first."""
    told: list[Alert] = []

    def tell(is_so: bool, sentence: str, about: str, **places: float) -> None:
        if is_so:
            told.append(Alert(sentence, about, places))

    open_ = today.last.get("open.online", 0) + today.last.get("open.counter", 0)
    overdue, uncollected = today.last.get("open.overdue", 0), today.last.get("cards.uncollected", 0)
    online, counter = (today.last.get(f"waiting.median.{channel}") for channel in ("online", "counter"))
    tell(alarms > 0, N_("{count} angka yang disimpan berbeda dari jejaknya."), "alarms", count=alarms)
    tell(
        today.cover_days is not None and today.cover_days < settings.low_stock_days, N_("Blangko hanya cukup {count} hari kerja."),
        "blanks", count=today.cover_days or 0,
    )  # fmt: skip
    tell(
        open_ > 0 and overdue * 100 > settings.alert_overdue_percent * open_,
        N_("{count} permohonan lewat janji, {share} dari yang terbuka."), "overdue", count=overdue, share=overdue / max(open_, 1),
    )  # fmt: skip
    tell(
        online is not None and counter is not None and online * 100 > settings.alert_wait_percent * counter,
        N_("Permohonan online menunggu {share} dari waktu tunggu loket."), "waiting",
        share=float((online or 0) / max(counter or 0, 1)),
    )  # fmt: skip
    tell(today.spoiled_share * 1000 > settings.alert_spoiled_permille, N_("Blangko rusak {share}."), "spoiled", share=float(today.spoiled_share))
    tell(found.chats_waiting > 0, N_("{count} percakapan menunggu petugas."), "chats", count=found.chats_waiting)
    tell(found.returned > 0, N_("{count} kartu kembali dari Pos dan menunggu pilihan warga."), "cards", count=found.returned)
    tell(
        uncollected > settings.alert_uncollected, N_("{count} kartu sudah 14 hari dicetak dan belum di tangan warga."), "uncollected",
        count=uncollected,
    )  # fmt: skip
    tell(found.waiting_for_choice > 0, N_("{count} kartu tercetak menunggu pilihan warga."), "cards", count=found.waiting_for_choice)
    tell(found.unsent > 0, N_("{count} pesan tidak bisa dikirim."), "chats", count=found.unsent)
    tell(found.not_understood > 0, N_("{count} pesan masuk tidak terbaca oleh sistem."), "channel", count=found.not_understood)
    tell(found.alarms > 0, N_("{count} peringatan dari saluran WhatsApp."), "channel", count=found.alarms)
    return told


@transaction.atomic
def tune(given: Mapping[str, int], number: str | None, *, by: Actor, at: datetime) -> None:
    """Set thresholds (names of BOUNDS) and the number that the week's sentences go to: None keeps it, an empty one sends none.

    The number itself is sealed in its contact; settings and trail know the contact only.
    """
    require(by, Role.HEAD)
    problems = [
        Refusal("bounds", N_("Isi angka dari {low} sampai {high}."), field=name, low=BOUNDS[name][0], high=BOUNDS[name][1])
        for name, value in given.items() if not BOUNDS[name][0] <= value <= BOUNDS[name][1]
    ]  # fmt: skip
    try:
        to = phones.parse_phone(number) if number else ""
    except Refusal as refusal:
        problems.append(Refusal(refusal.code, refusal.message, field="digest_number"))
    if problems:
        raise Refusals(problems)
    changes: dict[str, Any] = dict(given)
    if number is not None:
        changes["digest_contact"] = str(conversations.contact_by_phone(to, office=by.office, at=at)) if to else ""
    offices_actions.set_up(changes, by=by, at=at)


def digest_due(office: str, compose: Callable[[str], list[str]], *, by: Actor, at: datetime) -> bool:
    """On Monday from eight in the morning, office time: queue the five sentences to the head, once a week. `compose` says
    them in one language. A number that is set later in the day is still served."""
    view = offices.office(office)
    local = at.astimezone(ZoneInfo(view.zone))
    if not view.settings.digest_contact or local.weekday() != MONDAY or local.time() < MORNING:
        return False
    if Digest.objects.filter(office_id=office, on=local.date()).exists():
        return False
    said: dict[str, Any] = {"until": (local.date() - timedelta(days=1)).isoformat()}
    languages = {language: compose(language) for language in ("id", "en")}
    said |= {f"s{number}": {language: one[number - 1] for language, one in languages.items()} for number in range(1, 6)}
    with transaction.atomic():
        # Another worker may be at it: its row makes ours wait, and then finds it there.
        if not Digest.objects.get_or_create(office_id=office, on=local.date(), defaults={"at": at})[1]:
            return False
        conversations.notify([conversations.Notice(UUID(view.settings.digest_contact), "digest", params=said)], by=by, at=at)
    return True
