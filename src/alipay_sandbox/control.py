"""What a desk does to the sandbox: sets apps and buyers up, looks at trades, loses answers, moves the time."""

from typing import Any

import msgspec

from alipay_sandbox import codes, wire
from alipay_sandbox.http import Answer, Request, as_json
from alipay_sandbox.models import App, Buyer, Trade
from alipay_sandbox.world import World


async def answer(world: World, request: Request) -> Answer:
    """GET apps, trades, refunds, notices, books (of `app_id`), buyers; POST apps, buyers, clock, faults."""
    what = request.path.removeprefix("/_sandbox").strip("/")
    if what == "buyers" or what.startswith("buyers/"):
        return _buyers(world, request, what.removeprefix("buyers").strip("/"))
    if request.method == "GET":
        found = _look(world, what, request.params.get("app_id", ""))
        return as_json({"error": "not found"}, 404) if found is None else as_json(found)
    given = request.json()
    if what == "apps" and request.method == "POST":
        key, name = str(given.get("key", "")), str(given.get("name", "") or given.get("key", ""))
        if not key:
            return as_json({"error": "key is missing"}, 400)
        certified = bool(given.get("certificates"))
        return as_json(describe(world, await world.ensure_app(key, name, certified=certified)))
    if what == "clock" and request.method == "POST":
        world.advance(float(given.get("advance_seconds", 0)))
        return as_json({"now": world.now()})
    if what == "faults" and request.method == "POST":
        for method, times in dict(given.get("lost_answers", {})).items():
            world.lost_answers[str(method)] = int(times)
        world.muted = bool(given.get("muted", world.muted))
        world.cancel_again = int(given.get("cancel_again", world.cancel_again))
        lost = dict(world.lost_answers)
        return as_json({"lost_answers": lost, "muted": world.muted, "cancel_again": world.cancel_again})
    return as_json({"error": "not found"}, 404)


def _buyers(world: World, request: Request, what: str) -> Answer:
    """POST buyers: somebody new, or the one of `key`. GET, POST buyers/{id}; GET buyers/{id}/payment-code."""
    buyer_id, _, rest = what.partition("/")
    buyer = world.buyers.get(buyer_id)
    given = request.json()
    if not what and request.method == "POST":
        buyer = world.ensure_buyer(str(given.get("key", "")))
    if buyer is None or rest not in ("", "payment-code"):
        return as_json({"error": "not found"}, 404)
    if rest:
        return as_json({"code": codes.show(world, buyer), "expires_at": wire.china(buyer.code_until)})
    if request.method == "POST":
        _change(world, buyer, given)
    return as_json({**msgspec.to_builtins(buyer), "url": f"{world.base_url}/code/{buyer.buyer_id}"})


def _change(world: World, buyer: Buyer, given: dict[str, Any]) -> None:
    """What her money allows; what is left out stays."""
    buyer.password_above_fen = int(given.get("password_above_fen", buyer.password_above_fen))
    most: int | None = given.get("pays_up_to_fen", buyer.pays_up_to_fen)
    buyer.pays_up_to_fen = None if most is None else int(most)
    world.buyers.put(buyer.buyer_id, buyer)


def describe(world: World, app: App) -> dict[str, Any]:
    """An app with what its merchant puts into its settings."""
    own, alipays = world.keys_of(app)
    return {
        "key": app.key,
        "name": app.name,
        "app_id": app.app_id,
        "seller_id": app.seller_id,
        "private_key_pem": app.private_key_pem,
        "app_public_key_pem": wire.public_pem(own),
        "alipay_public_key_pem": wire.public_pem(alipays),
        "gateway": f"{world.base_url}/gateway.do",
        "app_cert_pem": app.app_cert_pem,
        "alipay_cert_pem": app.alipay_cert_pem,
        "alipay_root_cert_pem": app.root_cert_pem,
    }


def _look(world: World, what: str, app_id: str) -> Any:
    if what == "healthz":
        return {"status": "ok"}
    if what == "apps":
        return [describe(world, app) for app in world.apps.values()]
    if what == "trades":
        return [_trade(world, trade) for trade in world.trades.values() if trade.app_id == app_id]
    if what == "refunds":
        return [msgspec.to_builtins(row) for row in world.refunds.values() if row.app_id == app_id]
    if what == "notices":
        return [msgspec.to_builtins(row) for row in world.notices.values() if row.app_id == app_id]
    if what == "books":
        return _books(world, app_id)
    return None


def _trade(world: World, trade: Trade) -> dict[str, Any]:
    kind = "qr" if trade.product == "qr" else "cashier"
    return {**msgspec.to_builtins(trade), "url": f"{world.base_url}/{kind}/{trade.token}"}


def _books(world: World, app_id: str) -> dict[str, int]:
    """What Alipay holds for a seller: all that was paid, less refunds, less fees."""
    paid = [trade for trade in world.trades.values() if trade.app_id == app_id and trade.paid_at]
    sums = {
        "paid_fen": sum(trade.total_fen for trade in paid),
        "refunded_fen": sum(trade.refunded_fen for trade in paid),
        "fees_fen": sum(trade.fee_fen for trade in paid),
    }
    return {**sums, "balance_fen": sums["paid_fen"] - sums["refunded_fen"] - sums["fees_fen"]}
