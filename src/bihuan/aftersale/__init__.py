"""After-sale: goods and money that go back, piece by piece, with the merchant, and with the platform as judge.

A case is about pieces of an order's lines; each piece has one price (`rules`), and one case at a time
(`aftersale_pieces`). Invariants: what an order says is refunded is what its cases decided; a decided amount has
its refund, and a completed case its money back; pieces of open cases about unsent goods are not sent; stock takes
back only what was never sent, or was received and can be sold.

Steps lock the order, then the case; what shares in the money hears of it by `AftersaleAgreed` and `RefundDecided`.
"""

from bihuan.aftersale.checks import CHECKS
from bihuan.aftersale.db_lists import SettingsRow, find_settings, save_settings

__all__ = ["CHECKS", "SettingsRow", "find_settings", "save_settings"]
