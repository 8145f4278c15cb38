"""What an attacker reads: no answer, document or log line holds a secret, no page can be framed or left by a link."""

import io
import json
import logging
import sys
from collections.abc import Generator
from typing import NamedTuple

import httpx
import pytest
import structlog
from litestar import Litestar

from bihuan import channels, identity, merchants, payments, staff
from bihuan.channels import NewAccount
from bihuan.kernel import log
from bihuan.kernel.ids import new_id
from bihuan.kernel.runtime import Runtime
from tests.business import PASSWORD, Business, filled, open_business, readable
from tests.wechat.platform import private_pem

PAGES = ("/", "/docs", "/console", "/console/orders")
APP_SECRET, MINI_SECRET = "5ec7e7" + "ab" * 13, "5ec7e7" + "cd" * 13
AES_KEY = "aeskey" + "k" * 37
APIV3_KEY = "apiv3key" + "Z" * 24


class Vaulted(NamedTuple):
    """A business that takes payments and talks, an operator, and every secret of theirs."""

    business: Business
    operator: dict[str, str]
    secrets: list[str]

    def shown_in(self, text: str) -> list[str]:
        """Which secrets a text gives away."""
        return [secret for secret in self.secrets if secret in text]


@pytest.fixture
async def business(rt: Runtime, client: httpx.AsyncClient) -> Business:
    """A business without an account at WeChat, so that nothing is asked there."""
    return await open_business(rt, client)


@pytest.fixture
async def vaulted(rt: Runtime, business: Business) -> Vaulted:
    """A business with every secret set."""
    key = private_pem("merchant")
    account = NewAccount(
        appid=f"wx{new_id().hex[-16:]}",
        name="青衫",
        mode="safe",
        secret=APP_SECRET,
        token="callbacktoken",
        encoding_aes_key=AES_KEY,
        mini_program_appid=f"wx{new_id().hex[-16:]}",
        mini_program_secret=MINI_SECRET,
    )
    pay = payments.PaymentAccountIn(mchid="1900000199", serial_no="7F01AB00", private_key_pem=key, apiv3_key=APIV3_KEY)
    async with rt.db.transaction() as tx:
        await channels.connect_account(tx, rt.vault, business.merchant_id, account)
        await payments.connect_account(tx, rt.vault, business.merchant_id, pay)
        platform = await merchants.ensure_platform(tx)
        person = await staff.create(
            tx,
            platform.merchant_id,
            login=f"op-{new_id().hex}",
            password=PASSWORD,
            name="运营",
            role="owner",
            store_id=None,
        )
        token, _ = await identity.open_session(tx, person.user_id, identity.Client())
    operator = {"Authorization": f"Bearer {token}"}
    bearers = [headers["Authorization"].split(" ")[1] for headers in (operator, business.headers)]
    shopper = business.buyer.headers["Authorization"].split(" ")[1]
    secrets = [*key.splitlines()[1:3], APP_SECRET, MINI_SECRET, AES_KEY, APIV3_KEY, PASSWORD, *bearers, shopper]
    return Vaulted(business, operator, secrets)


async def test_no_answer_to_a_get_holds_a_secret(app: Litestar, client: httpx.AsyncClient, vaulted: Vaulted) -> None:
    business = vaulted.business
    read = 0
    for who in (business.headers, vaulted.operator, business.buyer.headers, {}):
        for route in readable(app):
            path = filled(route, business)
            answer = await client.get(path, headers=who)
            assert answer.status_code < 500 or answer.json()["code"] in {"not_ready", "pages_not_built"}, path
            assert vaulted.shown_in(answer.text + str(answer.headers)) == [], path
            read += answer.status_code == 200
    assert read > 60


