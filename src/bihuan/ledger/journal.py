"""The journal: transactions by day of the book, filtered, in pages."""

from bihuan.ledger.db_journal import SCAN, Filter, Found, Place, TransactionRow, find, list_sources

__all__ = ["SCAN", "Filter", "Found", "Place", "TransactionRow", "find", "list_sources"]
