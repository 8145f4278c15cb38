"""Placement by group commit.

Orders wait in the process (`kernel/group_commit.py`); those of a merchant that wait together are placed by one
call of one SQL function: however many shoppers press the button, a merchant's stock rows are locked once per batch
and the disk is flushed once.

A killed process loses only orders that were not yet answered; their shoppers repeat with the same key.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta

import asyncpg
import msgspec
import structlog

from bihuan import attribution, catalog, identity, inventory, membership, merchants
from bihuan.identity import Address
from bihuan.inventory import OutOfStock
from bihuan.kernel import metrics
from bihuan.kernel.db import Tx
from bihuan.kernel.errors import Problem, Unavailable
from bihuan.kernel.group_commit import GroupCommit, Limits
from bihuan.kernel.idempotency import KeyReused
from bihuan.kernel.ids import AddressId, LineId, LocationId, MerchantId, OrderId, PoolId, ShopperId, SkuId, new_id
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import Merchant, StockLocations
from bihuan.orders import cart_db, placement_db, points, rules, views
from bihuan.orders.errors import DeliveryIncomplete, PlacementBusy, PriceChanged
from bihuan.orders.placement_db import Draft, Outcome
from bihuan.orders.schemas import (
    AddressView,
    DeliveryView,
    OrderInput,
    OrderLineView,
    OrderView,
    Quote,
    StoreView,
)

log = structlog.get_logger(__name__)

LIMITS = Limits(linger_seconds=0.010)
"""Tried at 256 connections: not to linger takes more CPU for each order, to do it by the clock leaves machines idle."""
_MAX_ROUNDS = 600
"""Each round settles at least the first order of a batch; more rounds than this mean a fault."""


class Command(msgspec.Struct, frozen=True):
    """One shopper's wish to buy, verified and parsed."""

    shopper_id: ShopperId
    key: str
    input_hash: bytes
    input: OrderInput
    sold_by: attribution.Attribution | None = None
    """Of a sale at a till: whom it is owed to; its store hands over, whether or not it offers pickup."""


_PLACED = metrics.ORDERS.labels("placed")

Answer = OrderView | Problem


class Flusher:
    """The queue and the flusher of one process."""

    def __init__(self) -> None:
        self._gathered: GroupCommit[tuple[Merchant, Command], OrderView] = GroupCommit(
            self._place_safely, PlacementBusy, LIMITS
        )
        self._with_points: GroupCommit[tuple[Merchant, Command], OrderView] = GroupCommit(
            self._place_safely, PlacementBusy, LIMITS
        )  # apart: they take more statements, which the others need not wait for
        self._numbers = rules.OrderNumbers()

    async def place(self, rt: Runtime, merchant: Merchant, command: Command) -> OrderView:
        """Waits for the batch that carries this order. Raises what refuses it, PlacementBusy when too many wait."""
        try:
            queue = self._with_points if command.input.use_points else self._gathered
            return await queue.submit(rt, merchant.merchant_id, (merchant, command))
        except Problem as problem:
            metrics.ORDERS.labels(problem.code).inc()
            raise

    async def run(self, rt: Runtime) -> None:
        """Flushes for as long as the process lives; `wiring.BACKGROUND` runs it."""
        await asyncio.gather(self._gathered.run(rt), self._with_points.run(rt))

    async def _place_safely(
        self, rt: Runtime, _: MerchantId, group: list[tuple[Merchant, Command]]
    ) -> list[OrderView | Exception]:
        """Places a group; what fails as a whole (a number that collides, a value that does not fit) goes one by one."""
        merchant, commands = group[0][0], [command for _, command in group]
        try:
            placed = await place_batch(rt, merchant, commands, self._numbers)
            await _empty_carts(rt, merchant, commands, placed)
            return [*placed]
        except (asyncpg.UniqueViolationError, asyncpg.DeadlockDetectedError, asyncpg.DataError) as error:
            log.warning("placement batch collided", error=str(error), size=len(commands))
        except Unavailable as outage:
            log.warning("placement batch interrupted", error=str(outage.__cause__), size=len(commands))
            return [outage for _ in commands]
        except Exception:
            log.exception("placement batch failed", size=len(commands))
            return [Problem() for _ in commands]
        answers: list[OrderView | Exception] = []
        for command in commands:
            try:
                placed = await place_batch(rt, merchant, [command], self._numbers)
                await _empty_carts(rt, merchant, [command], placed)
                answers += placed
            except Unavailable as outage:
                answers.append(outage)
            except Exception:
                log.exception("placement failed", shopper_id=str(command.shopper_id))
                answers.append(Problem())
        return answers


