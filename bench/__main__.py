"""`python -m bench [name ...]`: runs the benches, all by default."""

import importlib
import sys
import time

from bench import results

ALL = (
    "orders",
    "race",
    "checkout",
    "notifications",
    "oa_events",
    "facts",
    "ledger",
    "reconciliation",
    "start",
    "olist",
    "sandbox",
)


def main(names: list[str]) -> int:
    """Runs the named benches; returns the exit status."""
    unknown = [name for name in names if name not in ALL]
    if unknown:
        print(f"no such bench: {', '.join(unknown)}; there are {', '.join(ALL)}")
        return 2
    results.start_afresh()
    started = time.monotonic()
    for name in names or ALL:
        print(f"\n== {name}", flush=True)
        importlib.import_module(f"bench.{name}").main()
    print(f"\n{time.monotonic() - started:.0f} s; results in {results.PATH}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
