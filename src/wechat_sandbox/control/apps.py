"""The control API of apps: what an admin, an employee or a shopper does with them."""

from wechat_sandbox.control import mini_program, open_platform

HANDLERS = [*mini_program.HANDLERS, *open_platform.HANDLERS]
