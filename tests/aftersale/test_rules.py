"""What pieces cost: nothing is lost or made, whatever is refunded in whatever order."""

from hypothesis import given
from hypothesis import strategies as st

from bihuan.aftersale import rules
from bihuan.aftersale.rules import OrderedLine
from bihuan.kernel.ids import LineId, new_id
from bihuan.kernel.money import split

Orders = st.tuples(
    st.lists(st.tuples(st.integers(1, 40), st.integers(0, 99_999)), min_size=1, max_size=6),
    st.integers(0, 5_000),
    st.integers(0, 1_000),
    st.integers(0, 1_000),
)


def priced(order: tuple[list[tuple[int, int]], int, int, int]) -> tuple[int, dict[LineId, list[rules.PricedPiece]]]:
    """What an order paid, and what its pieces cost; discounts in thousandths of the goods, some with points."""
    prices = [quantity * price for quantity, price in order[0]]
    goods = sum(prices)
    discount = goods * order[2] // 1000
    points = (goods - discount) * order[3] // 1000
    paid = goods + order[1] - discount - points
    lines = [
        OrderedLine(LineId(new_id()), quantity, price - share, share)
        for (quantity, _), price, share in zip(order[0], prices, split(points, prices), strict=True)
    ]
    return paid, rules.price_pieces(lines, paid_fen=paid, freight_fen=order[1])


@given(Orders)
def test_all_pieces_together_cost_what_was_paid(order: tuple[list[tuple[int, int]], int, int, int]) -> None:
    paid, prices = priced(order)
    pieces = [piece for line in prices.values() for piece in line]
    assert sum(piece.amount_fen + piece.freight_fen for piece in pieces) == paid
    assert all(min(piece.amount_fen, piece.freight_fen, piece.points_fen) >= 0 for piece in pieces)


@given(Orders, st.data())
def test_any_sequence_of_partial_refunds_adds_up(
    order: tuple[list[tuple[int, int]], int, int, int], data: st.DataObject
) -> None:
    paid, prices = priced(order)
    left = data.draw(st.permutations([piece for line in prices.values() for piece in line]))
    back = 0
    while left:
        count = data.draw(st.integers(1, len(left)))
        sent = data.draw(st.booleans())
        part, left = left[:count], left[count:]
        most = rules.most_of(part, "changed_mind", sent=sent)
        kept_freight = sum(piece.freight_fen for piece in part) if sent else 0
        back += most + kept_freight
        assert most <= paid
    assert back == paid


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**9))
def test_a_part_of_what_was_agreed_is_never_more_than_it(a: int, b: int, c: int) -> None:
    agreed, part, most = sorted((a, b, c))[0], *sorted((b, c))
    agreed = min(agreed, most)
    share = rules.share_of_agreed(agreed, most, part)
    assert 0 <= share <= agreed
    assert rules.share_of_agreed(agreed, most, most) == agreed


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=20))
def test_an_amount_spread_over_lines_is_conserved(amount: int, shares: list[int]) -> None:
    assert sum(rules.spread(amount, shares)) == amount


@given(Orders)
def test_points_of_pieces_add_up(order: tuple[list[tuple[int, int]], int, int, int]) -> None:
    goods = sum(quantity * price for quantity, price in order[0])
    discount = goods * order[2] // 1000
    _, prices = priced(order)
    assert sum(piece.points_fen for line in prices.values() for piece in line) == (goods - discount) * order[3] // 1000


def test_the_table_of_states_has_no_way_out_of_its_ends() -> None:
    assert rules.TRANSITIONS["completed"] == frozenset() == rules.TRANSITIONS["withdrawn"]
    assert set(rules.TRANSITIONS) == {*rules.OPEN, *rules.ENDED}
    assert all(to in rules.TRANSITIONS for targets in rules.TRANSITIONS.values() for to in targets)
