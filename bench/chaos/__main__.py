"""`python -m bench.chaos`: one run, its report, and 1 when something does not hold."""

import argparse
import secrets
import sys

from bench.chaos.run import Plan, play, save, show


def main() -> int:
    """Reads the command line, plays, reports; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench.chaos", description=__doc__)
    parser.add_argument("--seed", default=secrets.token_hex(4), help="decides everything; by chance if not given")
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--shoppers", type=int, default=32)
    parser.add_argument("--kill-every", type=float, default=4.0, help="seconds on average; 0: nothing dies, no jumps")
    parser.add_argument("--faults", type=float, default=1.0, help="scale of the profile bad_day; 0: none")
    parser.add_argument("--blows", action="store_true", help="list every kill and jump")
    chosen = parser.parse_args()
    faults = {"profile": "bad_day", "seed": chosen.seed, "scale": chosen.faults} if chosen.faults else None
    plan = Plan(
        seed=chosen.seed,
        minutes=chosen.minutes,
        shoppers=chosen.shoppers,
        befalls="chaos" if chosen.kill_every else "nothing",
        kill_every_seconds=chosen.kill_every,
        faults=faults,
    )
    print(f"seed {plan.seed}, {plan.minutes:g} minutes", flush=True)
    report = play(plan)
    print("\n".join(report.blows) if chosen.blows else "", show(report), f"kept in {save(report)}", sep="\n")
    return 0 if report.holds else 1


if __name__ == "__main__":
    sys.exit(main())
