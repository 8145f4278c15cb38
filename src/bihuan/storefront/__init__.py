"""The storefront's reads: what a shopper sees before she buys, composed of catalogue, stock and merchants.

It owns no table; it counts on the products what of them was sold (`handlers`). Few statements per request:
merchants come from memory, a page of products is one statement, their stock another. Answers carry an ETag
and may be kept for a few seconds.
"""
