"""What a bench found: printed for a person, appended for a script."""

from pathlib import Path

import msgspec

PATH = Path(__file__).parent / "results" / "latest.json"


class Result(msgspec.Struct, frozen=True):
    """A figure and the limit that it is held against; `ratio` is value / limit_value."""

    name: str
    value: float
    unit: str
    limit: str
    limit_value: float
    ratio: float


def report(name: str, value: float, unit: str, limit: str, limit_value: float) -> Result:
    """Prints a result and appends it to bench/results/latest.json."""
    ratio = value / limit_value if limit_value else 0.0
    result = Result(name, round(value, 2), unit, limit, round(limit_value, 2), round(ratio, 3))
    print(f"{name:<34} {value:>12,.1f} {unit:<10} limit {limit_value:>12,.1f} ({limit})  ratio {ratio:.2f}", flush=True)
    PATH.parent.mkdir(exist_ok=True)
    known = msgspec.json.decode(PATH.read_bytes(), type=list[Result]) if PATH.exists() else []
    PATH.write_bytes(msgspec.json.format(msgspec.json.encode([*known, result])))
    return result


def start_afresh() -> None:
    """Forgets the results of the last run."""
    PATH.unlink(missing_ok=True)
