"""Periodic work of complaints."""

from bihuan.aftersale.complaints import answering, fetching, listening
from bihuan.kernel.jobs import Periodic

JOBS = (
    Periodic(name="complaints.fetch", every_seconds=2, run=fetching.run_due),
    Periodic(name="complaints.answer", every_seconds=10, run=answering.run_due),
    Periodic(name="complaints.watch", every_seconds=20, run=listening.watch),
)
