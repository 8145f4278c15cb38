"""Round trips of the primitives, and the same answers as wechatpayv3 and wechatpy give."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given, settings
from hypothesis import strategies as st

from bihuan.wechat import DecryptionFailed, MalformedMessage, Untrusted, crypto

from .platform import APIV3_KEY, key, private_pem, public_pem

CALM = settings(deadline=None)  # a busy machine is no fault of the code

KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
V3 = crypto.ApiV3Key(APIV3_KEY)
SESSION_KEY = base64.b64encode(b"k" * 16).decode()
IV = base64.b64encode(b"i" * 16).decode()


@CALM
@given(st.binary(max_size=300), st.text(max_size=20))
def test_gcm_round_trips(plaintext: bytes, aad: str) -> None:
    sealed = V3.seal(plaintext, nonce="0123456789ab", associated_data=aad)
    assert V3.open(sealed, nonce="0123456789ab", associated_data=aad) == plaintext
    with pytest.raises(DecryptionFailed):
        V3.open(sealed, nonce="0123456789ab", associated_data=aad + "x")


@CALM
@given(st.text(), st.text(), st.text(max_size=200))
def test_gcm_refuses_noise(ciphertext: str, nonce: str, aad: str) -> None:
    with pytest.raises(Untrusted):
        V3.open(ciphertext, nonce=nonce, associated_data=aad)


@CALM
@given(st.binary(max_size=200))
def test_rsa_signatures(message: bytes) -> None:
    private, public = crypto.load_private_key(private_pem("merchant")), key("merchant").public_key()
    signature = crypto.rsa_sign(private, message)
    assert crypto.rsa_verify(public, message, signature)
    assert not crypto.rsa_verify(public, message + b"x", signature)
    assert not crypto.rsa_verify(public, message, signature[:-4])
    assert not crypto.rsa_verify(key("stranger").public_key(), message, signature)


@CALM
@given(st.text())
def test_rsa_verify_never_raises(signature: str) -> None:
    assert not crypto.rsa_verify(key("merchant").public_key(), b"m", signature)


@CALM
@given(st.text(max_size=50))
def test_sensitive_fields(text: str) -> None:
    sealed = crypto.rsa_encrypt(key("platform").public_key(), text)
    assert crypto.rsa_decrypt(key("platform"), sealed) == text


def test_sensitive_fields_that_are_none() -> None:
    for bad in ("AAAA", "", crypto.rsa_encrypt(key("stranger").public_key(), "x")):
        with pytest.raises(DecryptionFailed):
            crypto.rsa_decrypt(key("platform"), bad)
    with pytest.raises(MalformedMessage):
        crypto.rsa_decrypt(key("platform"), "不是")
    with pytest.raises(ValueError):  # noqa: PT011
        crypto.rsa_encrypt(key("platform").public_key(), "x" * 215)


def user_data(plain: bytes) -> str:
    size = 16 - len(plain) % 16
    step = Cipher(algorithms.AES(b"k" * 16), modes.CBC(b"i" * 16)).encryptor()
    return base64.b64encode(step.update(plain + bytes([size]) * size) + step.finalize()).decode()


def test_user_data() -> None:
    def decrypt(data: str, session_key: str = SESSION_KEY, iv: str = IV) -> Any:
        return crypto.decrypt_user_data(session_key, encrypted_data=data, iv=iv, appid="wx1")

    good = user_data(b'{"watermark":{"appid":"wx1"},"x":1}')
    assert decrypt(good)["x"] == 1
    for plain in (b"{}", b'{"watermark":"wx1"}', b'{"watermark":{"appid":"wx2"}}', b"no json", b"\xff"):
        with pytest.raises(DecryptionFailed):
            decrypt(user_data(plain))
    with pytest.raises(DecryptionFailed):
        decrypt(good, base64.b64encode(b"z" * 16).decode())
    for data, session_key, iv in (
        ("", SESSION_KEY, IV),
        (good[:-3], SESSION_KEY, IV),
        ("AAAA", SESSION_KEY, IV),
        (good, "AAAA", IV),
        (good, SESSION_KEY, "AAAA"),
        (good, "不", IV),
    ):
        with pytest.raises(MalformedMessage):
            decrypt(data, session_key, iv)


# --- third parties -------------------------------------------------------------------------------------


def test_same_as_wechatpayv3() -> None:
    utils: Any = pytest.importorskip("wechatpayv3.utils")
    private = crypto.load_private_key(private_pem("merchant"))
    assert utils.rsa_sign(private, "消息") == crypto.rsa_sign(private, "消息".encode())
    public = crypto.load_public_key(public_pem("merchant"))
    assert utils.rsa_verify("1", "n", "体", utils.rsa_sign(private, "1\nn\n体\n"), public)
    sealed = V3.seal("密文".encode(), nonce="0123456789ab", associated_data="transaction")
    assert utils.aes_decrypt("0123456789ab", sealed, "transaction", APIV3_KEY) == "密文"
    assert crypto.rsa_decrypt(private, utils.rsa_encrypt("张三", public)) == "张三"
    assert utils.rsa_decrypt(crypto.rsa_encrypt(public, "张三"), private) == "张三"


def test_same_as_wechatpy() -> None:
    wechatpy: Any = pytest.importorskip("wechatpy.crypto")
    box = crypto.MessageCrypt(token="tok", encoding_aes_key=KEY, receive_id="wx1")
    theirs = wechatpy.WeChatCrypto("tok", KEY, "wx1")
    encrypted = box.encrypt("<xml><a>中</a></xml>".encode())
    message = {"Encrypt": encrypted}
    assert theirs.decrypt_message(message, box.signature("1", "n", encrypted), "1", "n") == "<xml><a>中</a></xml>"
    replied = wechatpy.WeChatCrypto("tok", KEY, "wx1").encrypt_message("<xml>好</xml>", "n", "1")
    inner = replied.split("<Encrypt><![CDATA[")[1].split("]]>")[0]
    assert box.decrypt(inner).decode() == "<xml>好</xml>"
