"""What each step does: reads, calls one action at most, and names the text that answers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.urls import NoReverseMatch, reverse

from loket.applications import drafts, rules
from loket.applications import queries as cases
from loket.applications.models import Application, Draft
from loket.bot import pasted
from loket.catalogue import queries as catalogue
from loket.conversations import actions as talks
from loket.conversations import composing, memory
from loket.conversations.inbox import Incoming
from loket.conversations.models import Contact
from loket.core import codes, text
from loket.core.actor import Actor, resident
from loket.core.errors import Refusal
from loket.delivery import actions as delivery
from loket.offices import queries as offices
from loket.offices.queries import OfficeView
from loket.suket import waves

MERGED = ("merged", "merged_case", "merged_chat")
CLOSED = ("person_closed", "urgent_closed")
URGENT = ("urgent_open", "urgent_closed")
# A notice that says only that nothing has changed is worth sending once in this time.
MERGED_ONCE = timedelta(hours=6)
ROW_TITLE, ROW_MORE = 24, 72
COMPLAINTS = "citizen:keluhan_baru"
# As we write it, with its hyphens: among other words nothing else looks like it.
_CODE = re.compile(r"\b[0-9A-Za-z]{4}[-–][0-9A-Za-z]{4}[-–][0-9A-Za-z]{3}\b")


@dataclass(frozen=True, slots=True)
class Reply:
    """One message: the name of its text, values without personal data, and what she alone may read."""

    text: str
    params: dict[str, Any] = field(default_factory=dict)
    private: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Turn:
    """What she wrote, with everything that is known when it is answered. `text` is all of a burst."""

    contact: Contact
    given: Incoming
    text: str
    past: memory.Past
    by: Actor
    at: datetime

    @property
    def office(self) -> OfficeView:
        return offices.office(self.contact.office_id)

    @property
    def button(self) -> tuple[str, str]:
        """The step of a button, and what it is about: `choose:1:post:CODE` is (post, CODE)."""
        _flow, _version, step, about = (*self.given.button.split(":", 3), "", "", "", "")[:4]
        return step, about

    def cases(self) -> list[Application]:
        return cases.of_contact(self.contact.pk)


# --- the form ---


def menu(turn: Turn) -> Reply:
    return Reply("welcome_back" if _begun(turn) else "welcome")


def old_button(turn: Turn) -> Reply:
    return Reply("old_button")


def expired(turn: Turn) -> Reply:
    """A number that answers a question of yesterday: nothing is done, and what was begun is offered."""
    return Reply("expired_back" if _begun(turn) else "expired")


def apply(turn: Turn) -> Reply:
    """A begun form goes on; a form that was never opened is the same one again."""
    draft = _draft(turn)
    if draft is None:
        return _link("form_link", _new(turn))
    return _link("form_resume" if drafts.is_begun(draft) else "form_link", draft)


def start_over(turn: Turn) -> Reply:
    return _link("form_link", _new(turn))


def read_form(turn: Turn) -> Reply:
    """A NIK in the chat is accepted and never echoed: what can be read stands in the form, which is where data belong."""
    read = pasted.read(turn.text, turn.office)
    draft = _draft(turn)
    if draft is None or _is_about_another(draft, read):
        draft = _new(turn)
    if read.fields:
        drafts.prefill(draft, read.fields)
    if shown := read.masked():
        return _link("form_link_read", draft, read=shown)
    if read.lengths:
        return _link("form_link_kindly_short", draft, count=str(read.lengths[0]))
    return _link("form_link_kindly", draft)


def _is_about_another(draft: Draft, read: pasted.Pasted) -> bool:
    """Whoever helps a neighbour sends another NIK: that is another form."""
    given = drafts.answers(draft)
    known = given.get("nik") or given.get(drafts.PREFILLED, {}).get("nik")
    return bool(known and read.fields.get("nik") and known != read.fields["nik"])


def form_of(contact: Contact, at: datetime) -> Draft | None:
    """The form that this chat has begun, as long as the chat is the same person's."""
    index = bytes(contact.phone_index) if contact.phone_index else None
    return drafts.of_chat(contact.pk, talks.holder(contact), index, at)


def _draft(turn: Turn) -> Draft | None:
    return form_of(turn.contact, turn.at)


def _begun(turn: Turn) -> bool:
    draft = _draft(turn)
    return draft is not None and drafts.is_begun(draft)


def new_form(contact: Contact, at: datetime) -> Draft:
    """A new form of this chat. Whoever was invited begins with the exchange; nothing that the register knows stands in it,
    since nobody knows yet who holds the phone today."""
    service = "SUKET_EXCHANGE" if waves.is_invited(contact.pk) else ""
    return drafts.begin_in_chat(
        contact=contact.pk, holder=talks.holder(contact), service=service, by=resident(contact.office_id), at=at
    )


def _new(turn: Turn) -> Draft:
    return new_form(turn.contact, turn.at)


def _link(name: str, draft: Draft, **private: str) -> Reply:
    return Reply(name, private={"link": form_address(draft), **private})


