"""Reading a book transaction by transaction: for those who settle or reconcile what stands on some accounts."""

from bihuan.ledger.db_movements import Movement, list_movements

__all__ = ["Movement", "list_movements"]
