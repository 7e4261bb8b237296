"""The worker: messages in and out without a pause, and what must happen by itself from time to time."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from django.db import Error, connection
from django.utils import translation

from loket.applications import actions as applications
from loket.applications import drafts, recalls
from loket.bot import conversation
from loket.conversations import gateways, inbox, outbox
from loket.core import clock, limits
from loket.core.actor import system
from loket.delivery import actions as delivery
from loket.delivery import queries as parcels
from loket.insight import actions as insight
from loket.insight import alerts, database, outlook, sentences, surveys
from loket.insight import queries as figures
from loket.offices import queries as offices
from loket.offices.models import Office
from loket.staff import sessions
from loket.suket import staging

log = logging.getLogger("loket.worker")
IDLE, AWAY = 0.3, 3.0


def run_worker() -> None:
    """Run until somebody stops us; every loop has a thread and a database connection of its own."""
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_given: stop.set())
    via = gateways.configured()
    loops: list[tuple[Callable[[], int], float]] = [
        (lambda: inbox.drain(conversation.turn), IDLE),
        (lambda: outbox.send_due(via), IDLE),
        (staging.work, 1.0),
        (tend, 15.0),
    ]
    threads = [threading.Thread(target=_loop, args=(work, pause, stop), daemon=True) for work, pause in loops]
    for thread in threads:
        thread.start()
    stop.wait()
    for thread in threads:
        thread.join(5)


def _loop(work: Callable[[], int], pause: float, stop: threading.Event) -> None:
    """Work while there is work; while the database is away, wait and try again."""
    while not stop.is_set():
        try:
            done = work()
        except Error as error:
            log.warning("the database is away: %s", type(error).__name__)
            connection.close()
            stop.wait(AWAY)
            continue
        except Exception:
            log.exception("a job failed")
            stop.wait(AWAY)
            continue
        if not done:
            stop.wait(pause)


def tend() -> int:
    """What happens by itself: claims of dead workers, silent residents, slipped promises, yesterday's figures."""
    steps: list[Callable[[], object]] = [
        outbox.sweep, lambda: drafts.forget_expired(clock.now()), lambda: limits.purge(clock.now()), sessions.forget_expired,
        lambda: staging.forget_old(clock.now()),
    ]
    for code in Office.objects.values_list("code", flat=True):
        steps += [
            partial(remind_of_choice, code),
            partial(insight.freeze_due, code),
            partial(database.write_due, code),
            partial(insight.check_due, code),
            partial(outlook.keep_due, code),
            partial(tell_the_head, code),
            partial(tell_of_slips, code),
            partial(send_what_was_lost, code),
            partial(ask_for_opinions, code),
        ]
    for step in steps:
        try:
            step()
        except Error:
            raise
        except Exception:
            # What goes wrong in one must not keep the others from their turn.
            log.exception("a step failed")
    return 0


def remind_of_choice(office: str) -> int:
    """Whoever has not said how she wants her card is asked again after some days."""
    settings_ = offices.office(office).settings
    now = clock.now()
    silent = parcels.waiting_for_choice(office, now - timedelta(days=settings_.remind_after_days))
    if silent:
        delivery.remind(silent, by=system(office, "remind"), at=now)
    return len(silent)


def tell_of_slips(office: str) -> int:
    """Promises of yesterday that were not kept get a new date, and the resident hears it first."""
    return applications.slip_overdue(by=system(office, "slips"), at=clock.now())


def send_what_was_lost(office: str) -> int:
    """Codes and links that were asked for, to the numbers they belong to."""
    return recalls.answer(by=system(office, "recall"), at=clock.now())


def ask_for_opinions(office: str) -> int:
    """A sample of those whose request was finished yesterday is asked how the service was."""
    return surveys.invite_due(by=system(office, "survey"), at=clock.now())


def tell_the_head(office: str) -> bool:
    """On Monday mornings the five sentences go to the head's WhatsApp, if a number is set."""
    def compose(language: str) -> list[str]:
        with translation.override(language):
            found = figures.today(office), figures.attention(office), offices.office(office).settings, len(figures.alarms(office))
            return sentences.five(*found)

    return alerts.digest_due(office, compose, by=system(office, "digest"), at=clock.now())
