"""Photos at the door: looked at without decoding a pixel, and decoded only in a limited process of their own."""

from __future__ import annotations

import hmac
import re
import struct
import subprocess
import sys
import threading
from dataclasses import dataclass
from functools import lru_cache

from loket.core import crypto
from loket.core.errors import N_, Refusal

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 24_000_000
CANONICAL_SIDE = 1600
CANONICAL_BYTES = 400 * 1024
TIMEOUT_SECONDS = 15

# Start-of-frame markers whose segment holds the size; FFC4, FFC8 and FFCC are other things.
_SOF = {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
# What a plain photo consists of: JFIF head, tables, one frame. Everything else may hide something.
_PLAIN = {0xE0, 0xDB, 0xC0, 0xC2, 0xC4, 0xDD}
_children = threading.BoundedSemaphore(2)


@dataclass(frozen=True, slots=True)
class Photo:
    """What the head of a file says: format, size in pixels, and whether it is a plain JPEG without anything hidden."""

    format: str
    width: int
    height: int
    is_plain: bool


@dataclass(frozen=True, slots=True)
class Judged:
    """A photo made anew: what is wrong with it (a key of `TIPS`, or nothing), and how it looks (256 bytes, or none)."""

    content: bytes
    fault: str
    look: bytes


# Faults that the child tells, each with one thing to do better.
TIPS = {
    "dark": N_("Foto terlalu gelap, tulisan di {paper} tidak terbaca. Coba foto lagi di tempat terang, tanpa lampu kilat."),
    "bright": N_("Foto terlalu silau, tulisan di {paper} tidak terbaca semua. Coba foto lagi tanpa lampu kilat, jauh dari pantulan lampu."),
    "small": N_("Tulisan di {paper} terlalu kecil di foto ini. Coba foto lagi lebih dekat, sampai berkasnya memenuhi layar."),
    "blurred": N_("Foto buram, tulisan di {paper} tidak terbaca. Pegang HP dengan dua tangan, tunggu sampai gambarnya jelas, lalu foto lagi."),
    "cut": N_("Ada bagian {paper} yang tidak masuk foto. Mundur sedikit sampai keempat sudutnya terlihat, lalu foto lagi."),
}
# Two looks this near, of 2048, are one picture sent twice; measured in `tests/rules/test_images.py`.
SAME_WITHIN = 28


def accept(content: bytes) -> bytes:
    """A photo fit to be kept: a plain small JPEG as it is, anything else re-encoded by a limited process."""
    photo = inspect(content)
    small = max(photo.width, photo.height) <= CANONICAL_SIDE and len(content) <= CANONICAL_BYTES
    return content if photo.is_plain and small else judge(content).content


def inspect(content: bytes) -> Photo:
    """Read the head of a file; refuses what is no photo, or too large, with what to do instead."""
    if not content:
        raise Refusal("photo_empty", N_("Berkasnya kosong. Ambil foto lagi, lalu kirim."), field="documents")
    if len(content) > MAX_BYTES:
        raise Refusal(
            "photo_heavy", N_("Foto ini {size} MB, batasnya {limit} MB. Ambil foto lagi dengan ukuran lebih kecil."),
            field="documents", status=413, size=len(content) // 1048576, limit=MAX_BYTES // 1048576,
        )  # fmt: skip
    photo = _head(content)
    if photo.width < 200 or photo.height < 200:
        raise Refusal(
            "photo_small", N_("Foto terlalu kecil, tulisannya tidak terbaca. Ambil foto lagi dari dekat."),
            field="documents",
        )  # fmt: skip
    if photo.width * photo.height > MAX_PIXELS:
        raise Refusal(
            "photo_pixels",
            N_("Foto ini {megapixels} megapiksel, batasnya {limit}. Pilih ukuran foto lebih kecil di kamera."),
            field="documents", megapixels=photo.width * photo.height // 1_000_000, limit=MAX_PIXELS // 1_000_000,
        )  # fmt: skip
    return photo


def judge(content: bytes) -> Judged:
    """The photo as a new JPEG of at most 1600 px, without metadata, and what can be said of it.

    Decoded in a process with limits of its own: what kills that process is refused, as is everything `inspect` refuses.
    """
    inspect(content)
    with _children:
        try:
            done = subprocess.run(
                [*CHILD, *sys.path], input=content, capture_output=True, timeout=TIMEOUT_SECONDS, env={}, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise _unreadable() from error
    said, _line, made = done.stdout.partition(b"\n")
    found = re.fullmatch(rb"([a-z]{2,10}) ([0-9a-f]{512})?", said)
    if done.returncode != 0 or found is None or not _is_small_plain(made):
        raise _unreadable()
    fault = found[1].decode()
    if fault not in ("ok", *TIPS):
        raise _unreadable()
    return Judged(made, "" if fault == "ok" else fault, bytes.fromhex((found[2] or b"").decode()))


def look_bits(look: bytes) -> str:
    """A look as it is kept: its 2048 bits in an order, and turned over by a mask, that only this office's key tells.

    Two looks are as far from one another as before, and without the key nobody can ask whether a picture is there.
    """
    order, mask = _disguise()
    bits = f"{int.from_bytes(look, 'big'):02048b}"
    return "".join("10"[int(bits[place])] if turned else bits[place] for place, turned in zip(order, mask, strict=True))


@lru_cache(maxsize=1)
def _disguise() -> tuple[list[int], list[bool]]:
    key = crypto.keyring().subkey("look")
    drawn = [hmac.digest(key, bit.to_bytes(2, "big"), "sha256") for bit in range(2048)]
    return sorted(range(2048), key=drawn.__getitem__), [digest[0] > 127 for digest in drawn]


def _is_small_plain(content: bytes) -> bool:
    return content[:2] == b"\xff\xd8" and len(content) <= CANONICAL_BYTES and _jpeg(content).is_plain


def _head(content: bytes) -> Photo:
    if content.startswith(b"\xff\xd8\xff"):
        return _jpeg(content)
    if content.startswith(b"\x89PNG\r\n\x1a\n") and content[12:16] == b"IHDR" and len(content) >= 24:
        width, height = struct.unpack(">II", content[16:24])
        return Photo("png", width, height, False)
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return _webp(content)
    if content.startswith(b"%PDF"):
        raise Refusal(
            "photo_is_pdf",
            N_("Berkas ini PDF, walaupun namanya mungkin .jpg. Buka berkasnya, ambil foto layarnya, lalu kirim fotonya."),
            field="documents",
        )
    if content[4:8] == b"ftyp" and content[8:12] in (b"heic", b"heix", b"mif1", b"msf1", b"heif"):
        raise Refusal(
            "photo_is_heic",
            N_("Foto ini berformat HEIC. Ubah setelan kamera menjadi JPEG (paling kompatibel), lalu ambil foto lagi."),
            field="documents",
        )
    raise Refusal(
        "photo_unknown", N_("Berkas ini bukan foto JPEG, PNG, atau WebP. Ambil foto dengan kamera HP, lalu kirim."),
        field="documents",
    )  # fmt: skip


def _jpeg(content: bytes) -> Photo:
    """Walk the segments up to the scan; plain means nothing but a JFIF head, tables, one frame and its end."""
    at, plain, width, height = 2, True, 0, 0
    while at + 4 <= len(content):
        if content[at] != 0xFF:
            raise _unreadable()
        marker = content[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        (length,) = struct.unpack(">H", content[at + 2 : at + 4])
        if marker == 0xDA:
            end = content.find(b"\xff\xd9", at)
            plain = plain and width > 0 and end == len(content) - 2
            return Photo("jpeg", width, height, plain) if width else _raise(_unreadable())
        plain = plain and marker in _PLAIN and (marker != 0xE0 or content[at + 4 : at + 9] == b"JFIF\x00")
        if marker in _SOF and at + 9 <= len(content):
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
        at += 2 + length
    raise _unreadable()


def _webp(content: bytes) -> Photo:
    kind = content[12:16]
    if kind == b"VP8X" and len(content) >= 30:
        width = 1 + int.from_bytes(content[24:27], "little")
        height = 1 + int.from_bytes(content[27:30], "little")
    elif kind == b"VP8L" and len(content) >= 25:
        bits = int.from_bytes(content[21:25], "little")
        width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    elif kind == b"VP8 " and len(content) >= 30:
        width, height = (value & 0x3FFF for value in struct.unpack("<HH", content[26:30]))
    else:
        raise _unreadable()
    return Photo("webp", width, height, False)


def _unreadable() -> Refusal:
    return Refusal(
        "photo_broken", N_("Foto ini rusak atau tidak lengkap. Ambil foto lagi, lalu kirim."), field="documents"
    )


def _raise(error: Exception) -> Photo:
    raise error


# Imported and not run as a script, which would be compiled anew for each photo.
CHILD = (
    sys.executable, "-I", "-S", "-c",
    "import sys; sys.path[:] = sys.argv[1:]; from loket.core.image_child import main; main()",
)  # fmt: skip
