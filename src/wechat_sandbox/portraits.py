"""Faces for shoppers: a small drawing that depends on its seed alone."""

import hashlib

GROUNDS = ("#f6d9b8", "#cfe3d4", "#d5dcf0", "#f3cfcf", "#e3d6ee", "#f3e6b3", "#c9e4ea", "#e6dccb")
SKINS = ("#f7d3b5", "#f2c6a0", "#e8b48c", "#fbdcc4")
HAIRS = ("#2d2622", "#4a332a", "#6b4a35", "#22252b", "#7a5a3c")
SHIRTS = ("#5b8c7b", "#c2703d", "#6b7fb5", "#b5657a", "#4f8aa0", "#d8a23a")
CUTS = (
    "M17 30c-1-11 5-17 15-17s16 6 15 17c-2-5-5-8-9-9-6 3-14 3-18 2-2 2-3 4-3 7Z",
    "M16 40c-3-16 2-27 16-27s19 11 16 27c-1 3-4 3-4 0 1-8-1-14-5-17-5 4-13 4-16 2-3 4-4 9-3 15 0 3-3 3-4 0Z",
    "M17 29c0-10 6-16 15-16s15 6 15 16c-3-7-9-9-15-9s-12 2-15 9Z",
    "M18 30c-3-6-1-13 4-14 3-5 14-6 18 0 6 1 8 8 6 14-1-4-3-6-5-7-7 1-13 0-17-2-3 2-5 5-6 9Z",
    "M17 31c-2-10 3-18 14-18 12 0 18 8 16 18-2-4-4-7-6-8-4 1-7 0-10-2-3 3-7 4-10 3-2 2-3 4-4 7Z",
)
GLASSES = (
    '<g fill="none" stroke="#3a3330" stroke-width="1.2"><circle cx="27.5" cy="32" r="3.8"/>'
    '<circle cx="36.5" cy="32" r="3.8"/><path d="M31.3 32h1.4"/></g>'
)


def portrait_svg(seed: str) -> str:
    """A face as an SVG document of 96 x 96 pixels; the same seed gives the same face."""
    digest = hashlib.sha256(seed.encode()).digest()

    def pick(choices: tuple[str, ...], byte: int) -> str:
        return choices[digest[byte] % len(choices)]

    skin = pick(SKINS, 1)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" width="96" height="96">'
        f'<rect width="64" height="64" fill="{pick(GROUNDS, 0)}"/>'
        f'<path d="M10 66c0-13 9-18 22-18s22 5 22 18Z" fill="{pick(SHIRTS, 2)}"/>'
        f'<path d="M27 40h10v9c0 6-10 6-10 0Z" fill="{skin}"/>'
        f'<ellipse cx="32" cy="31" rx="12.5" ry="14" fill="{skin}"/>'
        f'<path d="{pick(CUTS, 3)}" fill="{pick(HAIRS, 4)}"/>'
        '<circle cx="27.5" cy="32" r="1.5" fill="#2b2523"/><circle cx="36.5" cy="32" r="1.5" fill="#2b2523"/>'
        f"{GLASSES if digest[5] < 56 else ''}"
        '<path d="M28.5 38c1.5 2 5.5 2 7 0" fill="none" stroke="#9c5a48" stroke-width="1.5" stroke-linecap="round"/>'
        "</svg>"
    )
