"""The merchant's goods room: products with their stock, and corrections of stock.

Composes catalogue and inventory, which know nothing of each other; it owns no table.
"""
