"""Charts: round ticks, legible text, four colours at most, and the same figures in the table."""

from __future__ import annotations

import re

import pytest

from loket.web import charts

WEEKS = [f"{day} Mei" for day in range(1, 32)]
LEFT = charts.Series("Suket", [6000.0 - 30 * day for day in range(31)])


@pytest.mark.parametrize(
    ("highest", "marks"),
    [(4921, [0, 2000, 4000, 6000]), (7, [0, 2, 4, 6, 8]), (0, [0, 1]), (2, [0, 1, 2]), (9.1, [0, 2.5, 5, 7.5, 10])],
)
def test_ticks_are_round(highest: float, marks: list[float]) -> None:
    assert charts.ticks(highest) == marks


@pytest.mark.parametrize("draw", [charts.lines, charts.columns])
def test_text_stays_inside_the_picture_and_is_never_small(draw: object) -> None:
    chart = draw("Sisa <Suket> turun", WEEKS, [LEFT], first="Hari")  # type: ignore[operator]
    for picture, width in ((chart.svg_narrow, 340), (chart.svg_wide, 720)):
        assert f'width="{width}"' in picture
        assert int(re.search(r'font-size="(\d+)"', picture)[1]) >= 12
        assert all(0 <= float(x) <= width for x in re.findall(r'<text x="([\d.]+)"', picture))
        assert "<Suket>" not in picture
        assert "&lt;Suket&gt;" in picture


def test_labels_that_do_not_fit_are_left_out_and_the_last_is_kept() -> None:
    picture = charts.lines("Judul", WEEKS, [LEFT], first="Hari").svg_narrow
    assert picture.count(" Mei<") < 10
    assert ">31 Mei<" in picture


def test_the_table_tells_the_same_figures() -> None:
    chart = charts.columns(
        "Judul", ["Mei"], [charts.Series("Online", [2003]), charts.Series("Loket", [None])], first="Bulan"
    )
    assert chart.columns == ["Bulan", "Online", "Loket"]
    assert chart.rows == [("Mei", ["2.003", "–"])]


def test_a_fifth_series_is_refused() -> None:
    with pytest.raises(ValueError, match="four series"):
        charts.lines("Judul", ["Mei"], [charts.Series(str(number), [1]) for number in range(5)], first="Bulan")


def test_a_chart_of_nothing_is_still_a_picture() -> None:
    assert "<svg" in charts.lines("Judul", [], [charts.Series("Suket", [])], first="Hari").svg_narrow
    assert "<svg" in charts.bars("Judul", [], [], first="Kecamatan", unit="Suket").svg_wide


def test_a_range_stays_inside_its_picture_and_numbers_the_stretches_that_are_wide_enough() -> None:
    at = [day / 30 for day in range(31)]
    low, high = (charts.Series(name, [value * factor for value in LEFT.values if value]) for name, factor in (("Rendah", 0.9), ("Tinggi", 1.1)))
    chart = charts.band(
        "Sisa <Suket>", WEEKS, at, LEFT, low, high, strip=[(0, 0.002), (0.002, 0.5), (0.5, 1)], first="Minggu"
    )
    for picture, width in ((chart.svg_narrow, 340), (chart.svg_wide, 720)):
        height = int(re.search(r'height="(\d+)"', picture)[1])
        places = [tuple(map(float, one)) for one in re.findall(r'(?:[ML]| )([\d.]+) ([\d.]+)(?=[LZ"])', picture)]
        assert places
        assert all(0 <= x <= width and 0 <= y <= height for x, y in places)
        assert all(0 <= float(x) <= width for x in re.findall(r'<text x="([\d.]+)"', picture))
        # The first stretch is too short for its number, but is there.
        assert picture.count('height="20"') == 3
        assert re.findall(r'fill="#ffffff"[^>]*>(\d)<', picture) == ["2", "3"]
        assert ">1 Mei<" in picture
        assert ">31 Mei<" in picture
    assert chart.columns == ["Minggu", "Suket", "Rendah", "Tinggi"]
    assert "<svg" in charts.band("Judul", [], [], *[charts.Series("Suket", [])] * 3, first="Minggu").svg_narrow