def form_address(draft: Draft) -> str:
    return f"{settings.BASE_URL}/l/{drafts.link(draft)}/"


# --- her requests ---


def status(turn: Turn) -> Reply:
    found, wanted = turn.cases(), code_in(turn.text)
    if wanted and all(item.code != wanted for item in found):
        return _elsewhere(turn, wanted)
    found = [item for item in found if item.code == wanted] or found
    if not found:
        return Reply("status_none")
    lines = [_line(item, turn.contact.language) for item in found[:3]]
    return Reply("status_list", {"lines": "\n\n".join(lines), "code": found[0].code})


def _elsewhere(turn: Turn, code: str) -> Reply:
    """The code alone shows state, place and promise; no link goes with it to a number that the case is not from."""
    try:
        line = _line(cases.by_code(code, turn.contact.office_id), turn.contact.language)
    except Refusal:
        return Reply("code_unknown", {"shown": codes.shown(code)})
    return Reply("status_elsewhere", {"lines": line, "page": f"{settings.BASE_URL}/cek/"})


def _line(item: Application, language: str) -> str:
    return composing.status_line(
        codes.shown(item.code), item.state, cases.place(item), None if item.finished_at else item.promise_on, language
    )


def own_codes(turn: Turn) -> Reply:
    """Her codes again, to the chat that they were given to."""
    found = turn.cases()[:5]
    if not found:
        return Reply("status_none")
    lines = [f"*{codes.shown(item.code)}*: {catalogue.service(item.service).name(turn.contact.language)}" for item in found]
    return Reply("own_codes", {"lines": "\n".join(lines)})


def fix(turn: Turn) -> Reply:
    found = [item for item in turn.cases() if item.state == "needs_fix"]
    return Reply("fix_link", {"code": found[0].code}) if found else Reply("fix_none")


def cancel(turn: Turn) -> Reply:
    """Nothing is cancelled by a word in a chat: the page shows what would end and asks."""
    found = [item for item in turn.cases() if rules.may_move("cancel", item.state)]
    return Reply("cancel_link", {"code": found[0].code}) if found else Reply("cancel_none")


# --- how she receives it ---


def by_post(turn: Turn) -> Reply:
    return _confirm(turn, "post")


def by_pickup(turn: Turn) -> Reply:
    return _confirm(turn, "pickup")


def _confirm(turn: Turn, method: str) -> Reply:
    """A word or a number is asked back, since it may have been about something else; a button is an answer."""
    found = [item for item in turn.cases() if item.state in rules.CHOOSABLE]
    if not found:
        return Reply("choose_not_yet")
    case = next((item for item in found if item.code == turn.button[1]), found[0])
    if case.method == method and case.state != "returned_home":
        return Reply("pickup_where" if case.state == "on_shelf" else "chosen_before", {"code": case.code})
    return Reply(f"confirm_{method}", {"code": case.code})


def choose(turn: Turn) -> Reply | None:
    """`choose:1:post:CODE`, from the chat that the case belongs to; the delivery itself tells what was chosen."""
    method, code = turn.button
    case = next((item for item in turn.cases() if item.code == code), None)
    if case is None:
        return Reply("old_button")
    is_same = case.method == method and case.state in rules.CHOOSABLE and case.state != "returned_home"
    try:
        delivery.choose(code, method, by=resident(turn.contact.office_id), at=turn.at)
    except Refusal as problem:
        return Reply("refused", {"sentence": problem.text})
    return Reply("chosen_before", {"code": code}) if is_same else None


# --- what everybody may know ---


def fees(turn: Turn) -> Reply:
    return Reply("fees")


def hours(turn: Turn) -> Reply:
    """Today, in words, and the next days on which the office is closed beside the week's end."""
    office, english = turn.office, turn.contact.language == "en"
    if office.is_open(turn.at):
        now = ["The office is open now." if english else "Sekarang buka."]
    else:
        now = [f"Closed now, open from {_opens(turn)}." if english else f"Sekarang tutup, buka lagi {_opens(turn)}."]
    today = office.today()
    soon = sorted(day for day in office.holidays if today <= day <= today + timedelta(days=14))
    if soon:
        days = ", ".join(text.hari_tanggal(day, turn.contact.language) for day in soon[:3])
        now.append(f"Closed on {days}." if english else f"Libur: {days}.")
    return Reply("hours", {"now": " ".join(now)})


def needs(turn: Turn) -> Reply:
    """The services as a list; one that she named is answered at once."""
    if turn.button[1]:
        return needs_of(turn)
    if named := pasted.service_named(turn.text):
        return _papers(named, turn.contact.language)
    rows = [
        (f"needs:1:{one.code}", _cut(one.name(turn.contact.language), ROW_TITLE), _cut(one.summary(turn.contact.language), ROW_MORE))
        for one in catalogue.services()[:10]
    ]
    return Reply("needs_list", {"rows": rows})


