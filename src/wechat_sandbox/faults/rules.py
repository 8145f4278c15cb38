"""Rules of what shall go wrong, and the decision whether it does, the same for the same seed and sequence."""

import hashlib
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any, Literal

import msgspec
from msgspec import Struct

from wechat_sandbox.clock import Clock
from wechat_sandbox.store import Store, Table

Kind = Literal["api", "notification", "push"]
Fault = Literal[
    "slow_before",
    "slow_after",
    "error_before",
    "error_after",
    "frequency_limited",
    "cut_before",
    "cut_after",
    "late_answer",
    "notified_before_answer",
    "delayed",
    "dropped",
    "lost",
    "doubled",
    "reordered",
    "wrong_signature",
    "signtest",
    "early",
]

FAULTS: dict[Kind, dict[Fault, tuple[float, str]]] = {
    "api": {
        "slow_before": (3.0, "The call takes effect after `delay_seconds`."),
        "slow_after": (3.0, "The call takes effect at once, the answer comes after `delay_seconds`."),
        "error_before": (0.0, "500 SYSTEM_ERROR (errcode -1), nothing happened."),
        "error_after": (0.0, "500 SYSTEM_ERROR (errcode -1), though it took effect."),
        "frequency_limited": (0.0, "429 FREQUENCY_LIMITED (errcode 45011), nothing happened."),
        "cut_before": (0.0, "The connection breaks without an answer, nothing happened."),
        "cut_after": (0.0, "It took effect; the connection breaks after half of the answer."),
        "late_answer": (60.0, "It took effect; the answer waits until the client has given up."),
        "notified_before_answer": (
            10.0,
            "The notification arrives before the answer; after a prepay, the shopper has paid by then.",
        ),
    },
    "notification": {
        "delayed": (60.0, "This try leaves `delay_seconds` of sandbox time later."),
        "dropped": (0.0, "This try does not arrive; the next one comes as scheduled."),
        "lost": (0.0, "No try of this notification arrives: the merchant has to query."),
        "doubled": (0.0, "It arrives twice at the same time."),
        "reordered": (5.0, "It waits until a later one has arrived, or `delay_seconds` of sandbox time."),
        "wrong_signature": (0.0, "The signature does not match the body."),
        "signtest": (0.0, "A probe with a WECHATPAY/SIGNTEST/ signature comes first; the merchant must refuse it."),
        "early": (10.0, "The notification arrives before the payment sheet's answer."),
    },
    "push": {
        "delayed": (30.0, "This try leaves `delay_seconds` of sandbox time later."),
        "dropped": (0.0, "This try does not arrive; the next one comes as scheduled."),
        "doubled": (0.0, "It arrives twice at the same time."),
        "reordered": (5.0, "It waits until a later one has arrived, or `delay_seconds` of sandbox time."),
        "wrong_signature": (0.0, "`signature` and `msg_signature` do not match."),
    },
}
"""What can go wrong by what it befalls: default delay in seconds, and what it does."""

MAX_DELAY_SECONDS = 30 * 86400.0
MAX_RULES = 200


class FaultError(Exception):
    """A rule that cannot be; the text says why."""


class WantedRule(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A rule as it is asked for: over HTTP, in the YAML file, on the command line."""

    kind: Kind
    fault: Fault
    path: str = "*"
    """Glob over the path of a call; `*` also stands for slashes."""
    method: str = "*"
    event: str = "*"
    """Glob over a notification's event_type or a push's Event (MsgType where there is none)."""
    mchid: str | None = None
    appid: str | None = None
    probability: float = 1.0
    seed: str | int = 0
    skip: int = 0
    """How many matching ones to spare first."""
    count: int | None = None
    """How often at most; without it, without end."""
    for_seconds: float | None = None
    """Until when, in sandbox time from now."""
    delay_seconds: float | None = None
    spread_seconds: float = 0.0
    """Up to so much more delay, by the seed."""


class Rule(WantedRule, kw_only=True):
    """A rule in force, and what it did."""

    fault_id: str
    source: str = "api"
    expires_at: float | None = None
    matched: int = 0
    fired: int = 0
    last_fired_at: float | None = None
    probes_refused: int = 0
    """Of `signtest` and `wrong_signature`: how many the merchant refused, as it should."""
    probes_accepted: int = 0
    """How many forged ones it took for good."""


class Occasion(Struct):
    """What a rule may befall: one call, one try of a notification or push."""

    kind: Kind
    path: str = ""
    method: str = "POST"
    mchid: str = ""
    appid: str = ""
    event: str = ""


class Hit(Struct):
    """A rule that fires now, and for how long where it delays."""

    rule: Rule
    delay_seconds: float

    @property
    def name(self) -> str:
        """How the inspector names it."""
        return f"{self.rule.fault} ({self.rule.fault_id})"


def _even(text: str) -> float:
    """A number in [0, 1) that depends on the text alone."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") / 2**64


class LostNotice(Struct):
    """A notification of which no try arrives any more."""

    notice_id: str


