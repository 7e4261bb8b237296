"""The regions of Indonesia as the ministry codes them, read from files: prefixes of a NIK, kelurahan by code or by name."""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

CILEGON = "36.72"

_FILES = Path(__file__).parent / "data"
_NOT_LETTERS = re.compile(r"[^A-Z]+")
_RANK = re.compile(r"^\s*(KELURAHAN|KEL|DESA|DS|KECAMATAN|KEC)\b[.\s:]*", re.IGNORECASE)
_CODE_WIDTHS = (2, 2, 2, 4)


@dataclass(frozen=True, slots=True)
class Kelurahan:
    """A kelurahan or village: dotted code (36.72.01.1001), names, postal code or an empty text."""

    code: str
    name: str
    kecamatan_code: str
    kecamatan: str
    postal_code: str


class Matcher:
    """Finds the kelurahan of one city that a list means, however it spells it.

    `kelurahan` and `kecamatan` map dotted codes to names. Blanks, case and the E that comes and goes (Dringo, Deringo;
    Grogol, Gerogol) do not matter; where two kelurahan bear one name the kecamatan decides.
    """

    def __init__(self, kelurahan: Mapping[str, str], kecamatan: Mapping[str, str]) -> None:
        self._codes = frozenset(kelurahan)
        self._cities = tuple({code.rsplit(".", 1)[0] for code in kecamatan})
        self._kelurahan = _by_fold(kelurahan)
        self._kecamatan = _by_fold(kecamatan)
        self._known: dict[tuple[str, str], str | None] = {}

    def code(self, name: str, kecamatan: str = "") -> str | None:
        """The code of a kelurahan by name or code, or None when the city (or that kecamatan) has no such kelurahan."""
        key = (name, kecamatan)
        try:
            return self._known[key]
        except KeyError:
            found = self._known[key] = self._find(name, kecamatan)
            return found

    def _find(self, name: str, kecamatan: str) -> str | None:
        parents = self._parents(kecamatan)
        if name.strip().isdigit() and len(name.strip()) <= 4:
            return next((code for parent in parents if (code := f"{parent}.{name.strip():0>4}") in self._codes), None)
        if any(char.isdigit() for char in name):
            code = _dotted(name)
            return code if code in self._codes else None
        for folded in (_fold(name), _skeleton(name)):
            found = self._kelurahan.get(folded, ())
            if parents:
                found = tuple(code for code in found if code.rsplit(".", 1)[0] in parents)
            if found:
                return found[0] if len(found) == 1 else None
        return None

    def _parents(self, kecamatan: str) -> tuple[str, ...]:
        text = kecamatan.strip()
        if text.isdigit() and len(text) <= 2:
            return tuple(f"{city}.{text:0>2}" for city in self._cities)
        return self._kecamatan.get(_fold(text)) or self._kecamatan.get(_skeleton(text)) or ()


def is_known_prefix(six_digits: str) -> bool:
    """Whether the first six digits of a NIK stand, or stood between 2018 and 2023, in the ministry's list."""
    return six_digits in _prefixes()


@lru_cache(maxsize=8)
def kelurahan_of(city: str = CILEGON) -> tuple[Kelurahan, ...]:
    """Every kelurahan and village of a city or regency, in the order of codes."""
    names = {code: name for code, name in _national() if code.startswith(city + ".")}
    postal = _postal_codes(city)
    return tuple(
        Kelurahan(code, name, code[:8], names[code[:8]], postal.get(code, ""))
        for code, name in names.items()
        if len(code) == 13
    )


@lru_cache(maxsize=8)
def matcher(city: str = CILEGON) -> Matcher:
    """The matcher of a city from the national list."""
    rows = kelurahan_of(city)
    return Matcher({row.code: row.name for row in rows}, {row.kecamatan_code: row.kecamatan for row in rows})


def kelurahan(code: str) -> Kelurahan | None:
    """The kelurahan with this dotted code."""
    return _by_code(code[:5]).get(code)


@lru_cache(maxsize=8)
def _by_code(city: str) -> dict[str, Kelurahan]:
    return {row.code: row for row in kelurahan_of(city)}


@lru_cache(maxsize=1)
def _prefixes() -> frozenset[str]:
    with (_FILES / "wilayah_lama.csv").open(encoding="utf-8", newline="") as file:
        old = [row["code"] for row in csv.DictReader(file)]
    codes = [*old, *(code for code, _ in _national())]
    return frozenset(code.replace(".", "") for code in codes if len(code) == 8)


def _national() -> Iterator[tuple[str, str]]:
    with gzip.open(_FILES / "wilayah.csv.gz", "rt", encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        yield from ((code, name) for code, name in rows)


def _postal_codes(city: str) -> dict[str, str]:
    path = _FILES / f"kelurahan_{city}.csv"
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        return {row["kemendagri_code"]: row["postal_code_primary"] for row in csv.DictReader(file)}


def _by_fold(names: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for code, name in names.items():
        for folded in {_fold(name), _skeleton(name)}:
            found[folded] = (*found.get(folded, ()), code)
    return found


def _fold(name: str) -> str:
    return _NOT_LETTERS.sub("", _RANK.sub("", name).upper())


def _skeleton(name: str) -> str:
    # A mark that no folded name holds keeps the two kinds of keys apart.
    return "~" + _fold(name).replace("E", "")


def _dotted(text: str) -> str:
    digits = "".join(char for char in text if char.isdigit())
    if len(digits) != sum(_CODE_WIDTHS):
        return text
    return f"{digits[:2]}.{digits[2:4]}.{digits[4:6]}.{digits[6:]}"
