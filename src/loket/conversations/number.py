"""The office's number at the provider: what it has reached today, and how it is brought to a stand."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import connection, transaction

from loket.conversations import pacing
from loket.conversations.alarms import alarm
from loket.conversations.models import Campaign, Course, Sender

log = logging.getLogger(__name__)
# People reached outside a window in the last day, and when the first of them no longer counts.
_REACHED = """
SELECT count(DISTINCT m.contact_id), min(m.reach_at) FROM conversations_message m
JOIN conversations_contact c ON c.id = m.contact_id WHERE m.reach_at > %s AND c.office_id = %s
"""


def locked(office: str) -> Sender:
    """The row of the number, made at its first use and locked until the transaction ends."""
    sender = Sender.objects.select_for_update().filter(pk=office).first()
    if sender is None:
        Sender.objects.bulk_create([Sender(office_id=office)], ignore_conflicts=True)
        sender = Sender.objects.select_for_update().get(pk=office)
    return sender


def seen(office: str) -> Sender:
    """The number as it stands now, to be looked at."""
    return Sender.objects.filter(pk=office).first() or Sender(office_id=office)


def reached(office: str, at: datetime) -> tuple[int, datetime]:
    """How many people were reached outside a window in the last day, and when the first of them stops counting."""
    with connection.cursor() as cursor:
        cursor.execute(_REACHED, [at - pacing.DAY - pacing.MARGIN, office])
        used, first = cursor.fetchone()
    return int(used), (first or at) + pacing.DAY + pacing.MARGIN


@transaction.atomic
def stop(office: str, why: str, at: datetime) -> None:
    """Sending stands still, with a named reason and an alarm; only a person lets it go on (`actions.resume_sending`)."""
    pause_campaigns(office, why, at)
    locked(office)
    if Sender.objects.filter(pk=office, stopped_at=None).update(stopped_at=at, stopped_why=why):
        log.error("sending has stopped: %s", why)
        alarm("sending_stopped", subject=why, office=office, at=at)


def pause_campaigns(office: str, why: str, at: datetime) -> int:
    """Running campaigns stop, with a named reason and an alarm; only a person lets them go on. Returns how many."""
    paused = Campaign.objects.filter(office_id=office, state=Course.RUNNING).update(state=Course.PAUSED, paused_why=why)
    if paused:
        log.error("the campaign has stopped: %s", why)
        alarm("campaign_stopped", subject=why, office=office, at=at)
    return paused
