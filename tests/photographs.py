"""Synthetic photographs of papers, good and bad, made from a seed: what the judging of photos is measured on."""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter, ImageFont

GOOD = ("plain", "scan", "dim", "soft", "noisy", "patterned", "small_file", "card")
BAD = ("dark", "bright", "glare", "blurred", "shaken", "far", "tiny", "cut")
# Which fault each bad kind should be told as.
FAULT = {
    "dark": "dark", "bright": "bright", "glare": "bright", "blurred": "blurred", "shaken": "blurred", "far": "small",
    "tiny": "small", "cut": "cut",
}  # fmt: skip
_LETTERS = "AAAABDEEGHIIKLMNNORSTUUY"


@dataclass(frozen=True)
class Photograph:
    """One labelled JPEG: `label` is a kind of `GOOD` or `BAD`."""

    label: str
    content: bytes


def photographs(seed: int, each: int, labels: tuple[str, ...] = GOOD + BAD) -> Iterator[Photograph]:
    """So many photographs of every label; the same seed makes the same ones."""
    for label in labels:
        for number in range(each):
            chance = random.Random(f"{seed}/{label}/{number}")
            yield Photograph(label, jpeg(photograph(chance, label), chance.randint(70, 90)))


def jpeg(picture: Image.Image, quality: int = 85) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return out.getvalue()


def photograph(chance: random.Random, label: str) -> Image.Image:
    """One picture as a phone's chat sends it: at most 1600 pixels, a paper on a table, daylight from one side."""
    if label == "card":
        sheet = card(chance)
    else:
        sheet = chance.choice((family_card, letter, card, family_card))(chance)
    if label == "scan":
        sheet.thumbnail((1600, 1600))
        return ImageEnhance.Contrast(sheet).enhance(1.3)
    if label == "far":
        picture = _laid(sheet, chance, (0.12, 0.2))
    elif label == "cut":
        picture = _cropped(_laid(sheet, chance, (0.92, 0.97)), chance)
    else:
        picture = _laid(sheet, chance, (0.72, 0.94), patterned=label == "patterned")
    picture = _lit(picture, chance)
    picture = picture.filter(ImageFilter.GaussianBlur(chance.uniform(0.4, 0.8)))
    picture = _SPOILED.get(label, lambda given, _chance: given)(picture, chance)
    noise = chance.uniform(7, 11) if label in ("noisy", "dark") else chance.uniform(2, 5)
    return _grain(picture, noise, chance)


# --- papers ---


def family_card(chance: random.Random) -> Image.Image:
    """A sheet like a Kartu Keluarga: a tinted A4 on its side with a table of small capitals."""
    sheet = Image.new("RGB", (1600, 1130), (236, 243, 246))
    draw = ImageDraw.Draw(sheet)
    for row in range(0, 1130, 9):
        draw.line((0, row, 1600, row + chance.randint(-6, 6)), fill=(222, 234, 240))
    draw.text((800, 60), "KARTU KELUARGA CONTOH", font=_font(44), fill=(40, 40, 60), anchor="mm")
    draw.text((800, 110), f"No. {_digits(chance, 16)}", font=_font(30), fill=(40, 40, 60), anchor="mm")
    for row in range(5):
        draw.text((60, 150 + 26 * row), f"{_word(chance)} : {_words(chance, 3)}", font=_font(18), fill=(50, 50, 60))
    people = chance.randint(2, 7)
    for table in (300, 650):
        for row in range(11):
            y = table + 28 * row
            draw.line((40, y, 1560, y), fill=(90, 90, 110))
            if row < people:
                for column in range(8):
                    text = _digits(chance, 16) if column == 1 else _words(chance, 1 + (column == 0))
                    draw.text((46 + 190 * column, y + 5), text[:17], font=_font(17), fill=(50, 50, 60))
        for column in range(9):
            draw.line((40 + 190 * column, table, 40 + 190 * column, table + 280), fill=(90, 90, 110))
    draw.text((1200, 1000), _words(chance, 2), font=_font(20), fill=(50, 50, 60))
    return sheet


