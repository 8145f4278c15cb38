"""Idempotency keys of external commands.

`run_once` stores the first answer of a key with a hash of its input: the same key and input returns that
answer again, the same key with another input is a 409. The key is claimed in the transaction that does
the work, so a crash leaves neither. Placement keeps its keys on the orders themselves (`orders`).
"""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

import msgspec

from bihuan.kernel.db import Tx
from bihuan.kernel.errors import BadRequest, Conflict
from bihuan.kernel.ids import MerchantId
from bihuan.kernel.runtime import Runtime

T = TypeVar("T")

KEEP = timedelta(days=7)

_encode_sorted = msgspec.json.Encoder(order="sorted").encode


class KeyRequired(BadRequest):
    """The command came without an Idempotency-Key."""

    code = "idempotency_key_required"
    zh = "缺少 Idempotency-Key 请求头（8 至 64 个字符）。"
    en = "Send an Idempotency-Key header of 8 to 64 characters."


class KeyReused(Conflict):
    """The key was used before for another input."""

    code = "idempotency_key_reused"
    zh = "该 Idempotency-Key 已用于另一个请求。"
    en = "This Idempotency-Key was already used for another request."


def check_key(key: str | None) -> str:
    """The key itself when it has 8 to 64 visible ASCII characters; raises KeyRequired."""
    if key is None or not 8 <= len(key) <= 64 or not key.isascii() or not key.isprintable():
        raise KeyRequired
    return key


def hash_input(value: object) -> bytes:
    """A hash of a command's input, for comparing repeats; of any value msgspec can encode."""
    return hashlib.blake2b(_encode_sorted(value), digest_size=16).digest()


async def run_once(
    tx: Tx,
    merchant_id: MerchantId,
    actor: str,
    key: str | None,
    operation: str,
    input: object,
    result: type[T],
    work: Callable[[], Awaitable[T]],
) -> T:
    """Does `work` unless `key` did it before; returns its answer either way.

    Two at once: the second waits for the first one's transaction. Raises KeyRequired, KeyReused, and
    whatever `work` raises (nothing is stored then, so the key may be tried again).
    """
    key = check_key(key)
    digest = hash_input([operation, input])
    claimed = await tx.fetchval(
        """insert into idempotency_keys (merchant_id, actor, key, operation, input_hash, created_at)
           values ($1, $2, $3, $4, $5, $6) on conflict do nothing returning true""",
        merchant_id,
        actor,
        key,
        operation,
        digest,
        tx.now,
    )
    if not claimed:
        row = await tx.fetchrow(
            """select input_hash, response from idempotency_keys
               where merchant_id = $1 and actor = $2 and key = $3""",
            merchant_id,
            actor,
            key,
        )
        if row is None or row["input_hash"] != digest or row["response"] is None:
            raise KeyReused
        return msgspec.json.decode(row["response"], type=result)
    answer = await work()
    await tx.execute(
        """update idempotency_keys set response = $4, status = 200
           where merchant_id = $1 and actor = $2 and key = $3""",
        merchant_id,
        actor,
        key,
        msgspec.json.encode(answer),
    )
    return answer


async def forget_old(rt: Runtime) -> int:
    """Deletes keys older than KEEP; returns how many."""
    async with rt.db.transaction() as tx:
        return await tx.execute("delete from idempotency_keys where created_at < $1", tx.now - KEEP)
