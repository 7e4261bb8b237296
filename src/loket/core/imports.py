"""What an import says of itself, and how only one runs at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import connection

from loket.core import sheets
from loket.core.errors import N_, Refusal

Progress = Callable[[int, int], None]
CHUNK = 5_000


@dataclass(slots=True)
class Report:
    """Counts of an import, the refused rows with their reasons, and where they were written back."""

    rows: int = 0
    new: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    errors: list[dict[str, Any]] = field(default_factory=list)
    report: str | None = None
    # The row that the import left in the table of its room; not told to other programs.
    source: int | None = None

    def as_dict(self) -> dict[str, Any]:
        return {
            "rows": self.rows,
            "new": self.new,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "rejected": self.rejected,
            "errors": self.errors,
            "report": self.report,
        }


def refused(path: Path, headings: Sequence[str], rejected: Sequence[sheets.Rejected]) -> tuple[list[dict[str, Any]], str | None]:
    """The refused rows as the report lists them, and as a sheet beside the original with the reason in each row."""
    errors = [{"row": row.row, "column": row.column, "code": row.code, "message": row.message} for row in rejected]
    if not rejected:
        return errors, None
    target = path.with_name(f"{path.stem}-ditolak.xlsx")
    sheets.write_rejected(target, headings, rejected)
    return errors, str(target)


def hold(name: str) -> None:
    """Let one import of a kind run at a time, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext(%s))", [f"import:{name}"])
        if not cursor.fetchone()[0]:
            raise Refusal(
                "import_running", N_("Impor lain sedang berjalan. Tunggu sampai selesai, lalu ulangi."), status=423
            )


def file_digest(path: Path) -> bytes:
    """SHA-256 of the file, by which the trail names it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
