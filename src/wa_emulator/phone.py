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


def write(world: World, call: Any) -> Any:
    """Messages from people to the office, queued for delivery; answers wamid and timestamp of each.

    One call, or a list of them in one go: `from` (a number) and exactly one of text, button_reply, list_reply,
    template_button, image, document, audio, video, sticker, location, contacts, reaction, unsupported, raw; may carry
    `name`, traits (`hides_number`, `username`), `reply_to` (a wamid), `forwarded`, `at` (ISO 8601) for a message that
    was written earlier than now, and `expects`, a tester's own note that comes back in the ledger.
    """
    with world.store.transaction():
        answers = [_write(world, one) for one in (call if isinstance(call, list) else [call])]
        world.keep_time()
    return answers if isinstance(call, list) else answers[0]


def _write(world: World, call: Json) -> Json:
    number = plain_number(str(call.get("from", "")))
    kinds = [kind for kind in CONTENT if call.get(kind) is not None]
    if len(kinds) != 1:
        raise ValueError(f"needs exactly one of {', '.join(CONTENT)}")
    kind, content = CONTENT[kinds[0]](world, call[kinds[0]])
    traits = {trait: call.get(trait) for trait in ("hides_number", "username")}
    person = world.meet(number, call.get("name"), **traits)
    now = world.clock.now()
    at = read_iso(call["at"]) if call.get("at") else now
    wamid = world.ids.wamid()
    message: Json = {"id": wamid, "timestamp": str(int(at)), "type": kind} | content
    context: Json = {}
    if call.get("reply_to"):
        context = {"from": world.settings.display_number, "id": str(call["reply_to"])}
    if call.get("forwarded"):
        context["forwarded"] = True
    if context:
        message = {"context": context} | message
    world.store.run(
        "INSERT INTO messages (wamid, number, direction, kind, content, view, expects, at)"
        " VALUES (?, ?, 'in', ?, ?, ?, ?, ?)",
        wamid, number, kind, json.dumps(message), json.dumps(_view(message, kind)), call.get("expects"), at,
    )  # fmt: skip
    if kind not in NO_TURN:
        world.store.run(
            "UPDATE people SET last_wrote = max(coalesce(last_wrote, 0), ?) WHERE number = ?", at, number
        )
    world.announce(wamid, "message", [(now, shapes.message_value(person, message))])
    return {"wamid": wamid, "timestamp": message["timestamp"]}


def _view(message: Json, kind: str) -> Json:
    """What the phone shows; a shape that nobody planned for shows as its name."""
    try:
        return render.show(message, kind)
    except (AttributeError, KeyError, TypeError):
        return {"unsupported": kind}


def change(world: World, call: Json) -> Json:
    """A person moves: {number, new_number} takes her chat to a new number and so to a new user id; {number} alone is
    given a new user id. The office hears of either in a system message, which names no contact."""
    number = plain_number(str(call.get("number", "")))
    before = world.person(number)
    if before is None:
        raise ValueError(f"{number}: nobody here has this number")
    with world.store.transaction():
        wamid, now = world.ids.wamid(), world.clock.now()
        system: Json = {"previous_user_id": before["user_id"]}
        head: Json = {}
        if call.get("new_number"):
            after = plain_number(str(call["new_number"]))
            if world.person(after):
                raise ValueError(f"{after}: somebody here has this number")
            user_id = world.ids.user_id(after)
            world.store.run("UPDATE people SET number = ?, user_id = ? WHERE number = ?", after, user_id, number)
            world.store.run("UPDATE messages SET number = ? WHERE number = ?", after, number)
            system |= {"type": "user_changed_number", "user_id": user_id}
            system["body"] = f"User {before['name']} changed from {number} to {after}"
            if not before["hides_number"]:
                head["from"], system["wa_id"] = number, after
        else:
            after, user_id = number, world.ids.user_id(f"{number}:{wamid}")
            world.store.run("UPDATE people SET user_id = ? WHERE number = ?", user_id, number)
            system |= {"type": "user_changed_user_id", "user_id": user_id, "body": f"User {before['name']} has a new id"}
        message = head | {"id": wamid, "timestamp": str(int(now)), "type": "system", "system": system}
        world.store.run(
            "INSERT INTO messages (wamid, number, direction, kind, content, view, at) VALUES (?, ?, 'in', ?, ?, ?, ?)",
            wamid, after, "system", json.dumps(message), json.dumps({"note": system["body"]}), now,
        )  # fmt: skip
        world.announce(wamid, "message", [(now, {"messages": [message]})])
    return {"wamid": wamid, "number": after, "user_id": user_id}


