"""Photos at the door: what is none is refused with what to do, what hides something comes out plain."""

from __future__ import annotations

import io
import struct

import pytest
from PIL import Image

from loket.core import images
from loket.core.errors import Refusal
from tests.cast import photo


def _png(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + struct.pack(">II", width, height) + b"\x08\x02\0\0\0" + bytes(40)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "photo_empty"), (b"%PDF-1.7 named foto.jpg", "photo_is_pdf"), (_png(8000, 5000), "photo_pixels"),
        (b"\0\0\0\x18ftypheic" + bytes(100), "photo_is_heic"), (b"GIF89a" + bytes(100), "photo_unknown"),
        (_png(20, 20), "photo_small"), (b"\xff\xd8\xff\xe0" + bytes(20), "photo_broken"),
        (b"\xff\xd8\xff" + bytes(images.MAX_BYTES), "photo_heavy"), (photo()[:300], "photo_broken"),
        (_png(900, 900), "photo_broken"),
    ],
)  # fmt: skip
def test_what_is_no_photo_is_refused_with_a_sentence(content: bytes, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        images.accept(content)
    assert refused.value.code == code
    assert refused.value.text.endswith(".")


def test_a_plain_small_photo_is_kept_byte_for_byte() -> None:
    assert images.accept(photo()) == photo()


def test_metadata_and_everything_behind_the_picture_is_gone() -> None:
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "RAHASIA-DI-EXIF"
    Image.new("RGB", (640, 480), (10, 80, 160)).save(out, "JPEG", exif=exif)
    kept = images.accept(out.getvalue() + b"RAHASIA-DI-BELAKANG")
    assert b"RAHASIA" not in kept
    assert images.inspect(kept).is_plain
    assert images.accept(photo() + b"RAHASIA-DI-BELAKANG") != photo() + b"RAHASIA-DI-BELAKANG"
    assert not images.inspect(photo() + b"x").is_plain


@pytest.mark.parametrize("format_", ["PNG", "WEBP"])
def test_other_formats_become_a_jpeg_of_at_most_1600_pixels(format_: str) -> None:
    out = io.BytesIO()
    Image.new("RGB", (2400, 1200), (200, 80, 60)).save(out, format_)
    kept = images.inspect(images.accept(out.getvalue()))
    assert (kept.format, kept.width, kept.height) == ("jpeg", 1600, 800)
