"""Access tokens and JS tickets that all processes share.

The value lies sealed in a row. Whoever finds it missing, stale or refused takes a lease on the row, asks
WeChat outside any transaction, and stores the answer; the others wait for it. A lease ends by itself, so a
crash delays the next refresh by LEASE at most.
"""

import asyncio
import time
from collections import defaultdict
from datetime import timedelta
from typing import Literal

from bihuan.channels.db import tokens as rows
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId
from bihuan.kernel.runtime import Runtime
from bihuan.kernel.vault import VaultError
from bihuan.wechat import Unavailable
from bihuan.wechat.tokens import MARGIN_SECONDS, Fetch, IssuedToken

LEASE = timedelta(seconds=15)
WAIT_SECONDS = 12.0
_POLL_SECONDS = 0.05

Kind = Literal["access", "jsapi", "component"]

# One waiter per token polls the database; the others of this process queue behind it.
_locks: defaultdict[tuple[MerchantId, str, str], asyncio.Lock] = defaultdict(asyncio.Lock)


class StoredTokens:
    """A `wechat.TokenSource` over a row per merchant, appid and kind."""

    def __init__(self, rt: Runtime, merchant_id: MerchantId, kind: Kind, fetch: Fetch) -> None:
        self._rt = rt
        self._merchant_id = merchant_id
        self._kind: Kind = kind
        self._fetch = fetch

    async def get(self, appid: str, *, rejected: str = "") -> str:
        """See TokenSource. Raises Unavailable when another process does not get one in time."""
        async with self._rt.db.session() as tx:
            if (value := await self._current(tx, appid, rejected)) is not None:
                return value
        async with _locks[self._merchant_id, appid, self._kind]:
            until = time.monotonic() + WAIT_SECONDS
            while True:
                async with self._rt.db.session() as tx:
                    if (value := await self._current(tx, appid, rejected)) is not None:
                        return value
                    leased = await self._lease(tx, appid)
                    # Another may have got one between our look and our lease.
                    value = await self._current(tx, appid, rejected) if leased else None
                if leased:
                    return await self._refresh(appid, rejected, value)
                if time.monotonic() > until:
                    raise Unavailable("token_wait", "another process refreshes the token", safe_to_retry=True)
                await asyncio.sleep(_POLL_SECONDS)

    async def _current(self, tx: Tx, appid: str, rejected: str) -> str | None:
        sealed = await rows.find_sealed(tx, self._merchant_id, appid, self._kind)
        if sealed is None:
            return None
        try:
            value = self._rt.vault.open(sealed, self._merchant_id, self._name(appid)).decode()
        except VaultError:  # sealed under another master key: as good as none
            return None
        return None if value == rejected else value

    async def _lease(self, tx: Tx, appid: str) -> bool:
        return await rows.lease(tx, self._merchant_id, appid, self._kind, tx.now + LEASE)

    async def _refresh(self, appid: str, rejected: str, value: str | None) -> str:
        """Under the lease: `value` if it is there already, else a new one."""
        issued: IssuedToken | None = None
        try:
            if value is not None:
                return value
            issued = await self._fetch(appid, False)
            if rejected and issued.value == rejected:
                issued = await self._fetch(appid, True)
            return issued.value
        finally:  # the lease ends either way, so that whoever waits tries at once
            await self._store(appid, issued)

    async def _store(self, appid: str, issued: IssuedToken | None) -> None:
        name = self._name(appid)
        async with self._rt.db.session() as tx:
            life = max(issued.expires_in_seconds - MARGIN_SECONDS, issued.expires_in_seconds // 2) if issued else 0
            await rows.store(
                tx,
                self._merchant_id,
                appid,
                self._kind,
                self._rt.vault.seal(issued.value.encode(), self._merchant_id, name) if issued else None,
                tx.now + timedelta(seconds=life) if issued else None,
            )

    def _name(self, appid: str) -> str:
        return f"token/{appid}/{self._kind}"


async def forget_tokens(tx: Tx, merchant_id: MerchantId) -> None:
    """Drops what is stored: after a change of secrets."""
    await rows.forget(tx, merchant_id)
