"""What received money does, for many transactions of one merchant at once and in one commit.

The attempts are locked, the settlers decide, and then everything is written: attempts, payments, refunds of what
was refused, postings, facts. Told twice, a transaction changes nothing the second time.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal
from uuid import UUID

import msgspec
import structlog

from bihuan import ledger
from bihuan.alipay import Trade
from bihuan.facts.payments import PaymentReceived, PaymentRefused
from bihuan.kernel import events, metrics
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, RefundId, new_id
from bihuan.kernel.runtime import Runtime
from bihuan.payments import db, rules, tenders
from bihuan.payments.db import AttemptRow, Seen, Settled
from bihuan.payments.db_tenders import Part
from bihuan.payments.rules import Asked, Judgement, Tender
from bihuan.payments.settlers import Receipt, Settlers, Verdict
from bihuan.wechat.pay import Transaction

log = structlog.get_logger(__name__)

Outcome = Literal["accepted", "refused", "parked", "repeat"]


class Heard(msgspec.Struct, frozen=True):
    """A paid transaction as WeChat or Alipay told it, verified: by a notification (with its id) or by an answer."""

    transaction: Transaction | Trade
    notification_id: str | None = None
    event_type: str = "query"
    plaintext: bytes = b""

    @property
    def tender(self) -> Tender:
        """Where its money is."""
        return "alipay" if isinstance(self.transaction, Trade) else "wechat"


class NotTogether(Exception):
    """Two receipts of one payment with a part from the wallet: each is to be settled alone."""


class SeveralPurposes(Exception):
    """Money for several purposes: each is to be settled alone, since each settler ends with the book.

    `places` of the batch, by purpose.
    """

    def __init__(self, places: Sequence[Sequence[int]]) -> None:
        super().__init__(f"{len(places)} purposes")
        self.places = places


class _Case(msgspec.Struct):
    heard: Heard
    attempt: AttemptRow
    judgement: Judgement
    part: Part | None = None  # held in the wallet, to be taken with it


async def settle(rt: Runtime, settlers: Settlers, merchant_id: MerchantId, heard: Sequence[Heard]) -> list[Outcome]:
    """Settles a batch in a transaction of its own; one outcome each, in order."""
    async with rt.db.transaction() as tx:
        outcomes = await settle_in(tx, settlers, merchant_id, heard)
    for outcome in outcomes:
        metrics.PAYMENTS.labels(outcome).inc()
    return outcomes


async def settle_in(tx: Tx, settlers: Settlers, merchant_id: MerchantId, heard: Sequence[Heard]) -> list[Outcome]:
    """Settles a batch.

    Raises LookupError for a purpose nobody settles, NotTogether, SeveralPurposes, and what a settler raises.
    """
    attempts = await db.lock_attempts(tx, merchant_id, sorted({h.transaction.out_trade_no for h in heard}))
    outcomes: list[tuple[Outcome, str | None]] = []
    cases: dict[int, _Case] = {}
    taken: set[UUID] = set()
    for place, one in enumerate(heard):
        attempt = attempts.get(one.transaction.out_trade_no)
        repeat = _repeat(attempt, one, taken)
        outcomes.append(repeat or ("accepted", None))
        if attempt is not None and repeat is None:
            taken.add(attempt.attempt_id)
            asked = Asked(attempt.mchid, attempt.appid, attempt.amount_fen, attempt.sp_mchid)
            cases[place] = _Case(one, attempt, _judge(asked, one.transaction))
    _one_purpose(cases, len(heard))
    await _find_parts(tx, merchant_id, list(cases.values()))
    await _ask_settlers(tx, settlers, merchant_id, [case for case in cases.values() if case.judgement.verdict is None])
    for place, case in cases.items():
        outcomes[place] = (case.judgement.verdict or "accepted", case.judgement.reason)
    if cases:
        await _write(tx, merchant_id, list(cases.values()))
    seen = [_seen(one, *outcome) for one, outcome in zip(heard, outcomes, strict=True) if one.notification_id]
    if seen:
        await db.insert_seen(tx, merchant_id, seen)
    return [outcome for outcome, _ in outcomes]


def _one_purpose(cases: Mapping[int, _Case], size: int) -> None:
    groups: dict[str, list[int]] = {}
    for place, case in cases.items():
        groups.setdefault(case.attempt.purpose, []).append(place)
    if len(groups) > 1:
        groups[next(iter(groups))] += [place for place in range(size) if place not in cases]
        raise SeveralPurposes(list(groups.values()))


def _judge(asked: Asked, told: Transaction | Trade) -> Judgement:
    return rules.judge_alipay(asked, told) if isinstance(told, Trade) else rules.judge(asked, told)


def _repeat(attempt: AttemptRow | None, one: Heard, taken: set[UUID]) -> tuple[Outcome, str | None] | None:
    """What changes nothing: an unknown number, another channel's, or an attempt whose money is recorded."""
    if attempt is None:
        return "parked", "unknown_order"
    if attempt.tender != one.tender:
        return "parked", "other_channel"
    if attempt.attempt_id in taken:
        return "repeat", None
    if "paid" not in rules.ATTEMPT_TRANSITIONS[attempt.state]:
        same = attempt.transaction_id in (one.transaction.transaction_id, None)
        return ("repeat", None) if same else ("parked", "other_transaction_id")
    return None


