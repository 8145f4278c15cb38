"""Shoppers' tokens: what is signed is believed, and nothing else."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bihuan.identity.tokens import TOKEN_LIFE, issue_shopper_token, read_shopper_token, sign, token_key
from bihuan.kernel.errors import Unauthorized
from bihuan.kernel.ids import ShopperId, new_id
from bihuan.kernel.runtime import Runtime

KEY = bytes(range(32))
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
SHOPPER = ShopperId(new_id())
TOKEN = sign(KEY, SHOPPER, NOW + timedelta(hours=1))


def test_a_token_says_who_holds_it_until_it_expires() -> None:
    assert read_shopper_token(KEY, TOKEN, NOW).shopper_id == SHOPPER
    assert read_shopper_token(KEY, TOKEN, NOW + timedelta(minutes=59, seconds=59)).shopper_id == SHOPPER
    with pytest.raises(Unauthorized):
        read_shopper_token(KEY, TOKEN, NOW + timedelta(hours=1))


@given(st.integers(0, 56), st.integers(1, 255))
def test_no_byte_of_a_token_can_be_changed(index: int, flip: int) -> None:
    raw = bytearray(base64.urlsafe_b64decode(TOKEN))
    raw[index] ^= flip
    with pytest.raises(Unauthorized):
        read_shopper_token(KEY, base64.urlsafe_b64encode(raw).decode(), NOW)


@given(st.text(max_size=100) | st.text(min_size=76, max_size=76))
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(Unauthorized):
        read_shopper_token(KEY, text, NOW)


def test_another_installations_token_is_refused() -> None:
    with pytest.raises(Unauthorized):
        read_shopper_token(bytes(32), TOKEN, NOW)


async def test_an_issued_token_lives_thirty_days(rt: Runtime) -> None:
    token, expires_at = issue_shopper_token(rt, SHOPPER)
    assert abs(expires_at - rt.clock.now() - TOKEN_LIFE) < timedelta(seconds=2)
    assert read_shopper_token(token_key(rt), token, rt.clock.now()).shopper_id == SHOPPER
