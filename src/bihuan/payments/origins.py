"""What receipts and refunds in the book were for."""

from bihuan.payments.db_origins import Cause, PaidFor, cause_of, of_cause, of_receipts, of_refunds

__all__ = ["Cause", "PaidFor", "cause_of", "of_cause", "of_receipts", "of_refunds"]
