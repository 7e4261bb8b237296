"""Photos and papers: an id that lives for days, an address that lives for five minutes."""

import hashlib
import hmac
import sqlite3
from email import policy
from email.parser import BytesParser
from typing import Any

from wa_emulator.graph import Refused
from wa_emulator.world import World

URL_SECONDS = 5 * 60
RECEIVED_DAYS = 7
UPLOADED_DAYS = 30
LARGEST = {"image": 5 * 2**20, "audio": 16 * 2**20, "video": 16 * 2**20, "document": 16 * 2**20, "sticker": 512000}


def keep(world: World, data: bytes, mime_type: str, filename: str | None, *, days: int = RECEIVED_DAYS) -> str:
    """Stores bytes; answers the media id."""
    media_id = world.ids.media()
    world.store.run(
        "INSERT INTO media VALUES (?, ?, ?, ?, ?, ?, ?)",
        media_id, mime_type, filename, data, hashlib.sha256(data).digest(), world.clock.now(), days,
    )  # fmt: skip
    return media_id


def find(world: World, media_id: str) -> sqlite3.Row | None:
    """The media with this id; the phone shows it for ever, the provider only while the id lives."""
    return world.store.one("SELECT * FROM media WHERE id = ?", media_id)


def describe(world: World, media_id: str) -> dict[str, Any]:
    """What the provider answers about a media id, with a fresh address."""
    row = find(world, media_id)
    now = world.clock.now()
    if row is None or now > row["at"] + row["keep_days"] * 86400:
        raise unknown_object(media_id)
    expires = int(now) + URL_SECONDS
    base = f"http://127.0.0.1:{world.settings.port}/whatsapp_business/attachments/"
    return {
        "messaging_product": "whatsapp",
        "url": f"{base}?mid={media_id}&ext={expires}&hash={_seal(world, media_id, expires)}",
        "mime_type": row["mime_type"],
        "sha256": row["sha256"].hex(),
        "file_size": len(row["data"]),
        "id": media_id,
    }


def fetch(world: World, query: dict[str, str]) -> sqlite3.Row | None:
    """The bytes behind an address that `describe` gave out, or nothing when it is wrong or too old."""
    media_id, expires, seal = query.get("mid", ""), query.get("ext", ""), query.get("hash", "")
    if not expires.isdigit() or not hmac.compare_digest(seal, _seal(world, media_id, int(expires))):
        return None
    if world.clock.now() > int(expires):
        return None
    return find(world, media_id)


def upload(world: World, body: bytes, content_type: str) -> dict[str, str]:
    """The office's own upload: multipart/form-data with `file`, `type` and `messaging_product`."""
    message = BytesParser(policy=policy.HTTP).parsebytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body)
    fields = {str(p.get_param("name", header="content-disposition")): p for p in message.iter_parts()}
    if "file" not in fields:
        raise Refused(100, "(#100) The parameter file is required.")
    part = fields["file"]
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes) or not data:
        raise Refused(131053, "The file is empty")
    mime_type = part.get_content_type()
    if "type" in fields:
        mime_type = str(fields["type"].get_content()).strip()
    if len(data) > LARGEST.get(mime_type.split("/")[0], LARGEST["document"]):
        raise Refused(131053, "The file is too large")
    return {"id": keep(world, data, mime_type, part.get_filename(), days=UPLOADED_DAYS)}


def unknown_object(name: str) -> Refused:
    """The provider's answer to an id it does not know, or that is no longer there."""
    details = (
        f"Unsupported request. Object with ID '{name}' does not exist, cannot be loaded due to missing"
        " permissions, or does not support this operation."
    )
    return Refused(100, details, subcode=33)


def _seal(world: World, media_id: str, expires: int) -> str:
    text = f"{media_id}:{expires}".encode()
    return hmac.new(world.settings.app_secret.encode(), text, hashlib.sha256).hexdigest()[:32]
