"""Moved to `bench.mall`."""

from bench.mall import Mall, Shopper, free_port, running, wait_for

__all__ = ["Mall", "Shopper", "free_port", "running", "wait_for"]
