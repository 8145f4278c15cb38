"""Every call that well-kept clients offer, tried on the sandbox: docs/sandbox-conformance.md.

`python -m tests.wechat_sandbox.conformance` writes the table anew.
"""
