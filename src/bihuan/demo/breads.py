"""Pictures of what a bakery sells."""

from bihuan.demo.drawing import (
    WHITE,
    Board,
    Colour,
    Point,
    curve,
    darker,
    ellipse,
    lighter,
    mirrored,
    mix,
    rgb,
)

CRUMB = rgb("#f3dfb4")
CREAM = rgb("#fbf3e2")
BOARD_WOOD = rgb("#caa37a")


def table(colour: Colour, kind: int) -> Board:
    """A ground for food: a wall and a table, with a plate, a wooden board or a cloth."""
    wall = mix(rgb("#f7f0e4"), colour, 0.16)
    board = Board(lighter(wall, 0.25), wall)
    if kind % 3 == 0:
        board.shadow(ellipse(50, 58, 41, 30), darker(colour, 0.6), share=0.22)
        board.shape(ellipse(50, 58, 41, 30), (WHITE, mix(WHITE, colour, 0.08)))
        ring = ellipse(50, 58, 35, 24.4)
        board.line([*ring, ring[0]], mix(WHITE, colour, 0.22), 0.4)
    elif kind % 3 == 1:
        plank = curve("M 14 44 Q 14 40 18 40 L 82 40 Q 86 40 86 44 L 86 84 Q 86 88 82 88 L 18 88 Q 14 88 14 84")
        board.shadow(plank, darker(colour, 0.6), share=0.25)
        board.shape(plank, (lighter(BOARD_WOOD, 0.22), BOARD_WOOD))
        for y in (50, 59, 68, 77):
            board.line(curve(f"M 15 {y} C 36 {y - 3} 60 {y + 3} 85 {y - 1}"), darker(BOARD_WOOD, 0.08), 0.3)
    else:
        cloth = curve("M 8 54 L 56 34 L 94 62 L 44 92")
        board.shadow(cloth, darker(colour, 0.6), share=0.2)
        board.shape(cloth, (mix(WHITE, colour, 0.12), mix(WHITE, colour, 0.2)))
        for i in range(1, 6):
            s = i / 6
            board.line([(8 + 48 * s, 54 - 20 * s), (44 + 50 * s, 92 - 30 * s)], mix(WHITE, colour, 0.4), 0.5)
            board.line([(8 + 36 * s, 54 + 38 * s), (56 + 38 * s, 34 + 28 * s)], mix(WHITE, colour, 0.4), 0.5)
    return board


def _baked(board: Board, points: list[Point], colour: Colour) -> None:
    board.shadow(points, darker(colour, 0.75), dy=3, share=0.38)
    board.shape(points, (lighter(colour, 0.22), darker(colour, 0.16)))


def _flour(board: Board, places: list[tuple[float, float]], colour: Colour = WHITE) -> None:
    for x, y in places:
        board.dot(x, y, 0.4, colour)


def salt_roll(board: Board, colour: Colour) -> None:
    """Two rolled buns with grains of salt."""
    for dx, dy in ((-13, -8), (9, 9)):
        body = mirrored("M 50 38 C 66 38 78 44 82 56 C 78 66 66 69 50 69")
        small = [(50 + dx + (x - 50) * 0.8, 55 + dy + (y - 55) * 0.8) for x, y in body]
        _baked(board, small, colour)
        for x in (-18, -10, 10, 18):
            bend = x * 0.35
            board.line(
                curve(
                    f"M {50 + dx + x} {43.6 + dy + abs(x) * 0.18} Q {50 + dx + x + bend} {55 + dy} "
                    f"{50 + dx + x} {66 + dy - abs(x) * 0.15}"
                ),
                darker(colour, 0.22),
                0.7,
            )
        board.tint(ellipse(47 + dx, 47 + dy, 12, 3), WHITE, 0.22)
        _flour(
            board,
            [
                (44 + dx, 48 + dy),
                (48 + dx, 51 + dy),
                (52 + dx, 47 + dy),
                (55 + dx, 51 + dy),
                (50 + dx, 55 + dy),
                (46 + dx, 54 + dy),
                (57 + dx, 47 + dy),
            ],
            rgb("#fffdf7"),
        )


