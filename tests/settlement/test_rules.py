"""Pure decisions: commissions conserve under any order of refunds, plans under any change, statements add up."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bihuan.kernel.ids import LineId, MerchantId, OrderId, new_id
from bihuan.settlement import closing, plans, rules
from bihuan.settlement.db_plans import Subscription
from bihuan.settlement.db_statements import Line, Statement
from bihuan.settlement.rules import Charged, Rule, Tier

NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)
MERCHANT = MerchantId(new_id())


def rule(percent_bp: int = 1000, **more: object) -> Rule:
    return Rule(**{"rule_id": new_id(), "name": "r", "percent_bp": percent_bp, "valid_from": NOW, **more})  # type: ignore[arg-type]


@given(
    amount=st.integers(0, 10**9),
    paid=st.integers(1, 10**10),
    cuts=st.lists(st.integers(0, 10**10), max_size=12),
)
def test_a_full_refund_by_any_parts_returns_the_whole_commission(amount: int, paid: int, cuts: list[int]) -> None:
    amount = min(amount, paid)
    returned = 0
    for refunded in [*sorted(min(cut, paid) for cut in cuts), paid]:
        back = rules.give_back(amount, paid, refunded, returned)
        assert back >= 0
        returned += back
        # never more than a fen from the exact proportion
        assert abs(returned * paid - amount * refunded) <= paid
    assert returned == amount


@given(bases=st.lists(st.integers(0, 10**8), min_size=1, max_size=20), percent=st.integers(0, 10_000))
def test_the_lines_of_a_rule_give_what_the_rule_gives_of_their_sum(bases: list[int], percent: int) -> None:
    lines = [Charged(LineId(new_id()), "x", base) for base in bases]
    result = rules.charge(lines, [rule(percent)], NOW, MERCHANT, None, 0)
    assert sum(line.amount_fen for line in result) == rules.half_up(sum(bases), percent, 10_000)
    assert all(0 <= line.amount_fen <= line.base_fen for line in result)


@given(
    bases=st.lists(st.integers(0, 5000), min_size=1, max_size=8),
    per_line=st.integers(0, 3000),
    per_order=st.integers(0, 3000),
)
def test_fixed_parts_never_take_more_than_a_line_is_worth(bases: list[int], per_line: int, per_order: int) -> None:
    fixed = rule(0, per_line_fen=per_line, per_order_fen=per_order)
    lines = [Charged(LineId(new_id()), "x", base) for base in bases]
    result = rules.charge(lines, [fixed], NOW, MERCHANT, None, 0)
    assert [line.fixed_fen for line in result] == [per_line + per_order, *[per_line] * (len(bases) - 1)]
    assert all(line.amount_fen == min(line.fixed_fen, line.base_fen) for line in result)


def test_the_rule_that_charges_is_the_higher_then_the_narrower_then_the_older() -> None:
    everybody, food = rule(100), rule(200, category="食品")
    own, ended = rule(300, for_merchant_id=MERCHANT), rule(900, priority=900, valid_until=NOW)
    later = rule(800, priority=900, valid_from=NOW + timedelta(seconds=1))
    known = [everybody, food, own, ended, later]
    assert rules.pick(known, NOW, MERCHANT, None, frozenset({"食品"})) is own
    assert rules.pick(known, NOW, MerchantId(new_id()), None, frozenset({"食品"})) is food
    assert rules.pick(known, NOW, MerchantId(new_id()), None, frozenset()) is everybody
    assert rules.pick([rule(1, plan_code="pro")], NOW, MERCHANT, "basic", frozenset()) is None
    older = rule(5)
    younger = rule(6)
    assert rules.pick([younger, older], NOW, MERCHANT, None, frozenset()) is older


@pytest.mark.parametrize(("turnover", "percent"), [(0, 1000), (9_999, 1000), (10_000, 800), (50_000, 500)])
def test_tiers_follow_the_turnover_of_the_month(turnover: int, percent: int) -> None:
    tiered = rule(1000, tiers=[Tier(10_000, 800), Tier(50_000, 500)])
    (line,) = rules.charge([Charged(LineId(new_id()), "x", 1000)], [tiered], NOW, MERCHANT, None, turnover)
    assert (line.percent_bp, line.amount_fen) == (percent, percent // 10)


@given(price=st.integers(0, 10**7), month=st.dates(date(2020, 1, 1), date(2030, 1, 1)), data=st.data())
def test_a_month_on_one_plan_costs_its_price_however_it_is_cut(price: int, month: date, data: st.DataObject) -> None:
    month = month.replace(day=1)
    length = (rules.next_month(month) - month).days
    cuts = sorted(data.draw(st.sets(st.integers(1, length - 1), max_size=6)))
    edges = [0, *cuts, length]
    pieces = [
        Subscription(UUID(int=n), "pro", "专业版", price, [], month + timedelta(days=a), month + timedelta(days=b))
        for n, (a, b) in enumerate(pairwise(edges))
    ]
    rows = plans.invoice_rows(pieces, month)
    assert sum(row.amount_fen for row in rows) == price
    assert sum(row.days for row in rows) == length
    assert min(row.amount_fen for row in rows) >= 0


KINDS = st.sampled_from(["sales", "topups", "refunds", "commissions", "fees", "adjustments", "payouts"])


@given(opening=st.integers(-(10**9), 10**9), amounts=st.lists(st.tuples(KINDS, st.integers(-(10**8), 10**8))))
def test_a_statement_is_its_opening_and_its_lines(opening: int, amounts: list[tuple[rules.Kind, int]]) -> None:
    before = Statement(
        statement_id=new_id(), statement_no="S", period_from=NOW, period_to=NOW, closes_at=NOW, state="open",
        opening_fen=opening, closing_fen=opening,
    )  # fmt: skip
    lines = [
        Line(
            transaction_id=new_id(), kind=kind, wechat_fen=fen, interbook_fen=0, payable_fen=0, source="x",
            order_id=OrderId(new_id()), order_no="1", description="", occurred_at=NOW,
        )
        for kind, fen in amounts
    ]  # fmt: skip
    after = closing.added(closing.added(before, lines[:3]), lines[3:])
    sums = sum(getattr(after, f"{kind}_fen") for kind in {"sales", "topups", "refunds", "commissions", "fees",
                                                          "adjustments", "payouts"})  # fmt: skip
    assert after.closing_fen == opening + sums == opening + sum(fen for _, fen in amounts)
    assert after.line_count == len(amounts)


def test_periods_are_chinas() -> None:
    late = datetime(2026, 11, 30, 17, tzinfo=UTC)  # the first of December in China
    assert rules.period_around(late, "month")[0] == datetime(2026, 11, 30, 16, tzinfo=UTC)
    assert rules.month_of(late) == date(2026, 12, 1)
    week = rules.period_around(NOW, "week")  # a Sunday
    assert week == (datetime(2026, 11, 15, 16, tzinfo=UTC), datetime(2026, 11, 22, 16, tzinfo=UTC))
