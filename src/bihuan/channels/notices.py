"""Notices: what a shopper agreed to be told by the mini program, and the telling.

One grant is one message (WeChat's 43101 otherwise). A grant is taken before the message is sent and given back when
WeChat refused it for another reason. Who granted nothing, or no more, but follows the official account, is told there.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from bihuan import identity
from bihuan.channels import accounts, apps, links
from bihuan.channels.db import followers
from bihuan.channels.db import messages as outbox
from bihuan.channels.db import notices as rows
from bihuan.channels.db.accounts import Account
from bihuan.channels.db.messages import Card, Content, Draft, Message, Notice
from bihuan.channels.db.notices import NoticeKind, NoticeTemplate
from bihuan.channels.errors import NoMiniProgram, TemplateWrong
from bihuan.channels.notice_texts import NAMES, TITLES, data_of, suggest
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, OrderId, ShopperId
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import Merchant
from bihuan.wechat import ApiError, Unavailable, WeChatError

KINDS: tuple[NoticeKind, ...] = ("order_paid", "order_shipped", "refund_done", "points_expiring")
OF_ORDERS: frozenset[NoticeKind] = frozenset({"order_paid", "order_shipped", "refund_done"})
"""Asked for when she pays; WeChat's sheet takes three at most. The others are asked for on the member page."""

MOST_IN_STOCK = 20
"""Grants of one shopper for one template that are counted: a page that reports for ever makes no more."""

_NO_GRANT = 43101
"""user refuse to accept the msg: refused, or the grants are used up."""


class NewNotice(msgspec.Struct, frozen=True, kw_only=True):
    """Something to tell a shopper of an order or her card. `source_id`: once each; `values` as `notice_texts.NAMES`."""

    kind: NoticeKind
    shopper_id: ShopperId
    source_id: UUID
    order_id: OrderId | None = None
    values: dict[str, str]


class LibraryTemplate(msgspec.Struct, frozen=True, kw_only=True):
    """A template that the mini program has, and for each kind which field would say what."""

    template_id: str
    title: str
    content: str
    suggested: dict[NoticeKind, dict[str, str]]


# -- settings ---------------------------------------------------------------------------------------


async def get_templates(tx: Tx, merchant_id: MerchantId) -> list[NoticeTemplate]:
    """The templates of all kinds; those that were never written are empty."""
    found = {t.kind: t for t in await rows.list_templates(tx, merchant_id)}
    return [found.get(kind) or NoticeTemplate(kind=kind) for kind in KINDS]


async def save_templates(tx: Tx, merchant_id: MerchantId, templates: Sequence[NoticeTemplate]) -> list[NoticeTemplate]:
    """Writes the templates of all kinds. Raises TemplateWrong."""
    by_kind = {t.kind: t for t in templates}
    if len(by_kind) != len(templates):
        raise TemplateWrong(reason="kind")
    for one in templates:
        for template_id, data in ((one.template_id, one.data), (one.official_template_id, one.official_data)):
            if template_id and not data:
                raise TemplateWrong(reason=one.kind)
    await rows.replace_templates(tx, merchant_id, [by_kind[k] for k in KINDS if k in by_kind])
    return await get_templates(tx, merchant_id)


async def list_library(rt: Runtime, merchant_id: MerchantId) -> list[LibraryTemplate]:
    """The subscribe-message templates that the merchant's mini program has.

    Raises NoMiniProgram, and what apps.problem_of tells.
    """
    async with rt.db.session() as tx:
        account = await accounts.get_mini_program(tx, merchant_id)
    try:
        found = await apps.mini_program_api(rt, account).subscribe_templates.list()
    except WeChatError as error:
        raise apps.problem_of(error) from error
    return [
        LibraryTemplate(
            template_id=one.id,
            title=one.title,
            content=one.content,
            suggested={kind: suggest(one.content, kind) for kind in KINDS},
        )
        for one in found
        if one.type == 2  # one grant, one message
    ]


# -- consents ---------------------------------------------------------------------------------------


async def wanted(tx: Tx, merchant_id: MerchantId) -> tuple[list[str], list[str]]:
    """The templates to ask a shopper for when she pays, at most three, and those on her member page.

    None without a mini program.
    """
    account = await accounts.find_account(tx, merchant_id)
    if account is None or account.mini_program_appid is None:
        return [], []
    found = [t for t in await get_templates(tx, merchant_id) if t.template_id]
    of_orders = list(dict.fromkeys(t.template_id for t in found if t.kind in OF_ORDERS))
    others = list(dict.fromkeys(t.template_id for t in found if t.kind not in OF_ORDERS))
    return of_orders, [one for one in others if one not in of_orders]


async def note_consents(
    tx: Tx, merchant_id: MerchantId, shopper_id: ShopperId, answers: Mapping[str, str]
) -> dict[str, int]:
    """What a shopper answered to `wx.requestSubscribeMessage`; how many messages she may be sent by each template.

    Templates that are not the merchant's are left out. Raises NoMiniProgram where she never was in it.
    """
    account = await accounts.get_mini_program(tx, merchant_id)
    openid = await identity.find_openid(tx, shopper_id, account.mini_program_appid or "")
    if openid is None:
        raise NoMiniProgram
    of_orders, of_card = await wanted(tx, merchant_id)
    ours = [*of_orders, *of_card]
    accepted = [t for t in ours if answers.get(t, "").startswith("accept")]
    await rows.add_consents(tx, merchant_id, openid, accepted, MOST_IN_STOCK)
    for banned in (t for t in ours if answers.get(t) == "ban"):
        await rows.drop_consents(tx, merchant_id, openid, banned)
    left = await rows.count_remaining(tx, merchant_id, [openid], ours)
    return {t: left.get((openid, t), 0) for t in ours}


