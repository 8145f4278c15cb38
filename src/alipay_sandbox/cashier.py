"""The cashier: the page where a shopper pays, and what it says afterwards. It says on its face that it is none."""

from html import escape
from urllib.parse import urlencode

from alipay_sandbox import trades, wire
from alipay_sandbox.http import Answer, Request, as_text, redirect
from alipay_sandbox.models import Trade
from alipay_sandbox.world import World

_STYLE = """
*{box-sizing:border-box}body{margin:0;background:#f3f6fb;color:#1d2433;font:16px/1.6 system-ui,-apple-system,
"PingFang SC","Noto Sans CJK SC","Microsoft YaHei",sans-serif}
header{background:#1677ff;color:#fff}header>div{max-width:460px;margin:0 auto;padding:16px 20px;display:flex;
align-items:center;gap:10px;font-weight:600;font-size:18px}
header i{width:30px;height:30px;border-radius:8px;background:#fff;color:#1677ff;font-style:normal;font-weight:700;
display:grid;place-items:center}
header small{margin-left:auto;font-weight:500;font-size:12px;border:1px solid #ffffff8c;border-radius:99px;
padding:1px 10px}
main{max-width:460px;margin:0 auto;padding:16px}
.note{background:#fff7e6;border:1px solid #ffd591;color:#874d00;border-radius:10px;padding:9px 14px;font-size:13px}
.card{background:#fff;border-radius:16px;padding:28px 22px 22px;margin-top:14px;box-shadow:0 1px 2px #1d24330d,
0 8px 24px #1d24330f;text-align:center}
.who{color:#667085;font-size:14px}.sum{font-size:42px;font-weight:700;letter-spacing:-.5px;margin:4px 0 16px;
font-variant-numeric:tabular-nums}.sum b{font-size:24px;margin-right:3px}
dl{display:grid;grid-template-columns:auto 1fr;gap:8px 16px;margin:0 0 22px;padding-top:18px;text-align:left;
border-top:1px solid #eaeef5;font-size:14px}dt{color:#667085}dd{margin:0;text-align:right;overflow-wrap:anywhere}
dd.no{font-size:12px}
button,a.b{display:block;width:100%;border:0;border-radius:12px;padding:13px;font-weight:600;
font-size:17px;line-height:1.4;font-family:inherit;cursor:pointer;text-decoration:none;text-align:center}
.go{background:#1677ff;color:#fff}.go:hover{background:#0f68e6}.back{margin-top:10px;color:#475467;background:#eef2f8}
.mark{width:64px;height:64px;border-radius:50%;display:grid;place-items:center;margin:2px auto 12px;font-size:34px;
color:#fff;background:#1677ff}.mark.no{background:#98a2b3}h1{font-size:20px;margin:0 0 4px}
footer{max-width:460px;margin:0 auto;padding:6px 20px 28px;color:#98a2b3;font-size:12px;text-align:center}
"""


def answer(world: World, request: Request) -> Answer:
    """`/qr/{token}` opens, `/cashier/{token}` shows, `/cashier/{token}/pay` pays."""
    _, kind, token, *rest = request.path.split("/")
    trade = world.by_token.get(token)
    if trade is None:
        return as_text(error_page("ACQ.TRADE_NOT_EXIST", "二维码或链接已失效"), 404)
    if kind == "qr":
        trades.open_trade(world, trade)
        return redirect(f"{world.base_url}/cashier/{token}")
    if rest == ["pay"] and request.method == "POST":
        trades.pay(world, trade)
        return redirect(f"{world.base_url}/cashier/{token}")
    if rest:
        return as_text(error_page("404", "页面不存在"), 404)
    world.settle_expiry(trade)
    return as_text(as_page(_body(world, trade)))


def error_page(code: str, message: str) -> str:
    """What a shopper sees of a request that Alipay does not take."""
    return as_page(
        f'<div class="card"><div class="mark no">!</div><h1>无法付款</h1>'
        f'<p class="who">{escape(message)}<br>错误代码 {escape(code)}</p></div>'
    )


def _body(world: World, trade: Trade) -> str:
    app = world.apps.get(trade.app_id)
    seller = escape(app.name if app else trade.app_id)
    about = (
        f"<dl><dt>商品</dt><dd>{escape(trade.subject)}</dd><dt>收款方</dt><dd>{seller}</dd>"
        f"<dt>订单号</dt><dd class=no>{escape(trade.out_trade_no)}</dd></dl>"
    )
    amount = f'<div class="sum"><b>¥</b>{wire.yuan(trade.total_fen)}</div>'
    if trade.status == "WAIT_BUYER_PAY":
        back = f'<a class="b back" href="{escape(trade.return_url)}">暂不付款，返回商家</a>' if trade.return_url else ""
        return (
            f'<div class="card" data-testid="cashier"><div class="who">向 {seller} 付款</div>{amount}{about}'
            f'<form method="post" action="{world.base_url}/cashier/{trade.token}/pay">'
            f'<button class="go" data-testid="alipay-confirm">确认付款</button></form>{back}</div>'
        )
    if trade.paid_at:
        link = _way_back(world, trade)
        back = f'<a class="b go" data-testid="alipay-back" href="{escape(link)}">返回商家</a>' if link else ""
        moved = f"已退款 ¥{wire.yuan(trade.refunded_fen)}" if trade.refunded_fen else "付款成功"
        script = (
            f'<meta http-equiv="refresh" content="2;url={escape(link)}">' if link and not trade.refunded_fen else ""
        )
        if trade.buyer_id:
            back = f'<a class="b go" data-testid="alipay-back" href="{world.base_url}/code/{trade.buyer_id}">完成</a>'
        told = f'<div class="mark">✓</div><h1>{moved}</h1>{amount}{back}'
        return f'{script}<div class="card" data-testid="paid">{told}</div>'
    return (
        f'<div class="card" data-testid="closed"><div class="mark no">×</div><h1>交易已关闭</h1>'
        f'<p class="who">超过付款时间，或商家已取消。</p>{amount}</div>'
    )


def _way_back(world: World, trade: Trade) -> str:
    """The merchant's page, with what was paid and a signature. A merchant goes by notifications, not by this."""
    app = world.apps.get(trade.app_id)
    if not trade.return_url or app is None:
        return ""
    fields = {
        "app_id": app.app_id,
        "seller_id": app.seller_id,
        "method": f"alipay.trade.{trade.product}.pay.return",
        "charset": "utf-8",
        "sign_type": "RSA2",
        "version": "1.0",
        "out_trade_no": trade.out_trade_no,
        "trade_no": trade.trade_no,
        "total_amount": wire.yuan(trade.total_fen),
        "timestamp": wire.china(world.now()),
    }
    fields["sign"] = wire.sign(world.keys_of(app)[1], wire.notice_text(fields))
    return f"{trade.return_url}{'&' if '?' in trade.return_url else '?'}{urlencode(fields)}"


def as_page(body: str, title: str = "支付宝沙箱收银台", name: str = "支付宝收银台") -> str:
    """A page of the sandbox around a body."""
    return (
        '<!doctype html><html lang="zh-CN"><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>'
        '<link rel="icon" href="data:,">'
        f"<style>{_STYLE}</style><header><div><i>支</i>{name}<small>沙箱 Sandbox</small></div></header>"
        '<main><div class="note">这是本机的支付宝沙箱，不是支付宝，不会真实扣款。'
        f"A sandbox on this machine: no money moves.</div>{body}</main>"
        "<footer>按支付宝开放平台公开文档编写，未经支付宝验证</footer></html>"
    )
