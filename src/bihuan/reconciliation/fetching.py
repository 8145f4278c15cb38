"""Fetching a day's bills: as a stream into a file, which is there only when its hash is the one WeChat told."""

import asyncio
import gzip
import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO, cast

from bihuan.kernel.runtime import Runtime
from bihuan.payments import billed
from bihuan.reconciliation import db
from bihuan.reconciliation.db import Due
from bihuan.reconciliation.errors import BillRefused
from bihuan.reconciliation.rules import BillKind
from bihuan.wechat import PayError
from bihuan.wechat.pay import Bill, BillAltered, Bills


class NotReady(Exception):
    """WeChat is still writing the bill."""


def folder(rt: Runtime) -> Path:
    """Where bills are kept."""
    return rt.settings.home / "bills"


def kinds_of(due: Due) -> tuple[BillKind, ...]:
    """The bills of an account. A partner's fund bill is only for its own keys."""
    return ("trade", "sharing") if due.sp_mchid else ("trade", "funds", "sharing")


async def fetch(rt: Runtime, due: Due) -> None:
    """Fetches the bills of a day that are not kept yet.

    Raises NotReady, BillRefused (`bill_altered`, `no_account`), and WeChatError when WeChat does not answer.
    """
    async with rt.db.session() as tx:
        kept = {bill.kind for bill in await db.list_kept(tx, due.merchant_id, due.mchid, due.day)}
    missing: list[BillKind] = [kind for kind in kinds_of(due) if kind not in kept]
    if not missing:
        return
    bills = await billed.bills_of(rt, due.merchant_id, due.mchid)
    if bills is None:
        raise BillRefused("no_account", f"account {due.mchid} is not usable")
    for kind in missing:
        await fetch_one(rt, due, bills, kind)


async def fetch_one(rt: Runtime, due: Due, bills: Bills, kind: BillKind) -> None:
    """Fetches one bill and keeps it. Raises as `fetch`."""
    try:
        bill = await _apply(bills, due, kind)
    except PayError as error:
        if error.code == "STATEMENT_CREATING":
            raise NotReady from error
        if error.code != "NO_STATEMENT_EXIST":
            raise
        await _keep(rt, due, kind, "", "", 0)
        return
    name = f"{due.merchant_id}/{due.mchid}/{due.day}-{kind}.csv"
    path = folder(rt) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        size = await bills.save(bill, path)
    except BillAltered as error:
        raise BillRefused("bill_altered", f"{kind}: {error}") from error
    await _keep(rt, due, kind, name, bill.hash_value.lower(), size)


async def _apply(bills: Bills, due: Due, kind: BillKind) -> Bill:
    sub_mchid = due.mchid if due.sp_mchid else ""
    if kind == "trade":
        return await bills.trades(due.day, sub_mchid=sub_mchid)
    if kind == "funds":
        return await bills.fund_flow(due.day)
    return await bills.profit_sharing(due.day, sub_mchid=sub_mchid)


async def _keep(rt: Runtime, due: Due, kind: BillKind, file: str, hash: str, size: int) -> None:
    async with rt.db.transaction() as tx:
        await db.keep_bill(tx, due, kind, file, hash, size)


@contextmanager
def opened(rt: Runtime, file: str) -> Generator[BinaryIO, None, None]:
    """A kept bill, unpacked. Raises FileNotFoundError."""
    path = folder(rt) / file
    packed = path.with_name(f"{path.name}.gz")
    with gzip.open(packed, "rb") if packed.exists() else path.open("rb") as source:
        yield cast("BinaryIO", source)


async def pack(rt: Runtime, file: str) -> None:
    """Packs a bill that was read: it takes a tenth of the room."""
    await asyncio.to_thread(_pack, folder(rt) / file)


def _pack(path: Path) -> None:
    packed = path.with_name(f"{path.name}.gz")
    unfinished = path.with_name(f".{path.name}.{os.urandom(4).hex()}.part")
    try:
        with path.open("rb") as source, gzip.open(unfinished, "wb", compresslevel=1) as target:
            shutil.copyfileobj(source, target, 1024 * 1024)
        unfinished.replace(packed)
        path.unlink()
    except FileNotFoundError:
        return  # packed before, or forgotten
    finally:
        unfinished.unlink(missing_ok=True)


def remove(rt: Runtime, file: str) -> None:
    """Deletes a kept bill in either form."""
    path = folder(rt) / file
    path.unlink(missing_ok=True)
    path.with_name(f"{path.name}.gz").unlink(missing_ok=True)


async def forget_old(rt: Runtime) -> int:
    """The job: deletes files older than the setting `bill_days`; returns how many. What they said stays."""
    if rt.settings.bill_days == 0:
        return 0
    forgotten = 0
    async with rt.db.session() as tx:
        old = await db.list_old_files(tx, rt.clock.now() - timedelta(days=rt.settings.bill_days), 1000)
    for merchant_id, mchid, day, kind, file in old:
        remove(rt, file)
        async with rt.db.transaction() as tx:
            await db.set_forgotten(tx, merchant_id, mchid, day, kind)
        forgotten += 1
    return forgotten
