"""Makes docs/map.md from the first line of every module's docstring: `python docs/build_map.py`."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RIVER = (
    "core", "audit", "offices", "staff", "residents", "catalogue", "stock", "conversations", "applications", "suket",
    "visits", "printing", "delivery", "insight", "integrity", "bot", "web", "api", "simulate", "commands",
)  # fmt: skip


def first_line(path: Path) -> str:
    docstring = ast.get_docstring(ast.parse(path.read_text())) or ""
    return docstring.split("\n")[0]


def lines() -> list[str]:
    package = ROOT / "src" / "loket"
    found = ["# Map", "", "Made by `docs/build_map.py` from the modules' own first lines; the rooms stand in the order of the river.", ""]
    found += ["## At the door", ""]
    found += [f"- `{path.name}`: {first_line(path)}" for path in sorted(package.glob("*.py"))]
    for room in RIVER:
        folder = package / room
        found += ["", f"## {room}", "", first_line(folder / "__init__.py"), ""]
        modules = sorted(path for path in folder.rglob("*.py") if "migrations" not in path.parts)
        for path in modules:
            if path.name not in ("__init__.py", "apps.py"):
                found.append(f"- `{path.relative_to(folder)}`: {first_line(path)}")
    found += ["", "## wa_emulator", "", first_line(ROOT / "src" / "wa_emulator" / "__init__.py"), ""]
    found += [
        f"- `{path.name}`: {first_line(path)}"
        for path in sorted((ROOT / "src" / "wa_emulator").glob("*.py"))
        if path.name != "__init__.py"
    ]
    return found


def text() -> str:
    return "\n".join(lines()) + "\n"


if __name__ == "__main__":
    (ROOT / "docs" / "map.md").write_text(text())
