"""Whatever comes in, apps, platforms and companies are answered in WeChat's words and never with a traceback."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.wechat_sandbox.desk import Sandbox
from wechat_sandbox.mini_program.routes import PATHS as MINI_PROGRAM
from wechat_sandbox.official.routes import PATHS as OFFICIAL
from wechat_sandbox.open_platform.routes import PATHS as OPEN_PLATFORM
from wechat_sandbox.wecom.routes import PATHS as WECOM

NAMES = tuple(
    """
    action agentid appid articles attachments begin_openid component_appid config_id content contact count
    cursor data delivery_mode end_time expire_interval expire_time expires_in external_userid group_id id
    is_all_delivered is_expire item_desc jump_wxa kf_account keyword_name_list kidList last_index limit
    logistics_type long_data media_id media_type media_url merchant_id merchant_trade_no mchid msgtype
    nickname offset openid openid_list order order_id order_key order_number_type out_trade_no page page_size
    page_url party path pay_time_range payer query received_time remark scene scheme shipping_list short_key
    state sub_orders tag tag_id template_id template_id_short text tid touser toparty transaction_id type
    unionid upload_time url_link user userid userid_list version welcome_code width authorizer_appid
    authorization_code authorizer_refresh_token option_name option_value component_appsecret
    component_verify_ticket
    """.split()  # noqa: SIM905 - a list of a hundred lines reads worse
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=40),
    st.sampled_from(["", "1", "2", "SF", "2026-11-22T15:01:00+08:00", "9" * 400, "\ud800", "' or 1=1 --"]),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(NAMES), inner, max_size=5)),
    max_leaves=12,
)
BODIES = st.one_of(st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=9), VALUES)


@pytest.fixture(scope="module")
def tokens(sandbox: Sandbox) -> dict[str, dict[str, str]]:
    """Good tokens of each kind of caller."""
    accounts = sandbox.get("/_sandbox/accounts")
    component, corp = accounts["components"][0], accounts["corps"][0]
    ticket = sandbox.post(f"/_sandbox/components/{component['appid']}/ticket")["component_verify_ticket"]
    asked = {
        "component_appid": component["appid"],
        "component_appsecret": component["secret"],
        "component_verify_ticket": ticket,
    }
    query = {"corpid": corp["corpid"], "corpsecret": corp["secret"]}
    platform = sandbox.post("/cgi-bin/component/api_component_token", asked)["component_access_token"]
    return {
        "official": {"access_token": sandbox.token(sandbox.official_account("小满手作"))},
        "mini": {"access_token": sandbox.token(sandbox.mini_program("小满手作"))},
        "platform": {
            "component_access_token": platform,
            "component_appid": component["appid"],
            "appid": sandbox.official_account("小满手作")["appid"],
        },
        "corp": {"access_token": sandbox.get("/cgi-bin/gettoken", params=query)["access_token"]},
    }


def check(sandbox: Sandbox, method: str, path: str, query: dict[str, str], body: Any) -> None:
    kwargs: dict[str, Any] = {} if method == "GET" else {"content": json.dumps(body)}
    response = sandbox.http.request(method, path, params=query, **kwargs)
    assert response.status_code == 200
    if response.headers["content-type"].startswith("application/json"):
        assert response.json().get("errcode") != -1, (path, query, body)
    assert b"Traceback" not in response.content


@pytest.mark.parametrize(
    ("kind", "paths"),
    [("official", OFFICIAL), ("mini", MINI_PROGRAM), ("platform", OPEN_PLATFORM), ("corp", WECOM)],
)
def test_any_input_is_answered(sandbox: Sandbox, tokens: dict[str, dict[str, str]], kind: str, paths: Any) -> None:
    usual = [row for row in paths if row[1] not in ("/cgi-bin/clear_quota", "/cgi-bin/clear_quota/v2")]

    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
    @given(
        row=st.sampled_from(usual),
        body=BODIES,
        extra=st.dictionaries(
            st.sampled_from([*NAMES, "department_id", "type", "code"]), st.text(max_size=20), max_size=3
        ),
    )
    def any_input(row: Any, body: Any, extra: dict[str, str]) -> None:
        for method in row[0].split():
            check(sandbox, method, row[1], {**extra, **tokens[kind]}, body)

    any_input()


@pytest.mark.parametrize("name", ["/cgi-bin/media/upload", "/cgi-bin/material/add_material", "/wxa/img_sec_check"])
@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=", b"--\r\n\r\n"),
        ("multipart/form-data; boundary=b", b"--b\r\n\r\n\r\n--b--"),
        ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="media"\r\n\r\n'),
        ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: x; filename="\xff.jpg"\r\n\r\nx\r\n--b--'),
        ("text/plain", b"\xff\xfe"),
    ],
)
def test_wrong_forms(
    sandbox: Sandbox, tokens: dict[str, dict[str, str]], name: str, content_type: str, body: bytes
) -> None:
    kind = "mini" if name.startswith("/wxa") else "official"
    answer = sandbox.http.post(
        name, params={**tokens[kind], "type": "image"}, content=body, headers={"Content-Type": content_type}
    ).json()
    assert answer.get("errcode", 0) != -1
