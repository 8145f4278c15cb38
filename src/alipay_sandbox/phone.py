"""A buyer's phone: the payment code that a till scans, and what waits for her password."""

import io
from html import escape

import segno

from alipay_sandbox import codes, wire
from alipay_sandbox.cashier import as_page, error_page
from alipay_sandbox.http import Answer, Request, as_text, redirect
from alipay_sandbox.models import Buyer, Trade
from alipay_sandbox.world import World

LOOK_SECONDS = 3
"""How often the page looks again."""

_STYLE = """
.code svg{width:220px;height:220px;margin:4px auto 6px;display:block}
.digits{display:block;width:100%;border:0;background:#eef2f8;color:#1d2433;font:600 20px/1.4 ui-monospace,
Menlo,Consolas,monospace;letter-spacing:1px;padding:12px 6px;border-radius:12px;text-align:center}
.code p{color:#667085;font-size:13px;margin:12px 0 0}
"""


def answer(world: World, request: Request) -> Answer:
    """`/code` is the phone of this sandbox, `/code/{buyer_id}` any buyer's."""
    buyer_id = request.path.removeprefix("/code").strip("/")
    if not buyer_id:
        return redirect(f"{world.base_url}/code/{world.ensure_buyer('phone').buyer_id}")
    buyer = world.buyers.get(buyer_id)
    if buyer is None:
        return as_text(error_page("404", "页面不存在"), 404)
    mine = [trade for trade in world.trades.values() if trade.buyer_id == buyer_id]
    for trade in mine:
        world.settle_expiry(trade)
    waiting = next((trade for trade in reversed(mine) if trade.status == "WAIT_BUYER_PAY"), None)
    cards = [_asked(world, waiting)] if waiting else [_code(world, buyer), _last(world, mine)]
    head = f'<meta http-equiv="refresh" content="{LOOK_SECONDS}"><style>{_STYLE}</style>'
    return as_text(as_page(head + "".join(cards), "支付宝沙箱付款码", "付钱"))


def _code(world: World, buyer: Buyer) -> str:
    code = codes.show(world, buyer)
    picture = io.BytesIO()
    segno.make(code, micro=False, error="m").save(picture, kind="svg", xmldecl=False, svgns=False, omitsize=True)
    grouped = " ".join(code[at : at + 4] for at in range(0, len(code), 4))
    return (
        f'<div class="card code" data-testid="alipay-code" data-code="{code}"><div class="who">向商家付钱</div>'
        f'{picture.getvalue().decode()}<output class="digits">{grouped}</output>'
        "<p>请收银员扫码，每分钟自动更新，仅可使用一次</p></div>"
    )


def _asked(world: World, trade: Trade) -> str:
    return (
        f'<div class="card" data-testid="alipay-asked"><div class="who">{_seller(world, trade)} 正在收款</div>'
        f'<div class="sum"><b>¥</b>{wire.yuan(trade.total_fen)}</div>'
        f'<form method="post" action="{world.base_url}/cashier/{trade.token}/pay">'
        '<button class="go" data-testid="alipay-confirm">输入支付密码，确认付款</button></form></div>'
    )


def _last(world: World, mine: list[Trade]) -> str:
    paid = max((trade for trade in mine if trade.paid_at), key=lambda trade: trade.paid_at, default=None)
    if paid is None:
        return ""
    back = f"（已退 ¥{wire.yuan(paid.refunded_fen)}）" if paid.refunded_fen else ""
    return (
        f'<div class="card" data-testid="alipay-last"><div class="who">最近一笔 · {_seller(world, paid)}</div>'
        f"<b>¥{wire.yuan(paid.total_fen)}</b> {back}</div>"
    )


def _seller(world: World, trade: Trade) -> str:
    app = world.apps.get(trade.app_id)
    return escape(app.name if app else trade.app_id)