def needs_of(turn: Turn) -> Reply:
    """`needs:1:KTP_LOST`."""
    try:
        return _papers(turn.button[0], turn.contact.language)
    except Refusal:
        return Reply("old_button")


def _papers(code: str, language: str) -> Reply:
    service = catalogue.service(code)
    papers = "\n".join(f"- {catalogue.document_name(kind, language)}" for kind in service.documents)
    return Reply(
        "needs",
        {"service": service.name(language), "about": service.summary(language), "papers": papers, "promise_days": service.promise_days},
    )


def _cut(words: str, most: int) -> str:
    return words if len(words) <= most else f"{words[: most - 1].rsplit(' ', 1)[0]}…"


# --- a person ---


def person(turn: Turn) -> Reply | None:
    return _call(turn, "person", "person_open", "person_closed")


def hand_over(turn: Turn) -> Reply | None:
    """The third time in a row that the bot did not understand."""
    return _call(turn, "unknown", "person_open", "person_closed")


def urgent(turn: Turn) -> Reply | None:
    if memory.was_told(turn.contact, URGENT, turn.at - MERGED_ONCE):
        talks.call_person(turn.contact, reason="urgent", at=turn.at)
        return joined(turn)
    return _call(turn, "urgent", "urgent_open", "urgent_closed")


def _call(turn: Turn, reason: str, open_: str, closed: str) -> Reply | None:
    """Somebody of the office is called. While it is closed she hears once a night when people are back."""
    talks.call_person(turn.contact, reason=reason, at=turn.at)
    if turn.office.is_open(turn.at):
        return Reply(open_)
    if memory.was_told(turn.contact, CLOSED, turn.office.hours.before(turn.at, 0)) and closed not in URGENT:
        return joined(turn)
    return Reply(closed, {"opens": _opens(turn)})


def _opens(turn: Turn) -> str:
    """When people are back: Rabu, 3 Juni 2020 pukul 08.00 WIB."""
    office, language = turn.office, turn.contact.language
    opens = office.hours.after(turn.at, 0)
    day = text.hari_tanggal(text.local(opens, office.zone).date(), language)
    return f"{day}{', ' if language == 'en' else ' '}{text.waktu(opens, office.zone, language)}"


def complaint(turn: Turn) -> Reply:
    try:
        link = f"{settings.BASE_URL}{reverse(COMPLAINTS)}"
    except NoReverseMatch:
        talks.call_person(turn.contact, reason="complaint", at=turn.at)
        return Reply("complaint_person")
    return Reply("complaint", private={"link": link})


def broker(turn: Turn) -> Reply:
    """How to report, and nobody may ask for money; what she tells next is read by a person."""
    talks.call_person(turn.contact, reason="broker", at=turn.at)
    return Reply("broker", {"page": f"{settings.BASE_URL}/asli/"})


def not_me(turn: Turn) -> Reply:
    """Somebody else took her card, or filed in her name: a person looks into it at once."""
    talks.call_person(turn.contact, reason="notme", at=turn.at)
    return Reply("not_me")


def joined(turn: Turn) -> Reply | None:
    """More of the same moves nobody backwards; she is told so once in six hours, and otherwise nothing is said."""
    if memory.was_told(turn.contact, MERGED, turn.at - MERGED_ONCE):
        return None
    for case in turn.cases():
        if place := cases.place(case):
            return Reply("merged_case", {"place": place, "code": case.code})
    place = memory.place_in_chat(turn.contact)
    return Reply("merged_chat", {"place": place}) if place else Reply("merged")


def unknown(turn: Turn) -> Reply | None:
    """Once the menu, then a person is offered, and the third time in a row one takes over."""
    tries = talks.not_understood(turn.contact)
    if tries >= 3:
        return hand_over(turn)
    if tries == 2:
        return Reply("offer_person")
    return Reply("not_understood") if turn.past.last() else menu(turn)


# --- the rest ---


def thanks(turn: Turn) -> Reply | None:
    """Answered once; thanks for thanks are not."""
    return None if memory.was_told(turn.contact, ("thanks",), turn.at - MERGED_ONCE) else Reply("thanks")


def has_card(turn: Turn) -> Reply:
    """The answer to an invitation; it was noted when it arrived, and proves nothing yet."""
    return Reply("has_card")


def stop(turn: Turn) -> Reply:
    talks.opt_out(turn.contact, by=turn.by, at=turn.at)
    return Reply("stopped")


def in_english(turn: Turn) -> Reply:
    talks.speak(turn.contact, "en")
    return menu(turn)


def in_indonesian(turn: Turn) -> Reply:
    talks.speak(turn.contact, "id")
    return menu(turn)


def other_kind(turn: Turn) -> Reply:
    return Reply("other_kind")


def nothing(turn: Turn) -> None:
    """A thumb up is no question."""


def code_in(typed: str) -> str:
    """The request code of a message, alone or among other words; empty when there is none."""
    for candidate in (typed, *_CODE.findall(typed)):
        try:
            return codes.parse(candidate)
        except Refusal:
            continue
    return ""
