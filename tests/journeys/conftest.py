"""One running mall for all journeys of a run."""

import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest
from bench import mall as malls
from bench.mall import Mall


@pytest.fixture(scope="session")
def mall() -> Generator[Mall, None, None]:
    """`bihuan up --demo` on a home of its own."""
    # Not in pytest's folder: every run of pytest shuts that to other users, also to one's own PostgreSQL's.
    with tempfile.TemporaryDirectory(prefix="bihuan-mall-") as folder, malls.running(Path(folder) / "home") as running:
        yield running
