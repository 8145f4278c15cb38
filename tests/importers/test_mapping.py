"""Dividing payments among sellers, and ids derived from the source's."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bihuan.importers.olist import mapping
from bihuan.kernel.derived_ids import derived_id, derived_id_at
from bihuan.merchants.rules import check_code

AT = datetime(2018, 1, 1, tzinfo=UTC)


@given(st.lists(st.integers(1, 10**7), min_size=1, max_size=8), st.data())
def test_every_part_is_paid_and_every_payment_spent(totals: list[int], data: st.DataObject) -> None:
    whole = sum(totals)
    cuts = sorted(data.draw(st.sets(st.integers(1, whole), max_size=6)) | {whole})
    values = [b - a for a, b in zip([0, *cuts], cuts, strict=False)]
    payments: Any = [SimpleNamespace(sequence=n, method="voucher", value_fen=v) for n, v in enumerate(values, 1)]
    parts = mapping.divide("o", payments, totals)
    assert [sum(means.amount_fen for means in part) for part in parts] == totals
    spent: dict[str, int] = {}
    for part in parts:
        assert all(means.amount_fen > 0 for means in part)
        for means in part:
            spent[means.number] = spent.get(means.number, 0) + means.amount_fen
    assert spent == {f"o-{n}": value for n, value in enumerate(values, 1)}


def test_ids_are_the_same_each_time_and_lie_in_their_time() -> None:
    assert derived_id("a", "b") == derived_id("a", "b") != derived_id("ab")
    early, late = derived_id_at(AT, "x"), derived_id_at(AT + timedelta(milliseconds=1), "a")
    assert early == derived_id_at(AT, "x") != derived_id_at(AT, "y")
    assert early < late
    assert derived_id_at(AT, "z", place=1) < derived_id_at(AT, "a", place=2)
    assert (early.version, derived_id("a").version) == (7, 8)
    assert early.variant == derived_id("a").variant == "specified in RFC 4122"
    with pytest.raises(ValueError, match="place"):
        derived_id_at(AT, "x", place=4096)


@pytest.mark.parametrize("seller", ["3442f8959a84dea7ee197c632cb2df15", "S1", "a_b", "x", "9" * 64, "so:me.-thing"])
def test_codes_can_stand_in_an_address(seller: str) -> None:
    assert check_code(mapping.merchant_code(seller)).startswith("olist-")
    assert mapping.merchant_code(seller) == mapping.merchant_code(seller)
