"""The person's side: what he writes, what his phone shows, and the read marks that follow from looking."""

import base64
import binascii
import json
from collections.abc import Callable
from typing import Any

from wa_emulator import media, render, shapes
from wa_emulator.clock import read_iso
from wa_emulator.plans import PLANS
from wa_emulator.provider import add_status, plain_number
from wa_emulator.world import World

Json = dict[str, Any]


def write(world: World, call: Json) -> Json:
    """One message from a person to the office, queued for delivery; answers its wamid and timestamp.

    `from` and exactly one of text, button_reply, list_reply, template_button, image, document, raw; may carry `name`,
    `reply_to` (a wamid), `hides_number`, and `at` (ISO 8601) for a message that was written earlier than now.
    """
    number = plain_number(str(call.get("from", "")))
    kinds = [kind for kind in CONTENT if call.get(kind) is not None]
    if len(kinds) != 1:
        raise ValueError(f"needs exactly one of {', '.join(CONTENT)}")
    with world.store.transaction():
        kind, content = CONTENT[kinds[0]](world, call[kinds[0]])
        person = world.meet(number, call.get("name"), hides_number=call.get("hides_number"))
        now = world.clock.now()
        at = read_iso(call["at"]) if call.get("at") else now
        wamid = world.ids.wamid()
        message: Json = {"id": wamid, "timestamp": str(int(at)), "type": kind} | content
        if call.get("reply_to"):
            sender = world.settings.display_number
            message = {"context": {"from": sender, "id": str(call["reply_to"])}} | message
        world.store.run(
            "INSERT INTO messages (wamid, number, direction, kind, content, view, at) VALUES (?, ?, 'in', ?, ?, ?, ?)",
            wamid, number, kind, json.dumps(message), json.dumps(render.show(message, kind)), at,
        )  # fmt: skip
        world.store.run(
            "UPDATE people SET last_wrote = max(coalesce(last_wrote, 0), ?) WHERE number = ?", at, number
        )
        world.announce(wamid, "message", [(now, shapes.message_value(person, message))])
        world.keep_time()
    return {"wamid": wamid, "timestamp": message["timestamp"]}


def _text(_: World, value: Any) -> tuple[str, Json]:
    if not isinstance(value, str) or not 1 <= len(value) <= 4096:
        raise ValueError("text: needs 1 to 4096 characters")
    return "text", {"text": {"body": value}}


def _reply(kind: str) -> Callable[[World, Any], tuple[str, Json]]:
    def build(_: World, value: Any) -> tuple[str, Json]:
        reply = {key: str(value[key]) for key in ("id", "title", "description") if value.get(key) is not None}
        if not {"id", "title"} <= set(reply):
            raise ValueError(f"{kind}: needs id and title")
        return "interactive", {"interactive": {"type": kind, kind: reply}}

    return build


def _template_button(_: World, value: Any) -> tuple[str, Json]:
    return "button", {"button": {"payload": str(value["payload"]), "text": str(value["text"])}}


def _file(kind: str, mime_type: str) -> Callable[[World, Any], tuple[str, Json]]:
    def build(world: World, value: Any) -> tuple[str, Json]:
        call: Json = {"base64": value} if isinstance(value, str) else dict(value)
        media_id = call.get("id") or _keep(world, call, call.get("mime_type") or mime_type)
        row = media.find(world, str(media_id))
        if row is None:
            raise ValueError(f"{kind}: id is not known")
        if len(row["data"]) > media.LARGEST[kind]:
            raise ValueError(f"{kind}: too large")
        content: Json = {"id": row["id"], "mime_type": row["mime_type"], "sha256": shapes.sha256_text(row["sha256"])}
        if call.get("caption"):
            content["caption"] = str(call["caption"])
        if kind == "document":
            content["filename"] = call.get("filename") or row["filename"] or "dokumen"
        return kind, {kind: content}

    return build


def _keep(world: World, call: Json, mime_type: str) -> str:
    try:
        data = base64.b64decode(call.get("base64") or "", validate=True)
    except binascii.Error as problem:
        raise ValueError(f"base64: {problem}") from problem
    if not data:
        raise ValueError("base64: is empty")
    return media.keep(world, data, mime_type, call.get("filename"))


