"""Bihuan speaks WeChat."""
