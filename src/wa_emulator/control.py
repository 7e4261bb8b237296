"""The tester's side: the ledger of what was really sent and taken, knobs, injected webhooks and the clock."""

import json
import time
from collections import defaultdict
from typing import Any

from wa_emulator import faults
from wa_emulator.clock import as_iso, read_iso
from wa_emulator.courier import Courier
from wa_emulator.media import FAULTS
from wa_emulator.plans import PLANS
from wa_emulator.world import World

Json = dict[str, Any]
RANK = ("sent", "delivered", "read")
TOLD = {"text", "interactive", "button", "image", "document", "audio", "video", "sticker", "location", "contacts"}


def counts(world: World) -> Json:
    """How far everything is: quick, for whoever waits for an end."""
    states = world.store.all("SELECT state, count(*) AS n, sum(attempts) AS attempts FROM deliveries GROUP BY state")
    by_state = {row["state"]: row["n"] for row in states}
    ways = {row["direction"]: row["n"] for row in world.store.all("SELECT direction, count(*) AS n FROM messages GROUP BY direction")}
    waiting = world.store.one("SELECT count(*) AS n FROM updates WHERE delivery IS NULL")
    return {
        "inbound": ways.get("in", 0),
        "outbound": ways.get("out", 0),
        "updates_waiting": waiting["n"] if waiting else 0,
        "deliveries_pending": by_state.get("pending", 0),
        "deliveries_accepted": by_state.get("accepted", 0),
        "deliveries_dropped": by_state.get("dropped", 0),
        "attempts": sum(row["attempts"] for row in states),
    }


def ledger(world: World) -> Json:
    """The ground truth: every message to the product with its deliveries, every message the product sent."""
    with world.store.lock:
        arrived = _arrivals(world)
        inbound = [_inbound(row, arrived[row["wamid"]]) for row in _messages(world, "in")]
        statuses = _statuses(world)
        told = _told(world)
        outbound = [_outbound(row, statuses[row["wamid"]], told[row["wamid"]]) for row in _messages(world, "out")]
        return {
            "as_of": as_iso(world.clock.now()),
            "seed": world.seed,
            "counts": counts(world),
            "inbound": inbound,
            "outbound": outbound,
        }


def _messages(world: World, direction: str) -> list[Any]:
    return world.store.all(
        "SELECT m.*, p.user_id, p.name FROM messages m LEFT JOIN people p USING (number) WHERE direction = ? ORDER BY seq",
        direction,
    )


def _arrivals(world: World) -> dict[str, list[Any]]:
    """By wamid, every POST that carried the message: the first, and its repeats."""
    found = defaultdict(list)
    for row in world.store.all(
        "SELECT u.wamid, d.id, d.state, d.attempts, d.last_result, d.accepted_at, d.copy_of, u.is_copy FROM updates u"
        " JOIN deliveries d ON d.id = u.delivery WHERE u.kind = 'message'"
        " UNION ALL SELECT u.wamid, d.id, d.state, d.attempts, d.last_result, d.accepted_at, d.copy_of, 1 FROM updates u"
        " JOIN deliveries d ON d.copy_of = u.delivery WHERE u.kind = 'message' ORDER BY 2"
    ):
        found[row["wamid"]].append(row)
    return found


def _inbound(row: Any, parcels: list[Any]) -> Json:
    accepted = [parcel["accepted_at"] for parcel in parcels if parcel["accepted_at"] is not None]
    return {
        "wamid": row["wamid"],
        "from": row["number"],
        "user_id": row["user_id"],
        "type": row["kind"],
        "timestamp": as_iso(row["at"]),
        "body": json.loads(row["view"]).get("text"),
        "message": json.loads(row["content"]),
        # What the product should make of it: a turn of a conversation, or something beside it.
        "is_turn": row["kind"] in TOLD,
        "expects": row["expects"],
        "accepted_at": as_iso(min(accepted)) if accepted else None,
        "attempts": sum(parcel["attempts"] for parcel in parcels),
        "deliveries": [
            {"state": p["state"], "attempts": p["attempts"], "last_result": p["last_result"], "copy": bool(p["is_copy"])}
            for p in parcels
        ],
    }


def _statuses(world: World) -> dict[str, list[Any]]:
    found = defaultdict(list)
    for row in world.store.all("SELECT * FROM statuses ORDER BY seq"):
        found[row["wamid"]].append(row)
    return found


