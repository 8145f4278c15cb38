"""Bihuan (闭环): social commerce that closes the whole loop inside WeChat."""

__version__ = "0.1.0"
