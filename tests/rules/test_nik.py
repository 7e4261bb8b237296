"""What a NIK and a Nomor KK can and cannot be."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loket.core.errors import Refusal
from loket.offices import regions
from loket.residents import nik as niks

TODAY = date(2020, 6, 2)
MAN = "3672010206870001"
WOMAN = "3672014206870001"
KK = "3672011503120007"


def refusal(work):
    with pytest.raises(Refusal) as refused:
        work()
    assert "{" not in refused.value.text
    return refused.value


def test_a_nik_tells_region_sex_and_the_two_dates_it_can_mean():
    nik = niks.parse_nik(WOMAN)
    assert (nik.prefix, nik.sex) == ("367201", "F")
    assert nik.birth_date_candidates == (date(1987, 6, 2),) + (date(2087, 6, 2),)
    assert niks.parse_nik(MAN).sex == "M"


@pytest.mark.parametrize(
    "typed",
    ["3672 0102 0687 0001", "36.7201.020687.0001", "'3672010206870001", " 367201-020687-0001\n", "367201O206870OOl",
     "3672010206870001.0", "\u200e3672010206870001", "3672\u00a00102\u00a00687\u00a00001"],
)  # fmt: skip
def test_a_nik_is_understood_in_every_usual_spelling(typed):
    assert niks.parse_nik(typed).digits == MAN


@pytest.mark.parametrize(
    ("typed", "code", "says"),
    [
        ("367201020687001", "nik_length", "15 angka"),
        ("36720102068700011", "nik_length", "17 angka"),
        ("3672010006870001", "nik_day", "00"),
        ("3672013206870001", "nik_day", "32"),
        ("3672014006870001", "nik_day", "40"),
        ("3672017206870001", "nik_day", "72"),
        ("3672018106870001", "nik_day", "81"),
        ("3672013102870001", "nik_day", "kalender"),
        ("3672012902000001", None, ""),
        ("3672016902870001", "nik_day", "kalender"),
        ("3672010213870001", "nik_month", "13"),
        ("3672010200870001", "nik_month", "00"),
        ("3672010206870000", "nik_serial", "0000"),
        ("3.67E+15", "nik_excel", "Excel"),
        ("3,67201E+15", "nik_excel", "Teks"),
        ("367201020687000A", "nik_letters", "angka"),
        ("SITI", "nik_letters", "angka"),
        ("", "nik_missing", "16 angka"),
    ],
)
def test_each_slip_has_its_own_sentence(typed, code, says):
    if code is None:
        assert niks.parse_nik(typed).birth_date_candidates == (date(2000, 2, 29),)
        return
    refused = refusal(lambda: niks.parse_nik(typed))
    assert refused.code == code
    assert refused.field == "nik"
    assert says in refused.text


def test_29_february_of_an_odd_year_is_not_in_the_calendar():
    assert refusal(lambda: niks.parse_nik("3672012902870001")).code == "nik_day"
    assert niks.parse_nik("3672012902880001").birth_date_candidates[0] == date(1988, 2, 29)


def test_lists_from_siak_may_hold_old_errors_which_are_noted():
    nik = niks.parse_nik("3672013102870001", strict=False)
    assert "date_impossible" in niks.warnings(nik, None, TODAY)


def test_no_refusal_repeats_the_number():
    for typed in (MAN + "1", MAN[:15], MAN[:15] + "A", "3.672010206870001E+15"):
        assert "0206870" not in refusal(lambda typed=typed: niks.parse_nik(typed)).text


def test_warnings_name_what_an_officer_should_look_at():
    nik = niks.parse_nik(WOMAN)
    assert niks.warnings(nik, date(1987, 6, 2), TODAY, sex="F") == []
    assert niks.warnings(nik, date(1987, 6, 3), TODAY, sex="M") == ["birth_differs", "sex_differs"]
    assert niks.warnings(niks.parse_nik("3672010206100001"), date(2010, 6, 2), TODAY) == ["under_16"]
    assert niks.warnings(niks.parse_nik("3672010206870001"), date(1887, 6, 2), TODAY) == ["over_120"]
    assert niks.warnings(niks.parse_nik("9999990206870001"), None, TODAY) == [
        "prefix_unknown", "first_registered_elsewhere",
    ]  # fmt: skip
    assert niks.warnings(niks.parse_nik("9101010206870001"), None, TODAY) == ["first_registered_elsewhere"]


def test_a_womans_nik_in_the_kk_field_is_recognised():
    assert refusal(lambda: niks.parse_kk(WOMAN)).code == "kk_is_nik"
    assert niks.parse_kk(KK).digits == KK
    assert refusal(lambda: niks.parse_kk("3672013213120007")).code == "kk_date"


def test_the_same_number_twice_and_exchanged_numbers_are_refused():
    born = date(1987, 6, 2)
    assert refusal(lambda: niks.check_pair(MAN, MAN, born)).code == "nik_is_kk"
    assert refusal(lambda: niks.check_pair(KK, MAN, born)).code == "swapped"
    assert refusal(lambda: niks.check_pair(KK, WOMAN, born)).code == "swapped"
    niks.check_pair(MAN, KK, born)
    niks.check_pair(MAN, KK, date(1990, 1, 1))


@given(st.dates(date(1925, 1, 1), date(2010, 12, 31)), st.booleans(), st.integers(0, 9997))
def test_a_synthetic_nik_passes_every_check_and_can_belong_to_nobody(born, is_woman, number):
    digits = niks.synthetic_nik(number, born, is_woman=is_woman)
    nik = niks.parse_nik(digits)
    assert niks.is_synthetic(digits)
    assert nik.fits(born)
    assert nik.is_woman is is_woman
    assert not regions.is_known_prefix(nik.prefix)


@given(st.text())
def test_any_text_is_a_nik_or_gets_a_refusal(text):
    try:
        assert len(niks.parse_nik(text).digits) == 16
    except Refusal as refused:
        assert "{" not in refused.text  # noqa: PT017