async def _empty_carts(rt: Runtime, merchant: Merchant, commands: Sequence[Command], answers: Sequence[Answer]) -> None:
    """Takes what was ordered from a cart out of it; the orders stand even when this fails."""
    ordered = [
        (command.shopper_id, line.sku_id)
        for command, answer in zip(commands, answers, strict=True)
        if command.input.from_cart and isinstance(answer, OrderView)
        for line in command.input.lines
    ]
    if not ordered:
        return
    try:
        async with rt.db.session() as tx:
            await cart_db.delete_pairs(tx, merchant.merchant_id, ordered)
    except Exception:
        log.exception("carts kept what was ordered", size=len(ordered))


async def place_batch(
    rt: Runtime, merchant: Merchant, commands: Sequence[Command], numbers: rules.OrderNumbers
) -> list[Answer]:
    """Places orders of one merchant; one answer each, in order.

    Each round drafts in a few set-based reads and places in one statement that commits by itself. With points it is a
    transaction: cards are locked before stock, and the points are held with the order or not at all.
    """
    metrics.PLACEMENT_BATCH.observe(len(commands))
    answers: dict[int, Answer] = {}
    waiting, followers = _without_repeats(commands, answers)
    with_points = any(command.input.use_points for command in commands)
    for _ in range(_MAX_ROUNDS):
        if not waiting:
            break
        async with rt.db.transaction() if with_points else rt.db.session() as tx:
            found = await _place_round(tx, merchant, [commands[i] for i in waiting], numbers, with_points=with_points)
        answers |= {index: answer for index, answer in zip(waiting, found, strict=True) if answer is not None}
        waiting = [index for index in waiting if index not in answers]
    for index, leader in followers.items():
        answers[index] = answers[leader]
    _PLACED.inc(sum(isinstance(answer, OrderView) for answer in answers.values()))
    return [answers.get(index) or PlacementBusy() for index in range(len(commands))]


async def _place_round(
    tx: Tx, merchant: Merchant, commands: Sequence[Command], numbers: rules.OrderNumbers, *, with_points: bool
) -> list[Answer | None]:
    """Tries to place each; None for those that must be tried again: stock went meanwhile, or the catalogue changed."""
    mid = merchant.merchant_id
    context = await _read_context(tx, merchant, commands)
    drafts, refusals = _draft(tx, merchant, commands, context, numbers)
    if refusals and not await catalog.SELLABLE_MEMORY.is_current(tx, mid, context.goods):
        return [None for _ in commands]
    if with_points:
        refusals |= await points.refuse_short(tx, mid, drafts)
        drafts = {place: draft for place, draft in drafts.items() if place not in refusals}
    concluded = await _unless_placed(tx, merchant, commands, refusals) if refusals else {}
    outcomes: dict[OrderId, Outcome] | None = {}
    if drafts:
        ttl = timedelta(seconds=merchant.order_ttl_seconds)
        outcomes = await placement_db.place(tx, mid, list(drafts.values()), ttl, context.goods.version)
    if outcomes is None:
        catalog.SELLABLE_MEMORY.forget(mid, context.goods)
        return [concluded.get(place) for place in range(len(commands))]
    if with_points:
        held = {order_id for order_id, one in outcomes.items() if one.outcome == "held"}
        await points.hold(tx, mid, [draft for draft in drafts.values() if draft.view.order_id in held])
    return [
        concluded.get(place) or await _conclude(tx, merchant, drafts[place], outcomes, command)
        for place, command in enumerate(commands)
    ]


