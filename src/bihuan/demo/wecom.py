"""Connects the demo's guides to the sandbox's company on WeCom, and the mini program's notices to its templates."""

import msgspec

from bihuan import channels, staff
from bihuan.channels import NoticeTemplate, guides
from bihuan.demo.plan import Shop
from bihuan.demo.wechat import Accounts, SandboxProblem
from bihuan.kernel.ids import LabelId
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import Merchant

_NOTICES = {
    "order_paid": "订单支付成功通知",
    "order_shipped": "订单发货通知",
    "refund_done": "退款成功通知",
    "points_expiring": "积分变动提醒",
}


async def connect(rt: Runtime, sandbox_url: str, accounts: Accounts, merchant: Merchant, shop: Shop) -> list[LabelId]:
    """Connects a shop's guides to the sandbox's first company; the labels of their codes.

    Raises SandboxProblem when the sandbox refuses our callback.
    """
    if not shop.guides or not accounts.corps:
        return []
    corp, merchant_id = accounts.corps[0], merchant.merchant_id
    async with rt.db.transaction() as tx:
        new = guides.NewCorp(
            corpid=corp.corpid,
            agent_id=corp.agentid,
            secret=corp.secret,
            token=corp.token,
            encoding_aes_key=corp.encoding_aes_key,
        )
        await guides.connect(tx, rt.vault, merchant_id, new)
    callback = f"{rt.settings.public_url}/wechat/{merchant.code}/wecom"
    answer = await rt.http.put(f"{sandbox_url}/_sandbox/corps/{corp.corpid}", json={"callback_url": callback})
    if answer.status_code != 200:
        raise SandboxProblem(f"{merchant.code}: the sandbox refuses {callback}: {answer.text[:300]}")
    await guides.sync(rt, merchant_id)
    async with rt.db.transaction() as tx:
        people = {person.name: person.staff_id for person in await staff.list_staff(tx, merchant_id)}
        for userid, name in shop.guides.items():
            await guides.match(tx, merchant_id, userid, people[name], tell_payments=True)
    made = [await guides.ensure_code(rt, merchant_id, userid) for userid in shop.guides]
    return [guide.label_id for guide in made if guide.label_id is not None]


async def choose_notices(rt: Runtime, merchant: Merchant) -> None:
    """Takes those of the mini program's templates that the demo tells its shoppers by."""
    known = {one.title: one for one in await channels.list_library(rt, merchant.merchant_id)}
    templates: list[NoticeTemplate] = []
    for kind, title in _NOTICES.items():
        one = known.get(title)
        if one is not None:
            chosen = msgspec.convert(kind, channels.NoticeKind)
            data = one.suggested[chosen]
            templates.append(NoticeTemplate(kind=chosen, template_id=one.template_id, data=data))
    async with rt.db.transaction() as tx:
        await channels.save_notice_templates(tx, merchant.merchant_id, templates)
