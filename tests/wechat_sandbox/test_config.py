"""A sandbox from a YAML file: what it makes, and how it tells a mistake."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.wechat_sandbox.desk import Sandbox, free_port
from wechat_sandbox.cli import cli

WHOLE = """\
seed: teahouse
official_accounts:
  - {name: 茶铺, appid: wx00000000000000aa, secret: s3cret, token: t0ken, mode: safe}
mini_programs:
  - {name: 茶铺, appid: wx00000000000000ab}
merchants:
  - {name: 茶铺, mchid: "1900008001", mode: certificate, appids: [茶铺], sp_mchid: "1900008000"}
  - {name: 服务商, mchid: "1900008000", appids: [wx00000000000000aa]}
components:
  - {name: 第三方, appid: wx00000000000000ac, authorizers: [茶铺]}
shoppers:
  - 茶客
  - {nickname: 常客, follows: [茶铺]}
corps:
  - {name: 茶业公司, members: [{userid: lily, name: 丽丽}]}
faults:
  - {profile: bad_day, seed: 7, scale: 0}
  - {kind: notification, fault: doubled, event: "TRANSACTION.*", count: 3}
"""


def check(path: Path) -> tuple[int, str]:
    done = CliRunner().invoke(cli, ["--check-config", str(path)])
    return done.exit_code, done.output.strip()


def test_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.yaml"
    path.write_text(WHOLE)
    code, said = check(path)
    assert code == 0, said
    assert "2 merchants, 1 official accounts, 1 mini programs, 1 components, 1 corps, 2 shoppers" in said
    sandbox = Sandbox("--config", str(path), "--fault", "api:slow_after,count=0", "--state", str(tmp_path / "s.db"))
    try:
        told = sandbox.get("/_sandbox/accounts")
        assert [row["mchid"] for row in told["merchants"]] == ["1900008001", "1900008000"]
        assert told["merchants"][0]["appids"] == ["wx00000000000000aa", "wx00000000000000ab"]
        assert told["merchants"][0]["sp_mchids"] == ["1900008000"]
        token = sandbox.token(told["official_accounts"][0])
        assert sandbox.get("/cgi-bin/user/get", params={"access_token": token})["total"] == 1
        rows = sandbox.get("/_sandbox/faults")["items"]
        assert {row["source"] for row in rows} == {"profile:bad_day", "config", "command line"}
        sandbox.restart(hard=False)
        again = sandbox.get("/_sandbox/accounts")
        assert again == told  # nothing is made twice
    finally:
        assert sandbox.stop() == 0


@pytest.mark.parametrize(
    ("change", "line", "says"),
    [
        (("token:", "tokn:"), 3, "unknown key `tokn`; did you mean `token`? (in official_accounts[0])"),
        (("shoppers:", "customers:"), 11, "unknown key `customers`"),
        (("mode: certificate", "mode: cert"), 7, "Invalid enum value 'cert'"),
        (('"1900008001"', "1900008001"), 7, "Expected `str | null`, got `int`"),
        (("follows: [茶铺]", "follows: [咖啡]"), 13, "no official account has the appid or name `咖啡`"),
        (('sp_mchid: "1900008000"', 'sp_mchid: "1900009999"'), 7, "no service provider 1900009999"),
        (('"1900008000", appids', '"1900008001", appids'), 8, "mchid 1900008001 exists"),
        (("appid: wx00000000000000ab", "appid: wx00000000000000aa"), 5, "appid wx00000000000000aa exists"),
        (("fault: doubled", "fault: tripled"), 18, "Invalid enum value 'tripled'"),
        (("bad_day", "good_day"), 17, "no profile 'good_day'"),
        (("userid: lily", "id: lily"), 15, "unknown key `id`"),
        (("seed: teahouse", "seed: teahouse\nseed: x"), 2, "`seed` stands there twice"),
        (("  - 茶客", "  - [茶客"), 13, "expected ',' or ']'"),
    ],
)
def test_a_mistake_has_a_line(tmp_path: Path, change: tuple[str, str], line: int, says: str) -> None:
    assert change[0] in WHOLE
    path = tmp_path / "sandbox.yaml"
    path.write_text(WHOLE.replace(*change, 1))
    code, said = check(path)
    assert code == 1
    assert said.startswith(f"{path}:{line}: "), said
    assert says in said
    assert "Traceback" not in said


def test_other_refusals(tmp_path: Path) -> None:
    code, said = check(tmp_path / "nothing.yaml")
    assert (code, "No such file" in said) == (1, True)
    (tmp_path / "list.yaml").write_text("- a\n- b\n")
    code, said = check(tmp_path / "list.yaml")
    assert (code, "Expected `object`, got `array`" in said) == (1, True)
    for rule in ("api:no_such_fault", "nonsense"):
        done = CliRunner().invoke(cli, ["--port", str(free_port()), "--fault", rule])
        assert (done.exit_code, rule.partition(":")[2] in done.output) == (1, True)
