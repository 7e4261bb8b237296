"""Re-encodes and judges one photo, from standard input to standard output, in a process that may use little and live briefly."""

from __future__ import annotations

import io
import resource
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

MEMORY = 512 * 1024 * 1024
SECONDS = 10
SIDE = 1600
MOST_BYTES = 400 * 1024

# When a photo is told to be bad. Chosen so that a good one is nearly never refused; measured in `tests/rules/test_images.py`
# and told in decision 12. Light is 0..255; `sharpness` is the change between neighbouring pixels, noise taken off, in
# hundredths of the picture's contrast; shares are of 16 × 16 fields.
JUDGED_SIDE = 1000
DARK_BELOW = 70  # the lightest fiftieth: paper lies at 110 even in a dim room
PALE_ABOVE = 160  # the darkest fiftieth: print lies below 110, also on a white scan
PALE_INK_ABOVE = 110  # the darkest two-hundredth: a white scan with few lines of print still has black in it
BURNT = 250
BURNT_FIELDS = 8  # fields without anything but white, inside the picture ...
BURNT_MEDIAN_BELOW = 225  # ... of a photo; on a clean scan most fields are white
SMALL_BELOW = 500  # the longer side in pixels
SHARP_ABOVE = 2.2
FAR_FIELDS = 20  # a paper that fills the picture has print in more fields than this ...
FAR_ABOVE = 1.2  # ... of at least this sharpness
CUT_STRIP = 12  # pixels along one edge of the picture
CUT_PAPER = 0.85  # of the light of paper
CUT_SHARE = 0.3  # of that edge, crossed by print

LOOK_STEP = 6
LOOK_LEAST = 40  # of 1024 fields; a sheet with few lines has 80


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = 24_000_000
    with Image.open(io.BytesIO(sys.stdin.buffer.read()), formats=("JPEG", "PNG", "WEBP")) as photo:
        longest = max(photo.size)
        photo.draft("RGB", (SIDE, SIDE))
        # In place, and made smaller before anything else: each copy of a large photo costs as much as its decoding.
        ImageOps.exif_transpose(photo, in_place=True)
        upright = photo if photo.mode == "RGB" else photo.convert("RGB")
        upright.thumbnail((SIDE, SIDE), Image.Resampling.HAMMING, reducing_gap=1.0)
    # First line: what is wrong with it, and how it looks; then the new photo.
    sys.stdout.buffer.write(f"{fault(upright, longest)} {look(upright).hex()}\n".encode())
    sys.stdout.buffer.write(_encoded(upright))


def _encoded(upright: Image.Image) -> bytes:
    from PIL import Image

    # A photo full of noise stays large at any quality; then it is made smaller.
    for side, quality in ((SIDE, 85), (SIDE, 75), (SIDE, 60), (SIDE, 45), (SIDE, 30), (1100, 45), (800, 30), (600, 20)):
        upright.thumbnail((side, side))
        out = io.BytesIO()
        # A fresh image carries over neither metadata nor colour profile.
        plain = Image.frombytes("RGB", upright.size, upright.tobytes())
        plain.save(out, "JPEG", quality=quality, optimize=True)
        if out.tell() <= MOST_BYTES:
            break
    return out.getvalue()


def fault(upright: Image.Image, longest: int) -> str:
    """What keeps a photo from being read: `dark`, `bright`, `small`, `blurred` or `cut`; `ok` when nothing does.

    `longest` is the longer side as it was sent. The first that holds is told: one tip is followed, five are not.
    """
    from PIL import Image

    grey = upright.convert("L")
    grey.thumbnail((JUDGED_SIDE, JUDGED_SIDE), Image.Resampling.BOX)
    light = grey.histogram()
    ink, darkest, median, lightest = (_level(light, share) for share in (0.005, 0.02, 0.5, 0.98))
    if lightest < DARK_BELOW:
        return "dark"
    if (darkest > PALE_ABOVE and ink > PALE_INK_ABOVE) or (median < BURNT_MEDIAN_BELOW and _burnt(grey) >= BURNT_FIELDS):
        return "bright"
    if longest < SMALL_BELOW:
        return "small"
    contrast = max(10, lightest - darkest)
    across, down = (sorted(_changes(grey, way)) for way in ("across", "down"))
    if min(_sharp(across, 2), _sharp(down, 2)) * 100 / contrast <= SHARP_ABOVE:
        return "blurred"
    if min(_sharp(across, FAR_FIELDS), _sharp(down, FAR_FIELDS)) * 100 / contrast <= FAR_ABOVE:
        return "small"
    return "cut" if _cut(grey) >= CUT_SHARE else "ok"


