"""`loket plan` as it is typed: the document of the contract, sentences in two languages, and what is refused."""

from __future__ import annotations

import json
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loket import cli
from loket.commands import plan as command
from loket.insight import forecast
from loket.insight.forecast import Scenario

DESK = ("--start", "2020-06-03", "--suket", "4921", "--blanks", "10791", "--printers", "2", "--per-printer", "100")


def ask(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    assert cli.main(["plan", "--json", *words]) == 0
    return dict(json.loads(capsys.readouterr().out))


def test_the_document_has_the_fields_of_the_contract(capsys: pytest.CaptureFixture[str]) -> None:
    found = ask(capsys, *DESK, "--demand", "90", "--spoilage", "0.02", "--holidays", "none")
    day = found["days"][0]
    assert day == {
        "date": "2020-06-03", "blanks": 10791, "attempts": 200, "spoiled": 4, "others": 90, "suket": 106, "remaining": 4815,
        "blanks_left": 10591, "binding": "printing",
    }  # fmt: skip
    wanted = ("reaches_zero", "zero_on", "earliest", "latest", "working_days", "remaining", "binding", "blanks_left", "blanks_out_on")
    # 46 full days leave 45 letters; on the 47th 90 others and those 45 take 137 attempts, two of them spoiled.
    assert [found[name] for name in wanted] == [True, "2020-08-06", "2020-08-06", "2020-08-06", 47, 0, "printing", 1454, None]
    assert len(found["days"]) == 47


def test_a_share_is_taken_as_it_was_written(capsys: pytest.CaptureFixture[str]) -> None:
    # 0,29 × 100 is 28,999… in binary.
    found = ask(capsys, "--start", "2020-06-03", "--suket", "500", "--blanks", "900", "--printers", "1", "--per-printer", "100",
                "--spoilage", "0.29", "--holidays", "none")  # fmt: skip
    assert found["days"][0]["spoiled"] == 29


def test_holidays_are_read_from_a_file_with_comments(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "libur.txt"
    file.write_text("\ufeff# 2020\n2020-06-03  # cuti\n\n2020-06-04\n")
    found = ask(capsys, *DESK, "--holidays", str(file))
    assert found["days"][0]["date"] == "2020-06-05"
    assert found["inputs"]["holidays"] == 2


def test_deliveries_add_up_whatever_their_order(capsys: pytest.CaptureFixture[str]) -> None:
    found = ask(capsys, "--start", "2020-06-08", "--suket", "50", "--blanks", "10", "--printers", "1", "--per-printer", "20",
                "--delivery", "2020-06-10:15", "--delivery", "2020-06-09:5", "--delivery", "2020-06-10:30", "--holidays", "none")  # fmt: skip
    assert [day["suket"] for day in found["days"]] == [10, 5, 20, 15]
    assert (found["blanks_out_on"], found["blanks_left"]) == ("2020-06-08", 10)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_the_line_says_what_the_rule_says(data: st.DataObject) -> None:
    draw = data.draw
    suket, blanks, printers, per = (draw(st.integers(0, top)) for top in (300, 500, 3, 40))
    ready, demand = draw(st.integers(0, suket)), draw(st.integers(0, 30))
    spoilage, response = (draw(st.integers(0, 99)) for _ in range(2))
    line = ["plan", "--json", "--start", "2020-06-03", "--suket", suket, "--ready", ready, "--blanks", blanks, "--printers", printers,
            "--per-printer", per, "--demand", demand, "--spoilage", f"0.{spoilage:02d}", "--response", f"0.{response:02d}",
            "--saturdays", "--holidays", "none"]  # fmt: skip
    parsed = cli.parser().parse_args([str(word) for word in line])
    scenario = Scenario(date(2020, 6, 3), suket, ready, blanks, printers, per, demand=Fraction(demand), spoilage=Fraction(spoilage, 100),
                        response=Fraction(response, 100), saturdays=True)  # fmt: skip
    values = command._values(parsed)
    assert Scenario(**values) == scenario
    assert forecast.as_dict(forecast.plan(Scenario(**values))) == forecast.as_dict(forecast.plan(scenario))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--start", "3-6-2020"), "bukan tanggal"),
        (("--start", "2020-02-30"), "bukan tanggal"),
        (("--suket", "-1"), "bilangan bulat"),
        (("--suket", "²"), "bilangan bulat"),
        (("--per-printer", "1.5"), "bilangan bulat"),
        (("--delivery", "2020-06-15"), "2020-06-15:4000"),
        (("--spoilage", "1.01"), "antara 0 dan 1"),
        (("--response", "nan"), "antara 0 dan 1"),
        (("--demand", "1e3"), "per hari kerja"),
        ((*DESK, "--ready", "4922"), "--ready tidak boleh lebih besar"),
        ((*DESK, "--holidays", "/tidak/ada"), "tidak bisa dibaca"),
        ((*DESK, "--holidays", "none", "--runs", "0"), "--runs antara"),
        (("--seed", "x"), "bilangan bulat"),
    ],
)
def test_wrong_usage_is_told_in_a_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], sentence: str
) -> None:
    monkeypatch.setenv("LC_ALL", "id_ID.UTF-8")
    with pytest.raises(SystemExit) as ended:
        cli.main(["plan", "--json", *words])
    told = capsys.readouterr()
    assert (ended.value.code, told.out) == (2, "")
    assert sentence in told.err


def test_a_line_of_the_holidays_that_is_no_date_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "libur.txt"
    file.write_text("2020-06-04\n25 Desember\n")
    with pytest.raises(SystemExit):
        cli.main(["plan", *DESK, "--holidays", str(file)])
    assert "libur.txt, baris 2" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        ("id_ID.UTF-8", ["Nol Suket 8 Juli 2020: 26 hari kerja.", "Yang paling menahan: kapasitas cetak.", "Sisa blangko 5.870."]),
        ("en_GB.UTF-8", ["Zero Suket on 8 July 2020: 26 working days.", "printing capacity.", "Blank cards left: 5,870."]),
    ],
)
def test_people_are_answered_in_sentences(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, language: str, sentences: list[str]
) -> None:
    monkeypatch.setenv("LC_ALL", language)
    assert cli.main(["plan", *DESK[:-1], "96", "--holidays", "none"]) == 0
    told = capsys.readouterr().out.replace("\u00a0", " ")
    assert [one for one in sentences if one not in told] == []


def test_a_seed_gives_a_range_and_says_how_many_draws(capsys: pytest.CaptureFixture[str]) -> None:
    words = (*DESK, "--demand", "60", "--spoilage", "0.02", "--holidays", "none", "--seed", "5", "--runs", "300")
    found = ask(capsys, *words)
    assert found["runs"] == 300
    assert found["earliest"] <= found["zero_on"] <= found["latest"]
    assert found["earliest"] < found["latest"]
    assert found == ask(capsys, *words)
