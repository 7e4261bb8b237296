"""How money, numbers, dates, times and masked data are written."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest

from loket.core import text

NBSP = "\u00a0"
JUNE = date(2020, 6, 2)
# 01.05 UTC is 08.05 in Cilegon, 09.05 in Makassar and 10.05 in Jayapura.
MORNING = datetime(2020, 6, 2, 1, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "indonesian", "english"),
    [
        (0, "Rp0", "Rp0"),
        (14000, "Rp14.000", "Rp14,000"),
        (-500, "-Rp500", "-Rp500"),
        (1234567, "Rp1.234.567", "Rp1,234,567"),
    ],
)
def test_money_has_no_space(value: int, indonesian: str, english: str) -> None:
    assert text.rupiah(value) == indonesian
    assert text.rupiah(value, lang="en") == english


def test_numbers_are_grouped_by_language() -> None:
    assert text.angka(4921) == "4.921"
    assert text.angka(4921, lang="en") == "4,921"
    assert text.angka(1234.56, 1) == "1.234,6"
    assert text.persen(0.008, 1) == "0,8%"
    assert text.persen(0.5, lang="en") == "50%"


def test_dates_stay_on_one_line_and_have_no_leading_zero() -> None:
    assert text.tanggal(JUNE) == f"2{NBSP}Juni{NBSP}2020"
    assert text.tanggal(JUNE, "en") == f"2{NBSP}June{NBSP}2020"
    assert text.hari_tanggal(JUNE) == f"Selasa, 2{NBSP}Juni{NBSP}2020"
    assert text.hari_tanggal(JUNE, "en") == f"Tuesday, 2{NBSP}June{NBSP}2020"
    assert text.bulan(JUNE) == f"Juni{NBSP}2020"
    assert text.bulan(JUNE, year=False) == "Juni"


@pytest.mark.parametrize(
    ("zone", "written"),
    [
        ("Asia/Jakarta", "08.05 WIB"),
        ("Asia/Makassar", "09.05 WITA"),
        ("Asia/Jayapura", "10.05 WIT"),
        ("UTC", "01.05 UTC"),
    ],
)
def test_an_instant_is_told_in_the_zone_of_the_office(zone: str, written: str) -> None:
    assert text.waktu(MORNING, zone).replace(NBSP, " ") == f"pukul {written}"


def test_english_times_have_a_colon() -> None:
    assert text.waktu(MORNING, lang="en") == f"08:05{NBSP}WIB"
    assert text.tanggal_waktu(MORNING, lang="en").replace(NBSP, " ") == "2 June 2020, 08:05 WIB"
    assert text.tanggal_waktu(MORNING).replace(NBSP, " ") == "2 Juni 2020 pukul 08.05 WIB"
    assert text.jam(time(8)) == "08.00"


def test_an_evening_in_utc_is_the_next_day_in_jayapura() -> None:
    assert text.tanggal_waktu(datetime(2020, 6, 2, 16, 0, tzinfo=UTC), "Asia/Jayapura").startswith("3")


def test_masks_show_nothing_that_identifies() -> None:
    assert text.mask_nik("3672016703900001") == "36" + "•" * 14
    assert text.mask_name("Siti Aminah") == "S*** A***"
    assert text.mask_name("") == ""
    assert text.mask_phone("+6281234567890") == "••••••••••890"
