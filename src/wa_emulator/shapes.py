"""The JSON of webhooks, byte for byte as the provider writes and signs it."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

Json = dict[str, Any]
# Kinds of updates that may share the value of one change with their neighbours.
MERGED = ("message", "status")


def contact_of(person: Json) -> Json:
    """How a person stands in `contacts`; who hides his number is known by the user id, and perhaps a username."""
    profile = {"name": person["name"]}
    if person["username"]:
        profile["username"] = person["username"]
    contact: Json = {"profile": profile, "user_id": person["user_id"]}
    return contact if person["hides_number"] else contact | {"wa_id": person["number"]}


def message_value(person: Json, message: Json) -> Json:
    """One message from a person; who hides his number is known by the business-scoped id alone."""
    head: Json = {"from_user_id": person["user_id"]}
    if not person["hides_number"]:
        head = {"from": person["number"]} | head
    return {"contacts": [contact_of(person)], "messages": [head | message]}


def status_value(person: Json, status: Json, *, by_user_id: bool) -> Json:
    """One step in the life of a message to a person; `failed` names no contact, and no user id if it went to a number."""
    hidden = person["hides_number"] or by_user_id
    recipient: Json = {} if hidden else {"recipient_id": person["number"]}
    user: Json = {"recipient_user_id": person["user_id"]}
    if status["status"] == "failed":
        return {"statuses": [status | recipient | (user if by_user_id else {})]}
    return {"contacts": [contact_of(person)], "statuses": [status | recipient | user]}


def pricing(kind: str) -> Json:
    """What a message costs, as far as the webhook says it."""
    category = "utility" if kind == "template" else "service"
    return {"billable": True, "pricing_model": "PMP", "type": "regular", "category": category}


def strange(value: Json) -> Json:
    """The same update with fields that no documentation names, at every level where one might appear."""
    odd = {"x_beta": {"since": 2026, "list": [1, None, "é"]}}
    return {
        key: [{**one, **odd} if isinstance(one, dict) else one for one in items] if isinstance(items, list) else items
        for key, items in value.items()
    } | odd


def _merge(values: Sequence[Json]) -> Json:
    """Values of one kind as one: contacts once each, everything else in order."""
    merged: Json = {}
    for value in values:
        for key, items in value.items():
            if not isinstance(items, list):
                merged[key] = items
                continue
            known = merged.setdefault(key, [])
            known.extend(item for item in items if key != "contacts" or item not in known)
    return merged


def _changes(metadata: Json, updates: Sequence[tuple[str, Json]]) -> Iterator[tuple[int | None, Json]]:
    """Changes with the time that only account news carry."""
    for (kind, _), group in groupby(enumerate(updates), key=lambda one: (one[1][0], one[1][0] in MERGED or one[0])):
        values = [value for _place, (_kind, value) in group]
        if kind == "account":
            yield values[0]["time"], {"value": values[0]["value"], "field": values[0]["field"]}
            continue
        value = {"messaging_product": "whatsapp", "metadata": metadata} | _merge(values)
        yield None, {"value": value, "field": "messages"}


def payload(account: str, metadata: Json, updates: Sequence[tuple[str, Json]]) -> bytes:
    """Body of one POST for updates (kind, value): neighbours of one kind share a change, account news have an entry each.

    Non-ASCII goes as \\uXXXX and slashes as \\/, which is how the provider writes JSON: who hashes anything but
    the bytes gets another signature.
    """
    entries: list[Json] = []
    for time, change in _changes(metadata, updates):
        if time is not None:
            entries.append({"id": account, "time": time, "changes": [change]})
        elif entries and "time" not in entries[-1]:
            entries[-1]["changes"].append(change)
        else:
            entries.append({"id": account, "changes": [change]})
    document = {"object": "whatsapp_business_account", "entry": entries}
    return json.dumps(document, ensure_ascii=True, separators=(",", ":")).replace("/", "\\/").encode()


def sign(secret: str, body: bytes) -> str:
    """Value of the header X-Hub-Signature-256."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def sha256_text(digest: bytes) -> str:
    """A media checksum as webhooks carry it."""
    return base64.b64encode(digest).decode()
