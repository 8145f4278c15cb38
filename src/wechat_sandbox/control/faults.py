"""Faults on demand: put them in force, see what they did, end them."""

from typing import Any

import msgspec
from litestar import delete, get, post
from msgspec import UNSET, Struct, UnsetType

from wechat_sandbox.clock import rfc3339_utc
from wechat_sandbox.control.errors import ControlError, not_found
from wechat_sandbox.faults.profiles import PROFILES, add_any
from wechat_sandbox.faults.rules import FAULTS, Fault, FaultError, Kind, Rule
from wechat_sandbox.world import World


class NewFault(Struct, forbid_unknown_fields=True):
    """A fault (`kind` and `fault`), or a ready set of them (`profile`); see GET for what there is."""

    kind: Kind | UnsetType = UNSET
    fault: Fault | UnsetType = UNSET
    path: str | UnsetType = UNSET
    """Of a call: glob over its path."""
    method: str | UnsetType = UNSET
    event: str | UnsetType = UNSET
    """Of a notification or push: glob over event_type or Event."""
    mchid: str | UnsetType = UNSET
    appid: str | UnsetType = UNSET
    probability: float | UnsetType = UNSET
    seed: str | int | UnsetType = UNSET
    """The same seed and sequence do the same harm."""
    skip: int | UnsetType = UNSET
    count: int | UnsetType | None = UNSET
    for_seconds: float | UnsetType | None = UNSET
    delay_seconds: float | UnsetType | None = UNSET
    spread_seconds: float | UnsetType = UNSET
    profile: str | UnsetType = UNSET
    scale: float | UnsetType = UNSET
    """Of a profile: multiplies its probabilities."""


def _view(rule: Rule) -> dict[str, Any]:
    row: dict[str, Any] = msgspec.to_builtins(rule)
    row |= {"fault_id": rule.fault_id, "fired": rule.fired, "matched": rule.matched, "source": rule.source}
    for name in ("expires_at", "last_fired_at"):
        at = getattr(rule, name)
        row[name] = None if at is None else rfc3339_utc(at)
    return row


@get("/faults", tags=["faults"])
async def list_faults(world: World) -> dict[str, Any]:
    """The faults in force with how often each matched and fired, and what else there could be."""
    return {
        "items": [_view(rule) for rule in world.faults.rules()],
        "available": {
            kind: {fault: {"delay_seconds": delay, "does": does} for fault, (delay, does) in rows.items()}
            for kind, rows in FAULTS.items()
        },
        "profiles": list(PROFILES),
    }


@post("/faults", tags=["faults"])
async def add_fault(world: World, data: NewFault) -> dict[str, Any]:
    """Put a fault or a profile in force, kept with the state file. 400 `refused` with the reason when it cannot be."""
    try:
        rules = add_any(world.faults, msgspec.to_builtins(data), "api", keep=True)
    except FaultError as error:
        raise ControlError(400, "refused", str(error)) from error
    return {"items": [_view(rule) for rule in rules]}


@delete("/faults", tags=["faults"])
async def end_faults(world: World) -> None:
    """End them all; what they hold back goes on."""
    world.faults.clear()


@delete("/faults/{fault_id:str}", tags=["faults"])
async def end_fault(world: World, fault_id: str) -> None:
    """End one."""
    if not world.faults.remove(fault_id):
        raise not_found(f"fault {fault_id}")


HANDLERS = [list_faults, add_fault, end_faults, end_fault]
