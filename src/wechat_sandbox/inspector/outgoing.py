"""What leaves the sandbox passes here: recorded, and harmed where a fault asks for it."""

import time
from typing import TYPE_CHECKING

from wechat_sandbox.faults.sends import around_send
from wechat_sandbox.outbound import Reply, SendError

if TYPE_CHECKING:
    from wechat_sandbox.world import World


def watch(world: "World") -> None:
    """Record everything that this world sends from now on."""

    async def record(method: str, url: str, headers: dict[str, str], body: bytes, fault: str) -> Reply:
        exchange = world.exchanges.going_out(method, url, headers, body)
        exchange.fault = fault
        try:
            reply = await world.outbound.send_now(method, url, headers, body)
        except SendError as error:
            exchange.error = str(error)
            raise
        else:
            exchange.answered(reply.status, reply.headers, reply.body)
            return reply
        finally:
            exchange.error = exchange.error or ("" if exchange.status else "the sandbox stopped")
            exchange.seconds = time.time() - exchange.at
            world.exchanges.changed(exchange)

    async def around(method: str, url: str, headers: dict[str, str], body: bytes) -> Reply:
        if method != "POST" or not world.faults.on_send:
            return await record(method, url, headers, body, "")
        sent = 0

        async def send(url: str, headers: dict[str, str], body: bytes, fault: str) -> Reply:
            nonlocal sent
            sent += 1
            return await record(method, url, headers, body, fault)

        try:
            return await around_send(world, url, headers, body, send)
        except SendError as error:
            if not sent:  # it never left: shown all the same
                exchange = world.exchanges.going_out(method, url, headers, body)
                exchange.error, exchange.fault = str(error), "dropped"
                world.exchanges.changed(exchange)
            raise

    world.outbound.around = around
