"""The demo's one command: makes what is missing, connects what is not connected."""

import msgspec

from bihuan import aftersale, merchants
from bihuan.demo import alipay, plan, regulars, settling, shops, signins, wechat, wecom
from bihuan.demo.plan import Shop
from bihuan.demo.signins import SignIn, SignIns
from bihuan.kernel.errors import NotFound
from bihuan.kernel.ids import PLATFORM_CODE, LabelId, MerchantId
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import Merchant

OPERATOR = "operator"


class DemoSummary(msgspec.Struct, frozen=True):
    """What `seed` did: merchants made and connected (their codes), and where the sign-ins are."""

    created: list[str]
    connected: list[str]
    sign_ins: str


async def seed(rt: Runtime, sandbox_url: str) -> DemoSummary:
    """Makes the demo's merchants and connects them to the sandbox at `sandbox_url` (none when empty).

    The platform must serve at its public URL, since the sandbox verifies the callbacks as WeChat does. What
    is there is left alone. Raises wechat.SandboxProblem when the sandbox does not serve or refuses.
    """
    accounts = await wechat.read_accounts(rt, sandbox_url) if sandbox_url else None
    known = signins.read(rt.settings.home)
    loaded = [plan.load(code) for code in plan.CODES]
    needed = _needed(loaded, known)
    if needed != known:  # before the users are made: a crash in between must not leave unknown passwords
        signins.write(rt.settings.home, needed)
    created: list[str] = []
    connected: list[str] = []
    selling: list[MerchantId] = []
    for shop in [None, *loaded]:
        code = shop.code if shop else PLATFORM_CODE
        merchant, labels = await _find(rt, code), list[LabelId]()
        if merchant is None:
            made = await (shops.create(rt, shop, needed) if shop else shops.create_platform(rt, needed))
            merchant, labels = made.merchant, made.label_ids
            created.append(code)
            if shop:
                await _take_returns(rt, merchant)
        else:
            await shops.restore(rt, merchant, shop, needed, known)
        if shop:
            selling.append(merchant.merchant_id)
            await regulars.set_terms(rt, merchant)
        if accounts and await wechat.connect(rt, sandbox_url, accounts, merchant, shop):
            connected.append(code)
            if shop:
                await wecom.choose_notices(rt, merchant)
                await regulars.give_points(rt, sandbox_url, accounts, merchant)
                labels = [*labels, *await wecom.connect(rt, sandbox_url, accounts, merchant, shop)]
            await wechat.make_codes(rt, sandbox_url, merchant, labels)
        if accounts:
            await alipay.connect(rt, sandbox_url, merchant)
    await settling.agree_terms(rt, selling)
    return DemoSummary(created, connected, str(signins.path_of(rt.settings.home)))


def _needed(loaded: list[Shop], known: SignIns) -> SignIns:
    """Every sign-in of the demo: owners and the operator first."""
    of_shops = [shops.logins_of(shop, known) for shop in loaded]
    operator = known.find(OPERATOR) or SignIn("闭环商城", PLATFORM_CODE, OPERATOR, signins.new_password(), "平台运营")
    return SignIns(
        [*(one for logins in of_shops for one in logins.sign_ins), operator],
        [one for logins in of_shops for one in logins.staff],
    )


async def _take_returns(rt: Runtime, merchant: Merchant) -> None:
    """Where goods come back to, so that an after-sale case can be agreed to at once."""
    to = {"name": f"{merchant.name}售后", "phone": "0755-12345678", "address": "广东省深圳市南山区科技园 1 号仓"}
    async with rt.db.transaction() as tx:
        await aftersale.save_settings(tx, merchant.merchant_id, aftersale.SettingsRow(return_address=to))


async def _find(rt: Runtime, code: str) -> Merchant | None:
    try:
        async with rt.db.session() as tx:
            return await merchants.get_by_code(tx, code)
    except NotFound:
        return None
