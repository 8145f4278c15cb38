"""Where primes were found, so that the next start with the same seed need not look for them.

No secret: two small numbers per key, of use only to who has the seed. Those of the default seed come with the
package, others are remembered in `~/.cache/wechat-sandbox/places.json`. A place that is wrong is noticed.
"""

import json
import os
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from wechat_sandbox.known_primes import KNOWN

MAX_PLACES = 5000
Place = tuple[int, int]


def _file() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "wechat-sandbox" / "places.json"


@cache
def _remembered() -> dict[str, Place]:
    found: dict[str, Place] = {}
    with suppress(OSError, ValueError, TypeError, AttributeError, RuntimeError):
        rows: dict[str, Any] = json.loads(_file().read_text())
        found = {name: (int(p), int(q)) for name, (p, q) in rows.items()}
    return found


def find_place(secret: bytes) -> Place | None:
    """Where the primes of a key's secret lie, if that is known."""
    name = secret[:8].hex()
    return KNOWN.get(name) or _remembered().get(name)


def keep_place(secret: bytes, place: Place) -> None:
    """Remember a place; a cache that cannot be written is done without."""
    name, places = secret[:8].hex(), _remembered()
    if KNOWN.get(name) == place or places.get(name) == place or len(places) >= MAX_PLACES:
        return
    places[name] = place
    with suppress(OSError, RuntimeError):
        path = _file()
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as file:
            json.dump(places, file)
        os.replace(file.name, path)
