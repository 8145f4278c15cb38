"""The pure decisions: what is compared, when WeChat is asked again, which states end."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bihuan.payments import rules
from bihuan.payments.rules import Asked
from bihuan.wechat.pay import Transaction, TransactionAmount

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@given(
    mchid=st.sampled_from(["1900000101", "1900000102"]),
    appid=st.sampled_from(["wx1", "wx2"]),
    total=st.integers(0, 3),
    currency=st.sampled_from(["CNY", "HKD"]),
    transaction_id=st.sampled_from(["42", ""]),
)
def test_only_what_was_asked_for_reaches_a_settler(
    mchid: str, appid: str, total: int, currency: str, transaction_id: str
) -> None:
    told = Transaction(
        out_trade_no="abcdef",
        trade_state="SUCCESS",
        appid=appid,
        mchid=mchid,
        transaction_id=transaction_id,
        amount=TransactionAmount(total, currency=currency),
    )
    found = rules.judge(Asked("1900000101", "wx1", 2), told)
    fits = (mchid, appid, total, currency, transaction_id) == ("1900000101", "wx1", 2, "CNY", "42")
    assert (found.verdict is None) == fits
    assert (found.reason is None) == fits
    if found.verdict == "refused":  # only what we can give back by ourselves is given back
        assert (mchid, currency, transaction_id) == ("1900000101", "CNY", "42")
        assert total >= 1


@given(checks=st.integers(0, 100), left=st.integers(-100_000, 100_000))
def test_asking_again_backs_off_and_comes_soon_after_the_expiry(checks: int, left: int) -> None:
    expires_at = NOW + timedelta(seconds=left)
    due_at = rules.next_check(NOW, checks, expires_at)
    assert NOW < due_at <= NOW + timedelta(hours=1)
    if left > 0:
        assert due_at <= expires_at + timedelta(seconds=30)


@given(tries=st.integers(0, 1000))
def test_a_refund_is_tried_for_ever_and_ever_more_seldom(tries: int) -> None:
    pause = rules.refund_pause(tries)
    assert timedelta(seconds=5) <= pause <= timedelta(hours=1)
    assert rules.refund_pause(tries + 1) >= pause


@given(left=st.floats(-1000, 100_000))
def test_wechat_gets_an_expiry_that_it_takes(left: float) -> None:
    expires_at = NOW + timedelta(seconds=left)
    at = rules.expiry_at_wechat(NOW, expires_at)
    assert at >= NOW + timedelta(seconds=60)
    assert at >= (expires_at - timedelta(seconds=1))
    assert at.microsecond == 0


def test_money_is_recorded_whatever_was_thought_of_the_attempt_and_final_states_stay() -> None:
    takes = {state for state, to in rules.ATTEMPT_TRANSITIONS.items() if "paid" in to}
    assert takes == rules.ATTEMPT_TRANSITIONS.keys() - {"paid"}
    assert {state for state, to in rules.REFUND_TRANSITIONS.items() if not to} == {"success", "closed"}
    assert set(rules.REFUND_OF_WECHAT.values()) <= rules.REFUND_TRANSITIONS.keys()
