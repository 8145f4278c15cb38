"""The signing text, by two hands and against the official SDK's answers; keys as people paste them."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from hypothesis import given, settings
from hypothesis import strategies as st

from alipay_sandbox import wire
from bihuan.alipay import AlipayKeys, AlipayRefused, AlipayUntrusted, KeyNotUsable, TradeOrder, private_fingerprint
from bihuan.alipay.sdk import new_signer
from bihuan.alipay.types import from_china, plain_subject, to_china, to_fen, to_yuan

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent / "vectors.json").read_text())
KEYS = AlipayKeys("2021000000000001", "2088000000000001", VECTORS["private_key_pem"], VECTORS["public_key_pem"])
SIGNER = new_signer(KEYS)
PRIVATE = wire.load_key(VECTORS["private_key_pem"])
NAMES = st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=12).filter(lambda n: n not in ("sign", "sign_type"))
VALUES = st.text(st.characters(exclude_categories=("C", "Z"), include_characters=" "), min_size=1, max_size=40)


def public() -> Any:
    return load_pem_public_key(VECTORS["public_key_pem"].encode())


def test_the_official_sdk_signs_the_same_text_with_the_same_signature() -> None:
    assert wire.request_text(VECTORS["params"]) == VECTORS["text"]
    assert wire.sign(PRIVATE, VECTORS["text"]) == VECTORS["signature"]  # PKCS#1 v1.5 is deterministic
    assert wire.verifies(public(), VECTORS["text"], VECTORS["signature"])
    raw = f'{{"alipay_trade_precreate_response":{VECTORS["answer"]},"sign":"{VECTORS["answer_signature"]}"}}'
    told = SIGNER.open_answer(raw, "alipay_trade_precreate_response")
    assert told["qr_code"] == "https://qr.alipay.com/bavh4wjlxf12tper3a"


@settings(max_examples=25, deadline=None)
@given(st.dictionaries(NAMES, VALUES, max_size=6), VALUES)
def test_what_we_sign_the_sandbox_verifies_and_any_change_it_refuses(more: dict[str, str], subject: str) -> None:
    signed = SIGNER.client_api("alipay.trade.query", {"out_trade_no": "1", "subject": subject}, **more)
    params = dict(parse_qsl(signed, keep_blank_values=True))
    assert wire.verifies(public(), wire.request_text(params), params["sign"])
    assert json.loads(params["biz_content"])["subject"] == subject
    for name in params.keys() - {"sign"}:
        changed = {**params, name: params[name] + "x"}
        assert not wire.verifies(public(), wire.request_text(changed), params["sign"])


@settings(max_examples=25, deadline=None)
@given(st.dictionaries(NAMES, VALUES, min_size=1, max_size=6))
def test_what_the_sandbox_tells_we_verify_and_any_change_we_refuse(fields: dict[str, str]) -> None:
    told = {**fields, "sign_type": "RSA2"}
    signature = wire.sign(PRIVATE, wire.notice_text(told))
    assert SIGNER.verify(dict(told), signature)
    for name in fields:
        assert not SIGNER.verify({**told, name: fields[name] + "x"}, signature)


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=60))
def test_an_answer_is_opened_whatever_stands_in_its_texts(text: str) -> None:
    content = wire.answer_json({"code": "10000", "subject": text, "x": '}{\\"sign"'})
    raw = f'{{"alipay_trade_query_response":{content},"sign":"{wire.sign(PRIVATE, content)}"}}'
    assert SIGNER.open_answer(raw, "alipay_trade_query_response")["subject"] == text
    forged = raw.replace("10000", "10001", 1)
    with pytest.raises(AlipayUntrusted):
        SIGNER.open_answer(forged, "alipay_trade_query_response")


def test_an_answer_without_a_signature_is_a_refusal_at_most() -> None:
    for kind in ("alipay_trade_query_response", "error_response"):
        raw = f'{{"{kind}":{{"code":"40002","sub_code":"isv.invalid-signature","trade_status":"TRADE_SUCCESS"}}}}'
        with pytest.raises(AlipayRefused) as refused:
            SIGNER.open_answer(raw, "alipay_trade_query_response")
        assert (refused.value.code, refused.value.verified) == ("isv.invalid-signature", False)
    for raw in ("", "{}", "[]", "null", '{"sign":"x"}', '{"alipay_trade_query_response":"x"}', "<html>"):
        with pytest.raises((AlipayUntrusted, AlipayRefused)):
            SIGNER.open_answer(raw, "alipay_trade_query_response")


def test_keys_are_taken_as_people_paste_them() -> None:
    pem = VECTORS["private_key_pem"]
    bare = re.sub(r"-----[^-]+-----|\s", "", pem)
    assert private_fingerprint(pem) == private_fingerprint(bare) == private_fingerprint(f"\n {bare[:64]}\n{bare[64:]} ")
    for key in ("", "not a key", VECTORS["public_key_pem"], bare[:-8]):
        with pytest.raises(KeyNotUsable):
            private_fingerprint(key)


@settings(deadline=None)
@given(st.integers(1, 10**10))
def test_amounts_come_back_to_the_fen(fen: int) -> None:
    assert to_fen(to_yuan(fen)) == fen == wire.read_yuan(to_yuan(fen))
    assert wire.yuan(fen) == to_yuan(fen)


@settings(deadline=None)
@given(st.text(max_size=20))
def test_no_other_text_is_an_amount(text: str) -> None:
    try:
        fen = to_fen(text)
    except AlipayUntrusted:
        return
    assert re.fullmatch(r"-?[0-9]+(\.[0-9]{1,2})?", text)
    assert abs(fen) < 10**14


@settings(deadline=None)
@given(st.text(max_size=300))
def test_subjects_bear_nothing_that_alipay_refuses(text: str) -> None:
    plain = plain_subject(text)
    assert 1 <= len(plain) <= 128
    assert not set(plain) & set("/=&{}<>\"'\\")


def test_times_are_chinas() -> None:
    at = from_china("2026-11-22 18:00:01")
    assert at is not None
    assert (at.isoformat(), to_china(at)) == ("2026-11-22T10:00:01+00:00", "2026-11-22 18:00:01")
    order = TradeOrder(out_trade_no="1", subject="茶/杯", total_fen=1, notify_url="https://x", expires_at=at)
    assert order.content()["time_expire"] == "2026-11-22 18:00:01"
    assert order.content()["subject"] == "茶 杯"
    with pytest.raises(AlipayUntrusted):
        from_china("22/11/2026")
