"""The old forms, as residents still send them: fields by shape, swapped numbers, letters for digits."""

from __future__ import annotations

from typing import Any

import pytest

from loket.bot import pasted
from loket.offices import queries as offices
from tests.cast import CILEGON, Cast

# A woman's and a man's NIK of nobody, and a family card's number.
HERS, HIS, KK = "3672995705900001", "3672991705900002", "3672991503120777"


def read(message: str) -> dict[str, Any]:
    return pasted.read(message, offices.office(CILEGON)).fields


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (f"#KTP#{HERS}#{KK}#Siti Aisyah#Kedaleman#Cibeber#Hilang",
         {"nik": HERS, "kk_number": KK, "name": "SITI AISYAH", "kelurahan": f"{CILEGON}.01.1002", "service": "KTP_LOST"}),
        (f"#ktp # {HIS} # {KK} # Budi Santoso # Desa Cibeber # Cibeber # Pemula",
         {"nik": HIS, "kk_number": KK, "name": "BUDI SANTOSO", "kelurahan": f"{CILEGON}.01.1001", "service": "KTP_NEW"}),
        (f"#KTP\n#{HERS}\n#{KK}\n#Siti Aisyah\n#Rusak", {"nik": HERS, "kk_number": KK, "name": "SITI AISYAH", "service": "KTP_DAMAGED"}),
        ("Nama: Budi Santoso\nNIK: 3672 9917 0590 0002\nNo. KK : 3672.9915.0312.0777\nTempat, tanggal lahir: Serang, 17 Mei 1990\n"
         "Alamat: Jalan Mawar 3\nKelurahan: Kedaleman\nNo HP: 0812 3456 7890\nLayanan: tukar suket",
         {"nik": HIS, "kk_number": KK, "name": "BUDI SANTOSO", "birth_date": "1990-05-17", "address": "Jalan Mawar 3",
          "kelurahan": f"{CILEGON}.01.1002", "phone": "+6281234567890", "service": "SUKET_EXCHANGE"}),
        (f"Siti Aisyah#{HERS}#Kedaleman", {"nik": HERS, "name": "SITI AISYAH", "kelurahan": f"{CILEGON}.01.1002"}),
        (f"ini NIK saya {HERS} tolong diproses", {"nik": HERS}),
    ],
)  # fmt: skip
def test_the_fields_are_picked_by_their_shape(cast: Cast, message: str, expected: dict[str, Any]) -> None:
    assert read(message) == expected
    assert pasted.is_form(message)


@pytest.mark.parametrize("first", [HERS, HIS])
def test_swapped_numbers_are_put_back(cast: Cast, first: str) -> None:
    for message in (f"#KTP#{KK}#{first}#Siti Aisyah", f"NIK: {KK}\nKK: {first}"):
        assert (read(message)["nik"], read(message)["kk_number"]) == (first, KK)


def test_letters_that_look_like_digits_are_folded_only_in_a_number(cast: Cast) -> None:
    typed = f"#KTP#{HERS[:-4]}OOOl#{KK}#Olo Lolita#Hilang"
    assert read(typed) == {"nik": HERS[:-4] + "0001", "kk_number": KK, "name": "OLO LOLITA", "service": "KTP_LOST"}


@pytest.mark.parametrize(("typed", "lengths"), [(HERS[:15], [15]), (HERS + "1", [17]), (f"{HERS} {KK}"[:16], [])])
def test_a_number_of_another_length_is_said_and_not_kept(cast: Cast, typed: str, lengths: list[int]) -> None:
    found = pasted.read(f"NIK {typed}", offices.office(CILEGON))
    assert found.lengths == lengths
    assert ("nik" in found.fields) == (not lengths)


def test_what_cannot_be_true_is_left_out(cast: Cast) -> None:
    assert read(f"#KTP#3672999905900001#{KK}#S1t1#77") == {"kk_number": KK}
    assert read(f"#KTP#{HERS}#{HERS}#Siti Aisyah") == {"nik": HERS, "name": "SITI AISYAH"}


def test_nothing_readable_stands_in_what_the_chat_shows(cast: Cast) -> None:
    found = pasted.read(f"#KTP#{HERS}#{KK}#Siti Aisyah#Kedaleman#Cibeber#Hilang", offices.office(CILEGON))
    assert found.masked() == "NIK 36••••••••••••••, KK 36••••••••••••••, S*** A***"


@pytest.mark.parametrize("message", ["halo", "jam buka: senin", "0812 3456 7890", "7K4M-2QX9-R3T", "Kapan: besok", "2 Juni 2020"])
def test_what_is_no_form_is_left_alone(message: str) -> None:
    assert not pasted.is_form(message)
