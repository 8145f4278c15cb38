"""Pure decisions of the wallet: which part is spent first, what goes back to which, what a top-up brings."""

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from bihuan.kernel.money import MAX_FEN

SpendOrder = Literal["principal_first", "gift_first", "proportional"]

Amount = Annotated[int, Meta(ge=1, le=MAX_FEN)]


class GiftRule(msgspec.Struct, frozen=True):
    """Paying `paid_fen` or more at once brings `gift_fen` on top."""

    paid_fen: Amount
    gift_fen: Amount


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How a merchant's wallets work; a top-up is between `least_fen` and `most_fen`."""

    enabled: bool = True
    spend_order: SpendOrder = "principal_first"
    least_fen: Annotated[int, Meta(ge=1, le=1_000_000_00)] = 1_00
    most_fen: Annotated[int, Meta(ge=1, le=1_000_000_00)] = 5_000_00
    gift_rules: Annotated[list[GiftRule], Meta(max_length=20)] = msgspec.field(default_factory=list[GiftRule])


DEFAULTS = Settings(enabled=False)
"""Until a merchant decides, there are no wallets: stored value is a promise to keep."""


def settings_problem(settings: Settings) -> str | None:
    """Why these cannot be settings; None when they can."""
    if settings.most_fen < settings.least_fen:
        return "most_fen"
    paid = [rule.paid_fen for rule in settings.gift_rules]
    if paid != sorted(set(paid)):
        return "gift_rules"
    return None


def gift_for(rules: Sequence[GiftRule], paid_fen: int) -> int:
    """What comes on top of a top-up: of the highest rule that it reaches, once."""
    return max(((r.paid_fen, r.gift_fen) for r in rules if r.paid_fen <= paid_fen), default=(0, 0))[1]


def spend(amount_fen: int, principal_fen: int, gift_fen: int, order: SpendOrder) -> tuple[int, int]:
    """Principal and gift that make up `amount_fen`. Raises ValueError when both together are less."""
    if not 0 < amount_fen <= principal_fen + gift_fen:
        raise ValueError(f"{amount_fen} fen of {principal_fen} + {gift_fen}")
    if order == "gift_first":
        gift = min(amount_fen, gift_fen)
    elif order == "principal_first":
        gift = max(amount_fen - principal_fen, 0)
    else:
        gift = amount_fen * gift_fen // (principal_fen + gift_fen)
        gift = max(gift, amount_fen - principal_fen)
    return amount_fen - gift, gift


def give_back(amount_fen: int, spent: tuple[int, int], back: tuple[int, int]) -> tuple[int, int]:
    """Principal and gift that a refund of `amount_fen` restores, of what was `spent` and is not `back` yet.

    In the proportion in which it was spent, rounded over all refunds together, so that the last one ends even.
    """
    left = (spent[0] - back[0], spent[1] - back[1])
    if not 0 < amount_fen <= sum(left):
        raise ValueError(f"{amount_fen} fen of {left}")
    principal = (sum(back) + amount_fen) * spent[0] // sum(spent) - back[0]
    principal = min(max(principal, amount_fen - left[1], 0), left[0], amount_fen)
    return principal, amount_fen - principal


class TopUpReturn(msgspec.Struct, frozen=True):
    """What taking a top-up back does: out of the wallet, and back to the shopper's WeChat."""

    principal_fen: int  # leaves the wallet
    gift_fen: int  # leaves the wallet
    refund_fen: int  # goes back to WeChat
    gift_total_fen: int  # principal_fen + gift_fen - refund_fen: the gift that is taken back


def take_top_up_back(
    amount_fen: int, paid_fen: int, gift_fen: int, clawed_fen: int, returned_fen: int, gift_left_fen: int
) -> TopUpReturn:
    """Takes `amount_fen` of a top-up's principal back, with its share of the gift.

    The gift's share is rounded up over all returns together. What of it is spent already (the wallet has only
    `gift_left_fen`) is kept from the refund. Raises ValueError for more than is left of the top-up.
    """
    if not 0 < amount_fen <= paid_fen - returned_fen:
        raise ValueError(f"{amount_fen} fen of {paid_fen - returned_fen}")
    share = -(-gift_fen * (returned_fen + amount_fen) // paid_fen) - clawed_fen
    share = max(share, 0)
    taken = min(share, gift_left_fen)
    refund = amount_fen - (share - taken)
    return TopUpReturn(amount_fen, taken, refund, share)
