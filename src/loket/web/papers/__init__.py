"""Papers as PDF: small, tagged (PDF/UA-1), readable aloud, made by typst from a template beside this file."""

from __future__ import annotations

import io
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import segno
import typst

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
