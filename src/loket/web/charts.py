"""Charts as two SVG pictures and one table: drawn on the server, legible at 340 px and on grey paper.

The narrow picture is for phones and the wide one for everything else, so that text is never scaled below 12 CSS px.
The finding belongs in the title; the axis only supports it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from loket.core import text

# In this order, never a fifth: each at least 3:1 on white (Analysis Function palette).
COLOURS = ("#12436D", "#28A197", "#801650", "#F46A25")
# On paper without colour the lines still differ.
DASHES = ("", "7 4", "2 4", "10 3 2 3")
INK, QUIET, RULE = "#111827", "#4a5560", "#c9d1da"
FONT = 13
# Average width of a character at 13 px in the fonts of the stack; measured on Roboto and Noto Sans, rounded up.
CHARACTER = 7.2


@dataclass(frozen=True, slots=True)
class Series:
    """One line or one colour of columns; None where nothing is known."""

    name: str
    values: Sequence[float | None]


# (title, labels, series, width, language) to one picture.
Draw = Callable[[str, Sequence[str], Sequence[Series], int, str], SafeString]


@dataclass(frozen=True, slots=True)
class Chart:
    """What `bagian/chart.html` shows: title with the finding, two pictures, and the same figures as a table."""

    title: str
    svg_narrow: SafeString
    svg_wide: SafeString
    columns: list[str]
    rows: list[tuple[str, list[str]]]


@dataclass(frozen=True, slots=True)
class _Frame:
    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    ceiling: float

    @property
    def floor(self) -> int:
        return self.height - self.bottom

    def y(self, value: float) -> float:
        return self.floor - (self.floor - self.top) * value / self.ceiling

    def x(self, position: float, count: int) -> float:
        """The middle of one of `count` equal slots."""
        return self.left + (self.width - self.left - self.right) * (position + 0.5) / count


def ticks(highest: float, about: int = 4) -> list[float]:
    """Round numbers from 0 to at least `highest`, in steps of 1, 2, 2.5 or 5 times a power of ten."""
    if highest <= 0:
        return [0.0, 1.0]
    rough = highest / about
    power: float = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough * 0.999)
    # Whole things are counted here: no tick between one card and the next.
    step = max(step, 1.0)
    return [step * count for count in range(math.ceil(highest / step) + 1)]


def lines(title: str, labels: Sequence[str], series: Sequence[Series], *, first: str, lang: str = "id") -> Chart:
    """A line per series over ordered labels (days, months); `first` names the column of the labels in the table."""
    return _chart(title, labels, series, first, lang, _lines)


def columns(title: str, labels: Sequence[str], series: Sequence[Series], *, first: str, lang: str = "id") -> Chart:
    """Columns side by side, one colour per series, with their values on top where there is room."""
    return _chart(title, labels, series, first, lang, _columns)


def band(
    title: str, labels: Sequence[str], at: Sequence[float], middle: Series, low: Series, high: Series, *,
    strip: Sequence[tuple[float, float]] = (), first: str, lang: str = "id",
) -> Chart:  # fmt: skip
    """A line inside its range. `at` says where each label stands between 0 (left) and 1 (right); `strip` marks stretches below
    in the same measure, numbered from 1."""

    def draw(title: str, labels: Sequence[str], series: Sequence[Series], width: int, lang: str) -> SafeString:
        return _range(title, labels, at, series, strip, width, lang)

    return _chart(title, labels, [middle, low, high], first, lang, draw)


def bars(
    title: str, labels: Sequence[str], values: Sequence[float], *, first: str, unit: str, lang: str = "id"
) -> Chart:
    """Horizontal bars for named places, the value at the end of each; `unit` heads the column of values."""
    series = [Series(unit, values)]
    rows = _rows(labels, series, lang)
    return Chart(
        title, _bars(title, labels, values, 340, lang), _bars(title, labels, values, 720, lang), [first, unit], rows
    )


def _chart(title: str, labels: Sequence[str], series: Sequence[Series], first: str, lang: str, draw: Draw) -> Chart:
    if len(series) > len(COLOURS):
        raise ValueError("a chart has at most four series; draw a second chart")
    narrow, wide = (draw(title, labels, series, width, lang) for width in (340, 720))
    return Chart(title, narrow, wide, [first, *(one.name for one in series)], _rows(labels, series, lang))


def _rows(labels: Sequence[str], series: Sequence[Series], lang: str) -> list[tuple[str, list[str]]]:
    return [(label, [_number(one.values[position], lang) for one in series]) for position, label in enumerate(labels)]


def _number(value: float | None, lang: str) -> str:
    return "–" if value is None else text.angka(value, 0 if float(value).is_integer() else 1, lang)


def _svg(title: str, width: int, height: int, parts: list[str]) -> SafeString:
    body = "".join(parts)
    return mark_safe(  # noqa: S308  # every text in it went through escape()
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="{escape(title)}" font-size="{FONT}" fill="{INK}">'
        f"<title>{escape(title)}</title>{body}</svg>"
    )


def _text(x: float, y: float, words: str, *, anchor: str = "start", fill: str = INK, bold: bool = False) -> str:
    weight = ' font-weight="600"' if bold else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{fill}"{weight}>{escape(words)}</text>'


def _frame(series: Sequence[Series], width: int, right: int, top: int, lang: str) -> tuple[_Frame, list[str]]:
    highest = max((value for one in series for value in one.values if value is not None), default=0)
    marks = ticks(highest)
    left = round(max(len(_number(mark, lang)) for mark in marks) * CHARACTER) + 12
    height = 240 if width < 500 else 300
    frame = _Frame(width, height, left, right, top, 30, marks[-1])
    parts = []
    for mark in marks:
        y = frame.y(mark)
        stroke = INK if mark == 0 else RULE
        parts.append(f'<path d="M{left} {y:.1f}H{width - right}" stroke="{stroke}"/>')
        parts.append(_text(left - 8, y + 4, _number(mark, lang), anchor="end", fill=QUIET))
    return frame, parts


def _axis(frame: _Frame, labels: Sequence[str]) -> list[str]:
    """As many labels as fit beside each other, the last always among them."""
    room = (frame.width - frame.left - frame.right) / max(len(labels), 1)
    every = max(1, math.ceil((max(map(len, labels), default=1) + 1.5) * CHARACTER / room))
    shown = range(len(labels) - 1, -1, -every)
    parts = []
    for position in shown:
        x, half = frame.x(position, len(labels)), len(labels[position]) * CHARACTER / 2
        # The outermost labels stay inside the picture.
        x = min(max(x, half), frame.width - half)
        parts.append(_text(x, frame.height - 8, labels[position], anchor="middle", fill=QUIET))
    return parts


def _lines(title: str, labels: Sequence[str], series: Sequence[Series], width: int, lang: str) -> SafeString:
    wide = width >= 500
    # Names stand at the line's end where there is room, above the picture where there is not.
    longest = max((len(_end(one, lang)) for one in series), default=0)
    right = round(longest * CHARACTER) + 14 if wide else 12
    top = 16 if wide else 14 + 20 * len(series)
    frame, parts = _frame(series, width, right, top, lang)
    parts += _axis(frame, labels)
    ends: list[float] = []
    for number, one in enumerate(series):
        points = [
            (frame.x(at, len(labels)), frame.y(value)) for at, value in enumerate(one.values) if value is not None
        ]
        if not points:
            continue
        colour, dash = COLOURS[number], DASHES[number]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        parts.append(
            f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="3" stroke-linejoin="round"{dashed}/>'
        )
        x, y = points[-1]
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{colour}"/>')
        if wide:
            parts.append(_text(x + 10, _apart(y + 4, ends), _end(one, lang), bold=True))
        else:
            parts += _key(number, one, lang)
    return _svg(title, width, frame.height, parts)


def _range(
    title: str, labels: Sequence[str], at: Sequence[float], series: Sequence[Series], strip: Sequence[tuple[float, float]],
    width: int, lang: str,
) -> SafeString:  # fmt: skip
    middle, low, high = series
    frame, parts = _frame(series, width, 16, 58, lang)
    room = frame.width - frame.left - frame.right

    def points(one: Series) -> list[tuple[float, float]]:
        known = zip(at, one.values, strict=True)
        return [(frame.left + room * place, frame.y(value)) for place, value in known if value is not None]

    path, edge = ("L".join(f"{x:.1f} {y:.1f}" for x, y in one) for one in (points(middle), points(high) + points(low)[::-1]))
    if path:
        parts += [
            f'<path d="M{edge}Z" fill="{COLOURS[1]}" fill-opacity="0.3" stroke="{COLOURS[1]}"/>',
            f'<path d="M{path}" fill="none" stroke="{COLOURS[0]}" stroke-width="3" stroke-linejoin="round"/>',
        ]
    for number, (start, end) in enumerate(strip, start=1):
        parts += _stretch(number, frame.left + room * start, frame.left + room * end, frame.floor + 8)
    below = frame.height + (28 if strip else 0)
    if labels:
        parts += [
            _text(frame.left, below - 8, labels[0], fill=QUIET),
            _text(frame.left + room, below - 8, labels[-1], anchor="end", fill=QUIET),
        ]
    parts += [
        f'<path d="M2 10H26" stroke="{COLOURS[0]}" stroke-width="3"/>',
        _text(34, 14, middle.name, bold=True),
        f'<rect x="2" y="22" width="24" height="12" fill="{COLOURS[1]}" fill-opacity="0.3" stroke="{COLOURS[1]}"/>',
        _text(34, 33, f"{low.name} – {high.name}", bold=True),
    ]
    return _svg(title, width, below, parts)


def _stretch(number: int, left: float, right: float, top: float) -> list[str]:
    """A numbered bar below the floor; two greys in turn tell neighbours apart, the number only where it fits."""
    fill = "#3D3D3D" if number % 2 else "#6b7280"
    parts = [f'<rect x="{left:.1f}" y="{top:.1f}" width="{max(right - left, 3):.1f}" height="20" fill="{fill}"/>']
    if right - left > 16:
        parts.append(_text((left + right) / 2, top + 15, str(number), anchor="middle", fill="#ffffff", bold=True))
    return parts


def _end(one: Series, lang: str) -> str:
    last = next((value for value in reversed(one.values) if value is not None), None)
    return f"{one.name} {_number(last, lang)}" if last is not None else one.name


def _apart(y: float, taken: list[float]) -> float:
    """The nearest height at which a label touches no other."""
    free = next(
        place
        for step in range(40)
        for place in (y - 4 * step, y + 4 * step)
        if all(abs(place - other) >= 17 for other in taken)
    )
    taken.append(free)
    return free


def _key(number: int, one: Series, lang: str) -> list[str]:
    y = 14 + 20 * number
    dash = f' stroke-dasharray="{DASHES[number]}"' if DASHES[number] else ""
    return [
        f'<path d="M2 {y - 4}H26" stroke="{COLOURS[number]}" stroke-width="4"{dash}/>',
        _text(34, y, _end(one, lang), bold=True),
    ]


def _columns(title: str, labels: Sequence[str], series: Sequence[Series], width: int, lang: str) -> SafeString:
    frame, parts = _frame(series, width, 4, 18 + 20 * len(series), lang)
    parts += _axis(frame, labels)
    slot = (width - frame.left - frame.right) / max(len(labels), 1)
    thick = min(slot * 0.8 / max(len(series), 1), 70)
    for number, one in enumerate(series):
        parts += [
            f'<rect x="2" y="{4 + 20 * number}" width="12" height="12" fill="{COLOURS[number]}"/>',
            _text(20, 15 + 20 * number, one.name, bold=True),
        ]
        for at, value in enumerate(one.values):
            if value is None:
                continue
            x = frame.x(at, len(labels)) + (number - len(series) / 2) * thick
            y = frame.y(value)
            parts.append(
                f'<rect x="{x + 1:.1f}" y="{y:.1f}" width="{thick - 2:.1f}" height="{frame.floor - y:.1f}" '
                f'fill="{COLOURS[number]}"/>'
            )
            if len(_number(value, lang)) * CHARACTER <= thick + 2:
                parts.append(_text(x + thick / 2, y - 5, _number(value, lang), anchor="middle"))
    return _svg(title, width, frame.height, parts)


def _bars(title: str, labels: Sequence[str], values: Sequence[float], width: int, lang: str) -> SafeString:
    highest = max(values, default=0) or 1
    left = min(round(max(map(len, labels), default=0) * CHARACTER) + 10, width // 2)
    room = width - left - round(max((len(_number(value, lang)) for value in values), default=1) * CHARACTER) - 12
    parts = []
    for number, (label, value) in enumerate(zip(labels, values, strict=True)):
        y, long = 4 + number * 30, room * value / highest
        parts += [
            _text(left - 8, y + 16, label, anchor="end"),
            f'<rect x="{left}" y="{y}" width="{long:.1f}" height="22" fill="{COLOURS[0]}"/>',
            _text(left + long + 6, y + 16, _number(value, lang), bold=True),
        ]
    return _svg(title, width, 8 + 30 * len(labels), parts)
