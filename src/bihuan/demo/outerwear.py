"""Pictures of dresses, skirts, trousers, coats and what goes with them."""

from bihuan.demo.drawing import (
    WHITE,
    Board,
    Colour,
    Point,
    box,
    curve,
    darker,
    ellipse,
    flipped,
    lighter,
    mirrored,
    mix,
    rgb,
)
from bihuan.demo.garments import Draw

_BRASS = rgb("#c9a66b")


def _cloth(board: Board, points: list[Point], colour: Colour) -> None:
    board.shadow(points, darker(colour, 0.7))
    board.shape(points, (lighter(colour, 0.10), darker(colour, 0.08)))


def _pair(board: Board, path: str, colour: Colour, width: float = 0.4) -> None:
    points = curve(path)
    board.line(points, colour, width)
    board.line(flipped(points), colour, width)


def dress(*, straps: bool = False, prints: Colour | None = None) -> Draw:
    """A dress: with short sleeves, or with straps."""

    def draw(board: Board, colour: Colour) -> None:
        if straps:
            _pair(board, "M 57 10 C 58 14 58.5 18 58.6 24", darker(colour, 0.12), 0.8)
            outline = (
                "M 50 25 C 54 25 57 23.6 58.8 21.6 C 61.5 28 61 36 60.5 42 C 65 56 70 72 73.5 86 Q 62 89.5 50 89.5"
            )
        else:
            sleeve = curve("M 61 14.6 C 67 16.6 71 20 73 25 L 76 33 L 67.6 36.4 L 61 28")
            for side in (sleeve, flipped(sleeve)):
                _cloth(board, side, darker(colour, 0.05))
            outline = (
                "M 50 19 C 53.6 19 55.4 16.6 56.6 13.4 L 62.6 15.2 C 64 24 62.6 34 60.6 42 "
                "C 66 54 71 70 74 86 Q 62 89.5 50 89.5"
            )
        points = mirrored(outline)
        _cloth(board, points, colour)
        if prints:
            _petals(board, points, prints)
        board.shape(mirrored("M 50 40.6 L 60.8 40.6 L 60.8 43.4 L 50 43.4"), darker(colour, 0.14))
        for path in ("M 58 46 C 62 58 65 72 67 85", "M 53.6 46 C 56 60 58 74 58.6 87"):
            _pair(board, path, darker(colour, 0.11))

    return draw


def _petals(board: Board, points: list[Point], colour: Colour) -> None:
    def draw(inner: Board) -> None:
        for row, y in enumerate(range(17, 92, 8)):
            for x in range(22 + 5 * (row % 2), 82, 10):
                for turn in (0, 72, 144, 216, 288):
                    inner.shape(ellipse(x, y, 1.5, 0.7, turn + 20 * row), colour)
                inner.dot(x, y, 0.5, lighter(colour, 0.6))

    board.within(points, draw)


def skirt(*, pleats: int = 11, hem: float = 84, band: Colour | None = None) -> Draw:
    """A pleated skirt; with a `band` of another colour near its hem, it is a horse-face skirt."""

    def draw(board: Board, colour: Colour) -> None:
        points = mirrored(f"M 50 18 L 64 18 L 64.6 24 C 70 42 76 64 80 {hem} Q 66 {hem + 3.5} 50 {hem + 3.5}")
        _cloth(board, points, colour)
        for i in range(pleats):
            share = (i + 0.5) / pleats
            top, low = 36.5 + 27 * share, 21.5 + 57 * share
            bow = hem + 3 - abs(share - 0.5) * 5
            if i % 2:
                width = 57 / pleats
                board.tint(
                    [(top, 24), (top + 27 / pleats, 24), (low + width, bow), (low, bow)], darker(colour, 0.5), 0.14
                )
            board.line([(top, 24), (low, bow)], darker(colour, 0.15), 0.3)
        if band:
            front = curve(f"M 41 24 L 59 24 L 62.6 {hem + 3.2} L 37.4 {hem + 3.2}")
            board.shape(front, (lighter(colour, 0.08), colour))
            _brocade(board, points, hem, band)
        board.shape(mirrored("M 50 17 L 64.4 17 L 65 24 L 50 24"), darker(colour, 0.14))

    return draw


