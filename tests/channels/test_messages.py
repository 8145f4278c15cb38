"""The outbox: said once, by template where the chat is closed, given up when nobody knows."""

import asyncio
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from bihuan import channels
from bihuan.channels import Content, Draft, MemberTemplate, NewAccount, messages
from bihuan.facts.membership import MemberJoined
from bihuan.kernel.clock import OffsetClock
from bihuan.kernel.events import emit
from bihuan.kernel.ids import MemberId, OrderId, ShopperId, new_id
from bihuan.settings import WeChatUrls
from tests.channels.desk import Brand, Mall, Person

TEMPLATE = MemberTemplate(
    "tm-member", {"first": "恭喜成为{merchant}会员", "keyword1": "{number}", "keyword2": "{level}", "x": "{other}"}
)


async def follower(mall: Mall, brand: Brand) -> tuple[Person, ShopperId]:
    """Somebody who follows and was greeted."""
    person = await mall.person()
    await person.act("follow", appid=brand.appid)

    async def greeted() -> bool:
        return len(await person.chat(brand.appid)) == 2

    await mall.settle(greeted)
    openid = await person.openid(brand.appid)
    (row,) = await brand.rows("select shopper_id from followers where merchant_id = $1 and openid = $2", openid)
    return person, row["shopper_id"]


async def join(mall: Mall, brand: Brand, shopper_id: ShopperId) -> None:
    """The shopper became a member."""
    async with mall.rt.db.transaction() as tx:
        await emit(
            tx,
            MemberJoined(
                merchant_id=brand.merchant.merchant_id,
                occurred_at=tx.now,
                member_id=MemberId(new_id()),
                shopper_id=shopper_id,
                number="M1234567897",
                level_name="普通会员",
                points=128,
                order_id=OrderId(new_id()),
            ),
        )
    await mall.deliver()


async def queued(brand: Brand) -> list[dict[str, Any]]:
    """The member prompts."""
    return await brand.rows(
        """select state, sent_as, error, attempts from chat_messages
           where merchant_id = $1 and purpose = 'member_card'"""
    )


async def use_template(mall: Mall, brand: Brand, template: MemberTemplate | None) -> None:
    """Configures the template message."""
    async with mall.rt.db.transaction() as tx:
        account = await channels.get_account(tx, brand.merchant.merchant_id)
        new = NewAccount(
            appid=account.appid,
            name=account.name,
            original_id=account.original_id,
            mode=account.mode,
            mini_program_appid=account.mini_program_appid,
            member_template=template,
        )
        await channels.connect_account(tx, mall.rt.vault, brand.merchant.merchant_id, new)


async def test_a_new_member_is_told_in_the_chat_with_the_way_to_the_card(mall: Mall) -> None:
    brand = await mall.brand()
    person, shopper_id = await follower(mall, brand)
    await join(mall, brand, shopper_id)
    await messages.send_due(mall.rt)
    *_, prompt = await person.chat(brand.appid)
    (article,) = prompt["articles"]
    assert article["title"] == "恭喜您成为青衫会员"
    assert "M1234567897" in article["description"]
    assert article["url"] == f"{mall.url}/shop/{brand.merchant.code}/#/pages/member/member"
    assert [(r["state"], r["sent_as"]) for r in await queued(brand)] == [("sent", "custom")]
    await messages.send_due(mall.rt)
    assert len(await person.chat(brand.appid)) == 3


async def test_a_closed_chat_takes_a_template_message_and_without_one_the_failure_is_kept(mall: Mall) -> None:
    brand = await mall.brand("plain")
    person, shopper_id = await follower(mall, brand)
    for _ in range(2):  # 3 within a minute of following: the greeting's card and these two
        await join(mall, brand, shopper_id)
        await messages.send_due(mall.rt)
    await join(mall, brand, shopper_id)
    await messages.send_due(mall.rt)
    assert sorted((r["state"], r["error"] and r["error"][:5]) for r in await queued(brand)) == [
        ("failed", "45047"),
        ("sent", None),
        ("sent", None),
    ]
    await use_template(mall, brand, TEMPLATE)
    await join(mall, brand, shopper_id)
    await messages.send_due(mall.rt)
    *_, told = await person.chat(brand.appid)
    assert (told["kind"], told["template_id"]) == ("template", "tm-member")
    assert told["data"] == {
        "first": "恭喜成为青衫会员",
        "keyword1": "M1234567897",
        "keyword2": "普通会员",
        "x": "{other}",
    }
    assert told["url"] == f"{mall.url}/shop/{brand.merchant.code}/#/pages/member/member"


async def test_whoever_does_not_follow_is_not_written_to(mall: Mall) -> None:
    brand = await mall.brand("plain")
    await join(mall, brand, ShopperId(new_id()))
    assert await queued(brand) == []


async def test_two_senders_at_once_say_it_once(mall: Mall) -> None:
    brand = await mall.brand("plain")
    person, shopper_id = await follower(mall, brand)
    await join(mall, brand, shopper_id)
    await asyncio.gather(*(messages.send_due(mall.rt) for _ in range(4)))
    assert len(await person.chat(brand.appid)) == 3


async def test_wechat_out_of_reach_is_tried_again_and_an_unknown_outcome_is_not(mall: Mall, clock: OffsetClock) -> None:
    brand = await mall.brand("plain")
    person, shopper_id = await follower(mall, brand)
    await join(mall, brand, shopper_id)
    settings = msgspec.structs.replace(mall.rt.settings, wechat=WeChatUrls.of_sandbox("http://127.0.0.1:9"))
    deaf = msgspec.structs.replace(mall.rt, settings=settings)
    await messages.send_due(deaf)
    (row,) = await queued(brand)
    assert (row["state"], row["attempts"]) == ("queued", 1)
    assert await messages.send_due(mall.rt) == 0, "it waits"
    clock.advance(timedelta(seconds=3))
    await messages.send_due(mall.rt)
    assert [r["state"] for r in await queued(brand)] == ["sent"]
    assert len(await person.chat(brand.appid)) == 3

    await join(mall, brand, shopper_id)
    async with mall.rt.db.transaction() as tx:
        await tx.execute(
            "update chat_messages set state = 'sending' where merchant_id = $1 and state = 'queued'",
            brand.merchant.merchant_id,
        )
    await messages.fail_abandoned(mall.rt)
    assert sorted(r["state"] for r in await queued(brand)) == ["sending", "sent"], "its sender may live"
    clock.advance(messages.ABANDONED + timedelta(seconds=1))
    await messages.fail_abandoned(mall.rt)
    assert sorted((r["state"], r["error"]) for r in await queued(brand)) == [
        ("failed", "outcome unknown"),
        ("sent", None),
    ]
    clock.offset = timedelta()


@pytest.mark.parametrize("content", [Content(text=""), Content(text="长" * 700)], ids=["empty", "long"])
async def test_what_wechat_refuses_for_good_is_not_tried_again(mall: Mall, content: Content) -> None:
    brand = await mall.brand("plain")
    person, _ = await follower(mall, brand)
    async with mall.rt.db.transaction() as tx:
        draft = Draft(
            openid=await person.openid(brand.appid), purpose="member_card", source_id=new_id(), content=content
        )
        await channels.queue_messages(tx, brand.merchant.merchant_id, [draft, draft])
    await messages.send_due(mall.rt)
    (row,) = await queued(brand)
    assert (row["state"], row["attempts"]) == ("failed", 1)
