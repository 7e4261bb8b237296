"""What a photographed paper of the demo looks like: a sheet that says it is an example."""

from __future__ import annotations

import io
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

from loket.catalogue import queries as catalogue


@lru_cache
def photo(kind: str) -> bytes:
    """A small plain JPEG of this kind of paper, with lines where words would stand."""
    picture = Image.new("RGB", (900, 640), (96, 122, 112))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((60, 40, 840, 600), fill=(250, 248, 242))
    draw.text((450, 90), "CONTOH", font=ImageFont.load_default(40), fill=(60, 60, 60), anchor="mm")
    draw.text((450, 140), catalogue.document_name(kind, "id"), font=ImageFont.load_default(26), fill=(90, 90, 90), anchor="mm")
    for row, width in enumerate((540, 460, 560, 390, 520, 440, 560, 310)):
        draw.rectangle((110, 190 + 48 * row, 250, 206 + 48 * row), fill=(205, 205, 200))
        draw.rectangle((270, 190 + 48 * row, 150 + width, 206 + 48 * row), fill=(150, 150, 148))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=80)
    return out.getvalue()
