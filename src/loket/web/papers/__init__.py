"""Papers as PDF: small, tagged (PDF/UA-1), readable aloud, made by typst from a template beside this file."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import segno
import typst
import xlsxwriter

_HERE = Path(__file__).parent


def pdf(template: str, content: dict[str, Any], *, qr: str, at: datetime) -> bytes:
    """A paper of this folder (`receipt` is `receipt.typ`), its text from `content`, a QR code of the address `qr`. `at`
    is the moment written into the file, so that the same receipt is the same bytes."""
    picture = io.BytesIO()
    segno.make(qr, error="m", micro=False).save(picture, kind="svg", border=0, xmldecl=False, svgns=True)
    made = typst.compile(
        _HERE / f"{template}.typ", root=_HERE, format="pdf", pdf_standards=["ua-1"], timestamp=int(at.timestamp()),
        ignore_system_fonts=True, sys_inputs={"content": json.dumps(content), "qr": picture.getvalue().decode()},
    )  # fmt: skip
    return bytes(made)


def sheet(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[int]) -> bytes:
    """The same as XLSX: everything is text, so that no number loses its zero and nothing is taken for a formula."""
    made = io.BytesIO()
    book = xlsxwriter.Workbook(made, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    page = book.add_worksheet(title[:31])
    bold, text = book.add_format({"bold": True, "bottom": 1}), book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
    for column, width in enumerate(widths):
        page.set_column(column, column, width, text)
    page.freeze_panes(1, 0)
    page.set_landscape()
    page.set_paper(9)
    page.repeat_rows(0)
    page.fit_to_pages(1, 0)
    for line, row in enumerate((headings, *rows)):
        for column, cell in enumerate(row):
            page.write_string(line, column, cell, text if line else bold)
    book.close()
    return made.getvalue()
