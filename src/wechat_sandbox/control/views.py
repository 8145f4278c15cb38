"""Rows of the world as the control API shows them."""

import msgspec

from wechat_sandbox.accounts import avatar_url, merchant_name
from wechat_sandbox.clock import rfc3339_utc
from wechat_sandbox.control import schemas
from wechat_sandbox.models import Merchant, MiniProgram, OfficialAccount, Sheet, Shopper
from wechat_sandbox.pay import sheets
from wechat_sandbox.world import World


def merchant_view(world: World, merchant: Merchant) -> schemas.MerchantView:
    """A merchant with its keys, which are made now if they were not."""
    own = world.keys.merchant(merchant)
    platform = world.keys.certificate(merchant)
    return schemas.MerchantView(
        mchid=merchant.mchid,
        name=merchant.name,
        apiv3_key=merchant.apiv3_key,
        serial_no=merchant.serial_no,
        private_key_pem=own.private_pem,
        certificate_pem=own.certificate_pem,
        mode=merchant.mode,
        platform_serial_no=merchant.platform_serial_no,
        platform_certificate_pem=platform.certificate_pem,
        public_key_id=merchant.public_key_id,
        public_key_pem=world.keys.public_key(merchant).public_pem,
        appids=merchant.appids,
        sp_mchids=merchant.sp_mchids,
    )


def account_view(account: OfficialAccount) -> schemas.OfficialAccountView:
    """An official account."""
    return schemas.OfficialAccountView(
        appid=account.appid,
        secret=account.secret,
        name=account.name,
        original_id=account.original_id,
        token=account.token,
        encoding_aes_key=account.encoding_aes_key,
        mode=account.mode,
        callback_url=account.callback_url,
        avatar_color=account.avatar_color,
    )


def mini_program_view(world: World, row: MiniProgram) -> schemas.MiniProgramView:
    """A mini program."""
    home = world.phone.homes.get(row.appid)
    return schemas.MiniProgramView(row.appid, row.secret, row.name, home.home_url if home else None)


def shopper_view(world: World, shopper: Shopper) -> schemas.ShopperView:
    """A shopper."""
    return schemas.ShopperView(
        shopper.shopper_id, shopper.nickname, avatar_url(world, shopper.shopper_id), shopper.unionid
    )


def shopper_detail(world: World, shopper: Shopper) -> schemas.ShopperDetail:
    """A shopper with identities and wallet."""
    rows = [row for row in world.identities.values() if row.shopper_id == shopper.shopper_id]
    view = shopper_view(world, shopper)
    return schemas.ShopperDetail(
        shopper_id=view.shopper_id,
        nickname=view.nickname,
        avatar_url=view.avatar_url,
        unionid=view.unionid,
        phone=shopper.phone,
        identities=[schemas.IdentityView(row.appid, row.openid, row.following) for row in rows],
        wallet=_wallet(world, shopper, {row.openid for row in rows}),
    )


def _wallet(world: World, shopper: Shopper, openids: set[str]) -> schemas.WalletView:
    paid = [order for order in world.orders.values() if order.payer_openid in openids and order.transaction_id]
    bills = [
        schemas.BillView(
            transaction_id=order.transaction_id,
            out_trade_no=order.out_trade_no,
            merchant_name=merchant_name(world, order.payee),
            description=order.description,
            total_fen=order.total,
            refunded_fen=order.refunded,
            paid_at=rfc3339_utc(order.paid_at),
        )
        for order in sorted(paid, key=lambda order: -order.paid_at)[:50]
    ]
    return schemas.WalletView(shopper.spent_fen, sum(order.refunded for order in paid), bills)


def sheet_view(world: World, sheet: Sheet) -> schemas.SheetView:
    """A payment sheet."""
    return msgspec.convert(sheets.describe(world, sheet), schemas.SheetView)
