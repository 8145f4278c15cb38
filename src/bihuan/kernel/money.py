"""Money: whole fen, and the one function that splits an amount."""

from collections.abc import Sequence
from typing import NewType

Fen = NewType("Fen", int)
"""An amount of CNY in fen (1/100 yuan). Fits PostgreSQL's bigint."""

MAX_FEN = Fen(10_000_000_000_00)
"""Ten billion yuan: above any honest single amount; amounts beyond it are refused at the doors."""


def split(total: int, weights: Sequence[int]) -> list[Fen]:
    """Splits `total` fen in proportion to `weights`, losing and making nothing.

    Largest remainder: each share is rounded towards zero, and the fen left over go one by one to the
    largest remainders, earlier weights first among equals. With all weights zero the split is even.
    The result sums to `total`; a negative total splits like its positive mirror.

    Raises ValueError for no weights or a negative one.
    """
    if not weights or min(weights) < 0:
        raise ValueError("weights must be given and must not be negative")
    if total < 0:
        return [Fen(-share) for share in split(-total, weights)]
    whole = sum(weights)
    if whole == 0:
        weights, whole = [1] * len(weights), len(weights)
    shares = [total * weight // whole for weight in weights]
    left = total - sum(shares)
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for i in by_remainder[:left]:
        shares[i] += 1
    return [Fen(share) for share in shares]


def yuan(fen: int) -> str:
    """`fen` as yuan with two decimals, for people: 12345 -> "123.45"."""
    sign = "-" if fen < 0 else ""
    whole, rest = divmod(abs(fen), 100)
    return f"{sign}{whole}.{rest:02d}"
