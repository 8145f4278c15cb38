"""Mini programs: login, codes and links, subscribe messages, shipping information, content checks."""

from wechat_sandbox.mini_program.login import new_code

__all__ = ["new_code"]
