"""The menu below the chat: written here, shown once published to WeChat."""

from bihuan.channels import accounts, apps
from bihuan.channels.db import accounts as rows
from bihuan.channels.db.accounts import Menu
from bihuan.channels.errors import MenuNotAcceptable
from bihuan.kernel.db import Tx
from bihuan.kernel.errors import NotFound
from bihuan.kernel.ids import MerchantId
from bihuan.kernel.runtime import Runtime
from bihuan.wechat import WeChatError
from bihuan.wechat.official_account import Button

_KINDS = ("click", "view", "miniprogram")


def check(buttons: tuple[Button, ...]) -> None:
    """Raises MenuNotAcceptable for what WeChat would refuse.

    https://developers.weixin.qq.com/doc/offiaccount/Custom_Menus/Creating_Custom-Defined_Menu.html
    """
    if len(buttons) > 3:
        raise MenuNotAcceptable(reason="一级菜单最多 3 个 / at most 3 buttons")
    for button in buttons:
        _check_name(button, 16)
        if not button.sub_button:
            _check_action(button)
            continue
        if len(button.sub_button) > 5:
            raise MenuNotAcceptable(reason=f"“{button.name}”的子菜单最多 5 个 / at most 5 entries")
        for entry in button.sub_button:
            _check_name(entry, 60)
            if entry.sub_button:
                raise MenuNotAcceptable(reason="菜单最多两级 / at most two levels")
            _check_action(entry)


def _check_name(button: Button, most_bytes: int) -> None:
    # WeChat counts a Chinese character as two.
    if not 0 < len(button.name.strip().encode("gb18030")) <= most_bytes:
        raise MenuNotAcceptable(reason=f"菜单名称“{button.name}”为空或过长 / name empty or too long")


def _check_action(button: Button) -> None:
    right = {
        "click": 0 < len(button.key.encode()) <= 128,
        "view": button.url.startswith(("http://", "https://")) and len(button.url.encode()) <= 1024,
        "miniprogram": bool(button.appid and button.pagepath) and button.url.startswith(("http://", "https://")),
    }
    if button.type not in _KINDS or not right[button.type]:
        raise MenuNotAcceptable(reason=f"“{button.name}”没有有效的动作 / no valid action")


async def get_menu(tx: Tx, merchant_id: MerchantId) -> Menu:
    """The merchant's menu; empty when it wrote none."""
    return await rows.find_menu(tx, merchant_id) or Menu()


async def save_menu(tx: Tx, merchant_id: MerchantId, buttons: tuple[Button, ...]) -> Menu:
    """Writes the menu; publishing shows it. Raises MenuNotAcceptable."""
    check(buttons)
    await rows.upsert_menu(tx, merchant_id, buttons)
    return await get_menu(tx, merchant_id)


async def publish(rt: Runtime, merchant_id: MerchantId) -> Menu:
    """Gives the menu to WeChat; an empty one takes the menu away. Doing it twice does no harm.

    Raises NoOfficialAccount, NotFound when there is no menu yet, and what apps.problem_of tells.
    """
    async with rt.db.session() as tx:
        account = await accounts.get_account(tx, merchant_id)
        menu = await rows.find_menu(tx, merchant_id)
    if menu is None:
        raise NotFound
    client = apps.official_account(rt, account)
    try:
        await (client.create_menu(menu.buttons) if menu.buttons else client.delete_menu())
    except WeChatError as error:
        raise apps.problem_of(error) from error
    async with rt.db.transaction() as tx:
        await rows.set_published(tx, merchant_id)
        return await get_menu(tx, merchant_id)
