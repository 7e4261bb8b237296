"""Phone numbers as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loket.core.errors import Refusal
from loket.residents.phones import parse_phone


@pytest.mark.parametrize(
    "typed",
    ["081234567890", "0812 3456 7890", "0812-3456-7890", "+62 812-3456-7890", "6281234567890", "81234567890",
     "0062 812 3456 7890", "+62 (0) 812 3456 7890", "O8I2 3456 789O", "WA: 0812.3456.7890", "'081234567890"],
)  # fmt: skip
def test_one_mobile_number_in_every_spelling(typed):
    assert parse_phone(typed) == "+6281234567890"


@pytest.mark.parametrize(
    ("typed", "code"),
    [("0254 391234", "phone_landline"), ("(021) 555-1234", "phone_landline"), ("+62254391234", "phone_landline"),
     ("081", "phone"), ("0812345678901234", "phone"), ("", "phone_missing"), ("tidak ada", "phone_letters"),
     ("08123456789 / 0813456789", "phone")],
)  # fmt: skip
def test_what_cannot_be_reached_by_whatsapp_is_refused_with_an_example(typed, code):
    with pytest.raises(Refusal) as refused:
        parse_phone(typed)
    assert refused.value.code == code
    assert "08" in refused.value.text


def test_a_number_of_another_country_is_taken_with_its_plus():
    assert parse_phone("+60 12-345 6789") == parse_phone("0060123456789") == "+60123456789"


@given(st.text())
def test_any_text_is_a_number_or_a_refusal(text):
    try:
        assert parse_phone(text).startswith("+")
    except Refusal as refused:
        assert "{" not in refused.text  # noqa: PT017
