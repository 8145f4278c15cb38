"""Wallets on the wire. Amounts are fen."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from bihuan.kernel.ids import ShopperId
from bihuan.wallet.rules import GiftRule, SpendOrder


class WalletOut(msgspec.Struct, frozen=True, kw_only=True):
    """A shopper's own wallet, and what she may put in. `available_fen` is what can be spent now."""

    enabled: bool
    principal_fen: int
    gift_fen: int
    held_fen: int
    available_fen: int
    frozen: bool
    frozen_reason: str | None
    spend_order: SpendOrder
    least_fen: int
    most_fen: int
    gift_rules: list[GiftRule]


class EntryOut(msgspec.Struct, frozen=True, kw_only=True):
    """A movement, signed, with the balance after it.

    `source`: topup, payment, refund, topup_refund, merge_in or merge_out.
    """

    entry_id: UUID
    shopper_id: ShopperId
    principal_fen: int
    gift_fen: int
    balance_fen: int
    source: str
    source_id: UUID
    description: str
    occurred_at: datetime


class WalletRow(msgspec.Struct, frozen=True, kw_only=True):
    """A wallet as staff see it."""

    shopper_id: ShopperId
    nickname: str | None
    principal_fen: int
    gift_fen: int
    held_fen: int
    frozen_at: datetime | None
    frozen_reason: str | None
    opened_at: datetime


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What the merchant owes in stored value: principal was paid in, gift was given on top."""

    wallets: int
    frozen: int
    principal_fen: int
    gift_fen: int
    held_fen: int
    liability_fen: int


class FreezeInput(msgspec.Struct, frozen=True):
    """Why a wallet is stopped; the shopper reads it."""

    reason: Annotated[str, Meta(min_length=1, max_length=100, pattern=r"\S")]
