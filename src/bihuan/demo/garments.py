"""Pictures of clothes, laid flat: drawn from curves, in any colour."""

from collections.abc import Callable
from typing import Literal

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

Sleeve = Literal["long", "short"]
Draw = Callable[[Board, Colour], None]

_BRASS = rgb("#c9a66b")


def backdrop(colour: Colour, kind: int) -> Board:
    """A quiet ground that goes with the colour: plain with a disc, an arch, or a band of light."""
    paper = mix(rgb("#f4efe7"), colour, 0.10)
    board = Board(lighter(paper, 0.35), darker(paper, 0.03))
    accent = mix(paper, colour, 0.16)
    if kind % 3 == 0:
        board.shape(ellipse(50, 50, 39), (accent, lighter(accent, 0.35)))
    elif kind % 3 == 1:
        arch = [*ellipse(50, 44, 33)[24:], *curve("M 83 44 L 83 100"), (17, 100)]
        board.shape(arch, (accent, lighter(accent, 0.3)))
    else:
        board.shape(
            curve("M 0 62 Q 30 50 56 60 C 76 68 88 58 100 52 L 100 100 L 0 100"), (accent, lighter(accent, 0.2))
        )
        board.shape(ellipse(80, 20, 9), mix(accent, WHITE, 0.2))
    return board


def _cloth(board: Board, points: list[Point], colour: Colour) -> None:
    board.shadow(points, darker(colour, 0.7))
    board.shape(points, (lighter(colour, 0.10), darker(colour, 0.07)))


def _both(points: list[Point], draw: Callable[[list[Point]], None]) -> None:
    """Draws the right half and its mirror image."""
    draw(points)
    draw(flipped(points))


def _sleeves(board: Board, colour: Colour, sleeve: Sleeve, stripes: Colour | None = None) -> None:
    long = "M 63 20 C 70 22 75 25 77 30 C 82 42 86 56 88.5 70 L 80 72.5 C 77 60 73 50 68 42 L 62 30"
    short = "M 63 20 C 70 22 76 25 79 30 L 85 42 L 74.5 47.5 L 68 40 L 62 30"
    points = curve(long if sleeve == "long" else short)
    for side in (points, flipped(points)):
        _cloth(board, side, darker(colour, 0.05))
        if stripes:
            _stripes(board, side, stripes)
    seam = darker(colour, 0.22)
    cuff = curve("M 87.6 66.6 L 79.3 69.2") if sleeve == "long" else curve("M 83.8 40 L 73.6 45.6")
    _both(cuff, lambda side: board.line(side, seam, 0.3))
    if sleeve == "long":
        crease = curve("M 75 33 C 77 40 78 46 78.5 52")
        _both(crease, lambda side: board.line(side, darker(colour, 0.10), 0.35))


def _body(board: Board, colour: Colour, hem: float = 82, half: float = 18.5, flare: float = 0.5) -> list[Point]:
    points = mirrored(
        f"M 50 21.5 C 54 21.5 56 20 57.5 17.5 C 61 18.5 65 20 67 22.5 C 67 30 {50 + half - 1} 38 {50 + half} 46 "
        f"L {50 + half + flare} {hem} Q 60 {hem + 1.4} 50 {hem + 1.4}"
    )
    _cloth(board, points, colour)
    fold = darker(colour, 0.10)
    for path in (f"M 64 50 C 63 60 63.5 68 62 {hem - 4}", f"M 57 58 C 56.5 66 57 72 56 {hem - 3}"):
        _both(curve(path), lambda side: board.line(side, fold, 0.4))
    return points


def _neck(board: Board, colour: Colour, *, deep: float = 26) -> None:
    hole = mirrored(f"M 50 18.6 C 53 18.6 55.5 18.2 57.4 17.4 C 57.2 22 54.5 {deep} 50 {deep}")
    board.shape(hole, darker(colour, 0.34))
    rim = mirrored(
        f"M 50 {deep} C 54.5 {deep} 57.2 22 57.4 17.4 L 59.3 18.2 C 58.8 23.5 55.6 {deep + 2.2} 50 {deep + 2.2}"
    )
    board.shape(rim, darker(colour, 0.10))


