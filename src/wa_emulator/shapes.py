"""The JSON of webhooks, byte for byte as the provider writes and signs it."""

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from itertools import groupby
from typing import Any

Json = dict[str, Any]


def message_value(person: Json, message: Json) -> Json:
    """One message from a person; who hides his number is known by the business-scoped id alone."""
    contact: Json = {"profile": {"name": person["name"]}, "user_id": person["user_id"]}
    head: Json = {"from_user_id": person["user_id"]}
    if not person["hides_number"]:
        contact["wa_id"] = person["number"]
        head = {"from": person["number"]} | head
    return {"contacts": [contact], "messages": [head | message]}


def status_value(person: Json, status: Json) -> Json:
    """One step in the life of a message to a person; `failed` names no contact."""
    recipient: Json = {} if person["hides_number"] else {"recipient_id": person["number"]}
    if status["status"] == "failed":
        return {"statuses": [status | recipient]}
    contact: Json = {"profile": {"name": person["name"]}, "user_id": person["user_id"]}
    if recipient:
        contact["wa_id"] = person["number"]
    return {"contacts": [contact], "statuses": [status | recipient | {"recipient_user_id": person["user_id"]}]}


def pricing(kind: str) -> Json:
    """What a message costs, as far as the webhook says it."""
    category = "utility" if kind == "template" else "service"
    return {"billable": True, "pricing_model": "PMP", "type": "regular", "category": category}


def _merge(values: Sequence[Json]) -> Json:
    """Values of one kind as one: contacts once each, everything else in order."""
    merged: Json = {}
    for value in values:
        for key, items in value.items():
            known = merged.setdefault(key, [])
            known.extend(item for item in items if key != "contacts" or item not in known)
    return merged


def payload(account: str, metadata: Json, updates: Sequence[tuple[str, Json]]) -> bytes:
    """Body of one POST for updates (kind, value): neighbours of one kind share a change.

    Non-ASCII goes as \\uXXXX and slashes as \\/, which is how the provider writes JSON: who hashes anything but
    the bytes gets another signature.
    """
    changes = []
    for _, group in groupby(updates, key=lambda update: update[0]):
        value = {"messaging_product": "whatsapp", "metadata": metadata} | _merge([value for _, value in group])
        changes.append({"value": value, "field": "messages"})
    document = {"object": "whatsapp_business_account", "entry": [{"id": account, "changes": changes}]}
    return json.dumps(document, ensure_ascii=True, separators=(",", ":")).replace("/", "\\/").encode()


def sign(secret: str, body: bytes) -> str:
    """Value of the header X-Hub-Signature-256."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def sha256_text(digest: bytes) -> str:
    """A media checksum as webhooks carry it."""
    return base64.b64encode(digest).decode()
