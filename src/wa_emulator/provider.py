"""The provider's side of a send: who it is for, whether it may go, what is recorded and which statuses follow."""

import json
import re
from typing import Any

from wa_emulator import checks, render, shapes
from wa_emulator.graph import Refused
from wa_emulator.media import find as find_media
from wa_emulator.plans import PLANS, Plan
from wa_emulator.world import World

Json = dict[str, Any]
MARKS_ARE_TAKEN_FOR_SECONDS = 30 * 86400
TYPING_SECONDS = 25


class ReplyLost(Exception):
    """The message was taken, and the caller shall never hear of it."""


def post_message(world: World, call: Json) -> Json:
    """One POST to /messages: a message to a person, or a read mark with or without `typing…`."""
    if call.get("messaging_product") != "whatsapp":
        raise Refused(100, "The parameter messaging_product is required.")
    if call.get("status") == "read":
        return _mark_read(world, call)
    if world.knobs.refusals:
        raise Refused(world.knobs.refusals.pop(0), "Refused because the knob says so")
    try:
        kind = checks.check(call)
    except (AttributeError, KeyError, TypeError, ValueError) as problem:
        raise Refused(100, f"Malformed message: {problem}") from problem
    with world.store.transaction():
        person, name_used = _recipient(world, call)
        spec = _template_spec(world, call["template"]) if kind == "template" else None
        closed = _closed_window(world, person, kind)
        wamid = _record(world, call, kind, person, spec)
        plan = _plan(world, person["number"])
        _follow_up(world, person, wamid, Plan(("failed",)) if closed else plan, kind, closed)
    if plan.before_the_reply:
        world.stopping.wait(0.5)
    if plan.reply_lost:
        raise ReplyLost
    contact = {"input": name_used, "wa_id": person["number"]}
    if person["hides_number"]:
        contact = {"input": name_used, "user_id": person["user_id"]}
    return {"messaging_product": "whatsapp", "contacts": [contact], "messages": [_accepted(wamid, kind)]}


def _accepted(wamid: str, kind: str) -> Json:
    return {"id": wamid, "message_status": "accepted"} if kind == "template" else {"id": wamid}


def _mark_read(world: World, call: Json) -> Json:
    """Marks this and every earlier message of the person as read; may show `typing…` for 25 seconds."""
    row = world.store.one("SELECT * FROM messages WHERE wamid = ? AND direction = 'in'", str(call.get("message_id")))
    now = world.clock.now()
    if row is None or row["at"] < now - MARKS_ARE_TAKEN_FOR_SECONDS:
        raise Refused(131009, "message_id is not a message that this number received in the last 30 days")
    with world.store.transaction():
        world.store.run(
            "UPDATE messages SET read_by_office = 1 WHERE number = ? AND direction = 'in' AND seq <= ?",
            row["number"], row["seq"],
        )  # fmt: skip
        if call.get("typing_indicator"):
            until = now + TYPING_SECONDS
            world.store.run("UPDATE people SET typing_until = ? WHERE number = ?", until, row["number"])
    return {"success": True}


def plain_number(text: str) -> str:
    """Digits with the country code; without a plus a local 0 becomes Indonesia's 62."""
    digits = re.sub(r"[\s().-]", "", text)
    plus = digits.startswith("+")
    digits = digits.removeprefix("+")
    if not plus and digits.startswith("0"):
        digits = "62" + digits[1:]
    if not re.fullmatch(r"[1-9]\d{6,14}", digits):
        raise Refused(131009, "Recipient phone number is not valid")
    return digits


def _recipient(world: World, call: Json) -> tuple[Json, str]:
    """The person, and the words the caller used for him; `to` wins over `recipient`."""
    if call.get("to"):
        return world.meet(plain_number(str(call["to"]))), str(call["to"])
    if not call.get("recipient"):
        raise Refused(100, "The parameter to is required.")
    row = world.store.one("SELECT * FROM people WHERE user_id = ?", str(call["recipient"]))
    if row is None:
        raise Refused(131009, "recipient is not a user id that this business knows")
    return dict(row), str(call["recipient"])


def _template_spec(world: World, template: Json) -> Json | None:
    """The registered template, checked against the call; none where any template is taken."""
    name, language = template["name"], template["language"]["code"]
    row = world.store.one("SELECT spec FROM templates WHERE name = ? AND language = ?", name, language)
    if row is None:
        if world.settings.accept_any_template:
            return None
        raise Refused(132001, f"template name ({name}) does not exist in {language}")
    spec: Json = json.loads(row["spec"])
    checks.check_template(template, spec)
    return spec


def _closed_window(world: World, person: Json, kind: str) -> Refused | None:
    """131047 for a free message after 24 hours of silence: at once, or, by a knob, in a later status."""
    if kind == "template" or checks.window_is_open(person["last_wrote"], world.clock.now()):
        return None
    details = (
        "Message failed to send because more than 24 hours have passed since the customer last replied to this number."
    )
    refusal = Refused(131047, details)
    if world.knobs.window_errors == "sync":
        raise refusal
    return refusal


def _record(world: World, call: Json, kind: str, person: Json, spec: Json | None) -> str:
    wamid = world.ids.wamid()
    view = render.show(call, kind, spec)
    media = view.get("media") or {}
    if media.get("id") and find_media(world, media["id"]) is None:
        raise Refused(131009, f"Media id {media['id']} is not known")
    world.store.run(
        "INSERT INTO messages (wamid, number, direction, kind, content, view, callback, at)"
        " VALUES (?, ?, 'out', ?, ?, ?, ?, ?)",
        wamid, person["number"], kind, json.dumps(call), json.dumps(view),
        call.get("biz_opaque_callback_data"), world.clock.now(),
    )  # fmt: skip
    world.store.run("UPDATE people SET typing_until = 0 WHERE number = ?", person["number"])
    world.keep_time()
    return wamid


def _plan(world: World, number: str) -> Plan:
    return PLANS[world.knobs.plans.get(number, world.knobs.plan)]


def _follow_up(world: World, person: Json, wamid: str, plan: Plan, kind: str, closed: Refused | None) -> None:
    """Queues the statuses of the plan, each a little after the one before."""
    at = world.clock.now()
    for place, status in enumerate(plan.statuses):
        if place:
            at += world.knobs.delivered_after_seconds
        error = None
        if status == "failed":
            error = closed or Refused(131026, "Message undeliverable.")
        add_status(world, person, wamid, status, at, kind=kind, error=error)


def add_status(
    world: World, person: Json, wamid: str, status: str, at: float, *, kind: str, error: Refused | None = None
) -> None:
    """Records one status and announces it; the price stands on the first one, as on the provider's."""
    errors = [error.in_status()] if error else None
    value: Json = {"id": wamid, "status": status, "timestamp": str(int(at))}
    if status == "sent":
        value["pricing"] = shapes.pricing(kind)
    if errors:
        value["errors"] = errors
    row = world.store.one("SELECT callback FROM messages WHERE wamid = ?", wamid)
    if row is not None and row["callback"] is not None:
        value["biz_opaque_callback_data"] = row["callback"]
    world.store.run(
        "INSERT OR IGNORE INTO statuses (wamid, status, at, error) VALUES (?, ?, ?, ?)",
        wamid, status, at, json.dumps(errors) if errors else None,
    )  # fmt: skip
    world.announce(wamid, "status", [(at, shapes.status_value(person, value))])
