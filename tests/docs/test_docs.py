"""Documentation that lies is worse than none: its paths exist, its commands parse, its map is the house."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from loket.offices import rules

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")]
NAMED = re.compile(r"`((?:src|docs|bench|tests|requirements|frontend)/[\w./-]+)`|\]\((?!http|#)([\w./-]+)\)|^(?:.*\()?`(LICENSE)`", re.M)
COMMAND = re.compile(r"\./loket ((?:[a-z]+ ?)+)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_path_that_is_named_exists(page: Path) -> None:
    named = {next(filter(None, match)) for match in NAMED.findall(page.read_text())}
    assert {path for path in named if not (ROOT / path).exists() and not (page.parent / path).exists()} == set()


def test_every_setting_stands_in_the_manual_of_operations() -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    variables = set(re.findall(r'"(LOKET_[A-Z_]+)"', (ROOT / "src" / "loket" / "settings.py").read_text()))
    assert len(variables) > 20
    assert {name for name in (*variables, *asdict(rules.Settings())) if f"`{name}`" not in page} == set()


def test_every_command_that_is_printed_is_known() -> None:
    lines = {match.split()[0] for page in PAGES for match in COMMAND.findall(page.read_text())}
    told = subprocess.run([sys.executable, "-m", "loket.cli", "--help"], capture_output=True, text=True, check=True).stdout
    assert lines
    assert {line for line in lines if not re.search(rf"^\s+{line}\b", told, re.M)} == set()


def test_the_map_is_made_from_the_code_as_it_is() -> None:
    map_ = ROOT / "docs" / "map.md"
    written = map_.read_text()
    try:
        subprocess.run([sys.executable, str(ROOT / "docs" / "build_map.py")], check=True, capture_output=True)
        assert map_.read_text() == written, "run docs/build_map.py"
    finally:
        map_.write_text(written)
