"""The examples of docs/sandbox.md, run as they stand."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.wechat_sandbox.desk import ROOT, Sandbox
from tests.wechat_sandbox.test_third_party import node as node

PAGE = (ROOT / "docs" / "sandbox.md").read_text()


def example(name: str) -> str:
    match = re.search(rf"<!-- tried: {name} -->\n```\w+\n(.*?)\n```", PAGE, re.DOTALL)
    assert match, name
    return match.group(1)


def run(sandbox: Sandbox, folder: Path, *command: str, **env: str) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "SANDBOX": sandbox.url, "NO_PROXY": "127.0.0.1", **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_shell(sandbox: Sandbox, tmp_path: Path) -> None:
    if not (shutil.which("curl") and shutil.which("openssl")):
        pytest.skip("curl and openssl are not installed")
    script = tmp_path / "pay.sh"
    script.write_text("set -e\n" + example("sh"))
    assert '"trade_state":"SUCCESS"' in run(sandbox, tmp_path, "sh", str(script))


def test_python(sandbox: Sandbox, tmp_path: Path) -> None:
    script = tmp_path / "pay.py"
    script.write_text(example("python"))
    out = run(sandbox, tmp_path, sys.executable, str(script))
    assert out.startswith("TRANSACTION.SUCCESS PY")
    assert out.endswith(" 1800\n")


def test_node(sandbox: Sandbox, tmp_path: Path, node: str) -> None:
    script = tmp_path / "pay.js"
    script.write_text(example("node"))
    modules = str(Path(__file__).parent / "node" / "node_modules")
    assert run(sandbox, tmp_path, node, str(script), NODE_PATH=modules).startswith("SUCCESS 42000")


def test_every_interface_is_named() -> None:
    """What the page lists is there; what is there is listed."""
    from wechat_sandbox.wx_routes import PATHS

    for _, path, _ in PATHS:
        name = path.removeprefix("/cgi-bin/").removeprefix("/sns/oauth2/").rsplit("/", 1)[-1]
        family = path.split("/")[2] if path.startswith(("/cgi-bin/menu", "/cgi-bin/tags", "/cgi-bin/user/tag")) else ""
        assert name in PAGE or f"`{family}/*`" in PAGE or path == "/cgi-bin/user/tag/get", path