def baguette(board: Board, colour: Colour) -> None:
    """A long loaf with five cuts."""
    for turn, x, y, tone in ((-28, 44, 66, darker(colour, 0.08)), (-28, 54, 54, colour)):
        _baked(board, ellipse(x, y, 39, 8.6, turn), tone)
        for i in range(-2, 3):
            cx, cy = x + i * 12 * 0.883, y - i * 12 * 0.469
            board.shape(ellipse(cx, cy, 5.6, 1.9, turn - 30), (lighter(CRUMB, 0.2), mix(CRUMB, tone, 0.3)))
            board.line(ellipse(cx, cy, 5.6, 1.9, turn - 30)[24:48], darker(tone, 0.25), 0.4)


def toast(board: Board, colour: Colour) -> None:
    """A tin loaf and a slice of it."""
    loaf = curve(
        "M 16 40 C 16 30 26 29 32 31 C 38 27 48 27 53 31 C 58 27 70 27 75 31 C 82 29 88 34 86 42 L 84 72 L 18 72"
    )
    _baked(board, loaf, colour)
    for x in (32, 53.4, 75):
        board.line(curve(f"M {x} 31 Q {x - 1.6} 40 {x - 1} 48"), darker(colour, 0.2), 0.6)
    slice_ = curve("M 24 58 C 20 48 30 44 38 47 C 42 44 52 44 55 47 C 63 44 71 49 67 58 L 66 88 L 26 88")
    _baked(board, slice_, darker(colour, 0.04))
    inner = [(45.6 + (x - 45.6) * 0.89, 67.6 + (y - 67.6) * 0.9) for x, y in slice_]
    board.shape(inner, (lighter(CRUMB, 0.45), CRUMB))
    for x, y in ((36, 60), (44, 56), (52, 63), (40, 70), (58, 74), (34, 79), (48, 80), (56, 57), (61, 66)):
        board.shape(ellipse(x, y, 1.0, 0.6, 20), darker(CRUMB, 0.08))


def croissant(board: Board, colour: Colour) -> None:
    """A croissant of seven layers."""
    parts = (
        (16, 66, 7, 11, 40),
        (25, 57, 9, 14, 26),
        (37, 50.6, 10.6, 17, 12),
        (63, 50.6, 10.6, 17, -12),
        (75, 57, 9, 14, -26),
        (84, 66, 7, 11, -40),
        (50, 49, 12, 19, 0),
    )
    for x, y, rx, ry, turn in parts:
        points = ellipse(x, y, rx, ry, turn)
        _baked(board, points, darker(colour, abs(x - 50) / 300))
        for offset in (-0.45, 0.1, 0.55):
            board.line(ellipse(x + offset * rx, y, rx * 0.34, ry * 0.86, turn)[15:33], darker(colour, 0.2), 0.4)
        board.tint(ellipse(x - rx * 0.1, y - ry * 0.5, rx * 0.5, ry * 0.24, turn), WHITE, 0.26)


def bun(board: Board, colour: Colour) -> None:
    """Three round buns with sesame, one of them open to its bean paste."""
    for x, y, r in ((36, 46, 17), (66, 50, 17)):
        _baked(board, ellipse(x, y, r, r * 0.86), colour)
        board.tint(ellipse(x - 3, y - 6, r * 0.5, r * 0.24, -12), WHITE, 0.28)
        for dx, dy, turn in ((-4, -3, 20), (1, -5, -30), (4, -1, 50), (-1, 1, 0), (6, -5, 70), (-6, 2, -20)):
            board.shape(ellipse(x + dx, y + dy, 1.1, 0.55, turn), CREAM)
    _baked(board, ellipse(49, 72, 19, 14.4), colour)
    board.shape(ellipse(49, 72.6, 15.6, 10.8), (CRUMB, lighter(CRUMB, 0.3)))
    board.shape(ellipse(49, 73, 11.4, 7.4), (rgb("#6e3636"), rgb("#52252a")))
    for dx, dy in ((-5, -1), (0, 2), (5, -2), (2, -4), (-2, 3.4)):
        board.shape(ellipse(49 + dx, 73 + dy, 2.0, 1.4, 30), rgb("#7d4242"))


