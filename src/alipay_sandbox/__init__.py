"""An Alipay for the desk: the gateway of the open platform, its cashier page, notifications, refunds, bills.

Written after Alipay's public documents and never checked against Alipay itself; docs/alipay.md says what it does and
what it does not. It shares no code with the platform: one misreading must not pass on both sides.
"""

from alipay_sandbox.app import Sandbox, create_app

__all__ = ["Sandbox", "create_app"]