async def sends(tx: Tx, merchant_id: MerchantId) -> bool:
    """Whether the merchant has any template at all: most facts then need no second look."""
    return bool(await rows.list_templates(tx, merchant_id))


# -- telling ----------------------------------------------------------------------------------------


async def queue(tx: Tx, merchant: Merchant, news: Sequence[NewNotice]) -> None:
    """Queues what can reach its shopper: by a grant, or because she follows the official account.

    Of orders only what the merchant has a template for; of points also without one, in the chat.
    """
    merchant_id = merchant.merchant_id
    templates = {t.kind: t for t in await rows.list_templates(tx, merchant_id)}
    told = [n for n in news if n.kind in templates or n.kind not in OF_ORDERS]
    account = await accounts.find_account(tx, merchant_id) if told else None
    if account is None:
        return
    follow = await followers.openids_of(tx, merchant_id, [n.shopper_id for n in told]) if account.appid else {}
    mini: dict[ShopperId, str | None] = {}
    if account.mini_program_appid:
        for shopper_id in {n.shopper_id for n in told}:
            mini[shopper_id] = await identity.find_openid(tx, shopper_id, account.mini_program_appid)
    left = await rows.count_remaining(
        tx, merchant_id, [o for o in mini.values() if o], [t.template_id for t in templates.values()]
    )
    drafts: list[Draft] = []
    for one in told:
        openid = mini.get(one.shopper_id)
        template = templates.get(one.kind)
        granted = openid is not None and template is not None and left.get((openid, template.template_id), 0) > 0
        if granted or one.shopper_id in follow:
            drafts.append(_draft(merchant, one, openid if granted else None, follow.get(one.shopper_id, "")))
    if drafts:
        await outbox.insert_messages(tx, merchant_id, drafts)


def _draft(merchant: Merchant, one: NewNotice, mini_openid: str | None, openid: str) -> Draft:
    values = dict.fromkeys(NAMES[one.kind], "") | one.values | {"merchant": merchant.name}
    about_order = one.order_id is not None
    says = [values.get("goods", ""), *(f"{n}：{v}" for n, v in _lines(values))]
    says.append("点击查看订单" if about_order else values["note"])
    page = f"pages/order/order?id={one.order_id}" if about_order else "pages/member/member"
    return Draft(
        openid=openid,
        mini_openid=mini_openid,
        shopper_id=one.shopper_id,
        kind="notice",
        purpose=one.kind,
        source_id=one.source_id,
        content=Content(
            card=Card(
                title=f"{merchant.name} · {TITLES[one.kind]}",
                description="\n".join(line for line in says if line),
                url=f"/shop/{merchant.code}/#/{page}",
                picture_url=merchant.logo_url or "",
            ),
            notice=Notice(kind=one.kind, values=values, page=f"{page}{'&' if about_order else '?'}m={merchant.code}"),
        ),
    )


def _lines(values: Mapping[str, str]) -> list[tuple[str, str]]:
    names = (("订单", "order_no"), ("金额", "amount"), ("快递", "company"), ("单号", "tracking_no"), ("积分", "points"))
    return [(label, values[name]) for label, name in names if values.get(name)]


async def send(rt: Runtime, account: Account, message: Message, notice: Notice) -> WeChatError | None:
    """Sends a subscribe message; None when it went, else why it did not.

    Raises Unavailable; the grant is given back when it is sure that nothing went.
    """
    merchant_id, openid = account.merchant_id, message.mini_openid
    async with rt.db.transaction() as tx:
        template = await rows.find_template(tx, merchant_id, notice.kind)
        if openid is None or template is None or not template.template_id or not account.mini_program_appid:
            return ApiError(_NO_GRANT, "no template")
        if not await rows.take_consent(tx, merchant_id, openid, template.template_id):
            return ApiError(_NO_GRANT, "no consent left")
    try:
        await apps.mini_program_api(rt, account).send_subscribe(
            openid, template.template_id, data_of(template.data, notice.values), page=notice.page
        )
    except WeChatError as failure:
        used_up = isinstance(failure, ApiError) and failure.errcode == _NO_GRANT
        unsure = isinstance(failure, Unavailable) and not failure.safe_to_retry
        async with rt.db.transaction() as tx:
            if used_up:
                await rows.drop_consents(tx, merchant_id, openid, template.template_id)
            elif not unsure:
                await rows.give_back(tx, merchant_id, openid, template.template_id)
        if isinstance(failure, Unavailable):
            raise
        return failure
    return None


async def official_template(
    rt: Runtime, merchant_id: MerchantId, notice: Notice, card: Card | None
) -> tuple[str, dict[str, str], str] | None:
    """The official account's template message that stands in: its id, its fields and the page; None without one."""
    async with rt.db.session() as tx:
        template = await rows.find_template(tx, merchant_id, notice.kind)
    if template is None or not template.official_template_id:
        return None
    url = links.absolute(rt, card.url) if card else ""
    return template.official_template_id, data_of(template.official_data, notice.values), url
