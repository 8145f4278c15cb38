"""A mini program's own events, read from a push that `official_account.PushReceiver` verified.

https://developers.weixin.qq.com/miniprogram/dev/platform-capabilities/business-capabilities/order-shipping/order-shipping.html
(section 9), .../sec-check/mediaCheckAsync.html and the subscribe message's events.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from bihuan.wechat.official_account.push import Other, Push


class TradeSettlement(msgspec.Struct, frozen=True, kw_only=True):
    """`trade_manage_order_settlement`: a payment was shipped, received, or its money settled.

    `received_at` is None until the shopper confirmed (or the time for it ran out: `received_by_itself`).
    """

    transaction_id: str
    mchid: str
    out_trade_no: str
    shipped_at: datetime | None
    received_at: datetime | None
    received_by_itself: bool
    settled_at: datetime | None


class ShippingWanted(msgspec.Struct, frozen=True, kw_only=True):
    """`trade_manage_remind_shipping`: a payment of more than 48 hours ago was not shipped."""

    transaction_id: str
    mchid: str
    out_trade_no: str


class MediaChecked(msgspec.Struct, frozen=True, kw_only=True):
    """`wxa_media_check`: the verdict on a picture or a sound; `suggest` is empty when it could not be fetched."""

    trace_id: str
    suggest: str
    label: int

    @property
    def risky(self) -> bool:
        """Whether it must not be shown."""
        return self.suggest == "risky"


class ConsentAnswered(msgspec.Struct, frozen=True, kw_only=True):
    """`subscribe_msg_popup_event`: what the shopper answered, template by template, when asked for consent."""

    openid: str
    answers: Mapping[str, bool]
    """Of each template_id: whether it was accepted."""


class ConsentWithdrawn(msgspec.Struct, frozen=True, kw_only=True):
    """`subscribe_msg_change_event`: the shopper switched templates off in the settings; no grant of them is left."""

    openid: str
    template_ids: Sequence[str]


class MessageSent(msgspec.Struct, frozen=True, kw_only=True):
    """`subscribe_msg_sent_event`: whether a subscribe message came through."""

    openid: str
    template_id: str
    msg_id: str
    error_code: str


MiniEvent = TradeSettlement | ShippingWanted | MediaChecked | ConsentAnswered | ConsentWithdrawn | MessageSent


def read_event(push: Push) -> MiniEvent | None:
    """The event of a push; None for anything else."""
    if not isinstance(push, Other) or push.kind != "event":
        return None
    fields = push.fields
    match push.event:
        case "trade_manage_order_settlement":
            return TradeSettlement(
                transaction_id=fields.get("transaction_id", ""),
                mchid=fields.get("merchant_id", ""),
                out_trade_no=fields.get("merchant_trade_no", ""),
                shipped_at=_time(fields, "shipped_time"),
                received_at=_time(fields, "confirm_receive_time"),
                received_by_itself=fields.get("confirm_receive_method") == "1",
                settled_at=_time(fields, "settlement_time"),
            )
        case "trade_manage_remind_shipping":
            return ShippingWanted(
                transaction_id=fields.get("transaction_id", ""),
                mchid=fields.get("merchant_id", ""),
                out_trade_no=fields.get("merchant_trade_no", ""),
            )
        case "wxa_media_check":
            label = fields.get("result.label", "")
            return MediaChecked(
                trace_id=fields.get("trace_id", ""),
                suggest=fields.get("result.suggest", ""),
                label=int(label) if label.isascii() and label.isdigit() else 0,
            )
        case "subscribe_msg_popup_event":
            rows = _listed(fields, "SubscribeMsgPopupEvent", "SubscribeStatusString")
            answers = {template_id: answer == "accept" for template_id, answer in rows}
            return ConsentAnswered(openid=push.openid, answers=answers)
        case "subscribe_msg_change_event":
            rows = _listed(fields, "SubscribeMsgChangeEvent", "SubscribeStatusString")
            off = [template_id for template_id, answer in rows if answer == "reject"]
            return ConsentWithdrawn(openid=push.openid, template_ids=off)
        case "subscribe_msg_sent_event":
            return MessageSent(
                openid=push.openid,
                template_id=_first(fields, "SubscribeMsgSentEvent", "TemplateId"),
                msg_id=_first(fields, "SubscribeMsgSentEvent", "MsgID"),
                error_code=_first(fields, "SubscribeMsgSentEvent", "ErrorCode"),
            )
        case _:
            return None


def _listed(fields: Mapping[str, str], outer: str, name: str) -> list[tuple[str, str]]:
    """Of each entry the template and one more field; a prompt asks for three templates at the most."""
    rows: list[tuple[str, str]] = []
    for number in ("", "2.", "3."):
        template_id = _first(fields, outer, f"{number}TemplateId")
        if template_id:
            rows.append((template_id, _first(fields, outer, number + name)))
    return rows


def _first(fields: Mapping[str, str], outer: str, name: str) -> str:
    """XML nests these in `<List>`; JSON has a `List` of objects."""
    return fields.get(f"{outer}.List.{name}") or fields.get(f"List.{name}", "")


def _time(fields: Mapping[str, str], name: str) -> datetime | None:
    text = fields.get(name, "")
    seconds = int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else 0
    return datetime.fromtimestamp(seconds, UTC) if seconds else None
