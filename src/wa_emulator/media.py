"""Photos and papers: an id that lives for days, an address that lives for five minutes, and what may go wrong with both."""

import hashlib
import hmac
import sqlite3
from dataclasses import dataclass
from email import policy
from email.parser import BytesParser
from typing import Any

from wa_emulator.graph import Refused, unknown_object
from wa_emulator.world import World

URL_SECONDS = 5 * 60
RECEIVED_DAYS = 7
UPLOADED_DAYS = 30
LARGEST = {"image": 5 * 2**20, "audio": 16 * 2**20, "video": 16 * 2**20, "document": 100 * 2**20, "sticker": 500 * 1024}
# What the office may upload, by type of message; a sticker is an image to its MIME type.
UPLOADED = {
    "image/jpeg": "image", "image/png": "image", "image/webp": "sticker", "audio/aac": "audio", "audio/amr": "audio",
    "audio/mpeg": "audio", "audio/mp4": "audio", "audio/ogg": "audio", "video/mp4": "video", "video/3gpp": "video",
    "text/plain": "document", "application/pdf": "document", "application/msword": "document",
    "application/vnd.ms-excel": "document", "application/vnd.ms-powerpoint": "document",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "document",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "document",
}  # fmt: skip
# wrong_sha: another checksum than the bytes have; not_found_once: the first fetch finds nothing, a new address works;
# truncated: the body ends early; truncated_once: only the first time; slow: a few bytes at a time; dead: nothing, ever.
FAULTS = ("wrong_sha", "not_found_once", "truncated", "truncated_once", "slow", "dead")
ONCE = ("not_found_once", "truncated_once")


@dataclass(frozen=True)
class Parcel:
    """Bytes to send as the answer to a fetch, and how."""

    data: bytes
    mime_type: str
    fault: str


def keep(
    world: World, data: bytes, mime_type: str, filename: str | None, *, days: int = RECEIVED_DAYS, fault: str | None = None
) -> str:
    """Stores bytes; answers the media id."""
    fault = fault or (world.knobs.media_fault if days == RECEIVED_DAYS else "")
    if fault and fault not in FAULTS:
        raise ValueError(f"{fault}: unknown fault; there are {', '.join(FAULTS)}")
    media_id = world.ids.media()
    world.store.run(
        "INSERT INTO media VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        media_id, mime_type, filename, data, hashlib.sha256(data).digest(), world.clock.now(), days, fault or None,
    )  # fmt: skip
    return media_id


def find(world: World, media_id: str) -> sqlite3.Row | None:
    """The media with this id; the phone shows it for ever, the provider only while the id lives."""
    return world.store.one("SELECT * FROM media WHERE id = ?", media_id)


def living(world: World, media_id: str) -> sqlite3.Row | None:
    """The media with this id as long as the provider keeps it."""
    row = find(world, media_id)
    return row if row and world.clock.now() <= row["at"] + row["keep_days"] * 86400 else None


def checksum(row: sqlite3.Row) -> bytes:
    """What the provider says the checksum is."""
    digest: bytes = row["sha256"]
    return hashlib.sha256(digest).digest() if row["fault"] == "wrong_sha" else digest


def describe(world: World, media_id: str) -> dict[str, Any]:
    """What the provider answers about a media id, with a fresh address."""
    row = living(world, media_id)
    if row is None:
        raise unknown_object(media_id)
    return {
        "messaging_product": "whatsapp",
        "url": address(world, media_id),
        "mime_type": row["mime_type"],
        "sha256": checksum(row).hex(),
        "file_size": len(row["data"]),
        "id": media_id,
    }


def address(world: World, media_id: str) -> str:
    """An address for the next five minutes."""
    expires = int(world.clock.now()) + URL_SECONDS
    base = f"http://127.0.0.1:{world.settings.port}/whatsapp_business/attachments/"
    return f"{base}?mid={media_id}&ext={expires}&hash={_seal(world, media_id, expires)}"


def fetch(world: World, query: dict[str, str]) -> Parcel | None:
    """The bytes behind an address that `describe` gave out, or nothing when it is wrong or too old."""
    media_id, expires, seal = query.get("mid", ""), query.get("ext", ""), query.get("hash", "")
    if not expires.isdigit() or not hmac.compare_digest(seal, _seal(world, media_id, int(expires))):
        return None
    row = find(world, media_id)
    if row is None or world.clock.now() > int(expires):
        return None
    fault = row["fault"] or ""
    if fault in ONCE:
        world.store.run("UPDATE media SET fault = NULL WHERE id = ?", media_id)
    return None if fault in ("not_found_once", "dead") else Parcel(row["data"], row["mime_type"], fault)


def forget(world: World, media_id: str) -> dict[str, bool]:
    """DELETE /{media}."""
    if living(world, media_id) is None:
        raise unknown_object(media_id)
    world.store.run("DELETE FROM media WHERE id = ?", media_id)
    return {"success": True}


def upload(world: World, body: bytes, content_type: str) -> dict[str, str]:
    """The office's own upload: multipart/form-data with `file`, `type` and `messaging_product`."""
    message = BytesParser(policy=policy.HTTP).parsebytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body)
    fields = {str(p.get_param("name", header="content-disposition")): p for p in message.iter_parts()}
    if "file" not in fields:
        raise Refused(100, "The parameter file is required.")
    part = fields["file"]
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes) or not data:
        raise Refused(131053, "The file is empty")
    mime_type = part.get_content_type()
    if "type" in fields:
        mime_type = str(fields["type"].get_content()).strip().partition(";")[0]
    if mime_type not in UPLOADED:
        raise Refused(100, f"Param file must be a file with one of the following types: {', '.join(UPLOADED)}. Received {mime_type}")
    if len(data) > LARGEST[UPLOADED[mime_type]]:
        raise Refused(131053, "The file is too large")
    return {"id": keep(world, data, mime_type, part.get_filename(), days=UPLOADED_DAYS)}


def check_outgoing(world: World, kind: str, call: dict[str, Any]) -> None:
    """A medium that is sent by id is one the provider still has, of the message's own type."""
    content = call.get(kind)
    if kind == "interactive":
        header = (content or {}).get("header") or {}
        kind = str(header.get("type"))
        content = header.get(kind)
    if kind not in LARGEST or not isinstance(content, dict) or not content.get("id"):
        return
    row = living(world, str(content["id"]))
    if row is None:
        raise Refused(131009, f"Media id {content['id']} is not known")
    if UPLOADED.get(row["mime_type"], kind) != kind:
        raise Refused(131053, f"Media of type {row['mime_type']} can't be sent as {kind}")


def _seal(world: World, media_id: str, expires: int) -> str:
    text = f"{media_id}:{expires}".encode()
    return hmac.new(world.settings.app_secret.encode(), text, hashlib.sha256).hexdigest()[:32]
