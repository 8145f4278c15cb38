"""The known answers of vectors.json, in the sandbox's own cryptography."""

import json
from base64 import b64decode
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from cryptography.x509 import load_pem_x509_certificate

from tests.wechat_sandbox.desk import ROOT
from wechat_sandbox import crypto


@cache
def vectors() -> dict[str, Any]:
    return json.loads((ROOT / "tests" / "wechat" / "vectors.json").read_text())


def public_key(pem: str) -> RSAPublicKey:
    key = (
        load_pem_x509_certificate(pem.encode()).public_key()
        if "CERTIFICATE" in pem
        else load_pem_public_key(pem.encode())
    )
    assert isinstance(key, RSAPublicKey)
    return key


def test_rsa() -> None:
    row = vectors()["go_rsa_sign"]
    for pem in (row["certificate"], row["public_key"]):
        assert crypto.rsa_verify(public_key(pem), row["message"].encode(), row["signature"])
        assert not crypto.rsa_verify(public_key(pem), b"other", row["signature"])
    serial = load_pem_x509_certificate(row["certificate"].encode()).serial_number
    assert f"{serial:X}" == row["serial"]


def test_request_signature() -> None:
    row = vectors()["doc_request_sign"]
    message = crypto.request_message(
        row["method"], row["url"].encode(), row["timestamp"], row["nonce_str"], row["body"].encode()
    )
    assert crypto.rsa_verify(public_key(row["public_key"]), message, row["signature"])


def test_pay_signatures() -> None:
    row = vectors()["doc_pay_sign"]
    key = public_key(vectors()["doc_request_sign"]["public_key"])
    for package, name in (
        (f"prepay_id={row['prepay_id']}", "jsapi_pay_sign"),
        (row["prepay_id"], "app_sign"),
    ):
        message = crypto.pay_message(row["appid"], row["timestamp"], row["nonce"], package)
        assert crypto.rsa_verify(key, message, row[name])


def test_aes_gcm() -> None:
    row = vectors()["go_aes_gcm"]
    assert crypto.gcm_decrypt(row["key"], row["nonce"], row["aad"], row["ciphertext"]).decode() == row["plaintext"]
    assert crypto.gcm_encrypt(row["key"], row["nonce"], row["aad"], row["plaintext"].encode()) == row["ciphertext"]
    with pytest.raises(crypto.CryptoError):
        crypto.gcm_decrypt(row["key"], row["nonce"], "other", row["ciphertext"])


def test_notification() -> None:
    row = vectors()["go_notify"]
    headers = row["headers"]
    message = crypto.answer_message(headers["Wechatpay-Timestamp"], headers["Wechatpay-Nonce"], row["body"].encode())
    assert crypto.rsa_verify(public_key(row["certificate"]), message, headers["Wechatpay-Signature"])
    resource = json.loads(row["body"])["resource"]
    plain = crypto.gcm_decrypt(row["apiv3_key"], resource["nonce"], resource["associated_data"], resource["ciphertext"])
    assert plain.decode() == row["plaintext"]


def test_certificates() -> None:
    row = vectors()["java_certificates"]
    part = row["response"]["data"][0]["encrypt_certificate"]
    pem = crypto.gcm_decrypt(row["apiv3_key"], part["nonce"], part["associated_data"], part["ciphertext"])
    assert f"{load_pem_x509_certificate(pem).serial_number:X}" == row["expect_serial"]


def test_js_sdk() -> None:
    row = vectors()["jssdk"]
    for url in (row["url"], row["url"] + "#/pages/cart"):
        signed = crypto.jsapi_signature(row["jsapi_ticket"], row["noncestr"], row["timestamp"], url)
        assert signed == row["signature"]


@pytest.mark.parametrize(
    ("name", "receiver", "signature"),
    [
        ("msgcrypt_oa_java", "appid", "msg_signature_computed"),
        ("msgcrypt_oa_py", "appid", "msg_signature"),
        ("msgcrypt_wechatpy", "receiveid", "msg_signature"),
    ],
)
def test_messages(name: str, receiver: str, signature: str) -> None:
    row = vectors()[name]
    text, appid = crypto.decrypt_message(row["encoding_aes_key"], row["encrypt"])
    assert (text, appid) == (row["plaintext"], row[receiver])
    assert crypto.sha1_sorted(row["token"], row["timestamp"], row["nonce"], row["encrypt"]) == row[signature]
    if "random16" in row:
        random16 = row["random16"].encode()
        assert crypto.encrypt_message(row["encoding_aes_key"], appid, text, random16) == row["encrypt"]


@pytest.mark.parametrize(("part", "name"), [("verify", "echostr"), ("message", "encrypt")])
def test_messages_of_wecom(part: str, name: str) -> None:
    row = vectors()["msgcrypt_wecom_a"]
    sample = row[part]
    text, receiver = crypto.decrypt_message(row["encoding_aes_key"], sample[name])
    assert (text, receiver) == (sample["plaintext"], row["receiveid"])
    signed = crypto.sha1_sorted(row["token"], sample["timestamp"], sample["nonce"], sample[name])
    assert signed == sample["msg_signature"]


def test_user_data() -> None:
    row = vectors()["wxa_decrypt"]
    plain = crypto.decrypt_user_data(row["session_key"], row["iv"], row["encrypted_data"])
    assert plain.decode() == row["plaintext"]
    assert crypto.encrypt_user_data(row["session_key"], row["iv"], plain) == row["encrypted_data"]
    with pytest.raises(crypto.CryptoError):
        crypto.decrypt_user_data(row["iv"], row["iv"], row["encrypted_data"])


@pytest.mark.parametrize("broken", ["", "AAAA", "not base64!", "A" * 64])
def test_broken_messages(broken: str) -> None:
    key = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
    assert len(b64decode(key + "=")) == 32
    with pytest.raises(crypto.CryptoError):
        crypto.decrypt_message(key, broken)
