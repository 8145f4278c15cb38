"""What the account answers by itself: the welcome, keywords, menu buttons."""

from collections.abc import Sequence

import msgspec

from bihuan.channels.db import accounts as rows
from bihuan.channels.db.accounts import KeywordReply
from bihuan.kernel.db import Tx
from bihuan.kernel.errors import Unprocessable
from bihuan.kernel.ids import MerchantId

WELCOME = "您好，欢迎关注{merchant}！\n现在就去逛逛：{mall}"
SCANNED = "欢迎光临{store}！\n{mall}"

MAX_BYTES = 2048
"""WeChat's limit of a text, in UTF-8."""

_ROOM_FOR_LINK = 300


class Replies(msgspec.Struct, frozen=True):
    """A merchant's replies. {merchant}, {store} and {mall} (a link) are filled in."""

    welcome: str
    keywords: list[KeywordReply]


class ReplyTooLong(Unprocessable):
    """A reply is longer than WeChat shows; `field` names it."""

    code = "reply_too_long"
    zh = "回复内容过长（微信限 2048 字节）：{field}"
    en = "A reply is too long (WeChat's limit is 2048 bytes): {field}"


async def get_replies(tx: Tx, merchant_id: MerchantId) -> Replies:
    """The merchant's replies, or the usual ones."""
    welcome = await rows.find_welcome(tx, merchant_id)
    keywords = await rows.list_keyword_replies(tx, merchant_id)
    return Replies(WELCOME if welcome is None else welcome, keywords)


async def save_replies(tx: Tx, merchant_id: MerchantId, replies: Replies) -> Replies:
    """Writes all of them in place of those of before. An empty welcome: none. Raises ReplyTooLong."""
    texts = {"welcome": replies.welcome, **{f"keywords[{i}]": k.reply for i, k in enumerate(replies.keywords)}}
    for field, text in texts.items():
        if len(text.encode()) > MAX_BYTES - _ROOM_FOR_LINK:
            raise ReplyTooLong(field=field)
    await rows.replace_replies(tx, merchant_id, replies.welcome, replies.keywords)
    return replies


def choose(keywords: Sequence[KeywordReply], text: str) -> str | None:
    """The reply to a text: the first keyword that equals it, else the first that it contains."""
    said = text.strip().casefold()
    for keyword in keywords:
        if keyword.match == "exact" and keyword.keyword.strip().casefold() == said:
            return keyword.reply
    for keyword in keywords:
        if keyword.match == "contains" and keyword.keyword.strip().casefold() in said:
            return keyword.reply
    return None


def fill(template: str, *, merchant: str, store: str, mall: str) -> str:
    """The text with its placeholders filled in, cut to WeChat's limit.

    Plain replacement, not `format`: braces in a merchant's text are its own.
    """
    values = {"merchant": merchant, "store": store, "mall": f'<a href="{mall}">进入商城</a>'}
    for name, value in values.items():
        template = template.replace("{" + name + "}", value)
    return template.encode()[:MAX_BYTES].decode(errors="ignore")