def _told(world: World) -> dict[str, set[str]]:
    """By wamid, the statuses that the product has accepted."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in world.store.all(
        "SELECT u.wamid, u.value FROM updates u JOIN deliveries d ON d.id = u.delivery"
        " WHERE u.kind = 'status' AND d.state = 'accepted'"
    ):
        found[row["wamid"]] |= {status["status"] for status in json.loads(row["value"])["statuses"]}
    return found


def _outbound(row: Any, statuses: list[Any], told: set[str]) -> Json:
    return {
        "wamid": row["wamid"],
        "to": row["number"],
        "user_id": row["user_id"],
        "type": row["kind"],
        "plan": row["plan"],
        "accepted_at": as_iso(row["at"]),
        "body": json.loads(row["view"]).get("text"),
        "message": json.loads(row["content"]),
        "biz_opaque_callback_data": row["callback"],
        "statuses": [
            {"status": s["status"], "at": as_iso(s["at"]), "errors": json.loads(s["error"]) if s["error"] else None}
            for s in statuses
        ],
        "final": final(told),
        "failed_after_delivered": "failed" in told and bool(told & {"delivered", "read"}),
    }


def final(told: set[str]) -> str | None:
    """The state that these statuses leave a message in, whatever their order: the highest one; `failed` only where
    nothing says that it was delivered. None says that the product was told nothing."""
    reached = [status for status in RANK if status in told]
    if "failed" in told and not told & {"delivered", "read"}:
        return "failed"
    return reached[-1] if reached else None


def turn_knobs(world: World, changes: Json) -> Json:
    """Sets some knobs, remembers them all, answers them all."""
    plans = [changes.get("plan", "normal"), *changes.get("plans", {}).values(), *changes.get("plan_mix", {})]
    _among(plans, PLANS, "plan")
    _among([changes.get("media_fault") or FAULTS[0]], FAULTS, "media_fault")
    for orders in (changes.get("refusals", []), *changes.get("refusals_for", {}).values()):
        faults.checked(orders)
    world.knobs.turn(changes)
    world.store.remember("knobs", world.knobs.as_json())
    world.awake.set()
    return world.knobs.as_json()


def _among(values: list[str], known: Any, what: str) -> None:
    for value in values:
        if value not in known:
            raise ValueError(f"{value}: unknown {what}; there are {', '.join(known)}")


def inject(world: World, call: Json) -> Json:
    """Any webhook at all: {field, value}, {errors} or {value} for a value of `messages`; metadata are added when missing."""
    if call.get("field", "messages") != "messages":
        world.announce_account(str(call["field"]), dict(call.get("value") or {}))
    else:
        value = dict(call.get("value") or {})
        if call.get("errors"):
            value["errors"] = call["errors"]
        world.announce("", "raw", [(world.clock.now(), value)])
    return {"queued": True}


def set_clock(world: World, courier: Courier, call: Json) -> Json:
    """{now}: jumps there. {advance: seconds}: goes there and does on the way, in order, whatever falls due; `settled`
    says whether all of it was done within `patience` seconds of real time (60). {ticking}: runs on, or stands."""
    settled = None
    if "ticking" in call:
        world.clock.tick(bool(call["ticking"]))
    if "advance" in call:
        settled = courier.advance(float(call["advance"]), patience=float(call.get("patience", 60)))
    elif "now" in call:
        world.move_clock(read_iso(str(call["now"])))
    elif "ticking" not in call:
        raise ValueError("needs now, advance or ticking")
    return clock(world) | ({} if settled is None else {"settled": settled})


def settle(courier: Courier, call: Json) -> Json:
    """Waits until nothing is due: {patience: seconds of real time}."""
    return {"settled": courier.settle(time.monotonic() + float(call.get("patience", 60)))}


def clock(world: World) -> Json:
    return {"now": as_iso(world.clock.now()), "ticking": world.clock.ticking}


def reset(world: World, call: Json) -> Json:
    """Forgets every conversation, status, medium and webhook. {everything: true} also sets knobs, templates, account and
    ids back, and the clock to {now}: the same calls then give the same answers again."""
    with world.store.transaction():
        for table in ("statuses", "updates", "deliveries", "messages", "media", "people", "reached"):
            world.store.run(f"DELETE FROM {table}")
        world.free_at = 0.0
        if call.get("everything"):
            for table in ("templates", "chores", "meta"):
                world.store.run(f"DELETE FROM {table}")
            world.begin()
    if call.get("now"):
        world.move_clock(read_iso(str(call["now"])))
    return {"reset": True}
