"""Insight: the loop's numbers, made of facts alone.

Invariant: the sums of a number over days and stores are those of the facts that were handled.
"""

from .checks import CHECKS
from .db import Numbers

__all__ = ["CHECKS", "Numbers"]
