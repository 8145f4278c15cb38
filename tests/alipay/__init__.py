"""Alipay: the client, payments by it, its sandbox."""
