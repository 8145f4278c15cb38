"""Events to a company's callback: always encrypted, signed by `msg_signature` alone.

Sources: developer.work.weixin.qq.com 回调配置 (path/90930: the echo of the handshake comes encrypted, its plain
text goes back), 事件格式 (path/92130): ChangeType add_external_contact, edit_external_contact,
del_external_contact (by the member), del_follow_user (by the customer).
"""

import secrets
import time
from typing import Any
from urllib.parse import quote, urlencode

from wechat_sandbox import push
from wechat_sandbox.crypto import encrypt_message, sha1_sorted
from wechat_sandbox.envelope import Envelope, with_query
from wechat_sandbox.models import Delivery
from wechat_sandbox.models_apps import Corp
from wechat_sandbox.world import World


def tell(world: World, corp: Corp, change: str, **fields: Any) -> None:
    """Push a change of external contacts."""
    if not corp.callback_url:
        return
    envelope = Envelope(
        corp.callback_url,
        corp.token,
        corp.encoding_aes_key,
        corp.corpid,
        "safe",
        {"ToUserName": corp.corpid},
        plain_signature=False,
    )
    xml = envelope.write(
        {
            "ToUserName": corp.corpid,
            "FromUserName": "sys",
            "CreateTime": int(world.clock.now()),
            "MsgType": "event",
            "Event": "change_external_contact",
            "ChangeType": change,
            **fields,
        }
    )
    delivery = Delivery(corp.corpid, "", change, xml, world.clock.now())
    world.pushes.append(delivery)
    world.spawn(push.deliver(world, envelope, delivery))


async def handshake(world: World, corp: Corp, url: str) -> str:
    """The check of a callback address. Returns the reason of a failure, or ''."""
    echo, timestamp, nonce = str(secrets.randbits(62)), str(int(time.time())), str(secrets.randbelow(10**10))
    sealed = encrypt_message(corp.encoding_aes_key, corp.corpid, echo)
    query = {
        "msg_signature": sha1_sorted(corp.token, timestamp, nonce, sealed),
        "timestamp": timestamp,
        "nonce": nonce,
        "echostr": sealed,
    }
    return await push.expect_echo(world, with_query(url, urlencode(query, quote_via=quote)), echo)