def _brocade(board: Board, points: list[Point], hem: float, colour: Colour) -> None:
    def draw(inner: Board) -> None:
        for y in (hem - 13, hem - 1):
            inner.line(curve(f"M 18 {y - 1} Q 50 {y + 3} 82 {y - 1}"), colour, 0.7)
        for x in range(24, 80, 7):
            y = hem - 6 - abs(x - 50) * 0.03
            for turn in range(0, 180, 45):
                inner.shape(ellipse(x, y, 2.6, 0.6, turn), colour)
            inner.dot(x, y, 0.9, lighter(colour, 0.4))

    board.within(points, draw)


def trousers(*, wide: float = 0.0, hem: float = 88, denim: bool = False) -> Draw:
    """Trousers; `wide` units wider at the hem; short ones end higher."""

    def draw(board: Board, colour: Colour) -> None:
        points = mirrored(
            f"M 50 14 L 65 14 C 66.4 22 68 32 68.6 40 L {69 + wide} {hem} L {54.5 - wide * 0.3} {hem + 1} "
            f"C {54 - wide * 0.2} {hem - 14} 52.4 50 50.6 42"
        )
        _cloth(board, points, colour)
        seam = rgb("#d9a35f") if denim else darker(colour, 0.18)
        board.shape(mirrored("M 50 13.4 L 65.2 13.4 L 66 18.4 L 50 18.4"), darker(colour, 0.10))
        board.line([(50, 18.4), (50, 42)], darker(colour, 0.25), 0.35)
        _pair(board, "M 58 18.6 C 59 24 62.6 27 67.4 27.6", seam, 0.4)
        if denim:
            board.dashes(curve("M 52.4 18.6 C 53 26 53 32 50.6 37"), seam, 0.4)
            _pair(board, f"M 66.6 30 C 67.4 44 68 60 {68 + wide} {hem - 2}", seam, 0.25)
            board.dot(50, 16, 1.0, _BRASS)
        _pair(board, f"M 60.6 30 Q 61.4 44 {61.8 + wide * 0.4} {hem - 3}", darker(colour, 0.13), 0.35)
        _pair(board, f"M {54.6 - wide * 0.3} {hem - 2.6} L {68.9 + wide} {hem - 3.4}", darker(colour, 0.2), 0.25)

    return draw


def shorts(board: Board, colour: Colour) -> None:
    """Trousers that end above the knee, in the middle of the picture."""
    board.drop = 13
    trousers(wide=4, hem=62)(board, colour)


