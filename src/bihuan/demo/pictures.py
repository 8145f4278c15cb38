"""The demo's pictures: covers, icons and logos, drawn when they are needed."""

from concurrent.futures import ThreadPoolExecutor

import msgspec
from PIL import Image

from bihuan import catalog
from bihuan.catalog import Encoded
from bihuan.demo.drawing import WHITE, Board, curve, darker, ellipse, lighter, mirrored, mix, rgb
from bihuan.demo.gallery import DRAWINGS, GROUNDS
from bihuan.demo.plan import Shop

_ICON = 160
_LOGO = 240


class Drawn(msgspec.Struct, frozen=True):
    """A merchant's pictures: its logo, an icon per category, pictures per item (one per colour)."""

    logo: Encoded
    icons: list[Encoded]
    items: list[list[Encoded]]


def draw(shop: Shop) -> Drawn:
    """Draws everything of a merchant in two threads: a second or two for a hundred pictures."""
    jobs: list[tuple[str, str, str, int]] = []
    for i, item in enumerate(shop.items):
        jobs += [(item.draw, shop.ground, colour.paint, i) for colour in item.colours]
    with ThreadPoolExecutor(2) as pool:
        logo = pool.submit(draw_logo, shop.code, shop.theme)
        icons = [pool.submit(_icon, shop, category) for category in shop.categories]
        covers = list(pool.map(_cover, jobs))
        done = iter(covers)
        return Drawn(
            logo.result(),
            [icon.result() for icon in icons],
            [[next(done) for _ in item.colours] for item in shop.items],
        )


def _cover(job: tuple[str, str, str, int]) -> Encoded:
    name, ground, paint, place = job
    colour = rgb(paint)
    board = GROUNDS[ground](colour, place)
    DRAWINGS[name](board, colour)
    return catalog.encode(board.finish(), quality=86, method=2)


def _icon(shop: Shop, category: str) -> Encoded:
    """The first item of a category on a plain ground."""
    item = next(item for item in shop.items if item.category == category)
    paper = mix(rgb("#faf6ef"), rgb(shop.theme), 0.10)
    board = Board(lighter(paper, 0.4), paper)
    DRAWINGS[item.draw](board, rgb(item.colours[0].paint))
    return catalog.encode(_scaled(board.finish(), _ICON), quality=86, method=2)


def draw_logo(code: str, theme: str) -> Encoded:
    """The logo of a merchant, or of the platform."""
    colour = rgb(theme)
    board = Board(lighter(colour, 0.08), darker(colour, 0.14))
    _MARKS[code](board)
    return catalog.encode(_scaled(board.finish(), _LOGO), quality=90, method=2)


def _mountains(board: Board) -> None:
    """青衫: a robe's collar that is a mountain as well."""
    board.shape(curve("M 10 84 Q 30 40 44 30 L 62 66 L 54 84"), mix(WHITE, rgb("#2f6f5e"), 0.25))
    board.shape(curve("M 90 84 Q 70 40 56 30 L 34 70 L 40 84"), WHITE)
    board.line(curve("M 26 92 Q 50 86 74 92"), WHITE, 2)


def _wheat(board: Board) -> None:
    """麦香: an ear of wheat."""
    board.line(curve("M 50 90 C 50 70 49 50 50 22"), WHITE, 2.4)
    board.shape(ellipse(50, 18, 4.6, 8.6), WHITE)
    for i in range(4):
        for side in (-1, 1):
            board.shape(ellipse(50 + side * 12, 33 + i * 13, 10.5, 4.2, -48 * side), WHITE)


def _sprout(board: Board) -> None:
    """小满手作: a sprout in the moon."""
    board.shape(ellipse(50, 50, 33), WHITE)
    leaf = rgb("#b4586a")
    board.line(curve("M 50 76 C 50 64 50 54 50 44"), leaf, 2.6)
    board.shape(curve("M 50 50 C 50 36 60 28 74 30 C 74 44 64 52 50 50"), leaf)
    board.shape(curve("M 50 60 C 50 50 42 43 30 44 C 30 56 38 63 50 60"), lighter(leaf, 0.25))


def _loop(board: Board) -> None:
    """闭环: the loop."""
    ring = [*ellipse(50, 50, 27), *ellipse(50, 50, 27)[:1]]
    board.line(ring, WHITE, 8)
    board.shape(mirrored("M 50 10 L 62 23 L 50 36"), WHITE)


_MARKS = {"qingshan": _mountains, "maixiang": _wheat, "xiaoman": _sprout, "bihuan": _loop}


def _scaled(image: Image.Image, side: int) -> Image.Image:
    return image.resize((side, side), Image.Resampling.LANCZOS)  # pyright: ignore[reportUnknownMemberType]
