"""Which drawing a product is shown by."""

from collections.abc import Callable, Mapping

from bihuan.demo import breads, crafts, garments, outerwear
from bihuan.demo.drawing import Board, Colour, rgb

Draw = Callable[[Board, Colour], None]
Ground = Callable[[Colour, int], Board]

GROUNDS: Mapping[str, Ground] = {"backdrop": garments.backdrop, "table": breads.table}

DRAWINGS: Mapping[str, Draw] = {
    "stand_collar_shirt": garments.shirt("stand"),
    "striped_shirt": garments.shirt(stripes=rgb("#7d93ad")),
    "tee": garments.tee,
    "knotted_jacket": garments.knotted_jacket,
    "vest": garments.vest,
    "cable_sweater": garments.sweater(cables=True),
    "high_neck_sweater": garments.sweater("high"),
    "cardigan": garments.cardigan,
    "printed_dress": outerwear.dress(prints=rgb("#e9c46a")),
    "slip_dress": outerwear.dress(straps=True),
    "horse_face_skirt": outerwear.skirt(band=rgb("#d4af6a")),
    "pleated_skirt": outerwear.skirt(),
    "jeans": outerwear.trousers(denim=True),
    "wide_trousers": outerwear.trousers(wide=8),
    "tapered_trousers": outerwear.trousers(wide=-2),
    "shorts": outerwear.shorts,
    "coat": outerwear.coat(),
    "work_jacket": outerwear.coat(short=True),
    "down_jacket": outerwear.down_jacket,
    "trench": outerwear.coat(belt=True),
    "scarf": outerwear.scarf,
    "tote": outerwear.tote,
    "beanie": outerwear.beanie,
    "socks": outerwear.socks,
    "salt_roll": breads.salt_roll,
    "baguette": breads.baguette,
    "toast": breads.toast,
    "croissant": breads.croissant,
    "bun": breads.bun,
    "bagel": breads.bagel,
    "country_loaf": breads.country_loaf,
    "cheesecake": breads.cheesecake,
    "swiss_roll": breads.swiss_roll,
    "egg_tart": breads.egg_tart,
    "cookies": breads.cookies,
    "cinnamon_roll": breads.cinnamon_roll,
    "candle": crafts.candle,
    "crochet": crafts.crochet,
    "mug": crafts.mug,
    "dyed_cloth": crafts.dyed_cloth,
    "felt_cat": crafts.felt_cat,
    "earrings": crafts.earrings,
}
