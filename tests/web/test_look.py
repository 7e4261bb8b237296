"""What residents download, and what no template may contain."""

from __future__ import annotations

import gzip
import hashlib
import re
from pathlib import Path

import pytest

import loket.web

WEB = Path(loket.web.__file__).parent
STATIC = WEB / "static"
TEMPLATES = sorted((WEB / "templates").rglob("*.html"))


def _weight(name: str) -> int:
    return len(gzip.compress((STATIC / name).read_bytes(), 9))


def test_residents_download_little() -> None:
    assert sum(_weight(f"loket/{name}") for name in ("warga.css", "warga.js", "ikon.svg")) <= 20 * 1024
    assert _weight("loket/warga.js") <= 10 * 1024


def test_built_files_are_the_ones_that_were_built() -> None:
    for line in (STATIC / "vendor/SHA256SUMS").read_text().splitlines():
        digest, name = line.split()
        assert hashlib.sha256((STATIC / name).read_bytes()).hexdigest() == digest, name


@pytest.mark.parametrize("sheet", ["warga", "petugas", "cetak"])
def test_style_sheets_fetch_nothing(sheet: str) -> None:
    css = (STATIC / f"loket/{sheet}.css").read_text()
    assert "@font-face" not in css
    assert "GDS Transport" not in css
    assert not re.findall(r'url\("?(?!data:|"?data:)', css)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(WEB / "templates")))
def test_templates_have_nothing_inline_and_no_borrowed_formats(path: Path) -> None:
    source = path.read_text()
    assert not re.search(r'<style|\sstyle=|\son[a-z]+="|javascript:', source), (
        "the CSP refuses inline styles and scripts"
    )
    assert not re.search(r"<script(?![^>]*\bsrc=)", source), "the CSP refuses inline scripts"
    assert not re.search(r"\|(intcomma|floatformat|localize)|\|date:(?!['\"]c['\"])", source), "use our own formats"


def _luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_every_pair_of_colours_is_legible() -> None:
    css = (STATIC / "loket/warga.css").read_text()
    token = dict(re.findall(r"--([a-z0-9-]+):\s*(#[0-9a-f]{3,6})", css))
    pairs = [("teks", "latar"), ("teks-2", "latar"), ("teks-2", "latar-2"), ("merek", "latar"), ("merek", "info-latar")]
    pairs += [(name, f"{name}-latar") for name in ("ok", "awas", "bahaya", "netral")]
    for ink, ground in pairs:
        assert _contrast(token[ink], token[ground]) >= 4.5, (ink, ground)
    assert _contrast(token["latar"], token["merek-tua"]) >= 7


def test_chart_colours_stand_out_from_white() -> None:
    from loket.web import charts

    assert all(round(_contrast(colour, "#ffffff"), 1) >= 3.0 for colour in charts.COLOURS)
