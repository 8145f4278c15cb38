"""The state file: the same accounts at every start, nothing lost by a kill."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.wechat_sandbox.desk import Merchant, Receiver, Reply, Sandbox, free_port, wait_for
from wechat_sandbox.cli import cli

CONFIG = """
merchants:
  - name: 茶铺
    mchid: "1900008001"
    mode: certificate
    appids: [wx00000000000000aa]
official_accounts:
  - name: 茶铺
    appid: wx00000000000000aa
    secret: s3cret
shoppers: [茶客]
"""


def test_accounts_follow_from_the_seed(sandbox: Sandbox) -> None:
    same, other = Sandbox(), Sandbox("--seed", "other")
    try:
        ours, theirs, strange = (box.get("/_sandbox/accounts") for box in (sandbox, same, other))
        assert ours["official_accounts"][:4] == theirs["official_accounts"] or [
            row["secret"] for row in ours["official_accounts"][:4]
        ] == [row["secret"] for row in theirs["official_accounts"]]
        for name in ("mchid", "apiv3_key", "serial_no", "public_key_id", "appids"):
            assert ours["merchants"][1][name] == theirs["merchants"][1][name]
        assert ours["merchants"][1]["apiv3_key"] != strange["merchants"][1]["apiv3_key"]
    finally:
        assert same.stop() == other.stop() == 0


@pytest.mark.parametrize("hard", [True, False])
def test_a_restart_loses_nothing(tmp_path: Path, receiver: Receiver, hard: bool) -> None:
    sandbox = Sandbox("--state", str(tmp_path / "state.db"))
    try:
        accounts = sandbox.get("/_sandbox/accounts")
        merchant = sandbox.merchant("1900000101")
        account = sandbox.official_account("青衫")
        token = sandbox.token(account)
        shopper = sandbox.post("/_sandbox/shoppers", {"nickname": "小满"})["shopper_id"]
        sandbox.post(f"/_sandbox/shoppers/{shopper}/follow", {"appid": account["appid"]})
        openid = sandbox.openid(shopper, merchant.appid)
        for rule in (
            {"kind": "notification", "fault": "lost", "event": "REFUND.*"},
            {"profile": "bad_day", "scale": 0},
        ):
            sandbox.post("/_sandbox/faults", rule)
        faults = sandbox.get("/_sandbox/faults")["items"]
        unpaid, paid = merchant.prepay(openid), merchant.prepay(openid, receiver.url)
        prepay_id = merchant.call("POST", "/v3/pay/transactions/jsapi", unpaid).json()["prepay_id"]
        receiver.answer = lambda _: Reply(500)
        pay(merchant, shopper, paid)
        receiver.wait(1)

        sandbox.restart(hard=hard)

        assert sandbox.get("/_sandbox/accounts") == accounts
        again = sandbox.get("/_sandbox/faults")["items"]
        assert [row | {"matched": 0} for row in again] == [row | {"matched": 0} for row in faults]
        ended = again[0]["fault_id"]
        assert sandbox.http.delete(f"/_sandbox/faults/{ended}").status_code == 204
        assert sandbox.get("/cgi-bin/user/get", params={"access_token": token})["total"] == 1
        assert sandbox.get(f"/_sandbox/shoppers/{shopper}/chats")["items"][0]["following"]
        target = f"/v3/pay/transactions/out-trade-no/{paid['out_trade_no']}?mchid={merchant.mchid}"
        assert merchant.call("GET", target).json()["trade_state"] == "SUCCESS"
        receiver.answer = lambda _: Reply(204)
        sandbox.post("/_sandbox/clock", {"advance_seconds": 15})
        wait_for(lambda: state_of(sandbox, paid["out_trade_no"]) == "accepted")  # the notice goes on
        sheet = sandbox.post(f"/_sandbox/shoppers/{shopper}/sheets", {"pay_params": merchant.pay_params(prepay_id)})
        assert sandbox.post(f"/_sandbox/sheets/{sheet['sheet_id']}/pay")["state"] == "paid"
        assert sandbox.get("/_sandbox/clock")["offset_seconds"] == 15
        sandbox.restart(hard=hard)
        assert sandbox.get("/_sandbox/clock")["offset_seconds"] == 15
        assert [row["fault_id"] for row in sandbox.get("/_sandbox/faults")["items"]] == [
            row["fault_id"] for row in faults if row["fault_id"] != ended
        ]
    finally:
        assert sandbox.stop() == 0


def test_what_was_lost_stays_lost_and_rules_of_the_start_are_made_once(tmp_path: Path, receiver: Receiver) -> None:
    sandbox = Sandbox("--state", str(tmp_path / "state.db"), "--fault", "api:slow_before,path=/none")
    try:
        merchant = sandbox.merchant("1900000101")
        shopper = sandbox.post("/_sandbox/shoppers")["shopper_id"]
        sandbox.post("/_sandbox/faults", {"kind": "notification", "fault": "lost", "count": 1})
        order = merchant.prepay(sandbox.openid(shopper, merchant.appid), receiver.url)
        pay(merchant, shopper, order)
        wait_for(lambda: sandbox.get("/_sandbox/faults")["items"][1]["fired"] == 1)
        sandbox.restart(hard=True)
        lost, slow = sandbox.get("/_sandbox/faults")["items"]
        assert (lost["fault"], lost["fired"], slow["source"]) == ("lost", 1, "command line")
        sandbox.post("/_sandbox/clock", {"advance_seconds": 60})
        wait_for(lambda: len(notice_of(sandbox, order["out_trade_no"])["attempts"]) > 1)
        assert not receiver.got
        sandbox.http.delete("/_sandbox/faults").raise_for_status()
        sandbox.post("/_sandbox/clock", {"advance_seconds": 86400})
        receiver.wait()
    finally:
        assert sandbox.stop() == 0


def notice_of(sandbox: Sandbox, reference: str) -> dict[str, list[object]]:
    return sandbox.get("/_sandbox/notifications", params={"reference": reference})["items"][0]


def pay(merchant: Merchant, shopper: str, order: dict[str, object]) -> None:
    sandbox = merchant.sandbox
    prepay_id = merchant.call("POST", "/v3/pay/transactions/jsapi", order).json()["prepay_id"]
    body = {"pay_params": merchant.pay_params(prepay_id)}
    sheet = sandbox.post(f"/_sandbox/shoppers/{shopper}/sheets", body)
    sandbox.post(f"/_sandbox/sheets/{sheet['sheet_id']}/pay")


def state_of(sandbox: Sandbox, reference: str) -> str:
    return sandbox.get("/_sandbox/notifications", params={"reference": reference})["items"][0]["state"]


def test_a_refund_under_way_is_finished(tmp_path: Path, receiver: Receiver) -> None:
    sandbox = Sandbox("--state", str(tmp_path / "state.db"))
    try:
        merchant = sandbox.merchant("1900000101")
        shopper = sandbox.post("/_sandbox/shoppers")["shopper_id"]
        order = merchant.prepay(sandbox.openid(shopper, merchant.appid))
        pay(merchant, shopper, order)
        refund = {
            "out_trade_no": order["out_trade_no"],
            "out_refund_no": "R1",
            "notify_url": receiver.url,
            "amount": {"refund": 1, "total": 12900, "currency": "CNY"},
        }
        assert merchant.call("POST", "/v3/refund/domestic/refunds", refund).status_code == 200
        sandbox.restart(hard=True)
        receiver.wait(1)
        told = merchant.call("GET", "/v3/refund/domestic/refunds/R1").json()
        assert told["status"] == "SUCCESS"
    finally:
        assert sandbox.stop() == 0


def test_one_sandbox_per_file(tmp_path: Path) -> None:
    state = str(tmp_path / "state.db")
    sandbox = Sandbox("--state", state)
    try:
        second = subprocess.run(
            [sys.executable, "-m", "wechat_sandbox", "--port", str(free_port()), "--state", state],
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
        assert second.returncode == 1
        assert "locked" in second.stderr
        assert "Traceback" not in second.stderr
    finally:
        assert sandbox.stop() == 0


def test_a_port_in_use(sandbox: Sandbox) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "wechat_sandbox", "--port", str(sandbox.port)],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert second.returncode == 1
    assert f"port {sandbox.port}" in second.stderr
    assert "Traceback" not in second.stderr


def test_config_file(tmp_path: Path) -> None:
    config = tmp_path / "sandbox.yaml"
    config.write_text(CONFIG)
    sandbox = Sandbox("--config", str(config), "--state", str(tmp_path / "state.db"))
    try:
        for _ in range(2):
            accounts = sandbox.get("/_sandbox/accounts")
            assert [row["mchid"] for row in accounts["merchants"]] == ["1900008001"]
            assert accounts["official_accounts"][0]["secret"] == "s3cret"
            assert [row["nickname"] for row in sandbox.get("/_sandbox/shoppers")["items"]] == ["茶客"]
            sandbox.restart(hard=False)
    finally:
        assert sandbox.stop() == 0


def test_a_wrong_config_file(tmp_path: Path) -> None:
    config = tmp_path / "sandbox.yaml"
    config.write_text("merchants: [{nam: x}]")
    result = CliRunner().invoke(cli, ["--port", str(free_port()), "--config", str(config)])
    assert result.exit_code == 1
    assert "nam" in result.output
    assert isinstance(result.exception, SystemExit)
