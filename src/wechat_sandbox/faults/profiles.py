"""Ready sets of rules: a day on which a little of everything goes wrong."""

from typing import Any

from wechat_sandbox.faults.rules import FaultError, Faults, Rule, WantedRule, convert

_BAD_DAY: tuple[dict[str, Any], ...] = (
    {"kind": "api", "fault": "slow_before", "probability": 0.02, "delay_seconds": 0.05, "spread_seconds": 0.4},
    {"kind": "api", "fault": "slow_after", "probability": 0.02, "delay_seconds": 0.05, "spread_seconds": 0.4},
    {"kind": "api", "fault": "error_before", "probability": 0.015},
    {"kind": "api", "fault": "error_after", "probability": 0.01},
    {"kind": "api", "fault": "frequency_limited", "probability": 0.01},
    {"kind": "api", "fault": "cut_before", "probability": 0.01},
    {"kind": "api", "fault": "cut_after", "probability": 0.01},
    {"kind": "api", "fault": "late_answer", "probability": 0.003, "delay_seconds": 30.0},
    {"kind": "api", "fault": "notified_before_answer", "probability": 0.01, "path": "/v3/refund/*"},
    {"kind": "notification", "fault": "delayed", "probability": 0.03, "delay_seconds": 5.0, "spread_seconds": 1800.0},
    {"kind": "notification", "fault": "dropped", "probability": 0.03},
    {"kind": "notification", "fault": "lost", "probability": 0.01},
    {"kind": "notification", "fault": "doubled", "probability": 0.05},
    {"kind": "notification", "fault": "reordered", "probability": 0.04},
    {"kind": "notification", "fault": "wrong_signature", "probability": 0.01},
    {"kind": "notification", "fault": "signtest", "probability": 0.02},
    {"kind": "notification", "fault": "early", "probability": 0.05},
    {"kind": "push", "fault": "delayed", "probability": 0.02, "delay_seconds": 1.0, "spread_seconds": 60.0},
    {"kind": "push", "fault": "dropped", "probability": 0.03},
    {"kind": "push", "fault": "doubled", "probability": 0.05},
    {"kind": "push", "fault": "reordered", "probability": 0.03},
    {"kind": "push", "fault": "wrong_signature", "probability": 0.01},
)

PROFILES: dict[str, tuple[dict[str, Any], ...]] = {"bad_day": _BAD_DAY}


def add_any(faults: Faults, wanted: dict[str, Any], source: str, *, keep: bool = False) -> list[Rule]:
    """Put one rule, or a profile `{"profile", "seed"?, "scale"?}`, in force. Raises FaultError.

    `scale` multiplies the profile's probabilities; `keep` as in `Faults.add`.
    """
    if "profile" not in wanted:
        return [faults.add(convert(wanted), source, keep=keep)]
    unknown = wanted.keys() - {"profile", "seed", "scale", "mchid"}
    if unknown:
        raise FaultError(f"a profile has no {', '.join(sorted(unknown))}; it takes profile, seed, scale, mchid")
    rows = PROFILES.get(str(wanted["profile"]))
    if rows is None:
        raise FaultError(f"no profile {wanted['profile']!r}; there are {', '.join(PROFILES)}")
    try:
        scale = float(wanted.get("scale", 1.0))
    except (TypeError, ValueError) as error:
        raise FaultError("scale is a number") from error
    if not 0 <= scale <= 1000:
        raise FaultError("scale is 0 to 1000")
    common = {"seed": str(wanted.get("seed", 0))} | ({"mchid": wanted["mchid"]} if "mchid" in wanted else {})
    rules: list[WantedRule] = [
        convert({**row, **common, "probability": min(1.0, row["probability"] * scale)})
        for row in rows
        if not (row["kind"] == "push" and "mchid" in wanted)
    ]
    return [faults.add(rule, f"profile:{wanted['profile']}", keep=keep) for rule in rules]
