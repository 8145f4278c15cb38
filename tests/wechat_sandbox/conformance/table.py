"""The table of docs/sandbox-conformance.md."""

from pathlib import Path

from tests.wechat_sandbox.conformance import apps, axios, payments
from tests.wechat_sandbox.conformance.desk import Desk, Row
from tests.wechat_sandbox.desk import ROOT

PAGE: Path = ROOT / "docs" / "sandbox-conformance.md"
HEAD = """\
# Conformance of the WeChat sandbox

Every call that three well-kept clients offer, tried on the sandbox; the clients are unchanged but for the base URL.
The methods are found by introspection, so none is left out: those that are not tried say why. A call is `ok` when the
client itself was content with the answer, its signature included. Made by
`python -m tests.wechat_sandbox.conformance`; `tests/wechat_sandbox/test_conformance.py` fails when this page is not
what the sandbox does.

"""


def all_rows(node: str) -> list[Row]:
    """Every row, from a sandbox of its own."""
    desk = Desk()
    try:
        return [*payments.rows(desk), *axios.rows(desk, node), *apps.rows(desk)]
    finally:
        desk.close()


def render(rows: list[Row]) -> str:
    """The page."""
    tried = [row for row in rows if not row.result.startswith("—")]
    parts = [HEAD, "| Client | Calls tried | ok | other | not of a shop |\n|---|---|---|---|---|\n"]
    for client in dict.fromkeys(row.client for row in rows):
        mine = [row for row in tried if row.client == client]
        fine = sum(row.result.startswith("ok") for row in mine)
        left = sum(row.client == client for row in rows) - len(mine)
        parts.append(f"| {client} | {len(mine)} | {fine} | {len(mine) - fine} | {left} |\n")
    for title, wanted in (("Tried", tried), ("Not tried", [row for row in rows if row not in tried])):
        parts.append(f"\n## {title}\n\n| Client | Call | Result |\n|---|---|---|\n")
        parts += [f"| {row.client} | `{row.call}` | {row.result.removeprefix('— ')} |\n" for row in wanted]
    return "".join(parts)
