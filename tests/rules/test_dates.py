"""Dates as they arrive: text in three styles, Excel's serials, and two orders of day and month."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loket.core import dates
from loket.core.errors import Refusal

LATEST = date(2020, 6, 2)
DAY = date(2020, 6, 2)


@pytest.mark.parametrize(
    "cell",
    ["02-06-2020", "2/6/2020", "2 Juni 2020", "2020-06-02", "02 JUNI 2020", "2-Jun-20", "2.6.20", "'02-06-2020", 43984,
     43984.0, "43984", datetime(2020, 6, 2), date(2020, 6, 2), "2020-06-02T00:00:00", "02/06/2020 00:00:00", "20200602",
     "02062020", 2062020, "Cilegon, 02-06-2020", "CILEGON, 2 Juni 2020", "June 2, 2020", " 2  Juni  2020 "],
)  # fmt: skip
def test_one_day_in_every_spelling(cell):
    assert dates.parse(cell, latest=LATEST) == DAY


@pytest.mark.parametrize(
    ("cell", "code"),
    [("31-02-2020", "date_day"), ("13/13/2020", "date_month"), ("1987", "date_year_only"), (1987, "date_year_only"),
     ("2 Foo 2020", "date_month_name"), ("besok", "date_unreadable"), ("", "date_unreadable"), (None, "date_unreadable"),
     (True, "date_unreadable"), (float("nan"), "date_unreadable"), (-5, "date_unreadable")],
)  # fmt: skip
def test_what_is_no_date_is_refused_with_a_sentence(cell, code):
    with pytest.raises(Refusal) as refused:
        dates.parse(cell, latest=LATEST)
    assert refused.value.code == code
    assert "{" not in refused.value.text


def test_a_column_is_read_in_the_order_that_its_clear_dates_show():
    assert dates.column_order(["02/03/2020", "25/06/2020", "2 Juni 2020", 43984]) is dates.Order.DAY_FIRST
    assert dates.column_order(["02/03/2020", "06/25/2020"]) is dates.Order.MONTH_FIRST
    assert dates.column_order(["02/03/2020"]) is dates.Order.DAY_FIRST
    reader = dates.Reader(LATEST, dates.Order.MONTH_FIRST)
    assert reader.read("02/03/2020") == date(2020, 2, 3)
    assert reader.read("25/02/2020") == date(2020, 2, 25)


def test_where_a_column_shows_both_orders_only_the_unclear_rows_are_refused():
    order = dates.column_order(["06/25/2020", "25/06/2020", "02/03/2020"])
    assert order is dates.Order.MIXED
    reader = dates.Reader(LATEST, order)
    assert reader.read("06/25/2019") == date(2019, 6, 25)
    assert reader.read("04/04/2019") == date(2019, 4, 4)
    for _ in range(2):
        with pytest.raises(Refusal) as refused:
            reader.read("02/03/2020")
        assert refused.value.code == "date_order"


def test_a_two_digit_year_is_the_newest_that_can_be():
    assert dates.parse("02-06-87", latest=LATEST).year == 1987
    assert dates.parse("02-06-20", latest=LATEST).year == 2020
    assert dates.parse("02-06-10", latest=date(2004, 6, 1)).year == 1910


def test_births_of_the_future_and_of_too_long_ago_are_refused():
    for born, code in ((LATEST + timedelta(1), "birth_future"), (date(1880, 1, 1), "birth_past")):
        with pytest.raises(Refusal) as refused:
            dates.check_birth(born, LATEST)
        assert refused.value.code == code
    dates.check_birth(LATEST, LATEST)


@given(st.dates(date(1910, 1, 1), date(2099, 12, 31)))
def test_serial_iso_and_indonesian_numbers_agree(day):
    serial = (day - date(1899, 12, 30)).days
    assert dates.parse(serial, latest=LATEST) == dates.parse(day.isoformat(), latest=LATEST) == day
    assert dates.parse(f"{day:%d-%m-%Y}", latest=LATEST) == day


@given(st.one_of(st.text(), st.floats(), st.integers()))
def test_anything_is_a_date_or_a_refusal(cell):
    try:
        assert isinstance(dates.parse(cell, latest=LATEST), date)
    except Refusal as refused:
        assert "{" not in refused.text  # noqa: PT017