def _placket(board: Board, colour: Colour, top: float, hem: float, button: Colour, count: int = 6) -> None:
    board.shape(box(48.4, top, 51.6, hem), lighter(colour, 0.07))
    for x in (48.4, 51.6):
        board.line([(x, top), (x, hem)], darker(colour, 0.18), 0.25)
    for i in range(count):
        board.dot(50, top + 3 + i * (hem - top - 6) / max(1, count - 1), 0.75, button)


def _turned_collar(board: Board, colour: Colour) -> None:
    board.shape(mirrored("M 50 17 C 54 17 56.5 17 57.6 16 L 57.6 19 C 55 21.5 52 22 50 22"), darker(colour, 0.3))
    leaf = curve("M 50 22.4 C 54 21.6 56.6 19.6 58 15.8 L 61.8 19.4 L 57 27.6")
    _both(leaf, lambda side: board.shape(side, (lighter(colour, 0.14), colour)))
    _both(leaf[:1] + leaf[-1:], lambda side: board.line(side, darker(colour, 0.2), 0.25))


def _stand_collar(board: Board, colour: Colour) -> None:
    board.shape(
        mirrored("M 50 16.6 C 54 16.4 56 15.6 57.4 14.4 L 57.8 18 C 56 20.4 53 21.6 50 21.8"), darker(colour, 0.28)
    )
    band = curve("M 50.2 22.8 C 54.4 22 57 19.6 57.4 14.4 L 59.6 15.4 C 59.8 20.6 56 25.2 50.2 26")
    _both(band, lambda side: board.shape(side, lighter(colour, 0.08)))
    _both(band, lambda side: board.line(side[:15], darker(colour, 0.2), 0.25))


def shirt(
    collar: Literal["turned", "stand"] = "turned", *, stripes: Colour | None = None, sleeve: Sleeve = "long"
) -> Draw:
    """A shirt with buttons."""

    def draw(board: Board, colour: Colour) -> None:
        _sleeves(board, colour, sleeve, stripes)
        points = _body(board, colour)
        if stripes:
            _stripes(board, points, stripes)
        _placket(board, colour, 24, 82.6, mix(colour, WHITE, 0.6))
        (_turned_collar if collar == "turned" else _stand_collar)(board, colour)
        board.shape(box(57, 39, 64, 47), lighter(colour, 0.05))
        board.line([(57, 39), (64, 39), (64, 47), (57, 47), (57, 39)], darker(colour, 0.16), 0.22)

    return draw


def _stripes(board: Board, points: list[Point], colour: Colour) -> None:
    def draw(inner: Board) -> None:
        for x in range(11, 92, 3):
            inner.line([(x, 14), (x, 86)], colour, 0.45)

    board.within(points, draw)


def tee(board: Board, colour: Colour) -> None:
    """A T-shirt."""
    _sleeves(board, colour, "short")
    _body(board, colour)
    _neck(board, colour)


def vest(board: Board, colour: Colour) -> None:
    """A sleeveless top with a deep neck and buttons."""
    _body(board, colour, hem=76, half=17.5, flare=1.5)
    board.shape(curve("M 42.6 17.4 L 57.4 17.4 L 50 40"), darker(colour, 0.36))
    rim = curve("M 57.4 17.4 L 60.4 18.3 L 50 44 L 50 40")
    _both(rim, lambda side: board.shape(side, lighter(colour, 0.10)))
    _placket(board, colour, 43, 76.6, _BRASS, 4)
    for x in (37, 57):
        board.line([(x, 62), (x + 6, 62)], darker(colour, 0.25), 0.5)


