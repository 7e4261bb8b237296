"""The receipt as PDF: small, tagged, in the visitor's language, and only for whoever may see the case."""

from __future__ import annotations

import io
import re
import zlib

import pytest
import typst
import zxingcpp
from django.test import Client
from PIL import Image

from tests import cast as play
from tests.cast import Cast
from tests.web.test_residents import own


def objects(pdf: bytes) -> bytes:
    """Everything that a reader program finds: the file with its streams opened."""
    found = [pdf]
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.S):
        try:
            found.append(zlib.decompress(stream))
        except zlib.error:
            continue
    return b"\n".join(found)


@pytest.mark.parametrize(("lang", "title"), [("id", "Bukti permohonan"), ("en", "Receipt of the request")])
def test_a_receipt_is_small_tagged_and_says_its_language_and_title(cast: Cast, lang: str, title: str) -> None:
    code = play.file(cast).code
    answer = own(code).get(f"/c/{code}/bukti.pdf", {"bahasa": lang})
    assert answer.headers["Content-Type"] == "application/pdf"
    pdf = answer.content
    assert len(pdf) <= 60 * 1024
    everything = objects(pdf)
    assert b"/MarkInfo" in everything
    assert re.search(rb"/Marked\s+true", everything)
    assert b"/StructTreeRoot" in everything
    assert f"/Lang ({lang})".encode() in everything or f"/Lang({lang})".encode() in everything
    assert b"<pdfuaid:part>1</pdfuaid:part>" in everything
    assert title.encode() in everything
    assert re.search(rb"/DisplayDocTitle\s+true", everything)
    assert b"/Alt" in everything


def test_a_receipt_is_the_same_paper_each_time_and_holds_no_nik(cast: Cast) -> None:
    code = play.file(cast, nik="3672015705900001").code
    first, again = (own(code).get(f"/c/{code}/bukti.pdf").content for _ in range(2))
    assert first == again
    assert b"3672015705900001" not in objects(first)


def test_a_receipt_is_for_a_browser_that_may_see_the_case(cast: Cast) -> None:
    code = play.file(cast).code
    assert Client().get(f"/c/{code}/bukti.pdf").headers["Location"] == f"/c/{code}/buka/"


def test_the_square_on_a_receipt_leads_to_the_page_that_checks_it(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    code, compile_ = play.file(cast).code, typst.compile
    # The same paper as a picture, read as a phone's camera reads it.
    monkeypatch.setattr(typst, "compile", lambda *given, **how: compile_(*given, **how | {"format": "png", "ppi": 150}))
    picture = Image.open(io.BytesIO(own(code).get(f"/c/{code}/bukti.pdf").content)).convert("L")
    address = zxingcpp.read_barcode(picture).text
    assert address.endswith(f"/cek/?kode={code}")
    shown = Client().get(f"/cek/?{address.split('?')[1]}").content.decode()
    assert f'value="{code}"' in shown