def bagel(board: Board, colour: Colour) -> None:
    """Two bagels with berries in the dough."""
    berry = rgb("#5b5d8c")
    for x, y in ((37, 47), (61, 66)):
        _baked(board, ellipse(x, y, 21, 18), colour)
        board.shape(ellipse(x, y + 0.6, 7, 5.4), (darker(colour, 0.5), darker(colour, 0.3)))
        board.line(ellipse(x, y + 0.6, 7, 5.4), darker(colour, 0.25), 0.6)
        board.tint(ellipse(x - 6, y - 11, 9, 3, -18), WHITE, 0.25)
        for dx, dy in ((-14, 3), (-9, -8), (2, -12), (12, -6), (15, 3), (7, 11), (-6, 11), (-12, 8), (12, 8)):
            board.shape(ellipse(x + dx, y + dy, 1.9, 1.5), berry)
            board.dot(x + dx - 0.5, y + dy - 0.5, 0.45, lighter(berry, 0.5))


def country_loaf(board: Board, colour: Colour) -> None:
    """A round loaf with an ear of wheat cut into its crust."""
    _baked(board, ellipse(50, 58, 34, 28), darker(colour, 0.12))
    board.tint(ellipse(50, 54, 29, 22), CREAM, 0.34)
    pale = lighter(CRUMB, 0.3)
    board.line(curve("M 50 80 C 50 66 50 52 50 37"), pale, 0.9)
    for i in range(6):
        y = 72 - i * 6
        for side in (-1, 1):
            board.shape(ellipse(50 + side * 5, y - 2, 4.8, 1.6, -38 * side), pale)
            board.line(ellipse(50 + side * 5, y - 2, 4.8, 1.6, -38 * side)[:24], darker(colour, 0.3), 0.3)
    for step in range(4, 48, 8):
        a, b = ellipse(50, 58, 31, 25)[step], ellipse(50, 58, 25, 19)[step]
        board.line([a, b], darker(colour, 0.3), 0.6)


def cheesecake(board: Board, colour: Colour) -> None:
    """A slice of burnt cheesecake on its paper."""
    paper = curve("M 16 66 L 50 50 L 88 62 L 56 88")
    board.shadow(paper, darker(colour, 0.7), share=0.25)
    board.shape(paper, (lighter(BOARD_WOOD, 0.4), lighter(BOARD_WOOD, 0.2)))
    side = curve("M 22 52 L 58 62 L 58 82 L 22 68")
    back = curve("M 58 62 L 82 46 L 82 63 L 58 82")
    _baked(board, side, rgb("#f6dfa6"))
    board.shape(back, (rgb("#a9683a"), rgb("#c98d52")))
    top = curve("M 22 52 Q 50 30 82 46 L 58 62")
    board.shape(top, (rgb("#8a4b26"), rgb("#b56f3c")))
    board.tint(curve("M 34 47 Q 54 38 72 45 L 58 52"), WHITE, 0.12)
    board.shape(curve("M 22 52 L 58 62 L 58 65 L 22 55"), rgb("#d99f5d"))
    for x, y in ((30, 61), (38, 66), (46, 64), (50, 73), (34, 68), (54, 69)):
        board.dot(x, y, 0.5, rgb("#e8c985"))


