"""The demo: an apparel chain, a bakery and a micro-shop, with goods, stock, people, codes and pictures.

`seed` makes what is missing and changes nothing that is there, so every `bihuan up --demo` may call it.
Merchants, goods and texts are made up (`data/*.yaml`), the pictures are drawn by us (`gallery`).
"""

from bihuan.demo.seed import DemoSummary, seed

__all__ = ["DemoSummary", "seed"]
