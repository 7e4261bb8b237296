"""The conversation as a table: what a resident did, and the one step that answers it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from loket.applications import drafts
from loket.applications import queries as cases
from loket.applications.models import Application
from loket.bot import words
from loket.conversations import actions as talks
from loket.conversations import texts
from loket.conversations.inbox import Incoming
from loket.conversations.models import Contact
from loket.core import clock, codes
from loket.core.actor import Actor, resident, system
from loket.core.errors import Refusal
from loket.delivery import actions as delivery
from loket.offices import queries as offices

LATE = timedelta(hours=1)
TRIES = 3
Step = Callable[[Contact, Incoming, Actor], None]


def turn(contact: Contact, given: Incoming, at: datetime) -> None:
    """Answer one message with one message. Silent while a person has the chat, and for what came hours late."""
    if contact.owner or at - given.sent_at > LATE:
        return
    by = system(contact.office_id, "bot")
    name = _step(given)
    if name == "unknown":
        _unknown(contact, given, by)
        return
    talks.step_taken(contact, name)
    STEPS[name](contact, given, by)


def _step(given: Incoming) -> str:
    """Which step a message calls for: a button by its id, then what stands in the text."""
    if given.button:
        flow, _, rest = given.button.partition(":")
        if flow == "menu":
            return rest.rpartition(":")[2] if rest.rpartition(":")[2] in STEPS else "menu"
        return flow if flow in ("choose", "received") else "menu"
    if given.media_id:
        return "media"
    if given.kind != "text":
        return "unknown"
    if words.holds_numbers(given.text):
        return "kindly"
    if _code(given.text):
        return "status"
    return words.intent(given.text) or "unknown"


def _say(contact: Contact, name: str, by: Actor, params: dict[str, Any] | None = None, link: str = "") -> None:
    private = {"link": link} if link else {}
    talks.notify([talks.Notice(contact.pk, name, None, params or {}, private)], by=by, at=clock.now())


def _menu(contact: Contact, given: Incoming, by: Actor) -> None:
    _say(contact, "welcome", by)


def _apply(contact: Contact, given: Incoming, by: Actor, text_name: str = "form_link") -> None:
    token = drafts.start(contact=contact.pk, by=resident(contact.office_id), at=clock.now())
    _say(contact, text_name, by, link=f"{settings.BASE_URL}/l/{token}/")


def _kindly(contact: Contact, given: Incoming, by: Actor) -> None:
    """A NIK in the chat is accepted and never echoed; the form is where data belong."""
    _apply(contact, given, by, "form_link_kindly")


def _status(contact: Contact, given: Incoming, by: Actor) -> None:
    found = cases.of_contact(contact.pk)
    wanted = _code(given.text)
    if wanted and not _owns(contact, wanted):
        _elsewhere(contact, wanted, by)
        return
    found = [item for item in found if item.code == wanted] or found
    if not found:
        _say(contact, "status_none", by)
        return
    lines = [_line(item, contact.language) for item in found[:3]]
    _say(contact, "status_list", by, {"lines": "\n\n".join(lines), "code": found[0].code})


def _elsewhere(contact: Contact, code: str, by: Actor) -> None:
    """The code alone shows state, place and promise; no link goes with it to a number that the case is not from."""
    try:
        line = _line(cases.by_code(code, contact.office_id), contact.language)
    except Refusal:
        _say(contact, "code_unknown", by, {"shown": codes.shown(code)})
    else:
        _say(contact, "status_elsewhere", by, {"lines": line, "page": f"{settings.BASE_URL}/cek/"})


def _line(item: Application, language: str) -> str:
    return texts.status_line(
        codes.shown(item.code), item.state, cases.place(item), None if item.finished_at else item.promise_on, language
    )


def _person(contact: Contact, given: Incoming, by: Actor) -> None:
    office = offices.office(contact.office_id)
    talks.call_person(contact, at=clock.now())
    _say(contact, "person_open" if office.is_open(clock.now()) else "person_closed", by)


def _cancel(contact: Contact, given: Incoming, by: Actor) -> None:
    """Nothing is cancelled by a word in a chat: the page shows what would end and asks."""
    _status(contact, given, by)


def _stop(contact: Contact, given: Incoming, by: Actor) -> None:
    talks.opt_out(contact, by=by, at=clock.now())
    _say(contact, "stopped", by)


def _language(language: str) -> Step:
    def step(contact: Contact, given: Incoming, by: Actor) -> None:
        talks.speak(contact, language)
        _menu(contact, given, by)

    return step


def _media(contact: Contact, given: Incoming, by: Actor) -> None:
    """Answered once for everything that comes at once, when it is fetched and judged: `bot.photos`."""


def _choose(contact: Contact, given: Incoming, by: Actor) -> None:
    """`choose:1:post:CODE`, from the chat that the case belongs to."""
    _flow, _version, method, code = (*given.button.split(":"), "", "", "", "")[:4]
    if not _owns(contact, code):
        _menu(contact, given, by)
        return
    try:
        delivery.choose(code, method, by=resident(contact.office_id), at=clock.now())
    except Refusal as problem:
        _say(contact, "refused", by, {"sentence": problem.text})


def _received(contact: Contact, given: Incoming, by: Actor) -> None:
    """`received:1:notme:CODE`: a person looks into it at once."""
    talks.call_person(contact, at=clock.now())
    _say(contact, "not_me", by)


def _unknown(contact: Contact, given: Incoming, by: Actor) -> None:
    """Twice the menu is offered; the third time a person takes over."""
    tries = talks.not_understood(contact)
    if tries >= TRIES:
        _person(contact, given, by)
    elif tries == 1 and not contact.bot_step:
        _menu(contact, given, by)
    else:
        _say(contact, "not_understood", by)


def _owns(contact: Contact, code: str) -> bool:
    return any(item.code == code for item in cases.of_contact(contact.pk))


def _code(typed: str) -> str:
    try:
        return codes.parse(typed)
    except Refusal:
        return ""


STEPS: dict[str, Step] = {
    "menu": _menu,
    "apply": _apply,
    "kindly": _kindly,
    "status": _status,
    "person": _person,
    "cancel": _cancel,
    "stop": _stop,
    "english": _language("en"),
    "indonesian": _language("id"),
    "media": _media,
    "choose": _choose,
    "received": _received,
}