def swiss_roll(board: Board, colour: Colour) -> None:
    """A rolled sponge, cut."""
    roll = curve("M 34 36 L 78 28 C 90 30 92 58 80 64 L 38 76")
    _baked(board, roll, colour)
    cut = ellipse(36, 56, 15.4, 20.4)
    board.shadow(cut, darker(colour, 0.6), share=0.2)
    board.shape(cut, darker(colour, 0.06))
    board.shape(ellipse(36, 56, 13.8, 18.6), lighter(colour, 0.3))
    spiral: list[Point] = []
    for i in range(120):
        share = 0.12 + 0.88 * i / 119
        spiral.append(ellipse(36, 56, 12.6 * share, 17.2 * share)[round(i * 1.25) % 48])
    board.line(spiral, CREAM, 2.3)
    for x, y in ((52, 40), (60, 36), (70, 36), (64, 44), (76, 44), (56, 50), (72, 52)):
        board.dot(x, y, 0.4, darker(colour, 0.2))


def egg_tart(board: Board, colour: Colour) -> None:
    """Three tarts with browned custard."""
    for x, y in ((34, 48), (66, 48), (50, 70)):
        _baked(board, ellipse(x, y, 16.4, 14.2), colour)
        for step in range(0, 48, 2):
            a, b = ellipse(x, y, 16, 13.8)[step], ellipse(x, y, 13, 11)[step]
            board.line([a, b], darker(colour, 0.2), 0.45)
        board.shape(ellipse(x, y, 12.8, 10.8), (rgb("#ffd873"), rgb("#f2b23e")))
        for dx, dy, rx, ry in ((-4, -3, 3.4, 2), (4, 2, 2.6, 1.8), (-1, 5, 3, 1.4), (6, -4, 1.6, 1.2)):
            board.tint(ellipse(x + dx, y + dy, rx, ry, 20), rgb("#6b3a1b"), 0.62)
        board.tint(ellipse(x - 3, y - 6.4, 5, 1.5, -14), WHITE, 0.4)


def cookies(board: Board, colour: Colour) -> None:
    """A tin of butter cookies."""
    tin = curve("M 14 36 Q 50 24 86 36 L 86 74 Q 50 92 14 74")
    board.shadow(tin, darker(colour, 0.7))
    board.shape(tin, (rgb("#40635c"), rgb("#2c4843")))
    board.shape(ellipse(50, 42, 36, 15), rgb("#5c827a"))
    board.shape(ellipse(50, 43, 33, 13), CREAM)
    for x, y, dark in (
        (30, 42, 0),
        (42, 36, 1),
        (57, 36, 0),
        (70, 42, 1),
        (38, 48, 0),
        (52, 46, 1),
        (62, 50, 0),
        (48, 53, 1),
    ):
        tone = darker(colour, 0.42) if dark else colour
        _baked(board, ellipse(x, y, 7.4, 5.4), tone)
        for step in range(0, 48, 6):
            board.line([(x, y), ellipse(x, y, 6.6, 4.6)[step]], darker(tone, 0.16), 0.5)
        board.dot(x, y, 1.3, rgb("#b0473f") if not dark else CREAM)
    mark = mirrored("M 50 64 C 54 66 56 70 50 78")
    board.shape(mark, rgb("#d9b36c"))
    board.line(curve("M 34 70 Q 42 74 46 71"), rgb("#d9b36c"), 0.7)
    board.line(curve("M 66 70 Q 58 74 54 71"), rgb("#d9b36c"), 0.7)


def cinnamon_roll(board: Board, colour: Colour) -> None:
    """A rolled bun under icing."""
    _baked(board, ellipse(50, 58, 31, 26), colour)
    spiral: list[Point] = []
    for i in range(150):
        share = 0.08 + 0.92 * i / 149
        spiral.append(ellipse(50, 56, 27 * share, 22 * share)[round(i * 1.3) % 48])
    board.line(spiral, rgb("#7a4522"), 1.5)
    board.line([(x - 0.5, y - 1.3) for x, y in spiral], lighter(colour, 0.24), 0.6)
    for path in ("M 30 46 C 40 38 58 40 70 50", "M 27 58 C 42 52 60 54 74 62", "M 33 70 C 46 64 58 68 66 74"):
        board.line(curve(path), rgb("#fffaf0"), 2.3)
    for x, y in ((70, 50), (74, 62), (66, 74)):
        board.shape(ellipse(x + 0.6, y + 2.4, 1.5, 3), rgb("#fffaf0"))
