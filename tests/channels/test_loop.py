"""Following, scanning and writing, as WeChat pushes them: from the sandbox's phone to the touchpoint."""

import pytest

from tests.channels.desk import Mall


@pytest.mark.parametrize("mode", ["plain", "safe", "compatible"])
async def test_scanning_a_stores_code_follows_greets_and_attributes(mall: Mall, mode: str) -> None:
    brand = await mall.brand(mode)
    label, person = await brand.label(), await mall.person("小满")
    scanned = await person.act("scan", content=label.qr_url)
    assert (scanned["action"], scanned["appid"]) == ("follow_page", brand.appid)
    await person.act("follow", appid=brand.appid, ticket=scanned["ticket"])

    async def greeted() -> bool:
        return len(await person.chat(brand.appid)) == 2 and len(await brand.touches()) == 1

    await mall.settle(greeted)
    welcome, card = await person.chat(brand.appid)
    assert welcome["kind"] == "text"
    assert "欢迎关注青衫" in welcome["content"]
    assert f'href="{mall.url}/shop/{brand.merchant.code}/"' in welcome["content"]
    assert card["kind"] == "news"
    assert await brand.touches() == [("follow", label.code, True)]
    (follower,) = await brand.rows("select * from followers where merchant_id = $1")
    assert (follower["following"], follower["home_store_id"], follower["label_id"]) == (
        True,
        brand.store_id,
        label.label_id,
    )
    (kept,) = await brand.rows("select scans from labels where merchant_id = $1")
    assert kept["scans"] == 1
