"""A small drawing kit for the demo's pictures: curves, gradients, soft shadows, on a board of 100 x 100 units.

Everything is drawn at twice the size and scaled down, which smooths the edges.
"""

import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from math import cos, pi, radians, sin

from PIL import Image, ImageDraw, ImageFilter

SIZE = 600
_SUPER = 2
_UNIT = SIZE * _SUPER / 100

Colour = tuple[int, int, int]
Point = tuple[float, float]
Paint = Colour | tuple[Colour, Colour]
"""One colour, or a gradient from top to bottom."""

_TOKEN = re.compile(r"[MLQC]|-?\d+(?:\.\d+)?")
_STEPS = 14


def rgb(text: str) -> Colour:
    """`#rrggbb` as numbers."""
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def mix(a: Colour, b: Colour, share: float) -> Colour:
    """`a` with `share` (0 to 1) of `b` in it."""
    return (
        round(a[0] + (b[0] - a[0]) * share),
        round(a[1] + (b[1] - a[1]) * share),
        round(a[2] + (b[2] - a[2]) * share),
    )


WHITE: Colour = (255, 255, 255)
INK: Colour = (44, 40, 38)


def lighter(colour: Colour, share: float = 0.2) -> Colour:
    """Towards white."""
    return mix(colour, WHITE, share)


def darker(colour: Colour, share: float = 0.2) -> Colour:
    """Towards a warm black."""
    return mix(colour, INK, share)


def curve(path: str) -> list[Point]:
    """The points of a path in the words of SVG: M and L with a point, Q with two, C with three; absolute."""
    tokens = _TOKEN.findall(path)
    points: list[Point] = []
    at = 0
    order = {"M": 1, "L": 1, "Q": 2, "C": 3}
    while at < len(tokens):
        count = order[tokens[at]]
        numbers = [float(token) for token in tokens[at + 1 : at + 1 + 2 * count]]
        given = list(zip(numbers[::2], numbers[1::2], strict=True))
        points.extend(given if count == 1 else _bezier([points[-1], *given]))
        at += 1 + 2 * count
    return points


def _bezier(control: Sequence[Point]) -> list[Point]:
    """Points of a Bézier curve by de Casteljau's construction."""
    found: list[Point] = []
    for step in range(1, _STEPS + 1):
        t = step / _STEPS
        level: list[Point] = list(control)
        while len(level) > 1:
            level = [(a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t) for a, b in pairwise(level)]
        found.append(level[0])
    return found


def mirrored(path: str) -> list[Point]:
    """A shape that is the same left and right of x = 50; the path gives its right half from top to bottom."""
    right = curve(path)
    return right + [(100 - x, y) for x, y in reversed(right)]


def flipped(points: Sequence[Point]) -> list[Point]:
    """The mirror image at x = 50."""
    return [(100 - x, y) for x, y in points]


def ellipse(x: float, y: float, rx: float, ry: float | None = None, turn: float = 0.0) -> list[Point]:
    """An ellipse as points; `turn` in degrees, clockwise."""
    ry = rx if ry is None else ry
    c, s = cos(radians(turn)), sin(radians(turn))
    found: list[Point] = []
    for step in range(48):
        a = 2 * pi * step / 48
        px, py = rx * cos(a), ry * sin(a)
        found.append((x + px * c - py * s, y + px * s + py * c))
    return found


def box(x0: float, y0: float, x1: float, y1: float) -> list[Point]:
    """A rectangle as points."""
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