def _without_repeats(commands: Sequence[Command], answers: dict[int, Answer]) -> tuple[list[int], dict[int, int]]:
    """Splits a batch into those to place and those that repeat an earlier one of it (same shopper and key)."""
    first: dict[tuple[ShopperId, str], int] = {}
    waiting: list[int] = []
    followers: dict[int, int] = {}
    for index, command in enumerate(commands):
        leader = first.setdefault((command.shopper_id, command.key), index)
        if leader == index:
            waiting.append(index)
        elif commands[leader].input_hash == command.input_hash:
            followers[index] = leader
        else:
            answers[index] = KeyReused()
    return waiting, followers


async def _conclude(
    tx: Tx, merchant: Merchant, draft: Draft, outcomes: dict[OrderId, Outcome], command: Command
) -> Answer | None:
    """The answer for a draft's outcome; None when it must be tried again."""
    outcome = outcomes.get(draft.view.order_id)
    if outcome is None or outcome.outcome == "short":
        short = set(outcome.short_pools or ()) if outcome else set(draft.pool_ids)
        pairs = zip(draft.view.lines, draft.pool_ids, strict=True)
        return OutOfStock(sku_ids=[line.sku_id for line, pool in pairs if pool in short])
    if outcome.outcome == "retry":
        return None
    if outcome.outcome == "repeat" and outcome.known_order_id is not None:
        return await _again(tx, merchant, command, outcome.known_order_id, outcome.known_hash)
    return draft.view


async def _unless_placed(
    tx: Tx, merchant: Merchant, commands: Sequence[Command], refusals: Mapping[int, Problem]
) -> dict[int, Answer]:
    """Refusals by position, but for orders that were placed before: whatever became of their goods, they stand."""
    ids = {place: new_id() for place in refusals}
    asked = {ids[place]: (commands[place].shopper_id, commands[place].key) for place in refusals}
    placed = await placement_db.find_placed(tx, merchant.merchant_id, asked)
    answers: dict[int, Answer] = {**refusals}
    for place in refusals:
        if known := placed.get(ids[place]):
            answers[place] = await _again(tx, merchant, commands[place], known.order_id, known.input_hash)
    return answers


async def _again(tx: Tx, merchant: Merchant, command: Command, order_id: OrderId, input_hash: bytes | None) -> Answer:
    """The answer to a key that has this order."""
    return KeyReused() if input_hash != command.input_hash else await views.get_order(tx, merchant, order_id)


class _Context(msgspec.Struct, frozen=True):
    """What a batch needs to know, read set-based."""

    goods: catalog.Goods
    pools: Mapping[tuple[SkuId, LocationId], PoolId]
    attributions: dict[ShopperId, attribution.Attribution]
    addresses: dict[tuple[ShopperId, AddressId], Address]
    locations: StockLocations
    points: membership.PointsSettings | None


def _draft(
    tx: Tx, merchant: Merchant, commands: Sequence[Command], context: _Context, numbers: rules.OrderNumbers
) -> tuple[dict[int, Draft], dict[int, Problem]]:
    """Drafts of a batch by position, and the refusals of those that cannot be drafted."""
    drafts: dict[int, Draft] = {}
    refusals: dict[int, Problem] = {}
    for place, command in enumerate(commands):
        try:
            drafts[place] = _draft_one(tx, merchant, command, context, numbers)
        except Problem as problem:
            refusals[place] = problem
    return drafts, refusals


async def _read_context(tx: Tx, merchant: Merchant, commands: Sequence[Command]) -> _Context:
    mid = merchant.merchant_id
    skus = {line.sku_id for c in commands for line in c.input.lines}
    locations = await merchants.stock_locations(tx, mid)
    wanted = {
        (line.sku_id, where)
        for c in commands
        for line in c.input.lines
        if (where := locations.serving(c.input.delivery.store_id if c.input.delivery.method == "pickup" else None))
    }
    addresses = [
        (c.shopper_id, c.input.delivery.address_id)
        for c in commands
        if c.input.delivery.method == "ship" and c.input.delivery.address_id is not None
    ]
    return _Context(
        goods=await catalog.SELLABLE_MEMORY.recall(tx, mid, skus),
        pools=await inventory.POOL_MEMORY.find(tx, mid, wanted),
        attributions=await attribution.resolve(tx, mid, list({c.shopper_id for c in commands}), tx.now),
        addresses=await identity.list_addresses_of(tx, addresses) if addresses else {},
        locations=locations,
        points=await membership.get_settings(tx, mid) if any(c.input.use_points for c in commands) else None,
    )


