"""The mini program's calls."""

from __future__ import annotations

import httpx
import pytest

from bihuan.wechat import (
    ApiError,
)

from .api import OK, WeChat, mini


async def test_mini_program() -> None:
    picture = b"\xff\xd8\xff picture"
    wechat = WeChat(
        sns__jscode2session={"openid": "m1", "session_key": "sk==", "unionid": "u1"},
        wxa__getwxacodeunlimit=[
            httpx.Response(200, content=picture, headers={"content-type": "image/jpeg"}),
            {"errcode": 41030, "errmsg": "invalid page"},
        ],
        wxa__business__getuserphonenumber={
            **OK,
            "phone_info": {
                "phoneNumber": "+8613800000000",
                "purePhoneNumber": "13800000000",
                "countryCode": "86",
            },
        },
    )
    app = mini(wechat)
    session = await app.login("c")
    assert (session.openid, session.unionid) == ("m1", "u1")
    assert "sk==" not in repr(session)
    assert await app.unlimited_code("l=8f", page="pages/home/home") == picture
    with pytest.raises(ApiError, match="41030"):
        await app.unlimited_code("l=8f", page="pages/none")
    assert (await app.phone_number("c")).pure_phone_number == "13800000000"
    for scene, page in (("", ""), ("x" * 33, ""), ("a b", ""), ("中", ""), ("a", "/pages/x")):
        with pytest.raises(ValueError, match=r"scene|page"):
            await app.unlimited_code(scene, page=page)