def coat(*, belt: bool = False, short: bool = False) -> Draw:
    """A coat with lapels: long, with a belt (a trench), or short (a work jacket with pockets)."""

    def draw(board: Board, colour: Colour) -> None:
        hem = 74 if short else 89
        sleeve = curve("M 62 17 C 70 19 76 23 78 30 C 83 44 86 58 88 72 L 79.6 74 C 76.6 60 72 50 67 42 L 61 30")
        for side in (sleeve, flipped(sleeve)):
            _cloth(board, side, darker(colour, 0.06))
        _cloth(
            board,
            mirrored(
                f"M 50 17 L 57 13.4 C 63 15 67 18 68.4 22 L 69.6 46 L {72 if not short else 69} {hem} L 50 {hem + 1}"
            ),
            colour,
        )
        board.shape(mirrored("M 50 15 C 54 15 56 14.4 57.4 13 L 58 18 L 50 34"), darker(colour, 0.4))
        lapel = curve("M 57.6 12.4 L 63 15.6 L 65.4 26 L 61.6 27 L 62.4 30.4 L 50.4 46 L 50.4 35")
        board.shape(flipped(lapel), (lighter(colour, 0.15), colour))
        board.shape(lapel, (lighter(colour, 0.18), lighter(colour, 0.03)))
        board.line([(50.4, 45), (50.4, hem + 0.5)], darker(colour, 0.28), 0.45)
        dark = darker(colour, 0.45)
        for y in (50, 60) if not belt else (44, 66, 76):
            for x in (54,) if not belt else (45, 56):
                board.dot(x, y, 1.15, dark)
        if belt:
            board.shape(curve("M 30 53 Q 50 55 70 53 L 70 58 Q 50 60 30 58"), darker(colour, 0.12))
            board.line([(46, 53.6), (53.6, 53.6), (53.6, 59.4), (46, 59.4), (46, 53.6)], dark, 0.8)
        for x in (35, 57.4):
            pocket = box(x, 58, x + 8, 68) if short else curve(f"M {x} 66 L {x + 8} 64.6 L {x + 8} 67.4 L {x} 68.8")
            board.shape(pocket, lighter(colour, 0.05))
            board.line([*pocket, pocket[0]], darker(colour, 0.2), 0.28)

    return draw


def down_jacket(board: Board, colour: Colour) -> None:
    """A quilted jacket."""
    sleeve = curve("M 62 18 C 71 20 77 25 79.4 32 C 84 45 86 56 87.6 68 L 78.4 70.4 C 75.6 58 72 50 67 42 L 61 30")
    body = mirrored("M 50 19 L 57 14 C 64 16 68 19 69 23 L 70.4 50 L 70 78 Q 60 80 50 80")
    for side in (sleeve, flipped(sleeve)):
        _cloth(board, side, darker(colour, 0.04))
        board.within(side, lambda inner: _quilt(inner, colour))
    _cloth(board, body, colour)
    board.within(body, lambda inner: _quilt(inner, colour))
    board.shape(
        mirrored("M 50 10 C 55 10 58 10.6 59.4 12 L 60 20 C 57 23 53 24 50 24"),
        (lighter(colour, 0.2), darker(colour, 0.05)),
    )
    board.line([(50, 10.4), (50, 80)], darker(colour, 0.4), 0.7)
    board.shape(box(49.3, 22, 50.7, 26), _BRASS)


def _quilt(board: Board, colour: Colour) -> None:
    for y in range(22, 84, 7):
        board.tint(curve(f"M 8 {y} Q 50 {y + 2.4} 92 {y} L 92 {y + 2.6} Q 50 {y + 5} 8 {y + 2.6}"), WHITE, 0.16)
        board.line(curve(f"M 8 {y + 6} Q 50 {y + 8.4} 92 {y + 6}"), darker(colour, 0.24), 0.4)


def scarf(board: Board, colour: Colour) -> None:
    """A scarf, laid in a loop with fringes."""
    tail = curve("M 42 50 L 57 46 L 66 84 L 50 88")
    ring = ellipse(50, 37, 27, 19)
    for x in range(9):
        board.line([(50.6 + x * 1.8, 87.6 - x * 0.5), (51.8 + x * 1.8, 93.4 - x * 0.5)], darker(colour, 0.1), 0.5)
    _cloth(board, tail, darker(colour, 0.04))
    plaid = lighter(colour, 0.4)
    for share in (0.3, 0.62):
        board.line([(42 + 15 * share, 50 - 4 * share), (50 + 16 * share, 88 - 4 * share)], plaid, 0.7)
    for y in (62, 74, 80):
        board.line([(42 + (y - 50) * 0.22, y), (57 + (y - 46) * 0.235, y - 3.6)], plaid, 0.7)
    _cloth(board, ring, colour)
    board.shape(ellipse(50, 33.5, 15.5, 7.5), mix(darker(colour, 0.45), rgb("#8a7f76"), 0.2))
    for rx, ry, y in ((24, 16, 36.6), (20.5, 12.6, 35.8), (17.8, 9.8, 34.6)):
        board.line(ellipse(50, y, rx, ry), darker(colour, 0.13), 0.4)
    for step in range(6, 48, 6):
        a, b = ellipse(50, 37, 26.4, 18.4)[step], ellipse(50, 33.5, 16.4, 8.4)[step]
        board.line([a, b], plaid, 0.6)


