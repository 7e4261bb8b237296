"""The receipt as PDF: small, tagged, in the visitor's language, and only for whoever may see the case."""

from __future__ import annotations

import re
import zlib

import pytest
import zxingcpp
from django.test import Client
from PIL import Image, ImageDraw

from loket.core import codes
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


def test_the_square_on_a_receipt_leads_to_the_page_that_checks_it(cast: Cast) -> None:
    import segno

    code = play.file(cast).code
    address = f"http://127.0.0.1:8000/cek/?kode={code}"
    matrix = segno.make(address, error="m", micro=False).matrix
    picture = Image.new("L", (len(matrix) * 6 + 48,) * 2, 255)
    draw = ImageDraw.Draw(picture)
    for row, line in enumerate(matrix):
        for column, dark in enumerate(line):
            if dark:
                draw.rectangle((24 + column * 6, 24 + row * 6, 29 + column * 6, 29 + row * 6), fill=0)
    assert zxingcpp.read_barcode(picture).text == address
    assert f'value="{code}"' in Client().get(f"/cek/?kode={code}").content.decode()
    assert codes.parse(code) == code
