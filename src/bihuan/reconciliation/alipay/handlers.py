"""Periodic work of Alipay's reconciliation."""

from bihuan.kernel.jobs import Periodic
from bihuan.reconciliation.alipay import matching

JOBS = (
    Periodic(name="alipay_bills.plan", every_seconds=600, run=matching.plan),
    Periodic(name="alipay_bills.run", every_seconds=60, run=matching.run_due),
    Periodic(name="alipay_bills.recheck", every_seconds=300, run=matching.recheck),
)
