"""The console's room of messages: what was said, what WeChat refused and why, and saying it again."""

from typing import Any

import httpx

from bihuan import channels
from bihuan.channels import Content, Draft
from bihuan.kernel.ids import new_id
from tests.channels.desk import Brand, Mall

ROOM = "/api/merchant/messages"


async def items(client: httpx.AsyncClient, query: str = "") -> list[dict[str, Any]]:
    """The messages of the room, the latest first."""
    answer = await client.get(f"{ROOM}{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def say(mall: Mall, brand: Brand, openid: str, text: str) -> None:
    """The account wants to say something."""
    draft = Draft(openid=openid, purpose="notice", source_id=new_id(), content=Content(text=text))
    async with mall.rt.db.transaction() as tx:
        await channels.queue_messages(tx, brand.merchant.merchant_id, [draft])


async def test_a_refused_message_shows_wechat_s_reason_and_is_said_again(mall: Mall) -> None:
    brand = await mall.brand()
    person = await mall.person()
    await person.act("follow", appid=brand.appid)
    owner, clerk = await mall.sign_in_staff(brand), await mall.sign_in_staff(brand, "clerk")

    async def sent(count: int) -> bool:
        return len(await items(owner, "?state=sent")) == count

    await mall.settle(lambda: sent(1))
    (welcome,) = await items(owner)
    assert (welcome["state"], welcome["sent_as"], welcome["purpose"]) == ("sent", "custom", "welcome")
    assert welcome["title"]
    assert welcome["error"] is None

    await person.act("unfollow", appid=brand.appid)
    await say(mall, brand, await person.openid(brand.appid), "您有一张新券")

    async def failed() -> bool:
        return bool(await items(owner, "?state=failed"))

    await mall.settle(failed)
    (refused,) = await items(owner, "?state=failed")
    assert refused["text"] == "您有一张新券"
    assert isinstance(refused["errcode"], int)
    assert refused["errcode"] > 40000
    assert refused["error"]
    assert not refused["uncertain"]

    path = f"{ROOM}/{refused['message_id']}/retry"
    assert (await clerk.post(path)).json()["permission"] == "channels.write"
    await person.act("follow", appid=brand.appid)
    assert (await owner.post(path)).json() == {"message_id": refused["message_id"], "state": "queued"}

    async def heard() -> bool:
        return any(m.get("content") == "您有一张新券" for m in await person.chat(brand.appid))

    await mall.settle(heard)
    assert await items(owner, "?state=failed") == []
    again = await owner.post(path)
    assert (again.status_code, again.json()["code"], again.json()["state"]) == (409, "wrong_state", "sent")
    other = await mall.sign_in_staff(await mall.brand(connected=False))
    assert await items(other) == []
    assert (await other.post(path)).status_code == 404


async def test_an_unknown_outcome_is_marked_and_pages_follow_each_other(mall: Mall) -> None:
    brand = await mall.brand(connected=False)
    owner = await mall.sign_in_staff(brand)
    for n in range(3):
        await say(mall, brand, "o-nobody", f"第 {n} 条")
    async with mall.rt.db.transaction() as tx:
        await tx.execute(
            """update chat_messages set state = 'failed', error = 'outcome unknown' where merchant_id = $1""",
            brand.merchant.merchant_id,
        )
    page = (await owner.get(f"{ROOM}?limit=2")).json()
    rest = (await owner.get(f"{ROOM}?limit=2&cursor={page['next_cursor']}")).json()
    assert [m["text"] for m in page["items"] + rest["items"]] == ["第 2 条", "第 1 条", "第 0 条"]
    assert {(m["uncertain"], m["errcode"]) for m in page["items"]} == {(True, None)}
    assert (await owner.get(f"{ROOM}?state=nonsense")).status_code == 400
