"""What the provider does by itself when its time has come: judge templates, end pauses, raise limits."""

import json
from typing import Any

from wa_emulator import account, templates
from wa_emulator.world import World


def do(world: World, now: float) -> None:
    """Everything that is due, in order."""
    for row in world.store.all("SELECT id, kind, value FROM chores WHERE due <= ? ORDER BY due, id", now):
        with world.store.transaction():
            world.store.run("DELETE FROM chores WHERE id = ?", row["id"])
            KINDS[row["kind"]](world, json.loads(row["value"]))


def _template(world: World, value: dict[str, Any]) -> None:
    """A verdict counts only for a template that still waits for it."""
    spec = templates.by_id(world, value["id"])
    if spec and spec["status"] == value.get("from", "PENDING"):
        templates.set_state(world, value["id"], value["status"])


def _tier(world: World, value: dict[str, Any]) -> None:
    if world.account.quality == "GREEN" and world.account.state == "OK":
        account.change(world, value)


KINDS = {"template": _template, "tier": _tier}
