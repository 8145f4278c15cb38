"""Settings: read once from the environment, frozen for the life of the process."""

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec


class WeChatUrls(msgspec.Struct, frozen=True):
    """Base URLs of WeChat's hosts; with the sandbox, all of them are the sandbox."""

    api: str = "https://api.weixin.qq.com"
    pay: str = "https://api.mch.weixin.qq.com"
    open: str = "https://open.weixin.qq.com"
    mp: str = "https://mp.weixin.qq.com"
    wecom: str = "https://qyapi.weixin.qq.com"
    js: str = "https://res.wx.qq.com/open/js/jweixin-1.6.0.js"

    @classmethod
    def of_sandbox(cls, base: str) -> "WeChatUrls":
        """All hosts of a sandbox that serves at `base`."""
        return cls(api=base, pay=base, open=base, mp=base, wecom=base, js=f"{base}/open/js/jweixin-1.6.0.js")


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What an installation can choose. `from_env` documents each name."""

    home: Path
    port: int = 8000
    host: str = "127.0.0.1"
    sandbox_port: int = 8001
    database_url: str | None = None
    public_url: str = "http://127.0.0.1:8000"
    wechat: WeChatUrls = WeChatUrls()
    alipay_gateway: str = "https://openapi.alipay.com/gateway.do"
    sandbox_url: str | None = None
    app_workers: int = 2
    master_key: str | None = None
    log_level: str = "info"
    log_json: bool = False
    page_memory_seconds: float = 1.0
    """How long the storefront's public pages are remembered (`kernel/page_memory.py`); 0 is never."""
    bill_days: int = 400
    """How long the files of WeChat's bills are kept; 0 is for ever. What was reconciled stays."""
    demo_marker: Path | None = None
    """With the demo: the file that appears when its data is there."""
    demo_cases: bool = True
    """Whether the demo has orders and after-sale cases to look at; tests begin with an empty shop."""

    @property
    def secure_cookies(self) -> bool:
        """Whether cookies may travel over HTTPS only."""
        return self.public_url.startswith("https://")

    def at_sandbox(self, url: str) -> "Settings":
        """The same where WeChat and Alipay are the sandbox at `url`."""
        urls, gateway = WeChatUrls.of_sandbox(url), f"{url}/alipay/gateway.do"
        return msgspec.structs.replace(self, sandbox_url=url, wechat=urls, alipay_gateway=gateway)

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> "Settings":
        """Reads `BIHUAN_*`; unknown names are left alone, malformed numbers raise ValueError."""
        env = os.environ if env is None else env
        port = int(env.get("BIHUAN_PORT", "8000"))
        sandbox_url = env.get("BIHUAN_SANDBOX_URL") or None
        urls = WeChatUrls.of_sandbox(sandbox_url) if sandbox_url else WeChatUrls()
        return cls(
            home=Path(env.get("BIHUAN_HOME", ".bihuan")).expanduser().resolve(),
            port=port,
            host=env.get("BIHUAN_HOST", "127.0.0.1"),
            sandbox_port=int(env.get("BIHUAN_SANDBOX_PORT", "8001")),
            database_url=env.get("BIHUAN_DATABASE_URL") or None,
            public_url=(env.get("BIHUAN_PUBLIC_URL") or f"http://127.0.0.1:{port}").rstrip("/"),
            wechat=WeChatUrls(
                api=env.get("BIHUAN_WECHAT_API_URL", urls.api).rstrip("/"),
                pay=env.get("BIHUAN_WECHAT_PAY_URL", urls.pay).rstrip("/"),
                open=env.get("BIHUAN_WECHAT_OPEN_URL", urls.open).rstrip("/"),
                mp=env.get("BIHUAN_WECHAT_MP_URL", urls.mp).rstrip("/"),
                wecom=env.get("BIHUAN_WECOM_URL", urls.wecom).rstrip("/"),
                js=env.get("BIHUAN_WECHAT_JS_URL", urls.js),
            ),
            alipay_gateway=env.get("BIHUAN_ALIPAY_GATEWAY")
            or (f"{sandbox_url}/alipay/gateway.do" if sandbox_url else cls.alipay_gateway),
            sandbox_url=sandbox_url,
            app_workers=int(env.get("BIHUAN_APP_WORKERS", str(min(2, os.cpu_count() or 1)))),
            master_key=env.get("BIHUAN_MASTER_KEY") or None,
            log_level=env.get("BIHUAN_LOG_LEVEL", "info"),
            log_json=env.get("BIHUAN_LOG_JSON", "") == "1",
            page_memory_seconds=float(env.get("BIHUAN_PAGE_MEMORY_SECONDS", "1")),
            bill_days=int(env.get("BIHUAN_BILL_DAYS", "400")),
            demo_cases=env.get("BIHUAN_DEMO_CASES", "1") != "0",
            demo_marker=Path(env["BIHUAN_DEMO_MARKER"]) if env.get("BIHUAN_DEMO_MARKER") else None,
        )
