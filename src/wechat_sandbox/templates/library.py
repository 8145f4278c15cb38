"""A small library of template titles, as an account of a shop would find it, and what accounts added."""

from base64 import urlsafe_b64encode
from typing import Literal, NamedTuple

from wechat_sandbox.models_apps import Template
from wechat_sandbox.world import World

CATEGORY_ID = 307
CATEGORY_NAME = "服装/鞋/箱包"
MAX_TEMPLATES = 50
Kind = Literal["subscribe", "template"]


class Keyword(NamedTuple):
    """A field that a template may have; its name in `data` is rule and kid, `thing1`."""

    kid: int
    name: str
    rule: str
    example: str

    @property
    def key(self) -> str:
        """Its name in `data`."""
        return f"{self.rule}{self.kid}"


class Title(NamedTuple):
    """An entry of the library."""

    tid: str
    title: str
    keywords: tuple[Keyword, ...]


_ORDER_NO = Keyword(1, "订单编号", "character_string", "20261122000001")
_GOODS = Keyword(2, "商品名称", "thing", "亚麻衬衫")
_AMOUNT = Keyword(3, "金额", "amount", "￥129.00")
_TIME = Keyword(4, "时间", "time", "2026年11月22日 15:01")
_NOTE = Keyword(5, "温馨提示", "thing", "点击查看详情")
_STATE = Keyword(6, "状态", "phrase", "配送中")
_STORE = Keyword(7, "门店", "thing", "湖滨店")
_COMPANY = Keyword(8, "快递公司", "thing", "顺丰速运")
_TRACKING = Keyword(9, "快递单号", "character_string", "SF1234567890")
_NUMBER = Keyword(10, "数量", "number", "3")
_NAME = Keyword(11, "姓名", "name", "小满")
_CODE = Keyword(12, "取货码", "character_string", "482913")

TITLES = (
    Title("101", "订单支付成功通知", (_ORDER_NO, _GOODS, _AMOUNT, _TIME, _NOTE, _STORE)),
    Title("102", "订单发货通知", (_ORDER_NO, _GOODS, _COMPANY, _TRACKING, _TIME, _NOTE)),
    Title("103", "退款成功通知", (_ORDER_NO, _GOODS, _AMOUNT, _TIME, _NOTE)),
    Title("104", "取货提醒", (_ORDER_NO, _GOODS, _STORE, _CODE, _TIME, _NOTE)),
    Title("105", "到货提醒", (_GOODS, _AMOUNT, _NUMBER, _TIME, _NOTE)),
    Title("106", "积分变动提醒", (_NUMBER, _TIME, _NOTE, _STORE)),
    Title("107", "会员等级变更通知", (_NAME, _STATE, _TIME, _NOTE)),
    Title("108", "优惠券到期提醒", (_GOODS, _AMOUNT, _TIME, _NOTE)),
    Title("109", "拼团结果通知", (_GOODS, _STATE, _NUMBER, _TIME, _NOTE)),
    Title("110", "订单状态通知", (_ORDER_NO, _STATE, _GOODS, _AMOUNT, _TIME, _NOTE)),
)
"""Numbers and words are the sandbox's own; WeChat's library differs by category."""

_DEFAULT_KEYS = 5


def title_of(tid: str) -> Title | None:
    """The library's entry."""
    return next((row for row in TITLES if row.tid == tid), None)


def template_id(world: World, label: str) -> str:
    """43 characters, as WeChat's."""
    return urlsafe_b64encode(world.derive("template:" + label)).decode()[:43]


def put(world: World, appid: str, kind: Kind, title: Title, keywords: list[Keyword], scene: str) -> Template:
    """Add a template to the account; the same combination is the same template."""
    label = f"{appid}:{kind}:{title.tid}:" + ",".join(str(word.kid) for word in keywords)
    row = Template(
        appid,
        template_id(world, label),
        kind,
        title.tid,
        title.title,
        "".join(f"{word.name}:{{{{{word.key}.DATA}}}}\n" for word in keywords),
        "".join(f"{word.name}:{word.example}\n" for word in keywords),
        [word.key for word in keywords],
        scene,
    )
    return world.apps.templates.put(f"{appid}:{row.template_id}", row)


def ensure_defaults(world: World, appid: str) -> None:
    """Every account has one template of each title, until it deletes them."""
    mark = f"{appid}:"
    if mark in world.apps.templates:
        return
    world.apps.templates.put(mark, Template(appid, "", "subscribe", "", "", "", "", []))
    for title in TITLES:
        for kind in ("subscribe", "template"):
            put(world, appid, kind, title, list(title.keywords[:_DEFAULT_KEYS]), "")


def mine(world: World, appid: str, kind: Kind) -> list[Template]:
    """The account's templates."""
    ensure_defaults(world, appid)
    return [row for row in world.apps.templates.values() if row.appid == appid and row.kind == kind and row.template_id]


def find(world: World, appid: str, wanted: str, kind: Kind) -> Template | None:
    """One of the account's templates."""
    ensure_defaults(world, appid)
    row = world.apps.templates.get(f"{appid}:{wanted}") if wanted else None
    return row if row is not None and row.kind == kind else None


def strict(world: World, appid: str, kind: Kind) -> bool:
    """Whether an unknown template_id is refused: as WeChat does, or taken so that a shop can start without setup."""
    wanted = world.apps.settings_of(appid).strict_templates
    return kind == "subscribe" if wanted is None else wanted
