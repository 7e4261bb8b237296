"""The provider's side of a send: who it is for, whether it may go, what is recorded and which statuses follow."""

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from wa_emulator import account, checks, faults, limits, media, render, shapes, templates
from wa_emulator.graph import Refused
from wa_emulator.plans import PLANS, Plan
from wa_emulator.world import World

Json = dict[str, Any]
MARKS_ARE_TAKEN_FOR_SECONDS = 30 * 86400
TYPING_SECONDS = 25
FAILED = Plan(("failed",), may_be_read=False)


class ReplyLost(Exception):
    """The message was taken, and the caller shall never hear of it."""


@dataclass(frozen=True)
class Recipient:
    """The person, the words the caller used for him, and whether these were his user id."""

    person: Json
    name_used: str
    by_user_id: bool


def post_message(world: World, call: Json) -> Json:
    """One POST to /messages: a message to a person, or a read mark with or without `typing…`."""
    if not isinstance(call, dict) or call.get("messaging_product") != "whatsapp":
        raise Refused(100, "The parameter messaging_product is required.")
    if call.get("status") == "read":
        return _mark_read(world, call)
    name = str(call.get("to") or call.get("recipient") or "")
    fault = faults.next_for(world, world.person_of(name))
    if fault and fault.when == "sync":
        raise fault.refusal
    try:
        kind = checks.check(call)
    except (AttributeError, KeyError, TypeError, ValueError) as problem:
        raise Refused(100, f"Malformed message: {problem}") from problem
    now = world.clock.now()
    with world.store.transaction():
        world.free_at = limits.number(world.free_at, now, world.knobs.messages_per_second)
        to = _recipient(world, call)
        wamid, plan = _take(world, call, kind, to, fault.refusal if fault else None, now)
    if fault and fault.when == "both":
        raise fault.refusal
    _hold_back(world, wamid, plan)
    person = to.person
    contact = {"input": to.name_used} | ({"user_id": person["user_id"]} if to.by_user_id else {"wa_id": person["number"]})
    return {"messaging_product": "whatsapp", "contacts": [contact], "messages": [_accepted(wamid, kind)]}


def _take(world: World, call: Json, kind: str, to: Recipient, fault: Refused | None, now: float) -> tuple[str, Plan]:
    """Everything that may refuse this message, then its record and the statuses that follow."""
    person, number = to.person, to.person["number"]
    inside = checks.window_is_open(person["last_wrote"], now)
    account.check_state(world, begins=not inside)
    spec = templates.for_send(world, call["template"]) if kind == "template" else None
    if spec and to.by_user_id and spec["category"] == "AUTHENTICATION":
        raise Refused(131062, "Authentication templates can't be sent to a business-scoped user id.")
    late = fault or _outside(world, person, kind, inside, now) or _unwanted(person, spec)
    media.check_outgoing(world, kind, call)
    world.store.run("UPDATE people SET free_at = ? WHERE number = ?", limits.pair(person["free_at"], now), number)
    wamid = _record(world, call, kind, to, spec)
    plan = FAILED if late else _plan(world, to, wamid)
    world.store.run("UPDATE messages SET plan = ? WHERE wamid = ?", _name_of(plan), wamid)
    _follow_up(world, to, wamid, plan, kind, late, counts=not inside)
    return wamid, plan


def _outside(world: World, person: Json, kind: str, inside: bool, now: float) -> Refused | None:
    """Outside the window only a template goes, and only to so many people a day; refused at once or, by a knob, later."""
    if inside:
        return None
    if kind != "template":
        refusal: Refused | None = Refused(
            131047,
            "Message failed to send because more than 24 hours have passed since the customer last replied to this number.",
        )
        when = world.knobs.window_errors
    else:
        refusal, when = limits.check_tier(world, person["number"], now), world.knobs.tier_errors
    if refusal and when == "sync":
        raise refusal
    return refusal


def _unwanted(person: Json, spec: Json | None) -> Refused | None:
    """What is taken and then fails, because of the person."""
    if not person["on_whatsapp"]:
        return Refused(131026, "Message undeliverable.")
    if person["opted_out"] and spec and spec["category"] == "MARKETING":
        return Refused(131050, "Recipient has chosen to stop receiving marketing messages on WhatsApp from your business.")
    return None


def _hold_back(world: World, wamid: str, plan: Plan) -> None:
    """The plans in which the caller's answer is not what comes first."""
    if plan.before_the_reply:
        _wait_for_status(world, wamid)
    if plan.reply == "slow":
        world.stopping.wait(world.knobs.slow_reply_seconds)
    if plan.reply == "lost":
        raise ReplyLost


