"""How often a network address may do what costs something and takes no password."""

from datetime import timedelta

from bihuan.identity import db_sign_ins
from bihuan.identity.callers import Client
from bihuan.kernel.db import Tx
from bihuan.kernel.errors import TooManyRequests


async def limit(tx: Tx, client: Client, what: str, most: int, window: timedelta) -> None:
    """Counts one `what` of this address. Raises TooManyRequests beyond `most` within `window`."""
    if client.address is None:
        return
    if wait := await db_sign_ins.count_attempt(tx, f"{what}:{client.address}", most, window):
        raise TooManyRequests(retry_after_seconds=int(wait.total_seconds()) + 1)