def knotted_jacket(board: Board, colour: Colour) -> None:
    """A jacket with a stand collar and knotted cords."""
    _sleeves(board, colour, "long")
    points = _body(board, colour, hem=78, half=19, flare=2)
    board.within(points, lambda inner: _blossoms(inner, lighter(colour, 0.16)))
    _stand_collar(board, colour)
    board.line([(50, 25), (50, 79)], darker(colour, 0.35), 0.4)
    cord = lighter(colour, 0.45)
    for i in range(5):
        y = 31 + i * 10.5
        for side in (-1, 1):
            loop = ellipse(50 + side * 3.6, y, 2.4, 1.1)
            board.line([*loop, loop[0]], cord, 0.5)
        board.dot(50, y, 1.0, cord)


def _blossoms(board: Board, colour: Colour) -> None:
    for row, y in enumerate(range(26, 84, 11)):
        for x in range(30 + 6 * (row % 2), 74, 13):
            for turn in range(0, 180, 60):
                board.shape(ellipse(x, y, 2.1, 0.6, turn), colour)


def sweater(neck: Literal["round", "high"] = "round", *, cables: bool = False) -> Draw:
    """A knitted sweater with ribs."""

    def draw(board: Board, colour: Colour) -> None:
        _sleeves(board, colour, "long")
        points = _body(board, colour, hem=80, half=19.5, flare=-0.5)
        if cables:
            board.within(points, lambda inner: _cables(inner, darker(colour, 0.13)))
        else:
            board.within(points, lambda inner: _knit(inner, darker(colour, 0.07)))
        rib = darker(colour, 0.14)
        board.shape(curve("M 31 76 L 69 76 L 68.6 81.2 Q 50 82.4 31.4 81.2"), darker(colour, 0.05))
        for i in range(19):
            board.line([(32 + i * 2, 76.4), (32 + i * 2, 81)], rib, 0.3)
        if neck == "round":
            _neck(board, colour, deep=25)
        else:
            roll = mirrored("M 50 11.5 C 54 11.5 57 11.6 58 12.6 L 58.6 20.4 C 57 23 53.6 24 50 24")
            board.shape(roll, (lighter(colour, 0.12), darker(colour, 0.10)))
            board.line(mirrored("M 50 17.6 C 54 17.6 57 17 58.4 16"), rib, 0.35)

    return draw


def _knit(board: Board, colour: Colour) -> None:
    for row, y in enumerate(range(24, 78, 3)):
        for x in range(30 + 2 * (row % 2), 72, 4):
            board.line([(x - 0.8, y - 0.9), (x, y), (x + 0.8, y - 0.9)], colour, 0.25)


def _cables(board: Board, colour: Colour) -> None:
    for x in (39, 50, 61):
        for y in range(24, 78, 6):
            board.line(curve(f"M {x - 2} {y} C {x - 2} {y + 3} {x + 2} {y + 3} {x + 2} {y + 6}"), colour, 0.5)
            board.line(curve(f"M {x + 2} {y} C {x + 2} {y + 3} {x - 2} {y + 3} {x - 2} {y + 6}"), colour, 0.5)
        for side in (-3.4, 3.4):
            board.line([(x + side, 22), (x + side, 78)], colour, 0.3)


def cardigan(board: Board, colour: Colour) -> None:
    """An open knitted jacket with buttons."""
    _sleeves(board, colour, "long")
    points = _body(board, colour, hem=80, half=19.5)
    board.within(points, lambda inner: _knit(inner, darker(colour, 0.06)))
    board.shape(curve("M 42.6 17.4 L 57.4 17.4 L 50 46"), darker(colour, 0.36))
    edge = curve("M 57.4 17.2 L 61 18.4 L 52 48 L 52 81.4 L 48.6 81.4 L 48.6 47")
    board.shape(flipped(edge), lighter(colour, 0.10))
    board.shape(edge, lighter(colour, 0.15))
    for i in range(4):
        board.dot(50.3, 51 + i * 8.6, 1.1, darker(colour, 0.42))
    for x in (36, 57):
        board.line([(x, 66), (x + 7.5, 66)], darker(colour, 0.18), 0.6)
