"""Keeps the tests tidy: every test asserts something, none sleeps for long; and the source (`faces`).

Run by `make check`; prints the offenders and exits 1.
"""

import ast
import sys
from pathlib import Path

import faces

MAX_LINES = 400
_ASSERTING = ("assert", "check", "expect", "verify", "refuse", "prove")
_BROWSER_ASSERTING = {"see", "fits"}
"""`tests.browser.window`: waits until a part is seen, or fails; a page that overflows fails."""


def _asserts(function: ast.AST) -> bool:
    for node in ast.walk(function):
        if isinstance(node, ast.Assert):
            return True
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            verb = name.rsplit(".", 1)[-1]
            if name.startswith("pytest.raises") or verb in _BROWSER_ASSERTING or any(w in verb for w in _ASSERTING):
                return True
    return False


def _is_idle_test(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return function.name.startswith("test_") and not _asserts(function)


def _findings(path: Path) -> list[str]:
    source = path.read_text("utf-8")
    tree = ast.parse(source)
    found: list[str] = []
    if len(source.splitlines()) > MAX_LINES:
        found.append(f"{path}: over {MAX_LINES} lines; split it by use case")
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _is_idle_test(node):
            found.append(f"{path}:{node.lineno}: {node.name} asserts nothing")
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("time.sleep", "asyncio.sleep"):
            argument = node.args[0] if node.args else None
            if isinstance(argument, ast.Constant) and isinstance(argument.value, int | float) and argument.value > 2:
                found.append(f"{path}:{node.lineno}: sleeps {argument.value} s; wait for the event instead")
    return found


def main() -> int:
    """Looks at every test file and every module; returns the exit status."""
    findings = [line for path in sorted(Path("tests").rglob("*.py")) for line in _findings(path)]
    findings += faces.findings()
    print("\n".join(findings) or "tests and modules are tidy")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
