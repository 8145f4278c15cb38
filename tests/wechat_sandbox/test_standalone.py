"""The sandbox stands alone: nothing of bihuan is imported, and few packages are needed."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

from tests.wechat_sandbox.desk import ROOT

NEEDED = {
    "_cffi_backend": "cffi",
    "cffi": "cffi",
    "cryptography": "cryptography",
    "defusedxml": "defusedxml",
    "granian": "granian",
    "litestar": "litestar",
    "msgspec": "msgspec",
    "PIL": "pillow",
    "segno": "segno",
    "typer": "typer",
    "uvloop": "uvloop",
    "yaml": "pyyaml",
}
"""Top-level modules that the sandbox itself imports, and the packages that bring them."""

PROBE = """
import ast, pathlib, sys
folder = pathlib.Path(sys.argv[1]) / "wechat_sandbox"
found = set()
for path in folder.rglob("*.py"):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
print(*sorted(found - set(sys.stdlib_module_names) - {"wechat_sandbox"}))
"""


def _run(*command: str, folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_it_imports(tmp_path: Path) -> None:
    named = set(_run(sys.executable, "-c", PROBE, str(ROOT / "src"), folder=tmp_path).split())
    assert named <= NEEDED.keys(), f"a new dependency: {named - NEEDED.keys()}"
    assert "bihuan" not in named


def test_it_runs_where_bihuan_is_not(tmp_path: Path) -> None:
    """A copy of the package alone serves, with every module of bihuan out of reach."""
    copy = tmp_path / "site"
    copy.mkdir()
    (copy / "wechat_sandbox").symlink_to(ROOT / "src" / "wechat_sandbox")
    script = """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "bihuan":
            raise ImportError(name)
sys.meta_path.insert(0, Refuse())
sys.path[:] = [sys.argv[1]] + [entry for entry in sys.path if not entry.rstrip("/").endswith("/src")]
import importlib, pkgutil
import wechat_sandbox
assert wechat_sandbox.__file__.startswith(sys.argv[1])
for module in pkgutil.walk_packages(wechat_sandbox.__path__, "wechat_sandbox."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
assert not [name for name in sys.modules if name.split(".")[0] == "bihuan"]
from wechat_sandbox.app import create_app
from wechat_sandbox.store import Store
from wechat_sandbox.world import World
create_app(World(Store()))
print("stands alone")
"""
    assert _run(sys.executable, "-c", script, str(copy), folder=tmp_path).strip() == "stands alone"


def test_the_command(tmp_path: Path) -> None:
    from wechat_sandbox import __version__

    assert _run(sys.executable, "-m", "wechat_sandbox", "--version", folder=tmp_path).strip() == __version__
    said = _run(sys.executable, "-m", "wechat_sandbox", "--help", folder=tmp_path)
    assert all(option in said for option in ("--config", "--check-config", "--fault", "--seed", "--state"))


def test_its_own_distribution_names_what_it_needs() -> None:
    """`packages/wechat-sandbox` packs the same source with these packages and no others."""
    project = tomllib.loads((ROOT / "packages" / "wechat-sandbox" / "pyproject.toml").read_text("utf-8"))
    named = {re.split(r"[<>=;\[ ]", needed)[0] for needed in project["project"]["dependencies"]}
    assert named == set(NEEDED.values())