def _wait_for_status(world: World, wamid: str) -> None:
    """Until the product has the first status, or for two seconds of real time."""
    for _ in range(100):
        done = world.store.one(
            "SELECT 1 FROM updates u JOIN deliveries d ON d.id = u.delivery WHERE u.wamid = ? AND d.attempts > 0 LIMIT 1", wamid
        )
        if done or world.stopping.wait(0.02):
            return


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


def _recipient(world: World, call: Json) -> Recipient:
    """`to` wins over `recipient`."""
    if call.get("to"):
        number = plain_number(str(call["to"]))
        if number == world.settings.display_number:
            raise Refused(131021, "The recipient is the sender")
        return Recipient(world.meet(number), str(call["to"]), by_user_id=False)
    if not call.get("recipient"):
        raise Refused(100, "The parameter to is required.")
    row = world.store.one("SELECT * FROM people WHERE user_id = ?", str(call["recipient"]))
    if row is None:
        raise Refused(131009, "recipient is not a user id that this business knows")
    return Recipient(dict(row), str(call["recipient"]), by_user_id=True)


def _record(world: World, call: Json, kind: str, to: Recipient, spec: Json | None) -> str:
    wamid = world.ids.wamid()
    view = render.show(call, kind, spec)
    world.store.run(
        "INSERT INTO messages (wamid, number, direction, kind, content, view, callback, by_user_id, at)"
        " VALUES (?, ?, 'out', ?, ?, ?, ?, ?, ?)",
        wamid, to.person["number"], kind, json.dumps(call), json.dumps(view),
        call.get("biz_opaque_callback_data"), int(to.by_user_id), world.clock.now(),
    )  # fmt: skip
    world.store.run("UPDATE people SET typing_until = 0 WHERE number = ?", to.person["number"])
    world.keep_time()
    return wamid


def _plan(world: World, to: Recipient, wamid: str) -> Plan:
    """The plan of this person, or one drawn by the message's id from the mix, or the plan for all."""
    knobs = world.knobs
    named = knobs.plans.get(to.person["number"]) or knobs.plans.get(to.person["user_id"])
    return PLANS[named or _drawn(wamid, knobs.plan_mix) or knobs.plan]


def _drawn(wamid: str, mix: dict[str, float]) -> str:
    """A plan by its share; the same message draws the same one."""
    left = int.from_bytes(hashlib.sha256(wamid.encode()).digest()[:4], "big") / 2**32
    for name, share in mix.items():
        if left < share:
            return name
        left -= share
    return ""


def _name_of(plan: Plan) -> str:
    return next((name for name, known in PLANS.items() if known is plan), "failed")


def _follow_up(
    world: World, to: Recipient, wamid: str, plan: Plan, kind: str, late: Refused | None, *, counts: bool
) -> None:
    """Queues the statuses of the plan, each a little after the one before; whoever is delivered to outside a window
    counts for the messaging limit. A reaction is only ever sent."""
    at, knobs = world.clock.now(), world.knobs
    statuses = plan.statuses[:1] if kind == "reaction" else plan.statuses
    arrived = next((place for place, status in enumerate(statuses) if status in ("delivered", "read")), None)
    for place, status in enumerate(statuses):
        if place:
            is_late = plan.late and place == len(statuses) - 1
            at += knobs.late_after_seconds if is_late else knobs.delivered_after_seconds
        error = None
        if status == "failed":
            error = late or Refused(131026, "Message undeliverable.")
        add_status(world, to.person, wamid, status, at, kind=kind, error=error)
        if counts and place == arrived:
            limits.reach(world, to.person["number"], at)


def add_status(
    world: World, person: Json, wamid: str, status: str, at: float, *, kind: str, error: Refused | None = None
) -> None:
    """Records one status and announces it; the price stands on one of sent and delivered, nobody knows which."""
    errors = [error.in_status()] if error else None
    row = world.store.one("SELECT callback, by_user_id FROM messages WHERE wamid = ?", wamid)
    value: Json = {"id": wamid, "status": status, "timestamp": str(int(at))}
    if status == ("delivered", "sent")[hashlib.sha256(wamid.encode()).digest()[4] % 2]:
        value["pricing"] = shapes.pricing(kind)
    if errors:
        value["errors"] = errors
    if row is not None and row["callback"] is not None:
        value["biz_opaque_callback_data"] = row["callback"]
    world.store.run(
        "INSERT OR IGNORE INTO statuses (wamid, status, at, error) VALUES (?, ?, ?, ?)",
        wamid, status, at, json.dumps(errors) if errors else None,
    )  # fmt: skip
    by_user_id = bool(row is not None and row["by_user_id"])
    world.announce(wamid, "status", [(at, shapes.status_value(person, value, by_user_id=by_user_id))])
