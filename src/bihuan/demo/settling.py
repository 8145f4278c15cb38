"""The demo's settlement: a commission rule with tiers, one for bread, two plans, and a merchant on one."""

from datetime import UTC, datetime

import msgspec

from bihuan import settlement
from bihuan.kernel.ids import PLATFORM_CODE, MerchantId, new_id
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import get_by_code
from bihuan.settlement import Plan, Rule, Tier

_PLANS = (
    Plan("basic", "基础版", 0, ["商城与小程序", "一家门店"], "offered"),
    Plan("chain", "连锁版", 29900, ["门店不限", "企业微信导购", "渠道码归因"], "offered"),
)


async def agree_terms(rt: Runtime, merchant_ids: list[MerchantId]) -> bool:
    """Writes the platform's rules and plans once, and puts the first merchant on a plan; False when they are there.

    Nothing that was paid before is charged.
    """
    async with rt.db.transaction() as tx:
        platform = await get_by_code(tx, PLATFORM_CODE)
        if await settlement.list_rules(tx, platform.merchant_id):
            return False
        # a date without a time: the demo's books begin with it
        since = max(tx.now, datetime(2026, 1, 1, tzinfo=UTC))
        general = Rule(
            rule_id=new_id(),
            name="通用费率",
            percent_bp=500,
            tiers=[Tier(5_000_000, 400), Tier(20_000_000, 300)],
            valid_from=since,
        )
        bread = Rule(rule_id=new_id(), name="面包类目", category="面包", percent_bp=300, valid_from=since)
        for rule in (general, bread):
            await settlement.insert_rule(tx, platform.merchant_id, rule)
        for plan in _PLANS:
            await settlement.set_plan(tx, platform.merchant_id, plan)
        terms = await settlement.find_terms(tx, platform.merchant_id)
        # the sandbox's platform is registered under this name
        await settlement.set_terms(tx, platform.merchant_id, msgspec.structs.replace(terms, receiver_name="闭环商城"))
        for merchant_id in merchant_ids[:1]:
            await settlement.subscribe(tx, merchant_id, "chain")
    return True
