"""The page behind an `h5_url`: in place of the WeChat app that would open, one chooses who pays."""

import html
import json
from urllib.parse import urlsplit

from wechat_sandbox.asgi import Answer, Request
from wechat_sandbox.oauth import page
from wechat_sandbox.pay.orders import parts, prepay_lives, settle
from wechat_sandbox.pay.rows import CombinedOrder
from wechat_sandbox.world import World

_SCRIPT = """
<script>
const send = async (path, body) => {
  const response = await fetch('/_sandbox/' + path, {method: 'POST', body: JSON.stringify(body || {}),
    headers: {'content-type': 'application/json'}});
  const data = await response.json();
  if (!response.ok) throw new Error(data.message);
  return data;
};
document.querySelectorAll('[data-shopper]').forEach((link) => link.addEventListener('click', async (event) => {
  event.preventDefault();
  const told = document.querySelector('#told');
  try {
    const sheet = await send(`shoppers/${link.dataset.shopper}/sheets`, {h5_url: location.href});
    await send(`sheets/${sheet.sheet_id}/pay`);
    told.textContent = '支付成功';
    const back = BACK;
    if (back) location.href = back;
  } catch (error) { told.textContent = error.message; }
}));
</script>
"""


def show(world: World, request: Request) -> Answer:
    """GET /cgi-bin/mmpayweb-bin/checkmweb?prepay_id=[&redirect_url=]"""
    order = world.order_of_prepay.get(request.query.get("prepay_id", ""))
    if order is None or order.trade_type != "MWEB":
        return page("商家参数格式有误，请联系商家解决", "")
    if settle(world, order).state != "NOTPAY" or not prepay_lives(world, order):
        return page("支付请求已失效，请重新发起支付", "")
    back = request.query.get("redirect_url", "")
    if urlsplit(back).scheme not in ("http", "https"):
        back = ""
    people = "".join(
        f'<a href="#" data-shopper="{row.shopper_id}">{html.escape(row.nickname)} 支付</a>'
        for row in world.shoppers.values()[-8:]
    )
    amount = f"¥{order.total / 100:.2f}"
    bought = parts(world, order) if isinstance(order, CombinedOrder) else [order]
    lines = "".join(f"<p>{html.escape(row.description)}</p>" for row in bought)
    body = (
        f"{lines}{people or '<p>先在手机页里添加一位用户</p>'}"
        f"<p id=told></p>{_SCRIPT.replace('BACK', json.dumps(back).replace('<', chr(92) + 'u003c'))}"
    )
    return page(amount, body)
