"""The conversation as a table: what leads to a step, what the step may say, what it does, and how long its question stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from loket.bot import answers
from loket.bot.answers import CLOSED, MERGED, Reply, Turn
from loket.conversations.texts import TEXTS

# A question that was not answered by then is not what a number answers any more; the reply window is still open.
STANDS = timedelta(hours=23)
# The version of each kind of button. A button that asks something else than before gets a new one: presses of the old
# ones are recognised, change nothing and are answered kindly.
FLOWS = {"menu": "1", "choose": "1", "received": "1", "needs": "1", "invite": "1"}


@dataclass(frozen=True, slots=True)
class Step:
    """One row. `intents` of `words`, `kinds` of a message and `flows` of a button lead here; `says` are names of texts."""

    name: str
    does: Callable[[Turn], Reply | None]
    says: tuple[str, ...]
    intents: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    flows: tuple[str, ...] = ()
    stands: timedelta = STANDS

    def expects(self) -> set[str]:
        """What may be answered: the ids of the buttons of all that it says; a word of another step is always heard."""
        return {key for name in self.says for key, _id, _en in TEXTS[name].buttons}


_FORM = ("form_link", "form_resume")
_PERSON = ("person_open", *CLOSED, *MERGED)

STEPS: dict[str, Step] = {
    step.name: step
    for step in (
        Step("menu", answers.menu, ("welcome", "welcome_back"), ("menu",)),
        Step("old_button", answers.old_button, ("old_button",)),
        Step("expired", answers.expired, ("expired", "expired_back")),
        # The form.
        Step("apply", answers.apply, _FORM, ("apply",)),
        Step("resume", answers.apply, _FORM, ("resume",)),
        Step("new", answers.start_over, ("form_link",), ("new",)),
        Step("read_form", answers.read_form, ("form_link_read", "form_link_kindly_short", "form_link_kindly")),
        # Her requests.
        Step("status", answers.status, ("status_list", "status_elsewhere", "code_unknown", "status_none"), ("status",)),
        Step("code", answers.own_codes, ("own_codes", "status_none"), ("code",)),
        Step("fix", answers.fix, ("fix_link", "fix_none"), ("fix",)),
        Step("cancel", answers.cancel, ("cancel_link", "cancel_none"), ("cancel",)),
        # How she receives it.
        Step("post", answers.by_post, ("confirm_post", "chosen_before", "choose_not_yet"), ("post",)),
        Step("pickup", answers.by_pickup, ("confirm_pickup", "pickup_where", "chosen_before", "choose_not_yet"), ("pickup",)),
        Step("choose", answers.choose, ("chosen_before", "old_button", "refused"), flows=("choose",)),
        # What everybody may know.
        Step("fee", answers.fees, ("fees",), ("fee",)),
        Step("hours", answers.hours, ("hours",), ("hours",)),
        Step("needs", answers.needs, ("needs_list", "needs"), ("needs",)),
        Step("needs_of", answers.needs_of, ("needs", "old_button"), flows=("needs",)),
        # A person.
        Step("person", answers.person, _PERSON, ("person",)),
        Step("urgent", answers.urgent, ("urgent_open", *CLOSED, *MERGED), ("urgent",)),
        Step("complaint", answers.complaint, ("complaint", "complaint_person"), ("complaint",)),
        Step("broker", answers.broker, ("broker",), ("broker",)),
        Step("notme", answers.not_me, ("not_me",), ("notme",), flows=("received",)),
        Step("joined", answers.joined, MERGED),
        Step("unknown", answers.unknown, ("welcome", "welcome_back", "not_understood", "offer_person", *_PERSON)),
        # The rest.
        Step("has_card", answers.has_card, ("has_card",), flows=("invite",)),
        Step("thanks", answers.thanks, ("thanks",), ("thanks",)),
        Step("stop", answers.stop, ("stopped",), ("stop",)),
        Step("english", answers.in_english, ("welcome", "welcome_back"), ("english",)),
        Step("indonesian", answers.in_indonesian, ("welcome", "welcome_back"), ("indonesian",)),
        # What comes as a file is answered once for all that comes at once, when it is fetched and judged: `bot.photos`.
        Step("media", answers.nothing, (), kinds=("image", "document", "audio", "video", "sticker")),
        Step("other", answers.other_kind, ("other_kind",), kinds=("*",)),
        Step("nothing", answers.nothing, (), kinds=("reaction",)),
    )
}
BY_INTENT = {intent: step.name for step in STEPS.values() for intent in step.intents}
BY_KIND = {kind: step.name for step in STEPS.values() for kind in step.kinds}
BY_FLOW = {flow: step.name for step in STEPS.values() for flow in step.flows}
# Said to a chat that waits for a person, these are more of the same: the person reads them.
FOR_THE_PERSON = frozenset({"unknown", "person", "broker", "complaint", "notme", "other", "expired"})
# More of a burst that was just answered: worth no answer of its own.
NO_NEWS = frozenset({"menu", "thanks"})
