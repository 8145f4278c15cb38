"""WeChat Pay v3 for direct merchants: prepay, query, close, refunds, certificates, notifications.

Everything a merchant sends is checked as WeChat checks it, and every success is signed with the
key that the merchant's mode asks for (wire.md sections 1 and 2).
"""
