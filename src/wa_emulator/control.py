"""The tester's side: the ledger of what was really sent and taken, knobs, templates and the clock."""

import json
from typing import Any

from wa_emulator.clock import as_iso, read_iso
from wa_emulator.plans import PLANS
from wa_emulator.world import World

Json = dict[str, Any]


def ledger(world: World) -> Json:
    """The ground truth: every message to the product with its deliveries, every message the product sent."""
    with world.store.lock:
        inbound = [_inbound(world, row) for row in _messages(world, "in")]
        outbound = [_outbound(world, row) for row in _messages(world, "out")]
    states = world.store.all("SELECT state, count(*) AS n, sum(attempts) AS attempts FROM deliveries GROUP BY state")
    waiting = world.store.one("SELECT count(*) AS n FROM updates WHERE delivery IS NULL")
    counts = {row["state"]: row["n"] for row in states}
    return {
        "as_of": as_iso(world.clock.now()),
        "seed": world.seed,
        "counts": {
            "inbound": len(inbound),
            "outbound": len(outbound),
            "updates_waiting": waiting["n"] if waiting else 0,
            "deliveries_pending": counts.get("pending", 0),
            "deliveries_accepted": counts.get("accepted", 0),
            "deliveries_dropped": counts.get("dropped", 0),
            "attempts": sum(row["attempts"] for row in states),
        },
        "inbound": inbound,
        "outbound": outbound,
    }


def _messages(world: World, direction: str) -> list[Any]:
    return world.store.all(
        "SELECT m.*, p.user_id, p.name FROM messages m JOIN people p USING (number) WHERE direction = ? ORDER BY seq",
        direction,
    )


def _inbound(world: World, row: Any) -> Json:
    parcels = world.store.all(
        "SELECT d.* FROM deliveries d WHERE d.id IN (SELECT delivery FROM updates WHERE wamid = ?)"
        " OR d.copy_of IN (SELECT delivery FROM updates WHERE wamid = ?) ORDER BY d.id",
        row["wamid"], row["wamid"],
    )  # fmt: skip
    accepted = [parcel["accepted_at"] for parcel in parcels if parcel["accepted_at"] is not None]
    return {
        "wamid": row["wamid"],
        "from": row["number"],
        "user_id": row["user_id"],
        "type": row["kind"],
        "timestamp": as_iso(row["at"]),
        "body": json.loads(row["view"]).get("text"),
        "message": json.loads(row["content"]),
        "accepted_at": as_iso(min(accepted)) if accepted else None,
        "attempts": sum(parcel["attempts"] for parcel in parcels),
        "deliveries": [
            {"state": p["state"], "attempts": p["attempts"], "last_result": p["last_result"], "copy": p["copy_of"] is not None}
            for p in parcels
        ],
    }


def _outbound(world: World, row: Any) -> Json:
    statuses = world.store.all("SELECT * FROM statuses WHERE wamid = ? ORDER BY seq", row["wamid"])
    return {
        "wamid": row["wamid"],
        "to": row["number"],
        "user_id": row["user_id"],
        "type": row["kind"],
        "accepted_at": as_iso(row["at"]),
        "body": json.loads(row["view"]).get("text"),
        "message": json.loads(row["content"]),
        "biz_opaque_callback_data": row["callback"],
        "statuses": [
            {"status": s["status"], "at": as_iso(s["at"]), "errors": json.loads(s["error"]) if s["error"] else None}
            for s in statuses
        ],
    }


def templates(world: World) -> list[Json]:
    return [json.loads(row["spec"]) for row in world.store.all("SELECT spec FROM templates ORDER BY name, language")]


def register_templates(world: World, specs: Any) -> Json:
    """Takes a list of {name, language, params, body, footer, buttons, status}; the same name and language is replaced."""
    for spec in specs:
        if not isinstance(spec.get("name"), str) or not isinstance(spec.get("language"), str):
            raise ValueError("a template needs name and language")
    with world.store.transaction():
        for spec in specs:
            values = (spec["name"], spec["language"], json.dumps(spec))
            world.store.run("INSERT OR REPLACE INTO templates VALUES (?, ?, ?)", *values)
    return {"registered": len(specs)}


def turn_knobs(world: World, changes: Json) -> Json:
    """Sets some knobs, remembers them all, answers them all."""
    plans = [changes.get("plan", "normal"), *changes.get("plans", {}).values()]
    unknown = [plan for plan in plans if plan not in PLANS]
    if unknown:
        raise ValueError(f"{unknown[0]}: unknown plan; there are {', '.join(PLANS)}")
    world.knobs.turn(changes)
    world.store.remember("knobs", world.knobs.as_json())
    world.awake.set()
    return world.knobs.as_json()


def set_clock(world: World, call: Json) -> Json:
    world.move_clock(read_iso(str(call.get("now", ""))))
    return clock(world)


def clock(world: World) -> Json:
    return {"now": as_iso(world.clock.now())}


def reset(world: World) -> Json:
    """Forgets every conversation, status, medium and webhook; knobs, templates and clock stay."""
    with world.store.transaction():
        for table in ("statuses", "updates", "deliveries", "messages", "media", "people"):
            world.store.run(f"DELETE FROM {table}")  # noqa: S608 - the names stand in the line above
    return {"reset": True}