def letter(chance: random.Random) -> Image.Image:
    """A sheet like a Suket: an upright A4 with a letterhead and few lines."""
    sheet = Image.new("RGB", (1130, 1600), (250, 249, 245))
    draw = ImageDraw.Draw(sheet)
    draw.text((565, 90), "PEMERINTAH KOTA CONTOH", font=_font(36), fill=(30, 30, 30), anchor="mm")
    draw.line((80, 150, 1050, 150), fill=(30, 30, 30), width=4)
    draw.text((565, 230), "SURAT KETERANGAN", font=_font(32), fill=(30, 30, 30), anchor="mm")
    for row in range(chance.randint(12, 22)):
        draw.text((110, 300 + 44 * row), f"{_word(chance)} {_words(chance, chance.randint(2, 6))}", font=_font(24), fill=(45, 45, 45))
    draw.rectangle((120, 1320, 300, 1540), fill=(150, 60, 60))
    draw.ellipse((160, 1360, 260, 1480), fill=(205, 170, 140))
    return sheet


def card(chance: random.Random) -> Image.Image:
    """A sheet like a KTP: a blue card with a portrait."""
    sheet = Image.new("RGB", (1440, 908), (150 + chance.randint(0, 30), 195, 220))
    draw = ImageDraw.Draw(sheet)
    for row in range(0, 908, 7):
        draw.line((0, row, 1440, row + chance.randint(-20, 20)), fill=(140, 188, 214))
    draw.text((720, 60), "PROVINSI CONTOH", font=_font(44), fill=(20, 20, 30), anchor="mm")
    draw.text((60, 140), f"NIK : {_digits(chance, 16)}", font=_font(52), fill=(15, 15, 25))
    for row in range(11):
        draw.text((60, 230 + 56 * row), f"{_word(chance)} : {_words(chance, 2)}"[:34], font=_font(32), fill=(20, 20, 30))
    draw.rectangle((1060, 230, 1380, 640), fill=(170, 50, 50))
    draw.ellipse((1130, 290, 1310, 520), fill=(200, 165, 135))
    draw.rectangle((1100, 520, 1340, 640), fill=(230, 230, 235))
    return sheet


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _word(chance: random.Random) -> str:
    return "".join(chance.choice(_LETTERS) for _ in range(chance.randint(4, 9)))


def _words(chance: random.Random, count: int) -> str:
    return " ".join(_word(chance) for _ in range(count))


def _digits(chance: random.Random, count: int) -> str:
    return "".join(chance.choice("0123456789") for _ in range(count))


# --- the camera ---


def _laid(
    sheet: Image.Image, chance: random.Random, share: tuple[float, float], *, patterned: bool = False
) -> Image.Image:
    """The sheet on a table, seen a little aslant; `share` is how much of the frame's side it fills."""
    filled = chance.uniform(*share)
    if max(sheet.size) / filled > 2400:
        sheet = sheet.resize((round(sheet.width * filled), round(sheet.height * filled)), Image.Resampling.LANCZOS)
    frame = (round(sheet.width / filled), round(sheet.height / filled))
    table = _table(frame, chance, patterned)
    spare = (frame[0] - sheet.width, frame[1] - sheet.height)
    table.paste(sheet, (round(spare[0] * chance.uniform(0.3, 0.7)), round(spare[1] * chance.uniform(0.3, 0.7))))
    w, h = frame
    shift = [chance.uniform(0, 0.012) for _ in range(8)]
    corners = (
        w * shift[0], h * shift[1], w * shift[2], h * (1 - shift[3]),
        w * (1 - shift[4]), h * (1 - shift[5]), w * (1 - shift[6]), h * shift[7],
    )  # fmt: skip
    seen = table.transform(frame, Image.Transform.QUAD, corners, Image.Resampling.BICUBIC)
    seen.thumbnail((1600, 1600))
    return seen