def meet(world: World, call: Json) -> Json:
    """A person and her traits: {number, name, hides_number, username, opted_out, on_whatsapp}. An opt-out from marketing
    made here is told to the office, as one made in the app is."""
    number = plain_number(str(call["number"]))
    traits = {name: call[name] for name in ("hides_number", "username", "opted_out", "on_whatsapp") if name in call}
    before = world.person(number)
    with world.store.transaction():
        person = world.meet(number, call.get("name"), **traits)
        if before is not None and before["opted_out"] != person["opted_out"]:
            wish = {
                "wa_id": number, "user_id": person["user_id"], "detail": "User changed marketing messages",
                "category": "marketing_messages", "value": "stop" if person["opted_out"] else "resume",
                "timestamp": str(int(world.clock.now())),
            }  # fmt: skip
            value = {
                "messaging_product": "whatsapp", "metadata": world.metadata, "contacts": [shapes.contact_of(person)],
                "user_preferences": [wish],
            }  # fmt: skip
            world.announce_account("user_preferences", value)
    return person


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
        digest = shapes.sha256_text(media.checksum(row))
        content: Json = {"id": row["id"], "mime_type": row["mime_type"], "sha256": digest}
        if call.get("with_url"):
            content["url"] = media.address(world, row["id"])
        if kind == "audio":
            content["voice"] = bool(call.get("voice", True))
        if kind == "sticker":
            content["animated"] = False
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
    return media.keep(world, data, mime_type, call.get("filename"), fault=call.get("fault"))


def _location(_: World, value: Any) -> tuple[str, Json]:
    return "location", {"location": {"latitude": float(value["latitude"]), "longitude": float(value["longitude"])} | dict(value)}


def _contacts(_: World, value: Any) -> tuple[str, Json]:
    """Cards as the provider writes them, or {name, phone} for one of the plain kind."""
    if isinstance(value, list):
        return "contacts", {"contacts": value}
    name, phone = str(value["name"]), plain_number(str(value["phone"]))
    card: Json = {"name": {"formatted_name": name, "first_name": name}}
    return "contacts", {"contacts": [card | {"phones": [{"phone": f"+{phone}", "wa_id": phone, "type": "CELL"}]}]}


def _reaction(_: World, value: Any) -> tuple[str, Json]:
    """{message_id, emoji}; without an emoji the reaction is taken back."""
    return "reaction", {"reaction": {key: str(value[key]) for key in ("message_id", "emoji") if value.get(key)}}


def _unsupported(_: World, value: Any) -> tuple[str, Json]:
    """`poll`, `edit` and the like: the provider only says that there was something."""
    error = {
        "code": 131051, "title": "Message type unknown", "message": "Message type unknown",
        "error_data": {"details": "Message type is currently not supported."},
    }  # fmt: skip
    return "unsupported", {"errors": [error], "unsupported": {"type": str(value)}}


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
    "audio": _file("audio", "audio/ogg; codecs=opus"),
    "video": _file("video", "video/mp4"),
    "sticker": _file("sticker", "image/webp"),
    "location": _location,
    "contacts": _contacts,
    "reaction": _reaction,
    "unsupported": _unsupported,
    "raw": _raw,
}
# What a person does without saying anything opens no window.
NO_TURN = ("reaction", "system")


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
    missing = _never_seen(world, number)
    arrived = _accepted(world, number)
    return {
        "person": {"number": number, "name": person["name"]},
        "messages": [
            {"wamid": row["wamid"], "mine": row["direction"] == "in", "at": row["at"], "tick": _tick(row, arrived)}
            | json.loads(row["view"])
            for row in rows
            if row["wamid"] not in missing
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


def _never_seen(world: World, number: str) -> set[str]:
    """What never reached the phone: failed, and not delivered before."""
    rows = world.store.all(
        "SELECT m.wamid FROM messages m JOIN statuses f ON f.wamid = m.wamid AND f.status = 'failed'"
        " WHERE m.number = ? AND NOT EXISTS (SELECT 1 FROM statuses d WHERE d.wamid = m.wamid AND d.status = 'delivered')",
        number,
    )
    return {str(row["wamid"]) for row in rows}


def _read_everything(world: World, person: Json) -> None:
    rows = world.store.all(
        "SELECT wamid, kind, plan, (SELECT max(at) FROM statuses s WHERE s.wamid = m.wamid) AS last FROM messages m"
        " WHERE number = ? AND direction = 'out' AND NOT EXISTS"
        " (SELECT 1 FROM statuses s WHERE s.wamid = m.wamid AND s.status IN ('read', 'failed'))",
        person["number"],
    )
    rows = [row for row in rows if PLANS[row["plan"] or "normal"].may_be_read]
    if not rows:
        return
    with world.store.transaction():
        for row in rows:
            at = max(world.clock.now(), float(row["last"] or 0) + 0.1)
            add_status(world, person, row["wamid"], "read", at, kind=row["kind"])