def tote(board: Board, colour: Colour) -> None:
    """A canvas bag."""
    for dx in (0, -2.4):
        handle = curve(f"M {37 - dx} 40 C {37 - dx} 8 {63 + dx} 8 {63 + dx} 40")
        board.line(handle, darker(colour, 0.3 if dx else 0.2), 2.2)
    points = curve("M 24 36 L 76 36 L 79 84 Q 50 88 21 84")
    _cloth(board, points, colour)
    board.shape(curve("M 24 36 L 76 36 L 76.3 40 L 23.7 40"), darker(colour, 0.12))
    board.dashes(
        curve(
            "M 24 41.4 L 28 41.4 L 32 41.4 L 36 41.4 L 40 41.4 L 44 41.4 L 48 41.4 L 52 41.4 L 56 41.4 "
            "L 60 41.4 L 64 41.4 L 68 41.4 L 72 41.4 L 76 41.4"
        ),
        darker(colour, 0.3),
        0.3,
    )
    mark = mix(colour, rgb("#2f4f4a"), 0.75)
    ring = ellipse(50, 62, 11)
    board.line([*ring, ring[0]], mark, 1.0)
    board.shape(curve("M 41 66 Q 46 56 50 62 Q 54 68 59 57 L 59 66 Q 50 74 41 66"), mark)


def beanie(board: Board, colour: Colour) -> None:
    """A knitted hat with a bobble."""
    crown = mirrored("M 50 24 C 66 24 74 38 75 58 L 50 60")
    _cloth(board, crown, colour)
    for x in range(28, 74, 4):
        top = 26 + abs(x - 50) ** 2 / 40
        board.line(curve(f"M {50 + (x - 50) * 0.5} {top} Q {x} 42 {x} 57"), darker(colour, 0.13), 0.45)
    brim = mirrored("M 50 55 C 62 55 72 54 76 53 C 78 60 78 66 76.6 71 C 68 74 58 74.6 50 74.6")
    _cloth(board, brim, lighter(colour, 0.07))
    for x in range(26, 76, 3):
        end = 73.8 - (x - 50) ** 2 / 300
        board.line([(x, 55.5), (x, end)], darker(colour, 0.12), 0.35)
    board.shadow(ellipse(50, 20, 8.5), darker(colour, 0.7))
    for i in range(24):
        from_centre = ellipse(50, 20, 8.4)[i * 2]
        board.line([(50, 20), from_centre], lighter(colour, 0.14 if i % 2 else 0.26), 1.9)


def socks(board: Board, colour: Colour) -> None:
    """Three socks, one beside the other."""
    colours = (lighter(colour, 0.45), colour, darker(colour, 0.28))
    for i, one in enumerate(colours):
        x = 18 + i * 19
        points = curve(
            f"M {x} 22 L {x + 14} 20 L {x + 16} 56 C {x + 22} 62 {x + 28} 66 {x + 27} 73 "
            f"C {x + 25} 80 {x + 14} 80 {x + 8} 74 C {x + 2} 69 {x + 1} 62 {x + 1.4} 54"
        )
        _cloth(board, points, one)
        board.shape(curve(f"M {x} 22 L {x + 14} 20 L {x + 14.4} 28 L {x + 0.4} 30"), darker(one, 0.1))
        board.shape(curve(f"M {x + 1.4} 56 C {x + 2} 66 {x + 5} 70 {x + 9} 74 L {x + 12} 62"), darker(one, 0.14))
        for y in (36, 40):
            board.line([(x + 0.6, y + 1.4), (x + 15, y)], lighter(one, 0.5), 0.8)
