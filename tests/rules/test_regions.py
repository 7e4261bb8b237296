"""Regions: names as people write them, codes as the ministry gives them."""

import pytest

from loket.offices import regions


def match(name: str, city: str = regions.CILEGON, kecamatan: str = "") -> regions.Kelurahan | None:
    code = regions.matcher(city).code(name, kecamatan)
    return regions.kelurahan(code) if code else None


def test_cilegon_has_43_kelurahan_in_8_kecamatan_each_with_a_postal_code():
    rows = regions.kelurahan_of()
    assert len(rows) == 43
    assert len({row.kecamatan_code for row in rows}) == 8
    assert all(row.postal_code.startswith("424") for row in rows)


@pytest.mark.parametrize(
    ("written", "kecamatan", "name"),
    [
        ("KEBONDALEM", "", "Kebon Dalem"), ("Kebon  Dalem", "Purwakarta", "Kebon Dalem"), ("Deringo", "", "Dringo"),
        ("Kel. Gunungsugih", "", "Gunung Sugih"), ("Gerogol", "Grogol", "Grogol"), ("lebak gede", "Pulo Merak", "Lebakgede"),
        ("Desa Tegalratu", "", "Tegal Ratu"), ("36.72.08.1004", "", "Taman Baru"), ("3672081003", "", "Lebak Denok"),
        ("1005", "1", "Karang Asem"), ("Cibeber", "Cibeber", "Cibeber"), ("KARANG_ASEM", "Kec. Cibeber", "Karang Asem"),
    ],
)  # fmt: skip
def test_a_kelurahan_is_found_however_it_is_spelled(written, kecamatan, name):
    found = match(written, kecamatan=kecamatan)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize(
    ("written", "kecamatan"),
    [("Cilegon", "Cilegon"), ("Kebon Dalem", "Cibeber"), ("Menteng", ""), ("", ""), ("3672040005", "")],
)
def test_what_is_not_in_the_city_or_not_in_that_kecamatan_is_not_found(written, kecamatan):
    assert match(written, kecamatan=kecamatan) is None


def test_every_official_name_finds_itself():
    for row in regions.kelurahan_of():
        assert match(row.name.upper().replace(" ", "")) == row


def test_prefixes_of_today_and_of_the_past_are_known_and_the_synthetic_one_is_not():
    assert regions.is_known_prefix("367201")
    assert regions.is_known_prefix("910101")
    assert not regions.is_known_prefix("367299")


def test_another_city_comes_from_the_national_list():
    rows = regions.kelurahan_of("36.73")
    assert rows
    assert match(rows[0].name, "36.73", rows[0].kecamatan) == rows[0]
