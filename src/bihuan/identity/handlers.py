"""Periodic work of identity."""

from bihuan.identity.users import forget_old
from bihuan.kernel.jobs import Periodic

JOBS = (Periodic(name="identity.forget_old", every_seconds=3600, run=forget_old),)
