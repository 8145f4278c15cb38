"""docs/sandbox-conformance.md is what the sandbox does, call by call."""

import pytest

from tests.wechat_sandbox.conformance.table import PAGE, all_rows, render
from tests.wechat_sandbox.test_third_party import node as node


@pytest.mark.filterwarnings("ignore:.*get_client_by_authorization_code. method .* is deprecated:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:cannot found .component. param of .ComponentOAuth.:DeprecationWarning")
def test_the_table_is_true(node: str) -> None:
    rows = all_rows(node)
    page = render(rows).splitlines()
    kept = PAGE.read_text("utf-8").splitlines()
    changed = [f"now: {line}" for line in page if line not in kept] + [
        f"was: {line}" for line in kept if line not in page
    ]
    assert page == kept, "run python -m tests.wechat_sandbox.conformance\n" + "\n".join(changed)


def test_nothing_is_left_out() -> None:
    results = [
        line.split(" | ")[2].removesuffix(" |") for line in PAGE.read_text("utf-8").splitlines() if "| `" in line
    ]
    assert len(results) > 400
    assert "not tried" not in results
    assert not [result for result in results if "no such interface" in result or "Error:" in result]
