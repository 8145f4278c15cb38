"""Fetching a day's bills, in bounded memory however large they are.

https://pay.weixin.qq.com/doc/v3/merchant/4012791891 (trades), 4012791892 (fund flow), 4012073671 (profit sharing).
A bill of a day can be had from 9 or 10 o'clock of the next, for three months. `bill_rows` reads what came.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from datetime import date
from pathlib import Path
from typing import Literal

import msgspec

from bihuan.wechat.errors import MalformedMessage, Untrusted

from .connection import PayConnection

_PIECE_BYTES = 64 * 1024
MAX_BILL_BYTES = 8 * 1024**3
"""Of a bill as it is read, so that a small file cannot unpack to a full disk."""


class BillAltered(Untrusted):
    """A bill that is not what WeChat signed the hash of: cut short, altered, or another file."""

    def __init__(self, message: str) -> None:
        super().__init__("bill_altered", message)


class Bill(msgspec.Struct, frozen=True, kw_only=True):
    """Where a bill is to be had, for some minutes, and its hash (SHA-1 of the file after gunzip)."""

    hash_type: str
    hash_value: str
    download_url: str


class Bills:
    """`/v3/bill` and its kin. Calls raise as those of `Transactions`; PayError NO_STATEMENT_EXIST: an empty day."""

    def __init__(self, connection: PayConnection) -> None:
        self._connection = connection

    async def trades(
        self, day: date, *, type: Literal["ALL", "SUCCESS", "REFUND"] = "ALL", sub_mchid: str = ""
    ) -> Bill:
        """Payments and refunds of a day of China's; a service provider's own with all its merchants, or one's."""
        return await self._apply("/v3/bill/tradebill", day, {"bill_type": type}, sub_mchid)

    async def fund_flow(self, day: date, *, account: Literal["BASIC", "OPERATION", "FEES"] = "BASIC") -> Bill:
        """Every movement of one of the merchant's accounts."""
        return await self._apply("/v3/bill/fundflowbill", day, {"account_type": account}, "")

    async def profit_sharing(self, day: date, *, sub_mchid: str = "") -> Bill:
        """Parts given and taken back."""
        return await self._apply("/v3/profitsharing/bills", day, {}, sub_mchid)

    async def read(self, bill: Bill) -> AsyncGenerator[bytes, None]:
        """The bill's bytes, unpacked, as they arrive; BillAltered at the end when they were not the bill's.

        Nothing of it may be used before the end. Raises PayError, Unavailable, MalformedMessage for a hash
        of another kind.
        """
        if bill.hash_type.upper() != "SHA1":
            raise MalformedMessage(f"hash of a bill: {bill.hash_type[:32]}")
        digest = hashlib.sha1()  # noqa: S324 the protocol's digest
        size = 0
        async with aclosing(self._connection.stream(bill.download_url)) as chunks:
            async for piece in _unpacked(chunks):
                size += len(piece)
                if size > MAX_BILL_BYTES:
                    raise BillAltered("larger than any bill")
                digest.update(piece)
                yield piece
        if digest.hexdigest() != bill.hash_value.lower():
            raise BillAltered("its hash is another")

    async def save(self, bill: Bill, path: Path) -> int:
        """Keep a bill as a file, which is there only when it is whole and true; answers its size in bytes."""
        unchecked = path.with_name(f".{path.name}.{os.urandom(4).hex()}.part")
        size = 0
        try:
            with unchecked.open("wb") as file:
                async with aclosing(self.read(bill)) as pieces:
                    async for piece in pieces:
                        size += file.write(piece)
                file.flush()
                os.fsync(file.fileno())
            unchecked.replace(path)
        finally:
            unchecked.unlink(missing_ok=True)
        return size

    async def _apply(self, path: str, day: date, more: dict[str, str], sub_mchid: str) -> Bill:
        query = {"bill_date": day.isoformat(), **more, "tar_type": "GZIP"}
        if sub_mchid:
            query["sub_mchid"] = sub_mchid
        return await self._connection.call("GET", path, query=query, answer=Bill)


class _Gunzip:
    """Unpacks a stream of gzip in pieces of bounded size, however much a chunk unpacks to."""

    def __init__(self) -> None:
        self._unpack = zlib.decompressobj(wbits=31)

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        rest = chunk
        while rest and not self._unpack.eof:
            try:
                piece = self._unpack.decompress(rest, _PIECE_BYTES)
            except zlib.error as error:
                raise BillAltered("not gzip") from error
            rest = self._unpack.unconsumed_tail
            if piece:
                yield piece
        while piece := self._unpack.decompress(b"", _PIECE_BYTES):  # what it has consumed and not given yet
            yield piece
        if rest or self._unpack.unused_data:
            raise BillAltered("more than one file")

    def end(self) -> None:
        if not self._unpack.eof:
            raise BillAltered("cut short")


async def _unpacked(chunks: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """Gunzipped where it is gzip: some answers come plain although gzip was asked for."""
    gunzip: _Gunzip | None = None
    first = True
    async for chunk in chunks:
        if first and chunk.startswith(b"\x1f"):  # no text begins so
            gunzip = _Gunzip()
        first = False
        for piece in (chunk,) if gunzip is None else gunzip.feed(chunk):
            yield piece
    if gunzip is not None:
        gunzip.end()