async def test_no_answer_to_a_command_repeats_a_secret(client: httpx.AsyncClient, vaulted: Vaulted) -> None:
    business = vaulted.business
    account = {"app_id": f"wx{new_id().hex[-16:]}", "name": "青衫", "mode": "safe"}
    hidden = {"secret": APP_SECRET, "encoding_aes_key": AES_KEY, "mini_program_secret": MINI_SECRET}
    pay = {"mchid": "1900000199", "serial_no": "7F01AB00"}
    keys = {"private_key_pem": private_pem("merchant"), "apiv3_key": APIV3_KEY}
    sent: list[tuple[str, str, object]] = [
        ("PUT", "official-account", {**account, **hidden}),
        ("PUT", "official-account", {**account, **hidden, "encoding_aes_key": AES_KEY + "!"}),
        ("PUT", "official-account", {**account, **hidden, "secret": [APP_SECRET]}),
        ("PUT", "payment-account", {**pay, **keys}),
        ("PUT", "payment-account", {**pay, **keys, "apiv3_key": APIV3_KEY + "x"}),
        ("PUT", "payment-account", {**pay, **keys, "apiv3_key": {"key": APIV3_KEY}}),
        ("PUT", "payment-account", {**pay, **keys, "mchid": "no", "private_key_pem": private_pem("merchant")[:-40]}),
        ("POST", "password", {"old_password": PASSWORD, "new_password": PASSWORD}),
        ("POST", "password", {"old_password": [PASSWORD], "new_password": "x"}),
        ("POST", "staff", {"name": "新人", "role": "boss", "login": f"n-{new_id().hex}", "password": PASSWORD}),
        ("POST", "staff", {"name": "新人", "role": "clerk", "login": f"n-{new_id().hex}", "password": PASSWORD}),
    ]
    statuses: set[int] = set()
    for method, path, body in sent:
        answer = await business.send(client, method, f"/api/merchant/{path}", body)
        statuses.add(answer.status_code // 100)
        assert answer.status_code < 500, answer.text
        assert vaulted.shown_in(answer.text) == [], (path, answer.status_code)
    assert statuses == {2, 4}


async def test_the_description_of_the_api_gives_no_examples_of_secrets(
    client: httpx.AsyncClient, vaulted: Vaulted
) -> None:
    document = (await client.get("/api/openapi.json")).json()
    assert vaulted.shown_in(json.dumps(document)) == []
    answers = {
        name: schema
        for name, schema in document["components"]["schemas"].items()
        if name.endswith(("View", "Out", "Item", "Card"))
    }
    written = {"secret", "password", "private_key_pem", "apiv3_key", "encoding_aes_key", "mini_program_secret"}
    assert answers
    for name, schema in answers.items():
        assert written & set(schema.get("properties", {})) == set(), name


@pytest.fixture(params=[True, False], ids=["for machines", "for people"])
def lines(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Generator[io.StringIO, None, None]:
    """Everything that the process logs, as a production process would write it, at its most talkative."""
    written = io.StringIO()
    before = structlog.get_config()
    handler = logging.StreamHandler(written)
    root = logging.getLogger()
    level = root.level
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", written)
        log.configure("DEBUG", json=request.param)
        structlog.configure(cache_logger_on_first_use=False)  # a cached logger would outlive this test
        root.addHandler(handler)
        root.setLevel(logging.DEBUG)
        yield written
    root.removeHandler(handler)
    root.setLevel(level)
    structlog.configure(**before)


async def test_no_line_of_the_log_holds_a_secret(
    client: httpx.AsyncClient, vaulted: Vaulted, lines: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    business = vaulted.business
    structlog.get_logger("test").info("a token is hidden", token=APP_SECRET, nested="shown")
    assert "nested" in lines.getvalue()
    assert APP_SECRET not in lines.getvalue()
    for login, password in ((business.login, PASSWORD), (business.login, PASSWORD + "!"), ("nobody", PASSWORD)):
        answer = await client.post("/api/merchant/session", json={"login": login, "password": password})
        vaulted.secrets.extend([answer.json()["token"]] if answer.status_code == 200 else [])
    client.cookies.clear()
    await test_no_answer_to_a_command_repeats_a_secret(client, vaulted)

    async def broken(*_: object) -> None:
        held = {"of this frame": APP_SECRET}
        raise RuntimeError("an exception that nobody foresaw", len(held))

    again = await client.post("/api/merchant/session", json={"login": business.login, "password": PASSWORD})
    business.headers = {"Authorization": f"Bearer {again.json()['token']}"}  # a new password ends all sessions
    client.cookies.clear()
    monkeypatch.setattr(channels.accounts, "read_secrets", broken)
    answer = await client.get("/api/merchant/official-account", headers=business.headers)
    said = lines.getvalue()
    assert answer.status_code == 500
    assert "nobody foresaw" in said
    assert vaulted.shown_in(said) == []
    assert vaulted.shown_in(answer.text) == []
    assert "Traceback" not in answer.text


# --- pages -----------------------------------------------------------------------------------------------


async def test_pages_are_not_sniffed_nor_framed(client: httpx.AsyncClient, vaulted: Vaulted) -> None:
    shop = f"/shop/{vaulted.business.code}/"
    for path in (*PAGES, shop):
        answer = await client.get(path)
        assert answer.status_code == 200, f"{path}: are the pages built? {answer.text[:200]}"
        assert answer.headers["content-type"].startswith("text/html"), path
        assert answer.headers["x-content-type-options"] == "nosniff", path
        assert answer.headers["referrer-policy"] == "same-origin", path
        assert "server" not in answer.headers
        framed = "frame-ancestors 'none'" in answer.headers.get("content-security-policy", "")
        assert framed is (path != shop), path  # the sandbox's phone shows the mall in a frame


async def test_files_stay_in_their_folder(client: httpx.AsyncClient) -> None:
    for prefix in ("/shop-assets/", "/console/assets/", "/media/00000000-0000-0000-0000-000000000000/"):
        for path in ("../../app.py", "..%2f..%2fapp.py", "....//app.py", "%2e%2e/%2e%2e/app.py", "/etc/passwd", "%00"):
            answer = await client.get(prefix + path)
            assert answer.status_code in {400, 404} or answer.headers["content-type"].startswith("text/html"), path
            assert b"create_app" not in answer.content
            assert b"root:" not in answer.content


@pytest.mark.parametrize(
    "where", ["//evil.test", "https://evil.test", "/\\evil.test", "javascript:alert(1)", "/\r\nX: y"]
)
async def test_a_sign_in_leads_back_to_ourselves_only(client: httpx.AsyncClient, vaulted: Vaulted, where: str) -> None:
    base = f"/api/shop/{vaulted.business.code}/wechat"
    for path in (f"{base}/authorize", f"{base}/callback"):
        answer = await client.get(path, params={"next": where, "code": "c", "state": "s"})
        assert answer.status_code < 500
        assert "evil.test" not in answer.headers.get("location", "")
        assert 'href="javascript' not in answer.text
