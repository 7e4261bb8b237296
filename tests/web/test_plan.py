"""The plan's page: what the office's own weeks tell, what they do not, and the same numbers on page, line and file."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from loket import cli
from loket.core import clock, text
from loket.delivery import actions as delivery
from loket.delivery.actions import Scan
from loket.insight import planning
from loket.insight.planning import GROWING, NO_ASKERS, NO_PRINTS, YOUNG
from loket.offices import queries as offices
from loket.offices.models import Holiday
from loket.residents import nik as niks
from loket.suket.importing import import_suket
from tests import cast as play
from tests.cast import CILEGON, Cast
from tests.web.test_pages import staff

ADDRESS = "/pimpinan/suket/"
BORN = date(1988, 3, 14)
# A Monday nine weeks before the day of the cast, nine in the morning.
BEGAN = datetime(2020, 3, 30, 2, 0, tzinfo=UTC)


def number(holder: int) -> str:
    return niks.synthetic_nik(7000 + holder, BORN, is_woman=False)


def register(cast: Cast, tmp_path: Path, holders: range, blocked: int = 0, at: datetime = BEGAN) -> None:
    """So many holders enter the register; the last of them are blocked by their status."""
    clock.move_to(at)
    file = tmp_path / f"daftar-{holders.start}.csv"
    with file.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["NIK", "Nama Lengkap", "Tgl Lahir", "Kelurahan", "Status"])
        for holder in holders:
            status = "SFE" if holder >= holders.stop - blocked else "PRR"
            writer.writerow([f"'{number(holder)}", "Ahmad Fauzi", BORN.isoformat(), "Cibeber", status])
    report = import_suket(file, by=cast.admin, at=clock.now())
    assert report.rejected == 0, report.errors


def exchange(cast: Cast, holder: int) -> None:
    """One holder asks, and has her card in the hand the same hour."""
    code = play.in_transit(cast, "SUKET_EXCHANGE", nik=number(holder), birth_date=BORN)
    scan = Scan(code=code, scan_id=uuid4().hex, outcome="delivered", receiver="Ahmad Fauzi", relation="self", suket="withdrawn")
    assert delivery.deliver([scan], by=cast.courier, at=clock.now())[0].problem is None


@pytest.fixture
def lived(cast: Cast, tmp_path: Path) -> Cast:
    """Nine weeks in which a holder of sixty exchanged on seven Tuesdays, and on two Wednesdays another card was printed."""
    register(cast, tmp_path, range(60), blocked=20)
    for week in range(9):
        clock.move_to(BEGAN + timedelta(weeks=week, days=1))
        if week in (2, 7):
            clock.move_to(clock.now() + timedelta(days=1))
            play.printed(cast)
        else:
            exchange(cast, week)
    clock.move_to(play.NOW)
    play.blanks(cast, 400)
    return cast


def words_of(client: Client, **query: str) -> str:
    answer = client.get(ADDRESS, query)
    assert answer.status_code == 200
    return answer.content.decode().replace("\u00a0", " ")


def test_the_office_is_planned_from_its_own_eight_weeks(lived: Cast, tmp_path: Path) -> None:
    found = planning.recent(CILEGON)
    s = found.scenario
    # Eight weeks before 2 June begin on 7 April: that Tuesday is in, the one before and today are not.
    assert (found.since, found.working_days, found.unknown) == (date(2020, 4, 7), 40, ())
    assert (found.outstanding, s.suket, s.ready, s.asked, s.blanks) == (53, 53, 33, 0, 400)
    assert (s.printers, s.per_printer, s.spoilage) == (1, 1, 0)
    assert (s.asking, s.demand, s.closed, s.start) == (Fraction(6, 40), Fraction(2, 40), 0, date(2020, 6, 3))
    assert [sum(week) for week in s.askers] == [1, 0, 1, 1, 1, 1, 0, 1]

    plan = planning.answer(found).plan
    assert planning.answer(replace(found)).plan is plan, "the same scenario is drawn once"

    # A Saturday more brings nobody more.
    with_saturdays = planning.answer(found, {"saturdays": True}).scenario
    assert with_saturdays.asking == Fraction(6, 48)
    assert [sum(week) for week in with_saturdays.askers] == [sum(week) for week in s.askers]

    # What comes on a day off is met on the next working day.
    Holiday.objects.create(office_id=CILEGON, on=date(2020, 5, 5), name="Libur")
    offices.forget()
    met = planning.recent(CILEGON).scenario
    assert (met.asking, met.askers[4]) == (Fraction(6, 39), (1, 0, 0, 0))

    # One list that is read into the register is no trend.
    register(lived, tmp_path, range(200, 230), at=play.NOW - timedelta(days=10))
    clock.move_to(play.NOW)
    assert planning.recent(CILEGON).unknown == ()


def test_the_page_says_when_what_holds_back_and_what_other_numbers_would_change(lived: Cast) -> None:
    head = staff("head")
    shown = words_of(head)
    assert "Nol Suket belum bisa diperkirakan: dengan angka ini 20 Suket tetap tersisa karena status di SIAK." in shown
    assert "Kartu terakhir yang bisa dicetak selesai" in shown
    assert "Kedatangan pemegang Suket" in shown
    assert "Dihitung dengan angka yang Anda isi." not in shown
    assert "20 Suket remain because of statuses in SIAK." in words_of(head, bahasa="en")
    tried = words_of(head, siap="2", datang="5", cetak="20")
    assert "Dihitung dengan angka yang Anda isi." in tried
    assert "Nol Suket diperkirakan" in tried


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"printer": "dua"}, "Tulis bilangan bulat"),
        ({"cetak": "0"}, "Tulis bilangan bulat"),
        ({"cetak": "1.5"}, "Tulis bilangan bulat"),
        ({"rusak": "101"}, "Tulis persen"),
        ({"respons": "-1"}, "Tulis persen"),
        ({"datang": "banyak"}, "Tulis jumlah per hari kerja"),
        ({"kiriman": "besok 4000"}, "Tulis satu kiriman per baris"),
        ({"kiriman": "1-9-2020 banyak"}, "Tulis satu kiriman per baris"),
    ],
)
def test_a_number_that_cannot_be_stands_at_its_field(cast: Cast, query: dict[str, str], sentence: str) -> None:
    answer = staff("head").get(ADDRESS, query)
    assert answer.status_code == 422
    shown = answer.content.decode()
    assert shown.count(sentence) == 2
    assert f'value="{next(iter(query.values()))}"' in shown or next(iter(query.values())) in shown
    assert staff("head").get(f"{ADDRESS}minggu.csv", query).status_code == 422


def test_a_young_office_is_told_that_nobody_can_know(cast: Cast, tmp_path: Path) -> None:
    register(cast, tmp_path, range(5), at=play.NOW - timedelta(days=20))
    clock.move_to(play.NOW)
    assert [reason for reason, _ in planning.recent(CILEGON).unknown] == [YOUNG]
    assert "Nol Suket belum bisa diperkirakan: Baru ada 20 hari data, perlu delapan minggu." in words_of(staff("head"))
    assert "Nol Suket diperkirakan" in words_of(staff("head"), printer="1", cetak="5", lain="0", datang="2", kiriman="3-6-2020 10")


def test_an_office_in_which_nothing_moves_is_told_so(cast: Cast, tmp_path: Path) -> None:
    register(cast, tmp_path, range(5))
    clock.move_to(play.NOW)
    assert [reason for reason, _ in planning.recent(CILEGON).unknown] == [NO_PRINTS, NO_ASKERS, GROWING]


def test_a_register_that_grows_as_fast_as_it_falls_gets_no_date(cast: Cast, tmp_path: Path) -> None:
    register(cast, tmp_path, range(60))
    for week in range(9):
        register(cast, tmp_path, range(100 + week, 101 + week), at=BEGAN + timedelta(weeks=week, days=1))
        if week in (3, 6):
            exchange(cast, week)
    clock.move_to(play.NOW)
    assert [reason for reason, _ in planning.recent(CILEGON).unknown] == [GROWING]


def test_an_empty_register_is_no_proof_of_zero_and_a_settled_one_is(cast: Cast, tmp_path: Path) -> None:
    head = staff("head")
    assert "Nol Suket belum bisa diperkirakan: Daftar Suket masih kosong." in words_of(head)
    register(cast, tmp_path, range(1), at=play.NOW)
    exchange(cast, 0)
    assert "Nol Suket sudah tercapai." in words_of(head)


numbers = st.fixed_dictionaries(
    {},
    optional={
        "printer": st.integers(1, 4), "cetak": st.integers(1, 30), "lain": st.integers(0, 5), "rusak": st.integers(0, 30),
        "datang": st.integers(0, 9), "respons": st.integers(0, 100), "siap": st.integers(0, 5), "tutup": st.integers(0, 3),
        "sabtu": st.just(1), "kiriman": st.integers(1, 500),
    },
)  # fmt: skip
OPTIONS = {"printer": "--printers", "cetak": "--per-printer", "lain": "--demand", "datang": "--asking", "siap": "--released", "tutup": "--closed"}
SHARES = {"rusak": "--spoilage", "respons": "--response"}


@pytest.fixture
def here(lived: Cast, monkeypatch: pytest.MonkeyPatch) -> Client:
    """The head's browser, beside a line that runs in this process and reads this test's transaction."""
    monkeypatch.setattr("loket.commands.plan.no_database", lambda: None)
    monkeypatch.setattr("loket.commands.plan.start_django", lambda role: None)
    return staff("head")


def say_the_same(head: Client, capsys: pytest.CaptureFixture[str], chosen: dict[str, int]) -> None:
    query = {name: str(value) for name, value in chosen.items()}
    words = [word for name, option in OPTIONS.items() if name in query for word in (option, query[name])]
    words += [word for name, option in SHARES.items() if name in query for word in (option, f"{chosen[name] / 100:.2f}")]
    if "kiriman" in query:
        query["kiriman"] = f"1-7-2020 {query['kiriman']}"
        words += ["--delivery", f"2020-07-01:{chosen['kiriman']}"]
    assert cli.main(["plan", "--json", *words, *(["--saturdays"] if "sabtu" in query else [])]) == 0
    line: dict[str, Any] = json.loads(capsys.readouterr().out)
    shown = words_of(head, **query)
    days = {
        name: line[name] and text.tanggal(date.fromisoformat(line[name])).replace("\u00a0", " ")
        for name in ("zero_on", "earliest", "latest", "blanks_out_on")
    }
    if line["reaches_zero"]:
        assert f"Nol Suket diperkirakan {days['zero_on']}" in shown
        assert days["latest"] is None or days["latest"] in shown
    else:
        assert f"{line['remaining']} Suket tetap tersisa" in shown
    assert (days["blanks_out_on"] is None) == ("Tanpa kiriman lain" not in shown)
    rows = list(csv.reader(head.get(f"{ADDRESS}minggu.csv", query).content.decode("utf-8-sig").splitlines()))[1:]
    assert rows == [[week["ends_on"], *(str(week[name]) for name in ("middle", "low", "high"))] for week in line["weeks"]]
    assert (rows[-1][1] == "0") == line["reaches_zero"]


def test_page_line_and_file_say_the_same_number(here: Client, capsys: pytest.CaptureFixture[str]) -> None:
    say_the_same(here, capsys, {})
    say_the_same(here, capsys, {"siap": 2, "datang": 5, "cetak": 20, "rusak": 10, "sabtu": 1, "kiriman": 100})


@pytest.mark.long
def test_whatever_is_tried_page_line_and_file_say_the_same_number(here: Client, capsys: pytest.CaptureFixture[str]) -> None:
    @settings(max_examples=60, deadline=None)
    @given(numbers)
    def same(chosen: dict[str, int]) -> None:
        say_the_same(here, capsys, chosen)

    same()
