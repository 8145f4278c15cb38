"""Rows and SQL of channels, one file per kind of row."""