def _raw(_: World, value: Any) -> tuple[str, Json]:
    """Any other type, as the provider would put it: {"type": "location", "location": {…}}."""
    return str(value["type"]), {key: item for key, item in value.items() if key not in ("id", "timestamp", "type")}


CONTENT: dict[str, Callable[[World, Any], tuple[str, Json]]] = {
    "text": _text,
    "button_reply": _reply("button_reply"),
    "list_reply": _reply("list_reply"),
    "template_button": _template_button,
    "image": _file("image", "image/jpeg"),
    "document": _file("document", "application/pdf"),
    "raw": _raw,
}


def people(world: World) -> list[Json]:
    """Everybody with a phone here, last conversation first."""
    rows = world.store.all(
        "SELECT number, name, user_id, hides_number, last_wrote,"
        " (SELECT max(seq) FROM messages m WHERE m.number = people.number) AS newest,"
        " (SELECT count(*) FROM messages m WHERE m.number = people.number AND direction = 'out' AND NOT EXISTS"
        "   (SELECT 1 FROM statuses s WHERE s.wamid = m.wamid AND s.status IN ('read', 'failed'))) AS unread"
        " FROM people ORDER BY newest DESC NULLS LAST, name"
    )
    return [dict(row) for row in rows]


def conversation(world: World, number: str, *, looking: bool) -> Json:
    """What the phone with this number shows; looking at it marks the office's messages as read."""
    person = world.person(number)
    if person is None:
        return {"person": None, "messages": [], "typing": False}
    if looking:
        _read_everything(world, person)
    rows = world.store.all("SELECT * FROM messages WHERE number = ? ORDER BY seq", number)
    failed = {row["wamid"] for row in _statuses(world, number, "failed")}
    arrived = _accepted(world, number)
    return {
        "person": {"number": number, "name": person["name"]},
        "messages": [
            {"wamid": row["wamid"], "mine": row["direction"] == "in", "at": row["at"], "tick": _tick(row, arrived)}
            | json.loads(row["view"])
            for row in rows
            if row["wamid"] not in failed
        ],
        "typing": world.clock.now() < person["typing_until"],
    }


def _tick(row: Any, arrived: set[str]) -> str:
    """One grey tick: with the provider. Two: the office's machine took it. Two blue: somebody marked it read."""
    if row["direction"] == "out":
        return ""
    if row["read_by_office"]:
        return "read"
    return "delivered" if row["wamid"] in arrived else "sent"


def _accepted(world: World, number: str) -> set[str]:
    rows = world.store.all(
        "SELECT m.wamid FROM messages m JOIN updates u ON u.wamid = m.wamid JOIN deliveries d ON d.id = u.delivery"
        " WHERE m.number = ? AND m.direction = 'in' AND d.state = 'accepted'",
        number,
    )
    return {str(row["wamid"]) for row in rows}


def _statuses(world: World, number: str, status: str) -> list[Any]:
    return world.store.all(
        "SELECT s.wamid, s.at FROM statuses s JOIN messages m USING (wamid) WHERE m.number = ? AND s.status = ?",
        number, status,
    )  # fmt: skip


def _read_everything(world: World, person: Json) -> None:
    plan = PLANS[world.knobs.plans.get(person["number"], world.knobs.plan)]
    if not plan.may_be_read:
        return
    rows = world.store.all(
        "SELECT wamid, kind, (SELECT max(at) FROM statuses s WHERE s.wamid = m.wamid) AS last FROM messages m"
        " WHERE number = ? AND direction = 'out' AND NOT EXISTS"
        " (SELECT 1 FROM statuses s WHERE s.wamid = m.wamid AND s.status IN ('read', 'failed'))",
        person["number"],
    )
    if not rows:
        return
    with world.store.transaction():
        for row in rows:
            at = max(world.clock.now(), float(row["last"] or 0) + 0.1)
            add_status(world, person, row["wamid"], "read", at, kind=row["kind"])
