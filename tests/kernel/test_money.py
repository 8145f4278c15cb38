"""Splitting money conserves every fen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bihuan.kernel.money import split, yuan


@given(st.integers(-(10**12), 10**12), st.lists(st.integers(0, 10**9), min_size=1, max_size=40))
def test_split_conserves_and_stays_within_a_fen_of_proportion(total: int, weights: list[int]) -> None:
    shares = split(total, weights)
    assert sum(shares) == total
    whole = sum(weights)
    for share, weight in zip(shares, weights, strict=True):
        exact = total * weight / whole if whole else total / len(weights)
        assert abs(share - exact) <= 1 + abs(exact) * 1e-9


def test_leftover_fen_go_to_the_largest_remainders_then_the_first() -> None:
    assert split(10, [1, 1, 1]) == [4, 3, 3]
    assert split(-10, [1, 1, 1]) == [-4, -3, -3]
    assert split(5, [0, 0]) == [3, 2]


@pytest.mark.parametrize("weights", [[], [1, -1]])
def test_weights_that_make_no_sense_are_refused(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        split(1, weights)


def test_yuan_for_people() -> None:
    assert [yuan(0), yuan(5), yuan(12345), yuan(-100)] == ["0.00", "0.05", "123.45", "-1.00"]
