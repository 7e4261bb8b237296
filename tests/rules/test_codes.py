"""Request codes: every slip of a finger is noticed, every usual way of writing is understood."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loket.core import codes
from loket.core.errors import Refusal

bodies = st.text(codes.ALPHABET, min_size=10, max_size=10)


def test_a_new_code_is_read_back_as_itself():
    for _ in range(200):
        code = codes.generate()
        assert codes.parse(codes.shown(code)) == code
        assert len(codes.shown(code)) == 13


def test_every_single_wrong_symbol_and_every_swap_changes_the_check_by_exhaustion():
    # The check is linear over GF(32), so it is enough to look at what each symbol adds at each place.
    def adds(place: int, symbol: str) -> int:
        body = "0" * place + symbol + "0" * (9 - place)
        return codes.ALPHABET.index(codes.check_symbol(body))

    for place in range(10):
        assert len({adds(place, symbol) for symbol in codes.ALPHABET}) == 32
    for one, other in itertools.combinations(range(10), 2):
        for first, second in itertools.combinations(codes.ALPHABET, 2):
            assert adds(one, first) ^ adds(other, second) != adds(one, second) ^ adds(other, first)


@given(bodies, st.integers(0, 10), st.sampled_from(codes.ALPHABET))
def test_one_wrong_symbol_anywhere_is_refused(body, place, symbol):
    code = body + codes.check_symbol(body)
    wrong = code[:place] + symbol + code[place + 1 :]
    if wrong != code:
        with pytest.raises(Refusal):
            codes.parse(wrong)


@given(bodies, st.integers(0, 9))
def test_two_neighbours_exchanged_are_refused_also_with_the_check(body, place):
    code = body + codes.check_symbol(body)
    wrong = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    if wrong != code:
        with pytest.raises(Refusal):
            codes.parse(wrong)


@given(bodies)
def test_case_blanks_hyphens_and_look_alikes_do_not_matter(body):
    code = body + codes.check_symbol(body)
    sloppy = codes.shown(code).lower().replace("0", "o").replace("1", "l").replace("-", " – ")
    assert codes.parse(f"  {sloppy}\u200b\n") == code
    assert codes.parse(code.replace("0", "O").replace("1", "I")) == code


@pytest.mark.parametrize(
    ("typed", "code"),
    [("U123-4567-890", "code_symbol"), ("1234", "code_length"), ("", "code_length"), ("0000-0000-001", "code_check")],
)
def test_a_code_that_cannot_be_is_refused_with_a_sentence(typed, code):
    with pytest.raises(Refusal) as refused:
        codes.parse(typed)
    assert refused.value.code == code
    assert refused.value.text.endswith(".")
    assert "{" not in refused.value.text
