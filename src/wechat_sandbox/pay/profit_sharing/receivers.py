"""Whom a merchant may share with, and how much."""

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from wechat_sandbox.asgi import Request
from wechat_sandbox.models import Merchant
from wechat_sandbox.models_money import ShareReceiver, receiver_key
from wechat_sandbox.pay.errors import PayError, invalid_request, param_error
from wechat_sandbox.pay.profit_sharing.requests import AddReceiver, DeleteReceiver
from wechat_sandbox.pay.requests import decode
from wechat_sandbox.pay.sealed import unseal
from wechat_sandbox.world import World

_ADD = msgspec.json.Decoder(AddReceiver)
_DELETE = msgspec.json.Decoder(DeleteReceiver)


def add(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """POST /v3/profitsharing/receivers/add -> what was asked; adding again changes the relation."""
    asked = decode(_ADD, request.body)
    payee = payee_of(world, merchant, asked.sub_mchid)
    check_apps(world, merchant, payee, asked.appid, asked.sub_appid)
    custom = "" if asked.custom_relation is UNSET else asked.custom_relation
    if asked.relation_type == "CUSTOM" and not custom:
        raise param_error("/custom_relation", None, "relation_type为CUSTOM时，自定义的分账关系为必填项", "required")
    name = "" if asked.name is UNSET else unseal(world, merchant, request, "/name", asked.name)
    if asked.type == "MERCHANT_ID":
        _check_merchant(world, asked.account, name)
    else:
        _check_person(world, asked)
    row = ShareReceiver(payee, asked.type, asked.account, asked.relation_type, name, custom)
    world.money.receivers.put(row.key, row)
    answer: dict[str, Any] = {"type": asked.type, "account": asked.account, "relation_type": asked.relation_type}
    for field in ("sub_mchid", "name", "custom_relation"):
        if getattr(asked, field) is not UNSET:
            answer[field] = getattr(asked, field)
    return answer


def _check_merchant(world: World, account: str, name: str) -> None:
    if not name:
        raise param_error("/name", None, "分账接收方类型为MERCHANT_ID时，分账接收方全称为必填项", "required")
    receiver = world.merchants.get(account)
    if receiver is None:
        raise invalid_request("分账接收方商户号不存在")
    if receiver.name != name:
        raise invalid_request("分账接收方全称与商户号不匹配")


def _check_person(world: World, asked: AddReceiver) -> None:
    appid = asked.sub_appid if asked.type == "PERSONAL_SUB_OPENID" else asked.appid
    identity = world.openids.get(asked.account)
    if identity is None or identity.appid != appid:
        raise param_error("/account", asked.account, "openid与appid不匹配", "openid is not of this appid")


def delete(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """POST /v3/profitsharing/receivers/delete -> what was asked, also when it was none."""
    asked = decode(_DELETE, request.body)
    payee = payee_of(world, merchant, asked.sub_mchid)
    check_apps(world, merchant, payee, asked.appid, asked.sub_appid)
    world.money.receivers.delete(receiver_key(payee, asked.type, asked.account))
    answer: dict[str, Any] = {"type": asked.type, "account": asked.account}
    if asked.sub_mchid is not UNSET:
        answer["sub_mchid"] = asked.sub_mchid
    return answer


def max_ratio(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """GET /v3/profitsharing/merchant-configs/{sub_mchid} -> the most that may be shared, 3000 = 30 %."""
    payee = payee_of(world, merchant, request.params["sub_mchid"])
    return {"sub_mchid": payee, "max_ratio": world.money.settings(payee).max_ratio}


def payee_of(world: World, merchant: Merchant, sub_mchid: str | UnsetType) -> str:
    """Whose money it is: the caller's, or that of a sub-merchant of its. Raises PayError 403 NO_AUTH."""
    if sub_mchid is UNSET or not sub_mchid:
        return merchant.mchid
    sub = world.merchants.get(sub_mchid)
    if sub is None or merchant.mchid not in sub.sp_mchids:
        raise PayError(403, "NO_AUTH", "商户号与子商户号没有绑定关系，无权限")
    return sub_mchid


def check_apps(
    world: World, merchant: Merchant, payee: str, appid: str | UnsetType, sub_appid: str | UnsetType
) -> None:
    """The apps must be the caller's and the sub-merchant's. Raises PayError 400 APPID_MCHID_NOT_MATCH."""
    sub = world.merchants.get(payee)
    if (appid is not UNSET and appid not in merchant.appids) or (
        sub_appid is not UNSET and (sub is None or sub_appid not in sub.appids)
    ):
        raise PayError(400, "APPID_MCHID_NOT_MATCH", "appid和mch_id不匹配，请检查后再试")
