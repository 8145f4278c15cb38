"""QR codes as pictures for print and screen."""

import io

import segno
from PIL import Image

BORDER = 4
"""Quiet zone in modules, as ISO 18004 asks."""

MIN_SIZE, MAX_SIZE = 120, 2048


def qr_svg(content: str) -> bytes:
    """A code of any size; error correction M."""
    out = io.BytesIO()
    segno.make_qr(content, error="m").save(out, kind="svg", border=BORDER, scale=8, xmldecl=False, omitsize=True)
    return out.getvalue()


def qr_png(content: str, size: int) -> bytes:
    """A code of `size` pixels square; modules are whole pixels, the rest is quiet zone."""
    code = segno.make_qr(content, error="m")
    modules = code.symbol_size(border=BORDER)[0]
    scale = max(1, size // modules)
    drawn = io.BytesIO()
    code.save(drawn, kind="png", border=BORDER, scale=scale)
    picture = Image.open(drawn).convert("L")
    size = max(size, picture.width)  # where there are more modules than pixels
    canvas = Image.new("L", (size, size), 255)
    canvas.paste(picture, ((size - picture.width) // 2, (size - picture.height) // 2))
    out = io.BytesIO()
    canvas.convert("1").save(out, "PNG", optimize=True)
    return out.getvalue()
