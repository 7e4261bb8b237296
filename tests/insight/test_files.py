"""The figures as files: the same numbers everywhere, described as the standards ask, small ones withheld, asked for once."""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
import xml.etree.ElementTree as ET
from contextlib import closing
from datetime import date, timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client

from loket import jobs
from loket.core import clock
from loket.delivery import actions as delivery
from loket.insight import actions, database, publication, surveys
from loket.insight.models import SurveyAnswer
from loket.insight.publication import SERIES
from loket.offices import queries as offices
from loket.offices.models import Office
from loket.web import figures
from loket.web.data import formats
from tests import cast as play
from tests.cast import CILEGON, Cast

DAY = "2020-06-02"


def get(path: str, **headers: str) -> Any:
    return Client().get(path, headers=headers)


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def table(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(get(f"/data/{name}.csv").content.decode())))


def plain(response: Any) -> str:
    main = response.content.decode().split("<main", 1)[1].split("</main", 1)[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def a_day(cast: Cast) -> None:
    """Online and counter, post and pickup, a spoiled blank, blanks left over."""
    play.in_transit(cast)
    delivery.choose(play.printed(cast), "pickup", by=cast.resident, at=clock.now())
    play.file(cast, channel="counter")
    play.blanks(cast, 37)


def test_page_csv_json_database_and_statement_of_a_day_tell_the_same(cast: Cast) -> None:
    a_day(cast)
    for is_over in (False, True):
        if is_over:
            clock.move_to(cast.at + timedelta(days=1))
            actions.freeze_due(CILEGON)
        with closing(sqlite3.connect(database.write(CILEGON))) as base:
            base.row_factory = sqlite3.Row
            stored = {name: dict(base.execute(f'SELECT * FROM "{name}" WHERE date = ?', [DAY]).fetchone()) for name, one in SERIES.items() if one.period == "day"}
        for name, row in stored.items():
            one = SERIES[name]
            by_json = next(found for found in get(f"/data/{name}.json").json()["rows"] if found["date"] == DAY)
            by_csv = next(found for found in table(name) if found["date"] == DAY)
            page = get(f"/data/{name}/?dari={DAY}&sampai={DAY}").content.decode()
            for column in one.of_measures:
                value = row[column.name]
                assert by_json[column.name] == value, (name, column.name)
                assert by_csv[column.name] == ("" if value is None else str(value)), (name, column.name)
                cell = re.search(rf'<tr id="{column.name}".*?<strong>(.*?)</strong>', page, re.S)
                assert cell, (name, column.name)
                if column.unit != "menit":
                    assert cell[1] == ("–" if value is None else str(value)), (name, column.name)
            assert by_json["is_final"] is is_over
            assert by_csv["is_final"] == ("true" if is_over else "false")
        told = get(f"/siaran/?dari={DAY}&sampai={DAY}").content.decode()
        sources = dict(re.findall(r'href="/data/(\w+/\?dari=2020-06-02&amp;sampai=2020-06-02#\w+)">(\d+)</a></td>', told))
        assert sources == {
            f"{name}/?dari={DAY}&amp;sampai={DAY}#{column}": str(stored[name][column])
            for name, column in (("blanks", "on_hand"), ("blanks", "received"), ("blanks", "printed"), ("requests", "online"), ("requests", "counter"))
        }
        assert (stored["blanks"]["on_hand"], stored["requests"]["online"], stored["requests"]["counter"]) == (37, 2, 1)
        assert (stored["choices"]["post"], stored["choices"]["pickup"]) == (1, 1)
    assert get("/data/hari-ini.json").json()["blanks_on_hand"] == 37
    assert "tersedia: 37 keping" in plain(get("/data/pengumuman/"))
    assert "37 keping" in get("/data/pengumuman.txt").content.decode()
    assert "Blangko 37 keping" in plain(get("/statistik/"))


def test_every_series_has_a_page_a_sentence_a_definition_and_two_files(cast: Cast) -> None:
    a_day(cast)
    overview = plain(get("/data/"))
    assert "CC BY 4.0" in overview
    for name, one in SERIES.items():
        assert f"{name}.csv" in overview, name
        page = plain(get(f"/data/{name}/"))
        assert all(column.how in page for column in one.columns), name
        first = get(f"/data/{name}.csv").content.decode().split("\r\n", 1)[0]
        assert first.split(",") == [column.name for column in one.columns], name
        found = get(f"/data/{name}.json").json()
        assert found["licence"]["name"] == "CC-BY-4.0"
        assert all(column["title"]["en"] != column["title"]["id"] or column["title"]["id"] == "Kelurahan" for column in found["columns"]), name
    assert get("/data/rahasia.csv").status_code == 404
    assert get("/data/rahasia/").status_code == 404


def test_each_public_chart_offers_the_file_of_its_numbers(cast: Cast) -> None:
    a_day(cast)
    assert {"/data/suket.csv", "/data/requests.csv", "/data/"} <= set(re.findall(r'href="(/data/[^"]*)"', get("/statistik/").content.decode()))
    for slug, serie in figures.SERIES.items():
        csv_ = re.findall(r'href="/data/(\w+)\.csv"', get(f"/statistik/{slug}/").content.decode())
        assert len(csv_) == 1, slug
        assert {column.measure for column in SERIES[csv_[0]].columns} & set(serie.measures), slug


def test_files_are_open_to_every_site_and_are_sent_once(cast: Cast) -> None:
    a_day(cast)
    for path in ("/data/suket.csv", "/data/suket.json", "/data/datapackage.json", "/data.json", "/data/umpan.xml", "/data/harian.db", "/data/pengumuman.txt"):
        first = get(path)
        assert first.status_code == 200, path
        assert first["Access-Control-Allow-Origin"] == "*", path
        assert first["Cache-Control"].startswith("public"), path
        assert 'rel="license"' in first["Link"], path
        assert "Set-Cookie" not in first
        again = get(path, if_none_match=first["ETag"])
        assert (again.status_code, body(again)) == (304, b""), path
        assert again["Access-Control-Allow-Origin"] == "*", path
    before = get("/data/blanks.csv")["ETag"]
    play.blanks(cast, 1)
    assert get("/data/blanks.csv", if_none_match=before).status_code == 200


def test_the_language_of_a_file_is_in_its_address_and_not_in_a_cookie(cast: Cast) -> None:
    client = Client()
    client.cookies["bahasa"] = "en"
    assert client.get("/data/datapackage.json").json()["title"] == "Angka layanan kependudukan Kota Cilegon"
    assert client.get("/data/datapackage.json?bahasa=en").json()["title"] == "Civil registry figures of Kota Cilegon"


def test_the_datapackage_is_what_frictionless_asks_for(cast: Cast) -> None:
    a_day(cast)
    package = get("/data/datapackage.json").json()
    assert package["profile"] == "tabular-data-package"
    assert re.fullmatch(r"[-a-z0-9._/]+", package["name"])
    assert package["licenses"] == [{"name": "CC-BY-4.0", "path": "https://creativecommons.org/licenses/by/4.0/", "title": "Creative Commons Attribution 4.0"}]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+07:00", package["created"])
    assert re.fullmatch(r"\d+\.\d+\.\d+", package["version"])
    assert all(source["title"] for source in package["sources"])
    names = [resource["name"] for resource in package["resources"]]
    assert len(names) == len(set(names)) == len(SERIES)
    for resource in package["resources"]:
        assert re.fullmatch(r"[-a-z0-9._/]+", resource["name"])
        assert resource["profile"] == "tabular-data-resource"
        assert not resource["path"].startswith(("/", ".", "http")), "a path is relative to the file, and never leaves its folder"
        assert resource["encoding"] == "utf-8"
        fields = resource["schema"]["fields"]
        assert all(set(field) >= {"name", "type", "title", "description"} for field in fields)
        assert {field["type"] for field in fields} <= {"date", "integer", "number", "string", "boolean"}
        assert set(resource["schema"]["primaryKey"]) < {field["name"] for field in fields}
        _fits(resource)


def _fits(resource: dict[str, Any]) -> None:
    """Every value of the file is of the type that the schema says, and no key stands twice."""
    patterns = {"date": r"\d{4}-\d\d-\d\d", "integer": r"-?\d+", "number": r"-?\d+(\.\d+)?", "string": r".+", "boolean": "true|false"}
    rows = table(resource["name"])
    keys = [tuple(row[key] for key in resource["schema"]["primaryKey"]) for row in rows]
    assert len(keys) == len(set(keys))
    for row in rows:
        for field in resource["schema"]["fields"]:
            value = row[field["name"]]
            assert value in resource["schema"]["missingValues"] or re.fullmatch(patterns[field["type"]], value), (resource["name"], field["name"], value)


def test_the_catalogue_is_what_dcat_asks_for(cast: Cast) -> None:
    answer = get("/data.json")
    assert answer["Content-Type"] == "application/ld+json"
    found = answer.json()
    assert found["@type"] == "dcat:Catalog"
    assert all(found[name] for name in ("title", "description", "publisher", "license", "issued", "modified", "language", "homepage"))
    assert len(found["dataset"]) == len(SERIES) + 1
    used = {"@context", "@id", "@type"} | set(found["@context"])
    for dataset in found["dataset"]:
        assert dataset["@type"] == "dcat:Dataset"
        assert all(
            dataset[name] for name in ("title", "description", "identifier", "keyword", "publisher", "contactPoint", "license", "modified", "accessLevel", "landingPage", "accrualPeriodicity")
        )
        assert set(dataset) | set(dataset["publisher"]) | set(dataset["contactPoint"]) <= used, "every name has a meaning"
        for distribution in dataset["distribution"]:
            assert set(distribution) <= used
            assert distribution["@type"] == "dcat:Distribution"
            assert distribution["downloadURL"].startswith("http")
            assert get(re.sub(r"^https?://[^/]+", "", distribution["downloadURL"])).status_code == 200


def test_the_feed_has_an_entry_for_each_full_day_that_never_changes(cast: Cast) -> None:
    a_day(cast)
    assert ET.fromstring(get("/data/umpan.xml").content).findall("channel/item") == []  # noqa: S314 - our own answer
    clock.move_to(cast.at + timedelta(days=2))
    actions.freeze_due(CILEGON)
    channel = ET.fromstring(get("/data/umpan.xml").content).find("channel")  # noqa: S314
    assert channel is not None
    assert all(channel.findtext(name) for name in ("title", "link", "description", "language", "copyright"))
    items = channel.findall("item")
    assert [item.findtext("guid", "")[-10:] for item in items] == ["2020-06-03", DAY]
    assert items[1].findtext("title") == "2\u00a0Juni\u00a02020: sisa Suket 0, blangko 37 keping"
    assert items[1].findtext("pubDate") == "Tue, 02 Jun 2020 23:59:59 +0700"
    assert get(re.sub(r"^https?://[^/]+", "", items[1].findtext("link", ""))).status_code == 200


def test_the_database_is_written_once_a_day_and_explains_itself(cast: Cast) -> None:
    a_day(cast)
    database.path(CILEGON).unlink(missing_ok=True)
    assert [database.write_due(CILEGON) for _ in range(2)] == [True, False]
    clock.move_to(cast.at + timedelta(days=1))
    jobs.tend()
    with closing(sqlite3.connect(database.path(CILEGON))) as base:
        assert base.execute("SELECT value FROM about WHERE key = 'written_on'").fetchone() == ("2020-06-03",)
        assert base.execute("SELECT value FROM about WHERE key = 'licence'").fetchone() == ("CC-BY-4.0",)
        tables = {name for (name,) in base.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        assert tables == {*SERIES, "definitions", "about", "changelog"}
        for name in SERIES:
            columns = {row[1] for row in base.execute(f'PRAGMA table_info("{name}")')} - {"suppressed"}
            explained = {row[0] for row in base.execute("SELECT column_name FROM definitions WHERE table_name = ? AND how_id <> '' AND how_en <> ''", [name])}
            assert columns == explained, name
        assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.path(CILEGON).write_bytes(b"torn")
    assert database.write_due(CILEGON), "what cannot be read is written anew"


def test_a_part_of_the_database_can_be_fetched(cast: Cast) -> None:
    a_day(cast)
    database.write(CILEGON)
    whole = body(get("/data/harian.db"))
    size = len(whole)
    assert whole[:16] == b"SQLite format 3\0"
    for asked, start, end in (("bytes=0-15", 0, 15), ("bytes=100-", 100, size - 1), ("bytes=-50", size - 50, size - 1), (f"bytes=10-{size + 9}", 10, size - 1)):
        part = get("/data/harian.db", range=asked)
        assert (part.status_code, part["Content-Range"]) == (206, f"bytes {start}-{end}/{size}")
        assert body(part) == whole[start : end + 1]
    beyond = get("/data/harian.db", range=f"bytes={size}-")
    assert (beyond.status_code, beyond["Content-Range"]) == (416, f"bytes */{size}")
    stale = get("/data/harian.db", range="bytes=0-15", if_range='"other"')
    assert (stale.status_code, body(stale)) == (200, whole)


def test_small_numbers_of_a_kelurahan_are_withheld_with_what_would_tell_them(cast: Cast) -> None:
    for _ in range(3):
        play.file(cast)
    for _ in range(7):
        play.file(cast, address=play.Address("Jalan Melati 1", f"{CILEGON}.01.1002"))
    assert table("kelurahan") == []
    clock.move_to(cast.at + timedelta(days=40))
    for _ in range(6):
        play.file(cast)
    clock.move_to(cast.at + timedelta(days=41))
    actions.freeze_due(CILEGON)
    assert {row["month"] for row in table("kelurahan")} == {"2020-06-01"}, "a month that still grows would tell from day to day"
    rows = {row["region_name"]: row["online"] for row in table("kelurahan")}
    assert rows == {"Cibeber": "<5", "Kedaleman": "*"}, "the sum less seven would be three"
    found = {row["region_name"]: row for row in get("/data/kelurahan.json").json()["rows"]}
    assert found["Cibeber"]["online"] is None
    assert found["Cibeber"]["suppressed"]["online"] == "<5"
    with closing(sqlite3.connect(database.write(CILEGON))) as base:
        hidden = base.execute("SELECT online, suppressed FROM kelurahan WHERE region_name = 'Kedaleman'").fetchone()
    assert (hidden[0], json.loads(hidden[1])["online"]) == (None, "*")
    assert [row["online"] for row in table("requests") if row["date"] == DAY] == ["10"]


def test_days_that_no_night_has_frozen_yet_are_counted_the_same(cast: Cast) -> None:
    play.blanks(cast, 30)
    clock.move_to(cast.at + timedelta(days=2))
    play.printed(cast)
    play.blanks(cast, 5)
    clock.move_to(cast.at + timedelta(days=3))
    before = [(row["date"], row["on_hand"], row["received"], row["printed"]) for row in table("blanks")]
    assert before == [(DAY, "30", "30", "0"), ("2020-06-03", "30", "0", "0"), ("2020-06-04", "35", "6", "1"), ("2020-06-05", "35", "0", "0")]
    actions.freeze_due(CILEGON)
    assert [(row["date"], row["on_hand"], row["received"], row["printed"]) for row in table("blanks")] == before


def test_a_cell_cannot_be_a_formula() -> None:
    one = SERIES["kelurahan"]
    for name in ("=1+1", "@SUM(A1)", "+62", "-2+3", "\tx"):
        row = publication.Row((date(2020, 6, 1), "36.72", name, *[1] * len(one.of_measures)))
        assert next(csv.reader([formats.as_csv(one, [row]).split("\r\n")[1]]))[2] == f"'{name}"


def answers(count: int, marks: list[int]) -> None:
    for number in range(count):
        SurveyAnswer.objects.create(office_id=CILEGON, mark=number.to_bytes(16, "big"), on=date(2020, 6, 1), service="KTP_NEW", channel="online", marks=marks)


def set_up(**settings: Any) -> None:
    Office.objects.filter(code=CILEGON).update(settings=settings)
    offices.forget()


@pytest.mark.parametrize(("weight", "value"), [("1/9", "83.33"), ("0,11", "82.5")])
def test_the_index_is_counted_as_the_regulation_counts_it(cast: Cast, weight: str, value: str) -> None:
    set_up(skm_weight=weight)
    answers(30, [4, 3, 3, 4, 3, 3, 4, 3, 3])
    row = table("satisfaction")[0]
    assert (row["year"], row["half"], row["answers"], row["index"], row["band"]) == ("2020", "1", "30", value, "B")
    assert (row["requirements"], row["time"]) == ("4.0", "3.0")
    assert f"Indeks kepuasan {value.replace('.', ',').ljust(5, '0')} untuk semester 1 tahun 2020, dari 30 jawaban." in plain(get("/statistik/skm/"))


def test_too_few_answers_say_nothing(cast: Cast) -> None:
    assert "belum ada survei yang diisi" in plain(get("/statistik/skm/"))
    answers(29, [4] * 9)
    page = plain(get("/statistik/skm/"))
    assert "baru ada 29 jawaban, paling sedikit harus 30" in page
    assert "100,00" not in page
    row = table("satisfaction")[0]
    assert (row["answers"], row["index"], row["band"], row["manner"]) == ("29", "", "", "")


def test_the_standard_has_the_six_parts_of_every_service(cast: Cast) -> None:
    page = get("/layanan/standar/").content.decode()
    sections = page.split("<section")[1:]
    assert len(sections) == 7
    for section in sections:
        for part in ("Persyaratan", "Prosedur", "Waktu penyelesaian", "Biaya", "Hasil layanan", "Pengaduan"):
            assert f">{part}</dt>" in section
        assert "Rp0" in section
    assert "Rp14.000" in page
    assert surveys.ELEMENTS


def test_the_announcement_fits_a_post_and_can_be_copied_without_a_script(cast: Cast) -> None:
    a_day(cast)
    told = get("/data/pengumuman.txt").content.decode().strip()
    assert len(told) <= 280
    assert told.startswith("Stok blangko KTP-el Disdukcapil Kota Cilegon, Selasa, 2\u00a0Juni\u00a02020 pukul\u00a009.00\u00a0WIB: 37 keping.")
    assert "Cukup untuk" in told
    assert "Dicetak hari ini: 2 kartu." in told
    assert "gratis" in told
    page = unescape(get("/data/pengumuman/").content.decode())
    assert re.search(r"<textarea[^>]* readonly[^>]*>" + re.escape(told), page)


def test_pages_of_the_data_are_light(cast: Cast) -> None:
    a_day(cast)
    clock.move_to(cast.at + timedelta(days=100))
    actions.freeze_due(CILEGON)
    for path in ("/data/", "/data/suket/", "/data/requests/?dari=2020-06-01&sampai=2020-09-01", "/siaran/?dari=2020-06-01&sampai=2020-08-31", "/statistik/skm/", "/layanan/standar/", "/data/pengumuman/"):
        assert len(get(path, accept_encoding="gzip").content) < 9 * 1024, path


def test_days_that_are_backwards_or_no_days_are_said_and_nothing_breaks(cast: Cast) -> None:
    for path in ("/data/suket/", "/siaran/"):
        assert "Tukar keduanya" in plain(get(f"{path}?dari=2020-06-02&sampai=2020-06-01"))
        wrong = get(f"{path}?dari=kemarin")
        assert wrong.status_code == 422
        assert "tahun-bulan-hari" in plain(wrong)
    assert get("/data/suket/?dari=2000-01-01&sampai=9999-12-31").status_code == 200
    assert get("/data/suket/?dari=0001-01-01").status_code == 422
    assert "belum mulai" in plain(get("/siaran/?dari=2020-06-03"))
