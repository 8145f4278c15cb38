"""One access token for all processes: fetched once, renewed when it ends or is refused."""

import asyncio
from collections import defaultdict
from datetime import timedelta

import pytest

from bihuan.channels import tokens
from bihuan.channels.tokens import LEASE, StoredTokens
from bihuan.kernel.clock import OffsetClock
from bihuan.kernel.ids import MerchantId, new_id
from bihuan.kernel.runtime import Runtime
from bihuan.wechat import ApiError, IssuedToken


class WeChat:
    """Gives out tokens, slowly."""

    def __init__(self) -> None:
        self.asked: list[bool] = []
        self.fails = False

    async def fetch(self, appid: str, force: bool) -> IssuedToken:
        """The stable token: the same until a new one is forced."""
        self.asked.append(force)
        await asyncio.sleep(0.05)
        if self.fails:
            raise ApiError(40125, "invalid appsecret")
        return IssuedToken(f"token-{appid}-{self.asked.count(True)}", 7200)


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if every call came from a process of its own: no lock in memory is shared."""

    class NoMemory(defaultdict[object, asyncio.Lock]):
        def __getitem__(self, key: object) -> asyncio.Lock:
            return asyncio.Lock()

    monkeypatch.setattr(tokens, "_locks", NoMemory())


@pytest.mark.usefixtures("processes")
async def test_many_processes_ask_wechat_once(rt: Runtime) -> None:
    wechat, merchant_id = WeChat(), MerchantId(new_id())
    sources = [StoredTokens(rt, merchant_id, "access", wechat.fetch) for _ in range(8)]
    got = await asyncio.gather(*(source.get("wxa") for source in sources))
    assert (set(got), wechat.asked) == ({"token-wxa-0"}, [False])
    refused = await asyncio.gather(*(source.get("wxa", rejected="token-wxa-0") for source in sources))
    assert (set(refused), wechat.asked) == ({"token-wxa-1"}, [False, False, True])
    assert await sources[0].get("wxa") == "token-wxa-1"


async def test_a_token_ends_before_wechat_ends_it_and_kinds_are_apart(rt: Runtime, clock: OffsetClock) -> None:
    wechat, merchant_id = WeChat(), MerchantId(new_id())
    access = StoredTokens(rt, merchant_id, "access", wechat.fetch)
    tickets = StoredTokens(rt, merchant_id, "jsapi", wechat.fetch)
    await access.get("wxa")
    await tickets.get("wxa")
    clock.advance(timedelta(seconds=6890))
    await access.get("wxa")
    assert len(wechat.asked) == 2
    clock.advance(timedelta(seconds=20))
    await access.get("wxa")
    assert len(wechat.asked) == 3


async def test_a_refusal_is_told_and_frees_the_lease(rt: Runtime) -> None:
    wechat, merchant_id = WeChat(), MerchantId(new_id())
    source = StoredTokens(rt, merchant_id, "access", wechat.fetch)
    wechat.fails = True
    for _ in range(2):
        with pytest.raises(ApiError, match="40125"):
            await source.get("wxa")
    wechat.fails = False
    assert await source.get("wxa") == "token-wxa-0"


async def test_the_lease_of_a_dead_process_ends_by_itself(rt: Runtime, clock: OffsetClock) -> None:
    wechat, merchant_id = WeChat(), MerchantId(new_id())
    async with rt.db.session() as tx:
        await tx.execute(
            "insert into wechat_tokens (merchant_id, appid, kind, lease_until) values ($1, 'wxa', 'access', $2)",
            merchant_id,
            tx.now + LEASE,
        )
    clock.advance(LEASE + timedelta(seconds=1))
    assert await StoredTokens(rt, merchant_id, "access", wechat.fetch).get("wxa") == "token-wxa-0"


async def test_nothing_readable_lies_in_the_table(rt: Runtime) -> None:
    wechat, merchant_id = WeChat(), MerchantId(new_id())
    value = await StoredTokens(rt, merchant_id, "access", wechat.fetch).get("wxa")
    async with rt.db.session() as tx:
        row = await tx.fetchrow("select * from wechat_tokens where merchant_id = $1", merchant_id)
    assert row is not None
    assert value.encode() not in row["sealed"]
    assert value not in str(dict(row))
