"""Pictures of things made by hand."""

from bihuan.demo.drawing import (
    INK,
    WHITE,
    Board,
    Colour,
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

_GLASS = rgb("#f3efe6")
_GOLD = rgb("#cfa75f")


def candle(board: Board, colour: Colour) -> None:
    """A scented candle in a glass, with a sprig."""
    glass = curve("M 30 38 L 70 38 L 68 82 Q 50 87 32 82")
    board.shadow(glass, darker(colour, 0.7))
    board.shape(glass, (lighter(colour, 0.35), colour))
    board.tint(curve("M 33 40 L 38 40 L 39 82 L 35 81"), WHITE, 0.4)
    board.shape(ellipse(50, 38, 20, 5.4), lighter(colour, 0.55))
    board.shape(ellipse(50, 38.6, 17.6, 4.2), lighter(colour, 0.75))
    board.line([(50, 38), (50, 31)], INK, 0.6)
    board.tint(ellipse(50, 24, 11), rgb("#ffd98a"), 0.28)
    board.shape(mirrored("M 50 16 C 53 21 54.4 25 53.4 28 C 52.6 30.6 51 31 50 31"), (rgb("#ffe9b0"), rgb("#f2a640")))
    label = box(38, 54, 62, 72)
    board.shape(label, _GLASS)
    board.line(curve("M 50 70 C 50 64 49 60 50 56"), rgb("#6b7f5e"), 0.5)
    for i in range(4):
        for side in (-1, 1):
            board.shape(ellipse(50 + side * 2.6, 67 - i * 3, 2.4, 0.9, -30 * side), rgb("#87997a"))


def crochet(board: Board, colour: Colour) -> None:
    """Crocheted flowers on a keyring."""
    board.line(curve("M 50 10 C 58 12 58 22 50 24 C 42 22 42 12 50 10"), _GOLD, 1.3)
    board.line(curve("M 50 24 C 49 30 50 34 50 38"), darker(colour, 0.2), 1.0)
    for x, y, r, tone in (
        (50, 50, 15, colour),
        (33, 72, 10.5, lighter(colour, 0.4)),
        (67, 74, 10.5, mix(colour, rgb("#e7b75c"), 0.7)),
    ):
        if (x, y) != (50, 50):
            board.line(curve(f"M 50 52 Q {(50 + x) / 2} {y - 14} {x} {y}"), rgb("#7f9a77"), 0.9)
        for step in range(0, 48, 8):
            px, py = ellipse(x, y, r * 0.62)[step]
            petal = ellipse(px, py, r * 0.46)
            board.shadow(petal, darker(tone, 0.7), dx=0.6, dy=1.2, share=0.18)
            board.shape(petal, (lighter(tone, 0.18), tone))
            for ring in (0.34, 0.2):
                loop = ellipse(px, py, r * ring)
                board.line([*loop, loop[0]], darker(tone, 0.12), 0.35)
        board.shape(ellipse(x, y, r * 0.32), rgb("#f4d58a"))
        loop = ellipse(x, y, r * 0.2)
        board.line([*loop, loop[0]], rgb("#d9b25a"), 0.4)
    for x, turn in ((44, -32), (57, 28)):
        board.shape(ellipse(x, 70, 5, 2.2, turn), rgb("#8fab84"))


def mug(board: Board, colour: Colour) -> None:
    """A pinched cup with running glaze."""
    handle = [*ellipse(73, 56, 12, 13), ellipse(73, 56, 12, 13)[0]]
    board.line(handle, darker(colour, 0.16), 4.2)
    cup = curve("M 26 36 C 25 54 27 74 34 82 Q 51 88 68 82 C 75 74 76 54 75 36")
    board.shadow(cup, darker(colour, 0.7))
    board.shape(cup, (rgb("#e6dccb"), rgb("#cdbfa8")))
    for x, y in ((36, 70), (44, 77), (58, 74), (66, 68), (50, 82), (40, 62), (62, 80)):
        board.dot(x, y, 0.5, rgb("#8d7b66"))
    glaze = curve(
        "M 26 36 L 75 36 C 75.4 46 75.2 52 74.8 58 C 71 62 69 56 66 60 C 63 67 59 66 57 61 C 53 56 50 64 47 66 "
        "C 42 68 41 58 37 59 C 32 62 29 60 26.4 56"
    )
    board.shape(glaze, (lighter(colour, 0.12), darker(colour, 0.10)))
    board.tint(curve("M 31 40 C 30 52 32 62 35 70 L 38 70 C 35 60 34 50 35 40"), WHITE, 0.32)
    board.shape(ellipse(50.5, 36, 24.6, 6.6), lighter(colour, 0.2))
    board.shape(ellipse(50.5, 36.8, 22, 5.2), (rgb("#4e3524"), rgb("#6f4c33")))
    for x in (44, 53):
        board.line(curve(f"M {x} 26 C {x - 4} 21 {x + 4} 18 {x} 12"), WHITE, 0.9)


def dyed_cloth(board: Board, colour: Colour) -> None:
    """A plant-dyed kerchief, folded."""
    cloth = curve("M 20 26 L 80 22 L 84 78 L 22 82")
    board.shadow(cloth, darker(colour, 0.7))
    board.shape(cloth, (lighter(colour, 0.08), darker(colour, 0.10)))

    def rings(inner: Board) -> None:
        for x, y, r in ((36, 40, 13), (68, 36, 10), (64, 66, 15), (30, 70, 9), (50, 54, 6)):
            for share in (1.0, 0.74, 0.5, 0.26):
                for step in range(0, 48, 2):
                    px, py = ellipse(x, y, r * share)[step]
                    wide = 0.9 if step % 4 else 0.6
                    inner.dot(px, py, wide, mix(colour, WHITE, 0.72))
            inner.dot(x, y, 1.1, WHITE)

    board.within(cloth, rings)
    fold = curve("M 84 78 L 22 82 L 52 58")
    board.shadow(fold, darker(colour, 0.6), dx=0, dy=-1.4, share=0.28)
    board.shape(fold, (mix(colour, WHITE, 0.30), mix(colour, WHITE, 0.42)))
    board.dashes([(24 + i * 2, 81 - i * 0.12) for i in range(30)], WHITE, 0.35)


def felt_cat(board: Board, colour: Colour) -> None:
    """A cat of felted wool."""
    tail = curve("M 70 80 C 86 80 90 66 82 58")
    board.line(tail, darker(colour, 0.08), 5.6)
    body = mirrored("M 50 46 C 66 46 74 62 72 76 C 71 86 62 88 50 88")
    board.shadow(body, darker(colour, 0.7))
    board.shape(body, (lighter(colour, 0.1), darker(colour, 0.08)))
    board.shape(ellipse(50, 76, 12, 12), lighter(colour, 0.55))
    head = mirrored("M 50 20 C 56 20 60 21 62 22 L 70 13 C 73 20 74 28 73 34 C 76 48 64 56 50 56")
    board.shadow(head, darker(colour, 0.7), share=0.25)
    board.shape(head, (lighter(colour, 0.16), colour))
    for side in (
        curve("M 64 22.4 L 69.4 16.4 C 71 20 71.6 24 71.4 28"),
        flipped(curve("M 64 22.4 L 69.4 16.4 C 71 20 71.6 24 71.4 28")),
    ):
        board.shape(side, rgb("#e7a9a0"))
    for x in (40, 60):
        board.shape(ellipse(x, 36, 2.5, 3.1), rgb("#2d2a2a"))
        board.dot(x + 0.8, 34.9, 0.8, WHITE)
        board.tint(ellipse(x + (x - 50) * 0.55, 43, 3.6, 2.2), rgb("#e7998f"), 0.55)
    board.shape(curve("M 48 41 L 52 41 L 50 43.6"), rgb("#c9746b"))
    board.line(curve("M 50 43.6 C 50 47 46.4 47.6 45 46"), INK, 0.5)
    board.line(curve("M 50 43.6 C 50 47 53.6 47.6 55 46"), INK, 0.5)
    scarf = curve("M 36 53 Q 50 60 64 53 L 64 58 Q 50 65 36 58")
    board.shape(scarf, rgb("#5f7f86"))
    board.shape(curve("M 58 58 L 64 57 L 66 70 L 60 71"), rgb("#54737a"))
    for i in range(14):
        x, y = 34 + (i * 37) % 34, 62 + (i * 23) % 22
        board.line([(x, y), (x + 1.2, y - 1.4)], darker(colour, 0.10), 0.3)


def earrings(board: Board, colour: Colour) -> None:
    """A pair of tasselled earrings on a card."""
    card = curve("M 24 14 L 76 14 L 76 88 L 24 88")
    board.shadow(card, darker(colour, 0.7))
    board.shape(card, (WHITE, _GLASS))
    board.line(curve("M 40 22 Q 50 18 60 22"), mix(colour, WHITE, 0.4), 0.6)
    for x in (40, 60):
        board.line(curve(f"M {x} 30 C {x - 3} 26 {x + 3} 24 {x + 1} 31 L {x} 35"), _GOLD, 0.7)
        ring = ellipse(x, 41, 6)
        board.line([*ring, ring[0]], _GOLD, 1.1)
        board.shape(ellipse(x, 50.4, 2.5), (lighter(colour, 0.4), darker(colour, 0.2)))
        board.shape(curve(f"M {x - 2.6} 53 L {x + 2.6} 53 L {x + 3} 57 L {x - 3} 57"), _GOLD)
        for i in range(11):
            spread = (i - 5) * 0.62
            tone = mix(colour, lighter(colour, 0.35), (i % 3) / 2)
            board.line(
                curve(f"M {x + spread * 0.7} 57 Q {x + spread} 66 {x + spread * 1.25} {79 - abs(spread) * 0.5}"),
                tone,
                0.62,
            )
