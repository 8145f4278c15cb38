"""The page that a shopper sees when signing in fails: it says why and lets her try again."""

from html import escape

from litestar import MediaType, Response

_WORDS = {
    "refused": (
        "您取消了微信授权",
        "授权后才能下单和查看订单。您可以重新授权，或先逛逛。",
        "You did not allow the sign-in",
        "Ordering needs it. Try again, or look around first.",
    ),
    "expired": (
        "登录已超时",
        "请重新登录，不会影响您已选的商品。",
        "The sign-in took too long",
        "Please sign in again; what you chose is kept.",
    ),
    "code": (
        "登录凭证已失效",
        "请重新登录。",
        "The sign-in code is no longer valid",
        "Please sign in again.",
    ),
    "snapshot": (
        "当前是网页快照",
        "请点击页面右下角“使用完整服务”，再继续购买。",
        "This is a snapshot of the page",
        "Choose “full service” at the bottom right to go on.",
    ),
    "unavailable": (
        "暂时连不上微信",
        "请稍后重试。",
        "WeChat does not answer",
        "Please try again in a moment.",
    ),
}

_PAGE = """<!doctype html>
<html lang="{lang}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>{title}</title>
<style>
body{{margin:0;min-height:100vh;display:flex;flex-direction:column;align-items:center;justify-content:center;
padding:24px;box-sizing:border-box;text-align:center;color:#1d1f23;background:#f6f5f2;
font:16px/1.6 -apple-system,"PingFang SC","Noto Sans CJK SC","Microsoft YaHei",sans-serif}}
h1{{font-size:20px;margin:0 0 8px}} p{{margin:0 0 28px;color:#5f636b;max-width:20em}}
a{{display:block;width:220px;padding:12px;border-radius:10px;margin-bottom:12px;text-decoration:none}}
a.main{{background:{color};color:#fff}} a.quiet{{color:#5f636b}}
</style></head>
<body><h1>{title}</h1><p>{text}</p>
<a class="main" href="{retry}">{again}</a><a class="quiet" href="{home}">{look}</a></body></html>"""


def failure(reason: str, language: str, *, retry: str, home: str, color: str, status: int) -> Response[str]:
    """The page for a reason: refused, expired, code, snapshot or unavailable."""
    zh_title, zh_text, en_title, en_text = _WORDS[reason]
    english = language == "en"
    body = _PAGE.format(
        lang="en" if english else "zh-CN",
        title=escape(en_title if english else zh_title),
        text=escape(en_text if english else zh_text),
        retry=escape(retry),
        home=escape(home),
        color=escape(color),
        again="Try again" if english else "重新登录",
        look="Look around first" if english else "先逛逛",
    )
    return Response(
        body,
        status_code=status,
        media_type=MediaType.HTML,
        headers={"Cache-Control": "no-store", "X-Sign-In-Error": reason},
    )
