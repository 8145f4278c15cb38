"""Connects the demo's merchants to the sandbox: accounts, keys, callbacks, codes and menus."""

import asyncio
from typing import Literal

import httpx
import msgspec

from bihuan import channels, payments
from bihuan.channels import Account, NewAccount
from bihuan.demo.plan import Shop
from bihuan.kernel.ids import LabelId
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import Merchant
from bihuan.payments import PaymentAccountIn
from bihuan.wechat.official_account import Button

_PLATFORM_MCHID = "1900000100"


class PayMerchant(msgspec.Struct, frozen=True):
    """A merchant of the sandbox's WeChat Pay."""

    mchid: str
    apiv3_key: str
    serial_no: str
    private_key_pem: str
    mode: Literal["public_key", "certificate"]
    public_key_id: str
    public_key_pem: str
    appids: list[str]


class OfficialAccount(msgspec.Struct, frozen=True):
    """An official account of the sandbox."""

    appid: str
    secret: str
    name: str
    original_id: str
    token: str
    encoding_aes_key: str
    mode: Literal["plain", "safe", "compatible"]
    callback_url: str | None


class MiniProgram(msgspec.Struct, frozen=True):
    """A mini program of the sandbox."""

    appid: str
    secret: str


class Corp(msgspec.Struct, frozen=True):
    """A company of the sandbox's WeCom."""

    corpid: str
    agentid: int
    secret: str
    token: str
    encoding_aes_key: str


class Accounts(msgspec.Struct, frozen=True):
    """What the sandbox answers to GET /_sandbox/accounts."""

    merchants: list[PayMerchant]
    official_accounts: list[OfficialAccount]
    mini_programs: list[MiniProgram]
    corps: list[Corp] = []


class SandboxProblem(ConnectionError):
    """The sandbox does not serve, or refuses; the text says what and where."""


async def read_accounts(rt: Runtime, sandbox_url: str) -> Accounts:
    """The sandbox's accounts. Raises SandboxProblem."""
    try:
        answer = await rt.http.get(f"{sandbox_url}/_sandbox/accounts")
        return msgspec.json.decode(answer.raise_for_status().content, type=Accounts)
    except (httpx.HTTPError, msgspec.MsgspecError) as error:
        raise SandboxProblem(f"no sandbox at {sandbox_url}: {error}") from error


async def connect(rt: Runtime, sandbox_url: str, accounts: Accounts, merchant: Merchant, shop: Shop | None) -> bool:
    """Connects a merchant to its accounts; False when it was connected to them already.

    The sandbox tells whether it was: it knows our callback address once the handshake passed. A new address
    (another port) or a sandbox that forgot connects anew, and writes the menu anew, since its links bear the
    address.
    """
    mchid = shop.mchid if shop else _PLATFORM_MCHID
    pay = next((row for row in accounts.merchants if row.mchid == mchid), None)
    if pay is None:
        raise SandboxProblem(f"the sandbox has no merchant {mchid}")
    official = next((row for row in accounts.official_accounts if row.appid in pay.appids), None)
    mini = next((row for row in accounts.mini_programs if row.appid in pay.appids), None)
    if official is None or mini is None:
        raise SandboxProblem(f"the sandbox's merchant {mchid} has no official account or no mini program")
    callback = f"{rt.settings.public_url}/wechat/{merchant.code}/official-account"
    if official.callback_url == callback and await _is_connected(rt, merchant, official):
        return False
    mode = "safe" if shop is not None and shop.safe_mode else official.mode
    await _write_accounts(rt, merchant, msgspec.structs.replace(official, mode=mode), mini, pay)
    answer = await rt.http.put(
        f"{sandbox_url}/_sandbox/official-accounts/{official.appid}", json={"callback_url": callback, "mode": mode}
    )
    if answer.status_code != 200:
        raise SandboxProblem(f"{merchant.code}: the sandbox refuses {callback}: {answer.text[:300]}")
    # The phone runs the same pages as a mini program; a sandbox without a phone has no such setting.
    home = {"home_url": f"{rt.settings.public_url}/shop/{merchant.code}/"}
    await rt.http.put(f"{sandbox_url}/_sandbox/mini-programs/{mini.appid}", json=home)
    if shop is not None:
        await _publish_menu(rt, merchant)
    return True


async def make_codes(rt: Runtime, sandbox_url: str, merchant: Merchant, label_ids: list[LabelId]) -> None:
    """Has WeChat's codes made for labels, a few at a time; those that fail are made by a job later.

    The sandbox is told what is printed beside each: who scans at its phone sees the poster, WeChat does not.
    """
    slots = asyncio.Semaphore(4)

    async def one(label_id: LabelId) -> None:
        async with slots:
            label = await channels.ensure_qr(rt, merchant.merchant_id, label_id)
            await rt.http.put(f"{sandbox_url}/_sandbox/codes", json={"content": label.qr_url, "caption": label.name})

    await asyncio.gather(*(one(label_id) for label_id in label_ids), return_exceptions=True)


async def _is_connected(rt: Runtime, merchant: Merchant, official: OfficialAccount) -> bool:
    async with rt.db.session() as tx:
        account: Account | None = await channels.find_account(tx, merchant.merchant_id)
    return account is not None and account.appid == official.appid and account.verified_at is not None


async def _write_accounts(
    rt: Runtime, merchant: Merchant, official: OfficialAccount, mini: MiniProgram, pay: PayMerchant
) -> None:
    by_key = pay.mode == "public_key"
    async with rt.db.transaction() as tx:
        await channels.connect_account(
            tx,
            rt.vault,
            merchant.merchant_id,
            NewAccount(
                appid=official.appid,
                name=official.name,
                original_id=official.original_id,
                mode=official.mode,
                secret=official.secret,
                token=official.token,
                encoding_aes_key=official.encoding_aes_key,
                mini_program_appid=mini.appid,
                mini_program_secret=mini.secret,
            ),
        )
        await payments.connect_account(
            tx,
            rt.vault,
            merchant.merchant_id,
            PaymentAccountIn(
                mchid=pay.mchid,
                serial_no=pay.serial_no,
                private_key_pem=pay.private_key_pem,
                apiv3_key=pay.apiv3_key,
                public_key_id=pay.public_key_id if by_key else None,
                public_key_pem=pay.public_key_pem if by_key else None,
            ),
        )


async def _publish_menu(rt: Runtime, merchant: Merchant) -> None:
    mall = f"{rt.settings.public_url}/shop/{merchant.code}/"
    buttons = (
        Button.view("逛商城", mall),
        Button(
            name="我的",
            sub_button=(
                Button.view("我的订单", f"{mall}#/pages/orders/orders"),
                Button.view("会员卡", f"{mall}#/pages/member/member"),
                Button.view("购物车", f"{mall}#/pages/cart/cart"),
            ),
        ),
        Button.click("联系我们", "客服"),
    )
    async with rt.db.transaction() as tx:
        await channels.save_menu(tx, merchant.merchant_id, buttons)
    await channels.publish_menu(rt, merchant.merchant_id)
