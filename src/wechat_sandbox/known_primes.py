"""Where the primes of the default seed's accounts lie, so that a start need not look for them.

Only a saving of time: a place that is wrong is noticed, and the search is done.
`tests/wechat_sandbox/test_seed.py` proves that each is the first prime of its search.
"""

KNOWN: dict[str, tuple[int, int]] = {
    "37b0c4be8374d812": (236, 196),
    "325696dad30092c7": (41, 253),
    "56b80fb13e5d7b43": (375, 40),
    "8fb9e754acc276e9": (417, 44),
    "166886f714f41fb9": (37, 99),
    "8fab4ef486f0b5cc": (387, 90),
    "9036b2d8a0da4c82": (674, 1002),
    "793d1ce269b4c204": (180, 625),
    "5af2789a6af265c0": (347, 212),
    "77dcf0bdfac1d7bf": (318, 803),
    "d68630836b810a82": (391, 618),
    "74bdbc255469626f": (290, 574),
}
"""By the first eight bytes of a key's secret: how far p and q are from where their search starts."""