class Faults:
    """The rules of one sandbox.

    Those made over HTTP are kept with the state; those of the file and of the command line are made again at each
    start. What a rule did is kept whenever it fires, and at the end.
    """

    def __init__(self, clock: Clock, store: Store) -> None:
        self._clock = clock
        self._kept = Table(store, "fault", Rule)
        self._lost = Table(store, "fault_lost", LostNotice)
        self._rules: dict[str, Rule] = {rule.fault_id: rule for rule in self._kept.values()}
        self._made = max((int(fault_id[1:]) for fault_id in self._rules), default=0)
        self.on_api = False
        self.on_send = False
        self.on_payment = False
        """Whether any rule may befall calls, sends, payments of a sheet: the hot paths ask only this."""
        self.held: list[Callable[[], None]] = []
        """What waits to be overtaken."""
        self._look()

    def add(self, wanted: WantedRule, source: str = "api", *, keep: bool = False) -> Rule:
        """Put a rule in force; with `keep` it is there again after a restart. Raises FaultError."""
        _check(wanted)
        if len(self._rules) >= MAX_RULES:
            raise FaultError(f"at most {MAX_RULES} rules at a time")
        self._made += 1
        now = self._clock.now()
        rule = Rule(
            **{name: getattr(wanted, name) for name in WantedRule.__struct_fields__},
            fault_id=f"f{self._made}",
            source=source,
            expires_at=None if wanted.for_seconds is None else now + wanted.for_seconds,
        )
        self._rules[rule.fault_id] = rule
        if keep:
            self._kept.put(rule.fault_id, rule)
        self._look()
        return rule

    def remove(self, fault_id: str) -> bool:
        """End one rule; False when there is none."""
        found = self._rules.pop(fault_id, None) is not None
        self._kept.delete(fault_id)
        self._look()
        return found

    def clear(self) -> None:
        """End all rules, and let go what waits."""
        self._rules.clear()
        for rule in self._kept.values():
            self._kept.delete(rule.fault_id)
        for row in self._lost.values():
            self._lost.delete(row.notice_id)
        self._look()
        self.release()

    def lose(self, notice_id: str) -> None:
        """No try of this notification arrives any more."""
        self._lost.put(notice_id, LostNotice(notice_id))

    def is_lost(self, notice_id: str) -> bool:
        """Whether no try of this notification arrives."""
        return notice_id in self._lost

    def save(self) -> None:
        """Keep how often each rule matched, which its seeded sequence goes on from."""
        for rule in self._rules.values():
            self._save(rule)

    def _save(self, rule: Rule) -> None:
        if rule.fault_id in self._kept:
            self._kept.put(rule.fault_id, rule)

    def rules(self) -> list[Rule]:
        """All in force or run out, oldest first."""
        return list(self._rules.values())

    def _look(self) -> None:
        kinds = {rule.kind for rule in self._rules.values()}
        self.on_api = "api" in kinds
        self.on_send = bool(kinds - {"api"}) or len(self._lost) > 0
        self.on_payment = any(rule.fault == "early" for rule in self._rules.values())

    def decide(self, occasion: Occasion, only: Fault | None = None) -> Hit | None:
        """The first rule that fires on this occasion; `early` ones only when asked for by name."""
        for rule in self._rules.values():
            if rule.kind != occasion.kind or (rule.fault == "early" if only is None else rule.fault != only):
                continue
            if not self._matches(rule, occasion):
                continue
            rule.matched += 1
            turn = f"{rule.seed}:{rule.kind}:{rule.fault}:{rule.matched}"
            if rule.matched <= rule.skip or _even(turn) >= rule.probability:
                continue
            rule.fired += 1
            rule.last_fired_at = self._clock.now()
            self._save(rule)
            delay = FAULTS[rule.kind][rule.fault][0] if rule.delay_seconds is None else rule.delay_seconds
            return Hit(rule, delay + rule.spread_seconds * _even(turn + ":delay"))
        return None

    def _matches(self, rule: Rule, occasion: Occasion) -> bool:
        if rule.count is not None and rule.fired >= rule.count:
            return False
        if rule.expires_at is not None and self._clock.now() >= rule.expires_at:
            return False
        return (
            rule.mchid in (None, occasion.mchid)
            and rule.appid in (None, occasion.appid)
            and rule.method in ("*", occasion.method)
            and fnmatchcase(occasion.path, rule.path)
            and fnmatchcase(occasion.event, rule.event)
        )

    def release(self) -> None:
        """Something has arrived: what was to be overtaken goes on."""
        held, self.held = self.held, []
        for go_on in held:
            go_on()


def _check(wanted: WantedRule) -> None:
    if wanted.fault not in FAULTS[wanted.kind]:
        raise FaultError(f"{wanted.kind} has no fault {wanted.fault}; there are {', '.join(FAULTS[wanted.kind])}")
    if not 0 <= wanted.probability <= 1:
        raise FaultError("probability is 0 to 1")
    for name in ("skip", "count", "for_seconds", "delay_seconds", "spread_seconds"):
        value = getattr(wanted, name)
        if value is not None and not 0 <= value <= (MAX_DELAY_SECONDS if "seconds" in name else 10**9):
            raise FaultError(f"{name} is out of range")


_NUMBERS = {"probability", "for_seconds", "delay_seconds", "spread_seconds"}


def read_option(text: str) -> dict[str, Any]:
    """A `--fault` option as the mapping that the YAML file would hold.

    `notification:doubled,probability=0.2,event=TRANSACTION.*` or `profile=bad_day,seed=7`. Raises FaultError.
    """
    wanted: dict[str, Any] = {}
    for part in text.split(","):
        name, equals, value = part.strip().partition("=")
        if equals:
            wanted[name] = value
        elif ":" in name:
            wanted["kind"], _, wanted["fault"] = name.partition(":")
        else:
            raise FaultError(f"{part!r} is neither kind:fault nor name=value")
    for name in wanted.keys() & (_NUMBERS | {"skip", "count"}):
        try:
            wanted[name] = float(wanted[name]) if name in _NUMBERS else int(wanted[name])
        except ValueError as error:
            raise FaultError(f"{name} is a number, not {wanted[name]!r}") from error
    return wanted


def convert(wanted: dict[str, Any]) -> WantedRule:
    """The rule in a mapping. Raises FaultError that names what is wrong."""
    try:
        return msgspec.convert(wanted, WantedRule)
    except msgspec.ValidationError as error:
        raise FaultError(str(error)) from error
