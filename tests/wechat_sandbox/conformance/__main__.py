"""Writes docs/sandbox-conformance.md anew."""

import shutil
import sys

from tests.wechat_sandbox.conformance.table import PAGE, all_rows, render

node = shutil.which("node")
if node is None:
    sys.exit("node is not installed")
PAGE.write_text(render(all_rows(node)), "utf-8")
print(PAGE)
