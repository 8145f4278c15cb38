"""Counters for Prometheus. With several processes, PROMETHEUS_MULTIPROC_DIR makes them add up."""

import os

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest, multiprocess

REQUESTS = Histogram(
    "bihuan_http_request_seconds",
    "HTTP requests by method and class of status.",
    ["method", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
ORDERS = Counter("bihuan_orders_total", "Placement requests by outcome.", ["outcome"])
PLACEMENT_BATCH = Histogram(
    "bihuan_placement_batch_size",
    "Orders that one placement statement carried.",
    buckets=(1, 4, 16, 64, 128, 256, 512),
)
FACTS = Counter("bihuan_facts_handled_total", "Facts handled by handler.", ["handler"])
VERIFY_RUNS = Counter("bihuan_verify_runs_total", "Runs of the invariants by outcome.", ["outcome"])
PAYMENTS = Counter("bihuan_payment_notifications_total", "Payment notifications by outcome.", ["outcome"])


def render() -> bytes:
    """The metrics of all processes in Prometheus's text format."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # pyright: ignore[reportUnknownMemberType]
        return generate_latest(registry)
    return generate_latest(REGISTRY)
