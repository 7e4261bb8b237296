"""The worker: messages in and out without a pause, and what must happen by itself from time to time."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.conf import settings
from django.db import Error, connection
from django.utils import translation

from loket.applications import actions as applications
from loket.applications import drafts, recalls
from loket.bot import conversation, photos
from loket.conversations import actions as talks
from loket.conversations import (
    authenticity,
    campaigns,
    fallbacks,
    gateways,
    inbox,
    outbox,
    outcomes,
    templates,
    verdicts,
)
from loket.conversations import media as files
from loket.conversations.models import Contact
from loket.core import clock, limits, media
from loket.core.actor import system
from loket.delivery import actions as delivery
from loket.delivery import queries as parcels
from loket.insight import actions as insight
from loket.insight import alerts, database, outlook, sentences, surveys
from loket.insight import queries as figures
from loket.integrity import queries as complaints
from loket.offices import queries as offices
from loket.staff import sessions
from loket.suket import staging, waves

log = logging.getLogger("loket.worker")
IDLE, AWAY = 0.3, 3.0
# While one waits for the database to commit, the other understands the next person's message.
READERS = 2
EVERY = 600.0
_looked_at = float("-inf")


def run_worker() -> None:
    """Run until somebody stops us; every loop has a thread and a database connection of its own."""
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_given: stop.set())
    via, source = gateways.configured(), files.configured()
    # Invitations have senders of their own: however slow they are, an answer finds a free one.
    answers, invitations = outbox.Post(via, outbox.REPLIES), outbox.Post(via, outbox.INVITATIONS, slots=4)
    loops: list[tuple[Callable[[], int], float]] = [
        *[(lambda: inbox.drain_people(turn), IDLE)] * READERS,
        (inbox.drain_provider, IDLE),
        (answers.turn, IDLE),
        (invitations.turn, IDLE),
        (keep_account, 20.0),
        (lambda: files.fetch_due(source), IDLE),
        (photos.answer_due, 1.0),
        (applications.judge_due, 1.0),
        (sweep_files, 3600.0),
        (staging.work, 1.0),
        (tend, 15.0),
    ]
    threads = [threading.Thread(target=_loop, args=(work, pause, stop), daemon=True) for work, pause in loops]
    for thread in threads:
        thread.start()
    stop.wait()
    for thread in threads:
        thread.join(5)
    for post in (answers, invitations):
        post.close()


def turn(contact: Contact, given: inbox.Incoming, at: datetime) -> None:
    """A quick reply is kept with the invitation it answers; then the bot answers the resident."""
    if given.kind == "button":
        campaigns.answered(contact.pk, given.button, at=at)
    conversation.turn(contact, given, at)


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
        outcomes.sweep, inbox.clean, lambda: drafts.forget_expired(clock.now()), lambda: limits.purge(clock.now()),
        lambda: authenticity.forget_old(clock.now()), sessions.forget_expired,
        talks.forget_gone,
        lambda: staging.forget_old(clock.now()),
    ]
    for code in offices.codes():
        steps += [
            partial(remind_of_choice, code),
            partial(tell_otherwise, code),
            partial(invite, code),
            partial(hear_of_waves, code),
            partial(insight.freeze_due, code),
            partial(database.write_due, code),
            partial(insight.check_due, code),
            partial(outlook.keep_due, code),
            partial(tell_the_head, code),
            partial(tell_of_slips, code),
            partial(conversation.remind_of_forms, code),
            partial(return_silent_chats, code),
            partial(send_what_was_lost, code),
            partial(ask_for_opinions, code),
            partial(delete_old_photos, code),
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


def keep_account() -> int:
    """Templates submitted and approvals read, the number's limit and quality looked at: as long as one waits to be
    submitted, otherwise now and then, since news of both comes by itself and the provider counts these calls."""
    global _looked_at
    office = str(settings.OFFICE)
    by = system(office, "templates")
    templates.ensure(office, by=by, at=clock.now())
    if time.monotonic() - _looked_at > EVERY or templates.waits(office):
        templates.sync(office, by=by, at=clock.now())
        verdicts.read_number(office, clock.now())
        _looked_at = time.monotonic()
    return 0


def tell_otherwise(office: str) -> int:
    """Whoever WhatsApp does not reach hears by SMS or e-mail that her card waits."""
    return fallbacks.sweep(office, clock.now())


def invite(office: str) -> int:
    """The next invitations of a campaign that somebody has started."""
    return campaigns.advance(office, at=clock.now())


def hear_of_waves(office: str) -> int:
    """Whether the messages of a wave arrived is kept with the letters of the register."""
    return waves.feed(office, by=system(office, "waves"), at=clock.now())


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


def return_silent_chats(office: str) -> int:
    """A resident who waits for an officer who says nothing is given back to all of them."""
    return talks.return_silent(office, by=system(office, "return"), at=clock.now())


def send_what_was_lost(office: str) -> int:
    """Codes and links that were asked for, to the numbers they belong to."""
    return recalls.answer(by=system(office, "recall"), at=clock.now())


def ask_for_opinions(office: str) -> int:
    """A sample of those whose request was finished yesterday is asked how the service was."""
    return surveys.invite_due(by=system(office, "survey"), at=clock.now())


def delete_old_photos(office: str) -> int:
    """Photos whose time is over: those of ended cases, and those that only lie in a chat."""
    kept, by, now = offices.office(office).settings, system(office, "retention"), clock.now()
    return applications.delete_old_photos(kept.case_photo_days, by=by, at=now) + talks.delete_old_photos(
        kept.chat_photo_days, by=by, at=now
    )


# Every room that stores files says which it uses: what none of them names is deleted (a test looks for rooms left out).
FILES_IN_USE: tuple[Callable[[], set[UUID]], ...] = (
    applications.files_in_use, talks.files_in_use, staging.files_in_use, complaints.files_in_use,
)  # fmt: skip


def sweep_files() -> int:
    """Delete files older than a day that no row names: what a crash left between a file and its row."""
    used = set[UUID]().union(*(room() for room in FILES_IN_USE))
    media.delete([row for row in media.orphans(used) if media.is_older(row, 24 * 3600)])
    return 0


def tell_the_head(office: str) -> bool:
    """On Monday mornings the five sentences go to the head's WhatsApp, if a number is set."""
    def compose(language: str) -> list[str]:
        with translation.override(language):
            found = figures.today(office), figures.attention(office), offices.office(office).settings, len(figures.differences(office))
            return sentences.five(*found)

    return alerts.digest_due(office, compose, by=system(office, "digest"), at=clock.now())
