"""A shop whose store has a counter, a cashier, a manager, and WeChat at the sandbox."""

from tests.payments.conftest import http, real_time, sandbox, served, till

__all__ = ["http", "real_time", "sandbox", "served", "till"]