class Board:
    """A picture in the making."""

    def __init__(self, top: Colour, bottom: Colour) -> None:
        self._image = _gradient((SIZE * _SUPER, SIZE * _SUPER), top, bottom)
        self._draw = ImageDraw.Draw(self._image)
        self.drop = 0.0
        """Units by which everything is drawn lower."""

    def shape(self, points: Sequence[Point], paint: Paint) -> None:
        """Fills a shape."""
        scaled = self._scaled(points)
        if len(paint) == 3:
            self._draw.polygon(scaled, fill=paint)
            return
        x0, y0, x1, y1 = _bounds(scaled)
        mask = Image.new("L", (x1 - x0, y1 - y0), 0)
        ImageDraw.Draw(mask).polygon([(x - x0, y - y0) for x, y in scaled], fill=255)
        self._image.paste(_gradient(mask.size, *paint), (x0, y0), mask)

    def tint(self, points: Sequence[Point], colour: Colour, share: float) -> None:
        """Lays a veil of `colour` over a shape's place; `share` is how much of it (0 to 1)."""
        scaled = self._scaled(points)
        x0, y0, x1, y1 = _bounds(scaled)
        mask = Image.new("L", (x1 - x0, y1 - y0), 0)
        ImageDraw.Draw(mask).polygon([(x - x0, y - y0) for x, y in scaled], fill=round(255 * share))
        self._image.paste(colour, (x0, y0, x1, y1), mask)

    def within(self, points: Sequence[Point], draw: Callable[["Board"], None]) -> None:
        """What `draw` draws shows inside the shape only."""
        scaled = self._scaled(points)
        x0, y0, x1, y1 = _bounds(scaled)
        before = self._image.copy()
        draw(self)
        after = self._image.crop((x0, y0, x1, y1))
        mask = Image.new("L", after.size, 0)
        ImageDraw.Draw(mask).polygon([(x - x0, y - y0) for x, y in scaled], fill=255)
        self._image.paste(before)
        self._image.paste(after, (x0, y0), mask)

    def line(self, points: Sequence[Point], colour: Colour, width: float = 0.5) -> None:
        """A line through the points; `width` in units."""
        scaled = self._scaled(points)
        thick = max(1, round(width * _UNIT))
        self._draw.line(scaled, fill=colour, width=thick, joint="curve")
        if thick > 4:
            for x, y in (scaled[0], scaled[-1]):
                self._draw.ellipse((x - thick / 2, y - thick / 2, x + thick / 2, y + thick / 2), fill=colour)

    def dashes(self, points: Sequence[Point], colour: Colour, width: float = 0.35, every: int = 2) -> None:
        """A dashed line, as a seam: every `every`-th piece is left out."""
        for i, (a, b) in enumerate(pairwise(points)):
            if i % every == 0:
                self.line([a, b], colour, width)

    def dot(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """A filled circle."""
        y += self.drop
        square = [(x - radius) * _UNIT, (y - radius) * _UNIT, (x + radius) * _UNIT, (y + radius) * _UNIT]
        self._draw.ellipse(square, fill=colour)

    def shadow(
        self,
        points: Sequence[Point],
        colour: Colour,
        *,
        dx: float = 1.2,
        dy: float = 2.4,
        blur: float = 2.2,
        share: float = 0.32,
    ) -> None:
        """A soft shadow of a shape, fallen by (dx, dy)."""
        coarse = 6
        reach = 3 * blur
        moved = [(x + dx, y + dy) for x, y in points]
        xs, ys = [x for x, _ in moved], [y for _, y in moved]
        around = box(min(xs) - reach, min(ys) - reach, max(xs) + reach, max(ys) + reach)
        x0, y0, x1, y1 = _bounds(self._scaled(around))
        mask = Image.new("L", ((x1 - x0) // coarse + 1, (y1 - y0) // coarse + 1), 0)
        small = [((x - x0) / coarse, (y - y0) / coarse) for x, y in self._scaled(moved)]
        ImageDraw.Draw(mask).polygon(small, fill=round(255 * share))
        mask = mask.filter(ImageFilter.GaussianBlur(blur * _UNIT / coarse))
        size = (mask.width * coarse, mask.height * coarse)
        self._image.paste(colour, (x0, y0, x0 + size[0], y0 + size[1]), _resized(mask, size))

    def _scaled(self, points: Sequence[Point]) -> list[Point]:
        return [(x * _UNIT, (y + self.drop) * _UNIT) for x, y in points]

    def finish(self) -> Image.Image:
        """The picture, SIZE pixels square."""
        return self._image.reduce(_SUPER)


def _bounds(points: Sequence[Point]) -> tuple[int, int, int, int]:
    most = SIZE * _SUPER
    xs, ys = [x for x, _ in points], [y for _, y in points]
    x0, y0 = max(0, int(min(xs))), max(0, int(min(ys)))
    return x0, y0, max(x0 + 1, min(most, int(max(xs)) + 2)), max(y0 + 1, min(most, int(max(ys)) + 2))


def _gradient(size: tuple[int, int], top: Colour, bottom: Colour) -> Image.Image:
    strip = Image.new("RGB", (1, 2))
    strip.putpixel((0, 0), top)
    strip.putpixel((0, 1), bottom)
    return _resized(_resized(strip, (1, max(2, size[1]))), size)


def _resized(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    return image.resize(size, Image.Resampling.BILINEAR)  # pyright: ignore[reportUnknownMemberType]  # Pillow: numpy
