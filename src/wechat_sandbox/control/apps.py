"""The control API of apps: what an admin, an employee or a shopper does with them."""

from wechat_sandbox.control import mini_program, official, open_platform, wecom

HANDLERS = [*mini_program.HANDLERS, *official.HANDLERS, *open_platform.HANDLERS, *wecom.HANDLERS]
