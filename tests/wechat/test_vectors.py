"""Known answers from WeChat's documents and SDKs (`vectors.json` names each source)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from bihuan.wechat import DecryptionFailed, PushReceiver, SignatureInvalid, StaleTimestamp, crypto
from bihuan.wechat.official_account import Text
from bihuan.wechat.pay import KeyRing, OtherResource, Verifier, open_notification
from bihuan.wechat.pay.notifications import EncryptedResource
from bihuan.wechat.pay.signer import request_message

from .platform import certificate_account, client, load_vectors, seal

V: dict[str, Any] = load_vectors()


def at(timestamp: str) -> Any:
    return lambda: datetime.fromtimestamp(int(timestamp), UTC)


def test_rsa_signature_of_the_go_sdk() -> None:
    v = V["go_rsa_sign"]
    certificate = crypto.load_certificate(v["certificate"])
    assert crypto.certificate_serial(certificate) == v["serial"]
    for key in (crypto.load_public_key(v["public_key"]), crypto.certificate_key(certificate)):
        assert crypto.rsa_verify(key, v["message"].encode(), v["signature"])
        assert not crypto.rsa_verify(key, b"other", v["signature"])


def test_aes_gcm_of_the_go_sdk() -> None:
    v = V["go_aes_gcm"]
    key = crypto.ApiV3Key(v["key"], allow_short=True)
    opened = key.open(v["ciphertext"], nonce=v["nonce"], associated_data=v["aad"])
    assert opened.decode() == v["plaintext"]
    assert key.seal(opened, nonce=v["nonce"], associated_data=v["aad"]) == v["ciphertext"]
    with pytest.raises(ValueError, match="32 bytes"):
        crypto.ApiV3Key(v["key"])


def test_notification_of_the_go_sdk() -> None:
    v = V["go_notify"]
    keys = KeyRing()
    assert keys.add_certificate(v["certificate"]) == v["headers"]["Wechatpay-Serial"]
    body = v["body"].encode()
    Verifier(keys, now=at("1624523846")).verify(v["headers"], body)
    opened = open_notification(body, crypto.ApiV3Key(v["apiv3_key"], allow_short=True))
    assert isinstance(opened.resource, OtherResource)
    assert opened.plaintext.decode() == v["plaintext"]
    assert opened.event_type == "PAYSCORE.USER_OPEN_SERVICE"
    with pytest.raises(StaleTimestamp):
        Verifier(keys, now=at("1624524147")).verify(v["headers"], body)
    with pytest.raises(SignatureInvalid):
        Verifier(keys, now=at("1624523846")).verify(v["headers"], body + b" ")


async def test_certificates_of_the_java_sdk() -> None:
    v = V["java_certificates"]
    item = v["response"]["data"][0]
    envelope = EncryptedResource(**item["encrypt_certificate"])
    pem = envelope.open(crypto.ApiV3Key(v["apiv3_key"])).decode()
    assert crypto.certificate_serial(crypto.load_certificate(pem)) == v["expect_serial"]
    sealed = seal(pem.encode(), aad="certificate", apiv3_key=v["apiv3_key"], nonce=item["encrypt_certificate"]["nonce"])
    assert sealed["ciphertext"] == item["encrypt_certificate"]["ciphertext"]

    # Through the client: it opens, and then misses the answer's signature, which the sample has not got.
    who = certificate_account(apiv3_key=v["apiv3_key"])
    pay = client(lambda _: httpx.Response(200, json=v["response"]), who)
    with pytest.raises(SignatureInvalid, match="no Wechatpay-Timestamp"):
        await pay.certificates()


def test_request_signature_of_the_document() -> None:
    v = V["doc_request_sign"]
    message = request_message(v["method"], v["url"].encode(), v["timestamp"], v["nonce_str"], v["body"].encode())
    assert crypto.rsa_verify(crypto.load_public_key(v["public_key"]), message, v["signature"])


def test_pay_sign_of_the_document() -> None:
    v = V["doc_pay_sign"]
    key = crypto.load_public_key(V["doc_request_sign"]["public_key"])
    head = f"{v['appid']}\n{v['timestamp']}\n{v['nonce']}\n"
    jsapi = f"{head}prepay_id={v['prepay_id']}\n".encode()
    assert crypto.rsa_verify(key, jsapi, v["jsapi_pay_sign"])
    assert crypto.rsa_verify(key, f"{head}{v['prepay_id']}\n".encode(), v["app_sign"])


def test_jssdk_signature_of_the_document() -> None:
    v = V["jssdk"]
    for url in (v["url"], v["url"] + "#/pages/home"):
        got = crypto.jssdk_signature(v["jsapi_ticket"], nonce_str=v["noncestr"], timestamp=v["timestamp"], url=url)
        assert got == v["signature"]


def crypt(v: Any) -> crypto.MessageCrypt:
    return crypto.MessageCrypt(
        token=v["token"],
        encoding_aes_key=v["encoding_aes_key"],
        receive_id=v.get("appid") or v["receiveid"],
    )


@pytest.mark.parametrize("name", ["msgcrypt_oa_java", "msgcrypt_wechatpy"])
def test_message_encryption(name: str) -> None:
    v = V[name]
    box = crypt(v)
    encrypted = box.encrypt(v["plaintext"].encode(), random16=v["random16"].encode())
    assert encrypted == v["encrypt"]
    assert box.decrypt(encrypted).decode() == v["plaintext"]
    signature = v.get("msg_signature") or v["msg_signature_computed"]
    assert box.signature(v["timestamp"], v["nonce"], encrypted) == signature


def test_compatible_mode_push_of_the_official_account_sample() -> None:
    v = V["msgcrypt_oa_py"]
    box = crypt(v)
    assert box.decrypt(v["encrypt"]).decode() == v["plaintext"]
    for mode in ("safe", "compatible"):
        receiver = PushReceiver(
            appid=v["appid"],
            token=v["token"],
            encoding_aes_key=v["encoding_aes_key"],
            mode=mode,
            now=at(v["timestamp"]),
        )
        query = {n: v[n] for n in ("timestamp", "nonce", "msg_signature")}
        # The plaintext fields beside Encrypt are anybody's word.
        body = f"<xml><Content>forged</Content><Encrypt><![CDATA[{v['encrypt']}]]></Encrypt></xml>"
        push = receiver.parse(query, body.encode())
        assert isinstance(push, Text)
        assert push.content == "abcdteT"
        assert push.dedupe_key == "message:6054768590064713728"


def test_wecom_sample() -> None:
    v = V["msgcrypt_wecom_a"]
    box = crypt(v)
    check, message = v["verify"], v["message"]
    assert box.signature(check["timestamp"], check["nonce"], check["echostr"]) == check["msg_signature"]
    assert box.decrypt(check["echostr"]).decode() == check["plaintext"]
    assert box.signature(message["timestamp"], message["nonce"], message["encrypt"]) == message["msg_signature"]
    assert box.decrypt(message["encrypt"]).decode() == message["plaintext"]


def test_mini_program_data_of_the_official_sample() -> None:
    v = V["wxa_decrypt"]
    given = {"encrypted_data": v["encrypted_data"], "iv": v["iv"]}
    opened = crypto.decrypt_user_data(v["session_key"], appid=v["appid"], **given)
    assert opened == json.loads(v["plaintext"])
    with pytest.raises(DecryptionFailed, match="watermark"):
        crypto.decrypt_user_data(v["session_key"], appid="wx0000000000000000", **given)
