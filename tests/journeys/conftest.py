"""One running mall for all journeys of a run."""

from collections.abc import Generator
from pathlib import Path

import pytest

from tests import mall as malls
from tests.mall import Mall


@pytest.fixture(scope="session")
def mall(tmp_path_factory: pytest.TempPathFactory) -> Generator[Mall, None, None]:
    """`bihuan up --demo` on a home of its own."""
    home: Path = tmp_path_factory.mktemp("mall") / "home"
    with malls.running(home) as running:
        yield running
