"""English for every sentence: finds what the code and the templates say, keeps the catalogue, compiles it.

`python frontend/translations.py` prints what has no English yet; `--compile` writes `django.po` and `django.mo` from
the files of `locale/english/`, one for each room or door. Needs nothing but the standard library.
"""

from __future__ import annotations

import ast
import json
import re
import struct
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCALE = ROOT / "src" / "loket" / "locale"
MESSAGES = LOCALE / "en" / "LC_MESSAGES"
MARKS = {"_", "gettext", "gettext_lazy", "N_"}
_TRANSLATE = re.compile(r"""\{%\s*translate\s+(?:"([^"]+)"|'([^']+)')[^%]*%\}""")
_BLOCK = re.compile(r"\{%\s*blocktranslate\b[^%]*%\}(.*?)\{%\s*endblocktranslate\s*%\}", re.S)
_PLACE = re.compile(r"\{\{\s*(\w+)\s*\}\}")


def sentences() -> set[str]:
    """Everything that is said in Indonesian and may be read in English."""
    found: set[str] = set()
    for path in (ROOT / "src" / "loket").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MARKS and node.args:
                first = node.args[0]
                choices = [first.body, first.orelse] if isinstance(first, ast.IfExp) else [first]
                found |= {one.value for one in choices if isinstance(one, ast.Constant) and isinstance(one.value, str)}
    for path in (ROOT / "src" / "loket" / "web" / "templates").rglob("*.html"):
        text = path.read_text()
        found |= {double or single for double, single in _TRANSLATE.findall(text)}
        found |= {_PLACE.sub(r"%(\1)s", block.replace("%", "%%")) for block in _BLOCK.findall(text)}
    return found - {""}


def english() -> dict[str, str]:
    """The catalogue: Indonesian sentence to English sentence; a sentence stands in one file only."""
    catalogue: dict[str, str] = {}
    for file in sorted((LOCALE / "english").glob("*.json")):
        pairs = dict(json.loads(file.read_text()))
        if twice := set(pairs) & set(catalogue):
            raise ValueError(f"{file.name}: already translated elsewhere: {sorted(twice)}")
        catalogue |= pairs
    return catalogue


def compiled(catalogue: dict[str, str]) -> bytes:
    """A GNU .mo file; plural forms are not used, since Indonesian has none."""
    header = "Content-Type: text/plain; charset=UTF-8\nLanguage: en\nPlural-Forms: nplurals=2; plural=(n != 1);\n"
    pairs = sorted((key.encode(), value.encode()) for key, value in {"": header, **catalogue}.items())
    ids, strings, index, at = b"", b"", [], 0
    for key, value in pairs:
        index.append((len(key), len(ids), len(value), len(strings)))
        ids += key + b"\0"
        strings += value + b"\0"
    start = 28 + 16 * len(pairs)
    keys = b"".join(struct.pack("<II", length, start + offset) for length, offset, _, _ in index)
    values = b"".join(struct.pack("<II", length, start + len(ids) + offset) for _, _, length, offset in index)
    head = struct.pack("<7I", 0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, at)
    return head + keys + values + ids + strings


def as_po(catalogue: dict[str, str]) -> str:
    """The same as a .po file, for people who use gettext's tools."""
    quote = json.dumps
    head = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n"Language: en\\n"\n'
    entries = [
        f"\nmsgid {quote(key, ensure_ascii=False)}\nmsgstr {quote(value, ensure_ascii=False)}\n"
        for key, value in sorted(catalogue.items())
    ]
    return head + "".join(entries)


def main() -> int:
    catalogue = english()
    missing = sorted(sentences() - set(catalogue))
    if "--compile" in sys.argv:
        MESSAGES.mkdir(parents=True, exist_ok=True)
        (MESSAGES / "django.po").write_text(as_po(catalogue))
        (MESSAGES / "django.mo").write_bytes(compiled(catalogue))
    print(json.dumps(missing, ensure_ascii=False, indent=0))
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