async def _find_parts(tx: Tx, merchant_id: MerchantId, cases: Sequence[_Case]) -> None:
    """Holds what wallets are to pay beside what came; before anything else is locked but the payments."""
    shared = [case for case in cases if case.attempt.wallet_fen or case.attempt.planned_fen]
    if not shared:
        return
    if len({case.attempt.payment_id for case in cases}) < len(cases):
        raise NotTogether
    for case in sorted(shared, key=lambda case: case.attempt.shopper_id):
        if case.judgement.verdict is not None:
            continue
        if case.attempt.payment_state == "paid":
            case.judgement = Judgement("refused", "second_payment")
        elif case.attempt.wallet_fen == 0:
            await tenders.give_up(tx, merchant_id, case.attempt.payment_id)
        else:
            case.part = await tenders.part_for(tx, merchant_id, case.attempt)
            if case.part is None:
                case.judgement = Judgement("refused", "wallet_short")


async def _ask_settlers(tx: Tx, settlers: Settlers, merchant_id: MerchantId, cases: Sequence[_Case]) -> None:
    by_purpose: dict[str, list[_Case]] = {}
    for case in cases:
        by_purpose.setdefault(case.attempt.purpose, []).append(case)
    for purpose, group in by_purpose.items():
        settler = settlers.get(purpose)
        if settler is None:  # better answered with an error and told again than refunded by a mistake in wiring
            raise LookupError(f"nobody settles payments of {purpose}")
        verdicts = await settler(tx, merchant_id, [_receipt(tx, case) for case in group])
        for case, verdict in zip(group, verdicts, strict=True):
            case.judgement = _judgement(case, verdict)


def _receipt(tx: Tx, case: _Case) -> Receipt:
    told, attempt = case.heard.transaction, case.attempt
    return Receipt(
        attempt.payment_id,
        attempt.purpose,
        attempt.reference_id,
        attempt.amount_fen + attempt.wallet_fen,
        attempt.out_trade_no,
        told.transaction_id,
        told.paid_at or tx.now,
    )


def _judgement(case: _Case, verdict: Verdict) -> Judgement:
    if verdict.payment_id != case.attempt.payment_id:
        raise RuntimeError("a settler answered out of order")
    return Judgement(None) if verdict.accepted else Judgement("refused", verdict.reason or "refused")


async def _write(tx: Tx, merchant_id: MerchantId, cases: Sequence[_Case]) -> None:
    settled = [_settled(tx, case) for case in cases]
    changed = await db.write_settled(tx, merchant_id, settled)
    if changed != len(settled):  # the rows are locked, so this cannot be; money stops here if it is
        raise RuntimeError(f"{len(settled) - changed} locked attempts changed under their lock")
    facts: list[PaymentReceived | PaymentRefused] = []
    postings: list[ledger.Transaction] = []
    for case, one in zip(cases, settled, strict=True):
        if one.verdict == "parked":
            log.error("payment parked", out_trade_no=case.attempt.out_trade_no, reason=one.reason)
            continue
        postings += _postings(case, one)
        facts.append(_fact(tx, merchant_id, case, one))
        if case.part is not None and one.verdict == "accepted":
            postings.append(await tenders.take_part(tx, merchant_id, case.attempt, case.part))
        elif case.part is not None:
            await tenders.release_part(tx, merchant_id, case.part)
    # Last: the book stays locked until the commit.
    await events.emit(tx, *facts)
    await ledger.post(tx, merchant_id, postings)


def _settled(tx: Tx, case: _Case) -> Settled:
    told = case.heard.transaction
    verdict = case.judgement.verdict or "accepted"
    return Settled(
        attempt_id=case.attempt.attempt_id,
        payment_id=case.attempt.payment_id,
        transaction_id=told.transaction_id,
        paid_fen=told.total_fen or case.attempt.amount_fen,
        paid_at=told.paid_at or tx.now,
        verdict=verdict,
        reason=case.judgement.reason,
        refund_id=new_id() if verdict == "refused" else None,
    )


def _postings(case: _Case, one: Settled) -> list[ledger.Transaction]:
    number = case.attempt.out_trade_no
    received = ledger.Transaction(
        "receipt",
        one.attempt_id,
        f"{rules.TENDER_NAMES[case.attempt.tender]}收款 {number}",
        [ledger.Entry(rules.CLEARING[case.attempt.tender], one.paid_fen), ledger.Entry("receipts", -one.paid_fen)],
        one.paid_at,
    )
    if one.verdict == "accepted":
        return [received]
    refused = ledger.Transaction(
        "refused_receipt",
        one.attempt_id,
        f"收款不予受理，原路退回 {number}（{one.reason}）",
        [ledger.Entry("receipts", one.paid_fen), ledger.Entry("refunds_payable", -one.paid_fen)],
    )
    return [received, refused]


def _fact(tx: Tx, merchant_id: MerchantId, case: _Case, one: Settled) -> PaymentReceived | PaymentRefused:
    attempt = case.attempt
    about: dict[str, Any] = {
        "merchant_id": merchant_id,
        "occurred_at": tx.now,
        "payment_id": attempt.payment_id,
        "purpose": attempt.purpose,
        "reference_id": attempt.reference_id,
        "shopper_id": attempt.shopper_id,
        "amount_fen": one.paid_fen,
        "method": attempt.method,
        "out_trade_no": attempt.out_trade_no,
        "transaction_id": one.transaction_id,
        "paid_at": one.paid_at,
    }
    if one.refund_id is None:
        return PaymentReceived(**about)
    return PaymentRefused(**about, reason=one.reason or "", refund_id=RefundId(one.refund_id))


def _seen(one: Heard, outcome: Outcome, reason: str | None) -> Seen:
    content = one.plaintext.decode(errors="replace")[:8000] if outcome == "parked" else None
    return Seen(one.notification_id or "", one.event_type, one.transaction.out_trade_no, outcome, reason, content)
