"""`python -m bench.chaos`: one run, its report, and 1 when something does not hold."""

import argparse
import secrets
import sys
import time

from bench.chaos.report import save, show
from bench.chaos.run import Plan, play

_TELL_EVERY_SECONDS = 30.0
"""Where nobody looks on: in a file, or a pipeline's log."""


class Progress:
    """One line that is written over on a terminal; elsewhere a line now and then."""

    def __init__(self) -> None:
        self._on_terminal = sys.stdout.isatty()
        self._told_at = -_TELL_EVERY_SECONDS
        self._began_at = time.monotonic()

    def tell(self, what: str) -> None:
        """How far it is."""
        now = time.monotonic() - self._began_at
        line = f"{int(now) // 60:3}:{int(now) % 60:02}  {what}"
        if self._on_terminal:
            print(f"\r\033[K{line[:118]}", end="", flush=True)
        elif now - self._told_at >= _TELL_EVERY_SECONDS or not what.lstrip()[:1].isdigit():
            self._told_at = now
            print(line, flush=True)


def main() -> int:
    """Reads the command line, plays, reports; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench.chaos", description=__doc__)
    parser.add_argument("--seed", default=secrets.token_hex(4), help="decides everything; by chance if not given")
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--shoppers", type=int, default=56)
    parser.add_argument("--kill-every", type=float, default=3.6, help="seconds on average; 0: nothing dies, no jumps")
    parser.add_argument("--faults", type=float, default=1.0, help="scale of the profile bad_day; 0: none")
    parser.add_argument("--no-month", action="store_true", help="do not let a month pass in the end")
    parser.add_argument("--blows", action="store_true", help="list every kill and jump")
    chosen = parser.parse_args()
    faults = {"profile": "bad_day", "seed": chosen.seed, "scale": chosen.faults} if chosen.faults else None
    plan = Plan(
        seed=chosen.seed,
        minutes=chosen.minutes,
        shoppers=chosen.shoppers,
        kill_every_seconds=chosen.kill_every,
        faults=faults,
        month_after=not chosen.no_month,
        keep=True,
    )
    print(f"seed {plan.seed}, {plan.minutes:g} minutes", flush=True)
    report = play(plan, Progress().tell)
    print("\n".join(["", *report.blows]) if chosen.blows else "", show(report), sep="\n")
    print(f"written   {save(report)}")
    return 0 if report.holds else 1


if __name__ == "__main__":
    sys.exit(main())
