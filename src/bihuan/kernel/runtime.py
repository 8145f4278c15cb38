"""What a process shares between its requests, handlers and jobs."""

import httpx
import msgspec

from bihuan.kernel.clock import Clock
from bihuan.kernel.db import Database
from bihuan.kernel.vault import Vault
from bihuan.settings import Settings


class Runtime(msgspec.Struct, frozen=True, kw_only=True):
    """Settings, database, clock, outbound HTTP and the vault; made once by a root (app, worker, CLI)."""

    settings: Settings
    db: Database
    clock: Clock
    http: httpx.AsyncClient
    vault: Vault

    async def close(self) -> None:
        """Closes what it holds."""
        await self.http.aclose()
        await self.db.close()
