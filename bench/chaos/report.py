"""What a run did, and what was wrong in the end: as data, and for a person."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import msgspec

RESULTS = Path(__file__).parent.parent / "results"
_MOST_SHOWN = 20


class Report(msgspec.Struct, kw_only=True):
    """What happened, and what was wrong in the end."""

    seed: str
    minutes: float
    seconds: float
    quiet_seconds: float
    """How long it took until all had come to rest, and was compared."""
    acts: dict[str, dict[str, int]]
    """By cast."""
    act_seconds: dict[str, dict[str, float]]
    """How long one of each kind took on average, by cast."""
    kills: dict[str, int]
    jumps: int
    time_passed_seconds: float
    orders: int
    """Placed by shoppers."""
    sales: int
    """At tills."""
    refused: int
    happened: dict[str, int]
    promises: int
    calls: int
    repeats: dict[str, int]
    not_at_rest: dict[str, int]
    differences: dict[str, list[str]]
    unexpected: list[str]
    blows: list[str]
    faults: dict[str, int]
    not_played: list[str]
    kept: str | None = None
    """The folder of a run that does not hold."""
    ports: tuple[int, int] = (0, 0)
    """Of its mall and its sandbox."""

    @property
    def total_kills(self) -> int:
        """All kills."""
        return sum(self.kills.values())

    @property
    def holds(self) -> bool:
        """Nothing lost, doubled, unexplained or left behind."""
        return not (self.differences or self.not_at_rest or self.unexpected)

    def did(self, name: str) -> int:
        """How often an act was done."""
        return sum(acts.get(name, 0) for acts in self.acts.values())


def save(report: Report) -> Path:
    """Keeps a report as JSON in bench/results."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"chaos-{report.seed}.json"
    path.write_bytes(msgspec.json.format(msgspec.json.encode(report)))
    return path


def _table(title: str, counts: Mapping[str, int], columns: int = 3) -> list[str]:
    """Counts beside their names, the largest first, in columns that are read downwards."""
    cells = [f"{count:>8,} {name:<26}" for name, count in Counter(counts).most_common()]
    height = -(-len(cells) // columns)
    lines = ["  ".join(cells[row::height]).rstrip() for row in range(height)]
    return [title, *(f"  {line}" for line in lines)] if cells else []


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def show(report: Report) -> str:
    """The report for a person."""
    lines = [
        "",
        f"seed {report.seed}: {_minutes(report.seconds)} of chaos, in which {report.time_passed_seconds / 86400:.1f} "
        f"days passed; at rest and compared after {_minutes(report.quiet_seconds)} more",
        "",
        *(line for cast, acts in report.acts.items() for line in _table(f"{cast} did", acts)),
        *_table(f"killed (kill -9), {report.total_kills} times; the clock jumped {report.jumps} times", report.kills),
        *_table("WeChat's faults", report.faults),
        *_table(f"of {report.calls:,} calls, repeated because of", report.repeats),
        *_table("what came of it", report.happened),
        "",
        f"orders    {report.orders + report.sales:,} survived: {report.orders:,} of shoppers, {report.sales:,} at "
        f"tills; {report.refused:,} were refused",
        f"kills     {report.total_kills:,}",
        f"promises  {report.promises:,} compared",
    ]
    if report.not_played:
        lines.append("not served, so not played: " + ", ".join(report.not_played))
    for what, count in report.not_at_rest.items():
        lines.append(f"NOT AT REST  {count} {what}")
    for what, ids in report.differences.items():
        lines.append(f"DIFFERS      {what}: {len(ids)}")
        lines += [f"    {one}" for one in ids[:_MOST_SHOWN]]
    lines += [f"UNEXPECTED   {one}" for one in report.unexpected[:_MOST_SHOWN]]
    if report.holds:
        lines += ["", "ALL HOLDS: zero lost, doubled or unexplained fen, zero oversold, nothing left behind"]
        return "\n".join(lines)
    lines += ["", f"DOES NOT HOLD. The same decisions again: make chaos SEED={report.seed} MINUTES={report.minutes:g}"]
    if report.kept:
        port, sandbox_port = report.ports
        home = f"BIHUAN_HOME={report.kept}/home"
        lines += [
            f"kept      {report.kept}: the home (database, sandbox, its clock) and mall.log",
            f"look      {home} BIHUAN_PORT={port} BIHUAN_SANDBOX_PORT={sandbox_port} uv run bihuan up --demo",
            "          goes on where it was, at its own time; sign-ins are printed and in home/demo.json; beside it:",
            f"          {home} uv run bihuan verify",
            f"          rm -r {report.kept}    when done",
        ]
    return "\n".join(lines)