def _draft_one(tx: Tx, merchant: Merchant, command: Command, context: _Context, numbers: rules.OrderNumbers) -> Draft:
    """Prices one order and checks it against what the shopper saw. Raises the Problem that refuses it."""
    order = command.input
    delivery, location = _delivery(command, context)
    wanted = rules.merge_lines([(line.sku_id, line.quantity) for line in order.lines])
    quote = rules.price(merchant, wanted, context.goods.sellables, order.delivery.method)
    if order.use_points:
        quote = points.agreed(quote, context.points, order.use_points)
    _check_prices(order, quote)
    missing = [line.sku_id for line in quote.lines if (line.sku_id, location) not in context.pools]
    if missing:
        raise OutOfStock(sku_ids=missing)
    return Draft(
        view=_view(quote, delivery, numbers, tx, merchant, order.remark),
        shopper_id=command.shopper_id,
        key=command.key,
        input_hash=command.input_hash,
        attribution=command.sold_by or context.attributions[command.shopper_id],
        pickup_code=rules.draw_pickup_code() if delivery.method == "pickup" else None,
        pool_ids=[context.pools[line.sku_id, location] for line in quote.lines],
        points=order.use_points,
    )


def _delivery(command: Command, context: _Context) -> tuple[DeliveryView, LocationId]:
    wish = command.input.delivery
    if wish.method == "pickup":
        offered = context.locations.pickup_store(wish.store_id)
        store = context.locations.stores.get(wish.store_id) if command.sold_by and wish.store_id else offered
        if store is None:
            raise DeliveryIncomplete
        view = StoreView(store.store_id, store.name, f"{store.province}{store.city}{store.district}{store.address}")
        where = context.locations.by_store[store.store_id]
        return DeliveryView("pickup", store=view), where
    address = context.addresses.get((command.shopper_id, wish.address_id)) if wish.address_id else None
    if address is None:
        raise DeliveryIncomplete
    view_of = AddressView(address.name, address.phone, address.province, address.city, address.district, address.street)
    return DeliveryView("ship", address=view_of), context.locations.warehouse


def _check_prices(order: OrderInput, quote: Quote) -> None:
    seen = {line.sku_id: line.price_fen for line in order.lines}
    changed = [line for line in quote.lines if seen[line.sku_id] != line.unit_price_fen]
    if changed or order.total_fen != quote.total_fen:
        raise PriceChanged(
            lines=[{"sku_id": line.sku_id, "price_fen": line.unit_price_fen} for line in changed],
            total_fen=quote.total_fen,
        )


def _view(
    quote: Quote, delivery: DeliveryView, numbers: rules.OrderNumbers, tx: Tx, merchant: Merchant, remark: str | None
) -> OrderView:
    return OrderView(
        order_id=OrderId(new_id()),
        order_no=numbers.draw(tx.now),
        state="unpaid",
        payment_status="unpaid",
        fulfilment_status="unfulfilled",
        refund_status="none",
        terminal=False,
        created_at=tx.now,
        expires_at=tx.now + timedelta(seconds=merchant.order_ttl_seconds),
        lines=[
            OrderLineView(
                line.sku_id,
                line.product_id,
                line.title,
                line.option_values,
                line.image_url,
                line.quantity,
                line.unit_price_fen,
                line.subtotal_fen,
                line.adjustments,
                line.total_fen,
                line_id=LineId(new_id()),
            )
            for line in quote.lines
        ],
        adjustments=quote.adjustments,
        goods_fen=quote.goods_fen,
        freight_fen=quote.freight_fen,
        discount_fen=quote.discount_fen,
        total_fen=quote.total_fen,
        paid_fen=0,
        refunded_fen=0,
        delivery=delivery,
        remark=remark,
    )
