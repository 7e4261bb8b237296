"""Small counts: nobody can work one out from what is shown, the sum and the rule."""

from __future__ import annotations

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from loket.insight.rules import SMALL, open_cells


def possible(counts: dict[str, int]) -> list[set[int]]:
    """Every value that each small cell may have, for somebody who sees the table, its sum and how it was made."""
    cells = open_cells(counts)
    shown = [cell.value for cell in cells if cell.value is not None]
    rest = sum(counts.values()) - sum(shown)
    ceiling = min(shown, default=sum(counts.values()))
    hidden = [cell for cell in cells if cell.value is None]
    ranges = [range(SMALL) if cell.is_small else range(SMALL, ceiling + 1) for cell in hidden]
    fitting = [values for values in product(*ranges) if sum(values) == rest]
    return [{values[at] for values in fitting} for at, cell in enumerate(hidden) if cell.is_small]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 10), min_size=3, max_size=5))
def test_a_small_count_has_more_than_one_possible_value_wherever_the_table_allows_it(values: list[int]) -> None:
    counts = {f"k{number}": value for number, value in enumerate(values)}
    cells = open_cells(counts)
    assert [cell.name for cell in cells] == list(counts)
    assert all(cell.value is None for cell in cells if counts[cell.name] < SMALL)
    assert all(cell.value in (None, counts[cell.name]) for cell in cells)
    told = [one for one in possible(counts) if len(one) < 2]
    # Only where everything is hidden may the sum itself still tell.
    assert not told or all(cell.value is None for cell in cells)


def test_the_smallest_of_the_shown_is_hidden_too_when_the_sum_would_tell() -> None:
    cells = {cell.name: cell for cell in open_cells({"a": 3, "b": 40, "c": 12})}
    assert (cells["a"].value, cells["a"].is_small) == (None, True)
    assert (cells["c"].value, cells["c"].is_small) == (None, False)
    assert cells["b"].value == 40


def test_nothing_is_hidden_where_nothing_is_small() -> None:
    assert [cell.value for cell in open_cells({"a": 5, "b": 40})] == [5, 40]
