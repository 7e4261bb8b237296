"""One message in, at most one message out: finds the row of the table that answers, and says what it says."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from loket.applications import drafts
from loket.bot import pasted, words
from loket.bot.answers import Reply, Turn, code_in, form_address, form_of
from loket.bot.steps import BY_FLOW, BY_INTENT, BY_KIND, FLOWS, FOR_THE_PERSON, NO_NEWS, STEPS
from loket.conversations import actions as talks
from loket.conversations import memory
from loket.conversations.inbox import Incoming
from loket.conversations.models import Contact
from loket.core import clock
from loket.core.actor import system

LATE = timedelta(hours=1)
# People write in pieces. Free text waits this long for the next piece, and together no longer than the second.
PAUSE, PATIENCE = timedelta(seconds=1.2), timedelta(seconds=5)
LOOK_BACK = timedelta(seconds=20)
# After an answer has left, a greeting or the same step again within this time belongs to what was answered.
BURST = timedelta(seconds=8)
# The same words again within this time are one message.
SAME = timedelta(minutes=10)
# When a begun form is remembered: an hour before the reply window shuts.
IDLE, WINDOW = timedelta(hours=23), timedelta(hours=24)


def turn(contact: Contact, given: Incoming, at: datetime) -> None:
    """Answer one message with one message. Silent while a person has the chat, and for what came hours late."""
    if contact.owner or at - given.sent_at > LATE:
        return
    past = memory.past(contact)
    is_free = _is_free_text(given)
    pieces, begun, is_one_of_many = [given.text], at, False
    if is_free and (held := past.unsent()):
        # More was written before the answer left: one answer goes to all of it, and it is one try.
        burst = past.burst(at - LOOK_BACK)
        pieces, is_one_of_many = [*(text for _at, text in burst), given.text], True
        begun = min((piece_at for piece_at, _text in burst), default=at)
        talks.withdraw([one.id for one in held], contact)
        past = memory.past(contact)
        contact.bot_tries = max(0, contact.bot_tries - 1)
    whole = " ".join(dict.fromkeys(piece for piece in pieces if piece))
    now = Turn(contact, given, whole, past, system(contact.office_id, "bot"), at)
    name, now = _step(now)
    if _is_more_of_the_same(now, name, is_free and not is_one_of_many):
        name = "joined"
    elif is_free and _belongs_to_the_answer(now, name):
        return
    if name not in ("unknown", "joined"):
        talks.step_taken(contact, name)
    reply = STEPS[name].does(now)
    if reply is not None:
        _say(now, name, reply, wait=max(timedelta(), min(PAUSE, begun + PATIENCE - at)) if is_free else timedelta())


def remind_of_forms(office: str) -> int:
    """Whoever has begun a form and fell silent is offered it once more, while a free message still reaches her."""
    at, by, told = clock.now(), system(office, "bot"), 0
    for contact in memory.silent_for(office, at, IDLE, WINDOW):
        draft = form_of(contact, at)
        if draft and drafts.is_begun(draft) and not memory.was_told(contact, ("form_waiting",), draft.started_at):
            talks.notify([talks.Notice(contact.pk, "form_waiting", None, {}, {"link": form_address(draft)})], by=by, at=at)
            told += 1
    return told


def _say(now: Turn, name: str, reply: Reply, *, wait: timedelta) -> None:
    if reply.text not in STEPS[name].says:
        raise AssertionError(f"step {name} may not say {reply.text}")
    talks.notify(
        [talks.Notice(now.contact.pk, reply.text, None, reply.params, reply.private)], by=now.by, at=now.at + wait
    )


def _is_free_text(given: Incoming) -> bool:
    """Text that may be one piece of several; a word of the menu, a number, a code or a form is whole by itself."""
    typed = given.text.strip()
    return (
        given.kind == "text" and not given.button and not typed.isdigit() and not words.command(typed)
        and not code_in(typed) and not pasted.is_form(typed)
    )  # fmt: skip


def _step(now: Turn) -> tuple[str, Turn]:
    """Which row answers, and the turn with the button that a number or a word stood for."""
    given = now.given
    if given.button:
        return _pressed(given.button), now
    if given.kind != "text":
        return BY_KIND.get(given.kind, BY_KIND["*"]), now
    if pasted.is_form(now.text):
        return "read_form", now
    if code_in(now.text):
        return "status", now
    if command := words.command(now.text):
        return BY_INTENT[command], now
    asked = now.past.asked()
    is_confirming = asked is not None and asked.notice.startswith("confirm_")
    chosen = _chosen(now.text, asked.options, is_confirming=is_confirming) if asked else ""
    if asked and chosen:
        if now.at - asked.at > STEPS["menu"].stands:
            return "expired", now
        # A number that answers a question about a card is asked back, except where it answers that.
        name = _pressed(chosen)
        if name == "choose" and not is_confirming:
            name = chosen.split(":")[2]
        return name, replace(now, given=replace(given, button=chosen))
    if now.text.strip().isdigit():
        return ("expired" if asked else "menu"), now
    return BY_INTENT.get(words.intent(now.text), "unknown"), now


def _pressed(button: str) -> str:
    """The row of a button: its flow, its version, its step."""
    flow, version, step = (*button.split(":"), "", "", "")[:3]
    if FLOWS.get(flow) != version:
        return "old_button"
    if flow == "menu":
        return step if step in STEPS else "old_button"
    return BY_FLOW[flow]


def _chosen(typed: str, options: tuple[tuple[str, str], ...], *, is_confirming: bool) -> str:
    """The option of the last question that a number or a few words name; empty when none, or more than one, does."""
    bare = typed.strip(" .)(")
    if bare.isdigit():
        number = int(bare) if len(bare) < 3 else 0
        return options[number - 1][0] if 1 <= number <= len(options) else ""
    if words.is_yes(typed) and is_confirming:
        return options[0][0]
    spoken = set(words.plain_words(typed))
    if not spoken or len(spoken) > 4:
        return ""
    named = [key for key, title in options if spoken <= set(words.plain_words(title))]
    return named[0] if len(named) == 1 else ""


def _is_more_of_the_same(now: Turn, name: str, is_free: bool) -> bool:
    """What is written to a chat that waits for a person, and the same words again: joined to what is there."""
    if now.contact.person_since and name in FOR_THE_PERSON:
        return True
    if not is_free or name == "unknown":
        return False
    mine = words.plain_words(now.text)
    earlier = [text for _seq, at, text in now.past.written if now.at - at <= SAME]
    # The newest of them is this message itself, which is kept before it is answered.
    return len(mine) > 1 and any(words.plain_words(text) == mine for text in earlier[1:4])


def _belongs_to_the_answer(now: Turn, name: str) -> bool:
    last = now.past.last()
    if last is None or not last.by_bot or now.at - last.at > BURST:
        return False
    return name in NO_NEWS or (name == now.contact.bot_step and name != "unknown")
