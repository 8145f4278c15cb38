"""Modules keep to their faces, SQL to the files of rows, and a code of an error to one error.

Of another module one imports the package and what its `__all__` names; a submodule named there is a face of its own
(`orders.returns`), under the same rule, and so is `history`, for imports of the past. The roots beside the packages
(`wiring.py`, `app.py`) assemble and may take all; `kernel`, `facts` and the outbound clients are open to everyone.
Run by `tests/tidy.py`.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

SOURCE = Path("src/bihuan")
OPEN = {"kernel", "facts", "wechat", "alipay"}
_SQL = re.compile(r"\s*(select(?! pg_)|insert\s+into|update|delete\s+from|with\s+(recursive\s+)?\w+\s+as)\s")
"""Ours is in lower case, so that a sentence is none; a lock of the database (`select pg_...`) names no table."""
_OF_ROWS = re.compile(r"(db|db_\w+|\w+_db|checks|history)\.py")
"""Files that hold SQL; `history` writes the past of another system set by set."""


def findings(source: Path = SOURCE) -> Iterator[str]:
    """What breaks the rules, a line each: file, line, and what to do instead."""
    codes: dict[str, str] = {}
    for path in sorted(source.rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        if path.parent != source:
            yield from _past_faces(source, path, tree)
            yield from _stray_sql(path, tree)
        yield from _codes_again(path, tree, codes)


def _past_faces(source: Path, path: Path, tree: ast.Module) -> Iterator[str]:
    own = path.relative_to(source).parts[0]
    modules: dict[str, str] = {}
    for line, name, bound in _imported(tree):
        module, *rest = name.split(".")
        if module in (own, *OPEN) or not (source / module).is_dir():
            continue
        if not rest:
            modules[bound] = module
        if past := _past(source, module, rest):
            yield f"{path}:{line}: {name} is past the face of {past}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            module = modules[node.value.id]
            if past := _past(source, module, [node.attr]):
                yield f"{path}:{node.lineno}: {module}.{node.attr} is past the face of {past}"


def _imported(tree: ast.Module) -> Iterator[tuple[int, str, str]]:
    """Line, dotted name under `bihuan`, and the name it is bound to, of each import of ours."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found = [(alias.name, alias.asname or "") for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found = [(f"{node.module}.{alias.name}", alias.asname or alias.name) for alias in node.names]
        else:
            continue
        for name, bound in found:
            if name.startswith("bihuan."):
                yield node.lineno, name.removeprefix("bihuan."), bound


def _past(source: Path, module: str, names: list[str]) -> str | None:
    """The module whose face does not show the first of the names that is not shown; None when all are."""
    at = module
    for name in names:
        shown = _shown(source, at)
        if name.startswith("_") or (shown is not None and name not in shown | {"history"}):
            return at
        at = f"{at}.{name}"
    return None


@cache
def _shown(source: Path, module: str) -> set[str] | None:
    """What a module's `__all__` names; None for a file without one, which shows what has no underscore."""
    place = source.joinpath(*module.split("."))
    package = place.is_dir()
    file = place / "__init__.py" if package else place.with_suffix(".py")
    if not file.exists():
        return None
    for node in ast.parse(file.read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return set(ast.literal_eval(node.value))
    return set() if package else None


def _stray_sql(path: Path, tree: ast.Module) -> Iterator[str]:
    if "kernel" in path.parts or _OF_ROWS.fullmatch(path.name) or path.parent.name == "db":
        return
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in prose
            and _SQL.match(node.value)
        ):
            yield f"{path}:{node.lineno}: SQL stands in the module's db files"


def _codes_again(path: Path, tree: ast.Module, codes: dict[str, str]) -> Iterator[str]:
    for kind in ast.walk(tree):
        if not isinstance(kind, ast.ClassDef):
            continue
        for node in kind.body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "code":
                code = ast.unparse(node.value)
                if code in codes:
                    yield f"{path}:{node.lineno}: the code {code} is that of {codes[code]} too"
                codes[code] = f"{kind.name} in {path}"
