"""Bills as files: written once, kept while they are asked for, read in pieces.

A bill of a past day does not change, so whoever asks again gets the same file. A short one is written while the
caller waits; a long one in the background, and the caller is told STATEMENT_CREATING meanwhile, as by WeChat.
"""

import asyncio
import hashlib
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from tempfile import SpooledTemporaryFile

from wechat_sandbox.pay.errors import PayError

IN_MEMORY = 4 * 1024 * 1024
PIECE = 256 * 1024
MAX_FILES = 32


class BillFile:
    """One bill and the hash of what is in it."""

    def __init__(self) -> None:
        self._file: SpooledTemporaryFile[bytes] = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - kept open
        self._sha1 = hashlib.sha1(usedforsecurity=False)
        self.size = 0
        self.ready = False

    @property
    def sha1(self) -> str:
        """SHA-1 of the file, not compressed."""
        return self._sha1.hexdigest()

    def add(self, text: str) -> None:
        """Write on."""
        data = text.encode()
        self._file.write(data)
        self._sha1.update(data)
        self.size += len(data)

    def pieces(self) -> Iterator[bytes]:
        """The file."""
        at = 0
        while at < self.size:
            self._file.seek(at)
            piece = self._file.read(PIECE)
            at += len(piece)
            yield piece

    def gzipped(self) -> Iterator[bytes]:
        """The file, compressed on the way."""
        packer = zlib.compressobj(6, wbits=31)
        for piece in self.pieces():
            if packed := packer.compress(piece):
                yield packed
        yield packer.flush()


class Shelf:
    """The bills that were asked for lately."""

    def __init__(self) -> None:
        self._files: dict[tuple[str, ...], BillFile] = {}

    def find(self, key: tuple[str, ...]) -> BillFile | None:
        """A bill that is ready. Raises PayError 400 STATEMENT_CREATING while it is being written."""
        bill = self._files.get(key)
        if bill is not None and not bill.ready:
            raise PayError(400, "STATEMENT_CREATING", "账单生成中，请稍后再试")
        return bill

    def latest(self, mchid: str) -> str:
        """The latest day of which a merchant's bills were asked for; empty for none."""
        return max((day for owner, _, _, sub, day in self._files if mchid in (owner, sub)), default="")

    def write(self, key: tuple[str, ...], lines: Iterator[str]) -> BillFile:
        """Write a bill now."""
        with self._writing(key) as bill:
            for batch in _batches(lines):
                bill.add(batch)
        return bill

    async def write_slowly(self, key: tuple[str, ...], lines: Iterator[str]) -> None:
        """Write a long bill between other requests."""
        with self._writing(key) as bill:
            for batch in _batches(lines):
                bill.add(batch)
                await asyncio.sleep(0)

    @contextmanager
    def _writing(self, key: tuple[str, ...]) -> Generator[BillFile]:
        """A new bill, ready when the block ends; one that cannot be written is not kept."""
        bill = self._new(key)
        try:
            yield bill
        except BaseException:
            self._files.pop(key, None)
            raise
        bill.ready = True

    def _new(self, key: tuple[str, ...]) -> BillFile:
        while len(self._files) >= MAX_FILES:
            self._files.pop(next(iter(self._files)))
        bill = self._files[key] = BillFile()
        return bill


def _batches(lines: Iterator[str]) -> Iterator[str]:
    batch: list[str] = []
    for text in lines:
        batch.append(text)
        if len(batch) >= 500:
            yield "".join(batch)
            batch.clear()
    if batch:
        yield "".join(batch)