def _table(size: tuple[int, int], chance: random.Random, patterned: bool) -> Image.Image:
    colour = tuple(chance.randint(45, 150) for _ in range(3))
    table = Image.new("RGB", size, colour)
    draw = ImageDraw.Draw(table)
    if patterned:
        # A batik cloth: small strong shapes up to every edge of the frame.
        step = max(28, size[0] // 40)
        for x in range(0, size[0], step):
            for y in range(0, size[1], step):
                draw.ellipse((x, y, x + step // 2, y + step // 2), fill=(220, 190, 120))
                draw.line((x, y, x + step, y + step), fill=(40, 25, 15), width=3)
    else:
        for _ in range(24):
            y = chance.randint(0, size[1])
            draw.line((0, y, size[0], y + chance.randint(-30, 30)), fill=tuple(part - 12 for part in colour), width=5)
    return table


def _lit(picture: Image.Image, chance: random.Random) -> Image.Image:
    """Daylight from one side, a third less at the other."""
    light = Image.linear_gradient("L").rotate(chance.choice((0, 90, 180, 270))).resize(picture.size)
    weakest = chance.uniform(0.65, 0.85)
    light = light.point([round(255 * (weakest + (1 - weakest) * value / 255) * 0.95) for value in range(256)])
    return ImageChops.multiply(picture, Image.merge("RGB", (light, light, light)))


def _grain(picture: Image.Image, sigma: float, chance: random.Random) -> Image.Image:
    """Noise of the sensor: the same for the same seed, so not Pillow's own."""
    tile = _noise(round(sigma))
    noise = Image.new("L", picture.size)
    for x in range(0, picture.width, 256):
        for y in range(0, picture.height, 256):
            noise.paste(tile.rotate(chance.choice((0, 90, 180, 270))), (x, y))
    return ImageChops.add(picture, Image.merge("RGB", (noise, noise, noise)), offset=-128)


@cache
def _noise(sigma: int) -> Image.Image:
    chance = random.Random(sigma)
    return Image.frombytes("L", (256, 256), bytes(max(0, min(255, round(chance.gauss(128, sigma)))) for _ in range(65536)))


def _times(picture: Image.Image, factor: float, plus: float = 0) -> Image.Image:
    return picture.point([max(0, min(255, round(value * factor + plus))) for value in range(256)] * 3)


def _to_width(picture: Image.Image, width: int) -> Image.Image:
    return picture.resize((width, round(picture.height * width / picture.width)))


def _glare(picture: Image.Image, chance: random.Random) -> Image.Image:
    """A lamp mirrored in the plastic over the paper: a burnt-out spot with a halo."""
    w, h = picture.size
    spot = Image.new("L", (w, h))
    x, y = w * chance.uniform(0.3, 0.7), h * chance.uniform(0.3, 0.7)
    r = min(w, h) * chance.uniform(0.26, 0.36)
    ImageDraw.Draw(spot).ellipse((x - r, y - r * 0.8, x + r, y + r * 0.8), fill=255)
    spot = spot.filter(ImageFilter.GaussianBlur(r * 0.15))
    return Image.composite(Image.new("RGB", (w, h), (255, 255, 255)), picture, spot)


def _shaken(picture: Image.Image, chance: random.Random) -> Image.Image:
    """The hand moved: the picture lies over itself along a line."""
    far, dy = chance.randint(14, 26), chance.choice((0.0, 0.4, -0.4))
    total = picture
    for step in range(1, far):
        moved = ImageChops.offset(picture, step, round(step * dy))
        total = Image.blend(total, moved, 1 / (step + 1))
    return total


def _cropped(picture: Image.Image, chance: random.Random) -> Image.Image:
    """The camera held too near: a part of the paper on one or two sides is not in the picture."""
    w, h = picture.size
    left = w * chance.uniform(0.15, 0.35) if chance.random() < 0.5 else 0
    right = w * (1 - (chance.uniform(0.15, 0.35) if not left else 0))
    top = h * chance.uniform(0.2, 0.35) if chance.random() < 0.4 else 0
    return picture.crop((round(left), round(top), round(right), h))


_SPOILED: dict[str, Callable[[Image.Image, random.Random], Image.Image]] = {
    "dim": lambda given, chance: _times(given, chance.uniform(0.55, 0.7)),
    "soft": lambda given, chance: given.filter(ImageFilter.GaussianBlur(chance.uniform(0.7, 1.1))),
    "small_file": lambda given, chance: _to_width(given, 1024),
    "dark": lambda given, chance: _times(given, chance.uniform(0.06, 0.2)),
    "bright": lambda given, chance: _times(given, chance.uniform(1.9, 2.4), chance.uniform(90, 130)),
    "glare": _glare,
    "blurred": lambda given, chance: given.filter(ImageFilter.GaussianBlur(chance.uniform(3.5, 8))),
    "shaken": _shaken,
    "tiny": lambda given, chance: _to_width(given, chance.randint(260, 380)),
}
