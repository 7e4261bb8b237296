"""One canary NIK is driven through everything; it must stand in no plain column, file, log, address or title."""

from __future__ import annotations

import logging
import re
from datetime import date
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client

from loket.applications import actions as applications
from loket.core import clock
from loket.delivery import queries as parcels
from loket.delivery.models import Manifest
from loket.residents import nik as niks
from loket.visits import actions as visits
from tests import cast as play
from tests import isolated
from tests.cast import CILEGON, PASSWORD, Cast

BORN = date(1987, 3, 27)
CANARY = niks.synthetic_nik(4711, BORN, is_woman=False)
KK = "3672990405124711"


def plain_hits(needle: str) -> list[str]:
    """Every table and column of the database in which these characters stand unsealed."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.table_name, c.column_name, c.data_type FROM information_schema.columns c "
            "JOIN information_schema.tables t USING (table_schema, table_name) "
            "WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'"
        )
        for table, column, kind in cursor.fetchall():
            if kind == "bytea":
                condition, value = f'position(%s::bytea IN "{column}") > 0', needle.encode()
            else:
                condition, value = f'"{column}"::text LIKE %s', f"%{needle}%"
            cursor.execute(f'SELECT count(*) FROM "{table}" WHERE {condition}', [value])
            if cursor.fetchone()[0]:
                found.append(f"{table}.{column}")
    return found


def _drive(cast: Cast) -> tuple[str, list[str]]:
    """The canary goes from recording to the hand; returns her code and every address and title on the way."""
    given = {"nik": CANARY, "kk_number": KK, "birth_date": BORN, "name": "Kenari Uji"}
    visits.record(
        nik=CANARY, name="Kenari Uji", birth_date=BORN, kecamatan=f"{CILEGON}.01", result="recorded", reason="",
        key=uuid4().hex, by=cast.recorder, at=clock.now(),
    )  # fmt: skip
    code = play.in_transit(cast, "SUKET_EXCHANGE", **given)
    seen = []
    for name, pages in {
        "verifier": [f"/petugas/k/{code}/", "/petugas/", "/petugas/obrolan/", "/petugas/cari/"],
        "dispatcher": ["/cetak/kirim/", *(f"/cetak/kirim/{row.pk}/berkas.csv" for row in Manifest.objects.all())],
        "courier": ["/pos/", f"/pos/antar/{code}/"],
    }.items():
        client = Client()
        assert client.login(username=name, password=PASSWORD)
        for page in pages:
            response = client.get(page)
            assert response.status_code == 200, (page, response.status_code)
            body = response.content.decode()
            assert CANARY not in body, page
            assert KK not in body, page
            seen += [page, *re.findall(r"<title>.*?</title>|href=\"[^\"]*\"", body, re.S)]
        if name == "verifier":
            answer = client.post("/petugas/cari/", {"cari": CANARY, "alasan": "Telepon dari warga"})
            assert code in answer.content.decode().replace("-", "")
            revealed = client.post(f"/petugas/k/{code}/nik/", {"alasan_nik": "Cocokkan dengan KK"})
            assert CANARY in revealed.content.decode()
            seen.append(answer.request["PATH_INFO"] + answer.request["QUERY_STRING"])
    return code, seen


def test_the_canary_stands_nowhere_in_plain(cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        code, seen = _drive(cast)
    assert parcels.on_the_way(CILEGON, cast.courier.name)[0].code == code
    for needle in (CANARY, KK):
        assert plain_hits(needle) == []
        assert not [line for line in seen if needle in line]
        assert not [record for record in caplog.records if needle in record.getMessage() and record.name != "django.db.backends"]
    for file in Path(isolated.HOME).rglob("*"):
        if file.is_file() and "pg/data/base" not in str(file) and "pg_wal" not in str(file):
            assert CANARY.encode() not in file.read_bytes(), file


def test_the_search_for_plain_text_can_find_it(cast: Cast) -> None:
    play.file(cast, nik=CANARY, kk_number=KK, birth_date=BORN)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE applications_application SET filed_by = %s", [f"x{CANARY}"])
    assert plain_hits(CANARY) == ["applications_application.filed_by"]


def test_every_full_reading_of_a_nik_has_one_entry(cast: Cast) -> None:
    from loket.audit.models import Entry

    receipt = play.file(cast, nik=CANARY, kk_number=KK, birth_date=BORN)
    client = Client()
    client.login(username="verifier", password=PASSWORD)
    client.post(f"/petugas/k/{receipt.code}/nik/", {"alasan_nik": "Cocokkan dengan KK"})
    client.post(f"/petugas/k/{receipt.code}/nik/", {"alasan_nik": ""})
    assert Entry.objects.filter(action="read.nik").count() == 1
    assert applications.reveal_nik(receipt.code, "Sekali lagi", by=cast.counter, at=clock.now()) == CANARY
    assert Entry.objects.filter(action="read.nik").count() == 2


def test_logs_mask_what_looks_like_a_number_of_a_person() -> None:
    from loket.core.logs import Masked

    record = logging.LogRecord("x", logging.ERROR, "", 0, "gagal untuk %s dan %s", (CANARY, "+62 812-3456-7890"), None)
    Masked().filter(record)
    assert CANARY not in record.getMessage()
    assert "3456" not in record.getMessage()
