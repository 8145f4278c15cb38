"""Finance: the rooms of the books, the close of months, vouchers for accounting software, and the nightly proof.

It reads what the ledger keeps and adds nothing to it. Invariants: a month is closed by a person who may, after
every line of its checklist held; vouchers of a month sum to its turnovers; every night `bihuan verify` runs, and a
failure is shown to operators until one of them took note of it.
"""

from bihuan.finance.checks import CHECKS
from bihuan.finance.verifying import jobs

__all__ = ["CHECKS", "jobs"]