def look(upright: Image.Image) -> bytes:
    """How a photo looks, in 256 bytes, or nothing where it shows too little: of each of 32 × 32 fields, whether it is clearly
    lighter than its neighbour, and whether clearly darker.

    Papers of one kind differ in their print alone: 64 bits do not tell one family card from another, and fields that are
    alike but for noise must not count.
    """
    from PIL import Image

    fields = upright.convert("L").resize((33, 32), Image.Resampling.BOX).tobytes()
    steps = [fields[33 * row + x] - fields[33 * row + x + 1] for row in range(32) for x in range(32)]
    bits = "".join(("1" if step > LOOK_STEP else "0") + ("1" if step < -LOOK_STEP else "0") for step in steps)
    return int(bits, 2).to_bytes(256, "big") if bits.count("1") >= LOOK_LEAST else b""


def _level(histogram: list[int], share: float) -> int:
    """The light below which this share of the pixels lies."""
    left = sum(histogram) * share
    for level, count in enumerate(histogram):
        left -= count
        if left <= 0:
            return level
    return 255


def _burnt(grey: Image.Image) -> int:
    """How many fields hold nothing but white; those at the rim may be a window behind the paper."""
    from PIL import Image

    white = grey.point([255 * (level >= BURNT) for level in range(256)])
    fields = white.resize((16, 16), Image.Resampling.BOX).crop((1, 1, 15, 15)).tobytes()
    return sum(field >= 250 for field in fields)


def _changes(grey: Image.Image, way: str) -> list[float]:
    """The mean change of light between neighbouring pixels, field by field."""
    from PIL import Image

    return [field / 4 for field in _edges(grey, way).resize((16, 16), Image.Resampling.BOX).tobytes()]


def _edges(grey: Image.Image, way: str) -> Image.Image:
    from PIL import ImageFilter

    line = (0, 0, 0, 1, -2, 1, 0, 0, 0) if way == "across" else (0, 1, 0, 0, -2, 0, 0, 1, 0)
    edges = grey.filter(ImageFilter.Kernel((3, 3), line, scale=1, offset=128))
    # The filter leaves the outermost pixels as they were.
    return edges.crop((2, 2, grey.width - 2, grey.height - 2)).point([min(255, abs(level - 128) * 4) for level in range(256)])


def _sharp(changes: list[float], rank: int) -> float:
    """The change in the `rank`-th liveliest field, without what noise alone makes: the change in the calmest ones."""
    return changes[-rank] - changes[12]


def _cut(grey: Image.Image) -> float:
    """The largest share of one edge of the picture that print crosses.

    Only an edge as light as paper counts: a patterned cloth under the paper is as busy, but darker.
    """
    from PIL import Image, ImageChops

    edges = ImageChops.lighter(_edges(grey, "across"), _edges(grey, "down"))
    fields = sorted(edges.resize((16, 16), Image.Resampling.BOX).tobytes())
    busy = fields[12] + (fields[-FAR_FIELDS] - fields[12]) * 0.6
    paper = _level(grey.histogram(), 0.75) * CUT_PAPER
    width, height = edges.size
    found = 0.0
    for box, along in (
        ((0, 0, CUT_STRIP, height), (1, 40)), ((width - CUT_STRIP, 0, width, height), (1, 40)),
        ((0, 0, width, CUT_STRIP), (40, 1)), ((0, height - CUT_STRIP, width, height), (40, 1)),
    ):  # fmt: skip
        if _level(grey.crop(box).histogram(), 0.4) >= paper:
            found = max(found, sum(part > busy for part in edges.crop(box).resize(along, Image.Resampling.BOX).tobytes()) / 40)
    return found
