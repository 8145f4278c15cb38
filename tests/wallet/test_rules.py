"""The wallet's arithmetic: nothing is made or lost, whatever the order of spending and giving back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bihuan.wallet import rules
from bihuan.wallet.rules import GiftRule, Settings, SpendOrder

FEN = st.integers(0, 10**9)
ORDERS = st.sampled_from(["principal_first", "gift_first", "proportional"])


@given(FEN, FEN, st.floats(0, 1), ORDERS)
def test_spending_takes_what_is_there_by_the_rule(principal: int, gift: int, wish: float, order: SpendOrder) -> None:
    amount = max(int(wish * (principal + gift)), 1)
    if principal + gift == 0:
        with pytest.raises(ValueError, match="fen of"):
            rules.spend(amount, principal, gift, order)
        return
    of_principal, of_gift = rules.spend(amount, principal, gift, order)
    assert of_principal + of_gift == amount
    assert 0 <= of_principal <= principal
    assert 0 <= of_gift <= gift
    if order == "principal_first":
        assert of_gift == 0 or of_principal == principal
    if order == "gift_first":
        assert of_principal == 0 or of_gift == gift


@given(FEN, FEN, st.lists(st.floats(0, 1), max_size=10))
def test_refunds_restore_both_parts_exactly(principal: int, gift: int, wishes: list[float]) -> None:
    spent, back = (principal, gift), (0, 0)
    for wish in [*wishes, 1.0]:
        left = sum(spent) - sum(back)
        amount = int(wish * left)
        if amount == 0:
            continue
        more = rules.give_back(amount, spent, back)
        assert sum(more) == amount
        back = (back[0] + more[0], back[1] + more[1])
        assert 0 <= back[0] <= principal
        assert 0 <= back[1] <= gift
    assert back == spent


@given(st.integers(1, 10**8), FEN, st.lists(st.floats(0, 1), max_size=8), st.floats(0, 1))
def test_a_top_up_goes_back_with_its_gift_and_never_more(
    paid: int, gift: int, wishes: list[float], kept: float
) -> None:
    """Out of the wallet and not to WeChat: exactly the gift's share. In the end no fen of the gift is left to claim."""
    gift_in_wallet = int(gift * kept)
    returned = clawed = refunded = 0
    for wish in [*wishes, 1.0]:
        amount = int(wish * (paid - returned))
        if amount == 0:
            continue
        back = rules.take_top_up_back(amount, paid, gift, clawed, returned, gift_in_wallet)
        assert back.principal_fen + back.gift_fen - back.refund_fen == back.gift_total_fen
        assert 0 <= back.gift_fen <= gift_in_wallet
        gift_in_wallet -= back.gift_fen
        returned, clawed, refunded = returned + amount, clawed + back.gift_total_fen, refunded + back.refund_fen
    assert returned == paid
    assert clawed == gift
    assert refunded == paid - (gift - int(gift * kept))


def test_the_highest_rule_that_is_reached_counts_once() -> None:
    steps = [GiftRule(100_00, 10_00), GiftRule(500_00, 80_00)]
    assert [rules.gift_for(steps, fen) for fen in (99_99, 100_00, 499_99, 500_00, 1000_00)] == [
        0,
        1000,
        1000,
        8000,
        8000,
    ]
    assert rules.gift_for([], 100_00) == 0


def test_settings_that_make_no_sense_are_named() -> None:
    assert rules.settings_problem(Settings(least_fen=5, most_fen=4)) == "most_fen"
    assert rules.settings_problem(Settings(gift_rules=[GiftRule(2, 1), GiftRule(1, 1)])) == "gift_rules"
    assert rules.settings_problem(Settings(gift_rules=[GiftRule(1, 1), GiftRule(2, 1)])) is None
