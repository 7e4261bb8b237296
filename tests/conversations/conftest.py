"""A provider that takes, refuses or loses what it is given, and messages that wait to be sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest

from loket.conversations import actions as talks
from loket.conversations import gateways, templates
from loket.conversations.composing import Composed
from loket.conversations.models import Contact, Message
from loket.core import clock
from loket.core.actor import system
from tests.cast import CILEGON


class Provider(gateways.Gateway):
    """The machine outside: `answers` are what it says to the next messages, an exception or None for an id."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, Composed, bool]] = []
        self.answers: list[Exception | None] = []
        self.before_answering: Callable[[str], None] | None = None

    def send(self, to: str, composed: Composed, *, window_open: bool, opaque: str) -> str:
        answer = self.answers.pop(0) if self.answers else None
        if not isinstance(answer, gateways.NotTaken):
            self.taken.append((opaque, composed, window_open))
        if self.before_answering:
            self.before_answering(opaque)
        if answer is not None:
            raise answer
        return f"wamid.{opaque}.{len(self.taken)}"

    @property
    def notices(self) -> list[str]:
        return [composed.notice for _opaque, composed, _open in self.taken]


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture(autouse=True)
def _templates_anew() -> Iterator[None]:
    templates.forget()
    yield
    templates.forget()


def contact(number: int, *, wrote_at: datetime | None = None) -> Contact:
    """Somebody with a number; `wrote_at` is when she last wrote."""
    row = talks.contact_by_phone(f"+62812{10_000_000 + number}", office=CILEGON, at=clock.now())
    Contact.objects.filter(pk=row).update(last_inbound_at=wrote_at)
    return Contact.objects.get(pk=row)


def news(to: Contact, notice: str = "verified", by: str = "print", **params: Any) -> Message:
    """A notice waits for this contact."""
    given = {"code": "7K4M2QX9T3A", "promise_on": "2020-06-12", **params}
    talks.notify([talks.Notice(to.pk, notice, None, given)], by=system(CILEGON, by), at=clock.now())
    return Message.objects.filter(contact=to, outgoing=True).latest("seq")


def reply(to: Contact) -> Message:
    """An answer of the bot waits for this contact."""
    return news(to, "welcome", by="bot")


# The provider as a process of its own.
from tests.emulator.conftest import _emulator, emulator, receiver, start  # noqa: E402, F401
