"""Photos in two hops, and everything that may go wrong on either."""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.emulator.conftest import PHONE_ID, SITI, Emulator, Receiver, refused

PHOTO = bytes(range(256)) * 8


def photo(emulator: Emulator, receiver: Receiver, **more: Any) -> dict[str, Any]:
    emulator.write(image={"base64": base64.b64encode(PHOTO).decode(), **more})
    return dict(receiver.updates("messages")[-1]["image"])


def fetch(emulator: Emulator, url: str, **headers: str) -> httpx.Response:
    parts = urlsplit(url)
    headers = headers or {"Authorization": "Bearer token-uji"}
    return emulator.client.get(f"{parts.path}?{parts.query}", headers=headers)


def test_two_hops_with_the_token_at_each(emulator: Emulator, receiver: Receiver) -> None:
    given = photo(emulator, receiver, caption="KK saya")
    assert base64.b64decode(given["sha256"]) == hashlib.sha256(PHOTO).digest()
    assert (given["mime_type"], given["caption"]) == ("image/jpeg", "KK saya")
    told = emulator.api("GET", given["id"]).json()
    assert (told["sha256"], told["file_size"]) == (hashlib.sha256(PHOTO).hexdigest(), len(PHOTO))
    assert fetch(emulator, told["url"]).content == PHOTO
    assert refused(fetch(emulator, told["url"], Authorization="x")) == 190
    assert fetch(emulator, told["url"][:-1] + "0").status_code in (404, 200)
    assert fetch(emulator, told["url"].replace("mid=", "mid=9")).status_code == 404


def test_an_address_dies_after_five_minutes_and_an_id_after_seven_days(emulator: Emulator, receiver: Receiver) -> None:
    given = photo(emulator, receiver, with_url=True)
    emulator.advance(300)
    assert fetch(emulator, given["url"]).status_code == 200
    emulator.advance(1)
    assert fetch(emulator, given["url"]).status_code == 404
    emulator.advance(7 * 86400 - 301)
    fresh = emulator.api("GET", given["id"])
    assert fetch(emulator, fresh.json()["url"]).content == PHOTO
    emulator.advance(1)
    gone = emulator.api("GET", given["id"])
    assert (gone.status_code, refused(gone), gone.json()["error"]["error_subcode"]) == (400, 100, 33)


def test_a_checksum_that_is_not_that_of_the_bytes(emulator: Emulator, receiver: Receiver) -> None:
    given = photo(emulator, receiver, fault="wrong_sha")
    told = emulator.api("GET", given["id"]).json()
    digest = hashlib.sha256(fetch(emulator, told["url"]).content).digest()
    assert digest.hex() != told["sha256"] == base64.b64decode(given["sha256"]).hex()


def test_nothing_there_once_and_a_new_address_works(emulator: Emulator, receiver: Receiver) -> None:
    given = photo(emulator, receiver, fault="not_found_once")
    assert fetch(emulator, emulator.api("GET", given["id"]).json()["url"]).status_code == 404
    assert fetch(emulator, emulator.api("GET", given["id"]).json()["url"]).content == PHOTO


def test_a_body_that_ends_early(emulator: Emulator, receiver: Receiver) -> None:
    emulator.do("knobs", {"media_fault": "truncated_once"})
    given = photo(emulator, receiver)
    with pytest.raises(httpx.RemoteProtocolError):
        fetch(emulator, emulator.api("GET", given["id"]).json()["url"])
    assert fetch(emulator, emulator.api("GET", given["id"]).json()["url"]).content == PHOTO


def test_a_body_that_drips(emulator: Emulator, receiver: Receiver) -> None:
    given = photo(emulator, receiver, fault="slow")
    url = emulator.api("GET", given["id"]).json()["url"]
    with (
        httpx.Client(timeout=0.1, trust_env=False) as hasty,
        pytest.raises(httpx.ReadTimeout),
        hasty.stream("GET", url, headers={"Authorization": "Bearer token-uji"}) as answer,
    ):
        answer.read()


def test_the_office_uploads_sends_and_deletes(emulator: Emulator) -> None:
    emulator.write()
    files = {"file": ("a.png", PHOTO, "image/png"), "type": (None, "image/png"), "messaging_product": (None, "whatsapp")}
    media_id = emulator.api("POST", f"{PHONE_ID}/media", files=files).json()["id"]
    emulator.sent(type="image", image={"id": media_id, "caption": "Contoh"})
    assert refused(emulator.send(type="document", document={"id": media_id})) == 131053
    assert emulator.client.get(f"/_/photo/{media_id}").content == PHOTO
    (view,) = [one for one in emulator.see(f"conversation?number={SITI}")["messages"] if not one["mine"]]
    assert (view["media"]["id"], view["text"]) == (media_id, "Contoh")
    assert emulator.api("DELETE", media_id).json() == {"success": True}
    assert refused(emulator.send(type="image", image={"id": media_id})) == 131009
    odd = {"file": ("a.exe", PHOTO, "application/x-msdownload"), "messaging_product": (None, "whatsapp")}
    assert refused(emulator.api("POST", f"{PHONE_ID}/media", files=odd)) == 100
