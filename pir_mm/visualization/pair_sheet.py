"""Pairs of pictures side by side, for looking at what was taken for the same."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageOps

from pir_mm.visualization.figure_file import INK, QUIET, save_picture
from pir_mm.visualization.text_block import line_height, shorten
from pir_mm.visualization.thumbnail import thumbnail
from pir_mm.visualization.typefaces import face_for, font

CELL, BETWEEN, GAP, MARGIN, COLUMNS = 180, 4, 24, 36, 4
HEADING, SCORE, NAME = font(20, 'bold'), font(13, 'bold'), font(12)


class Pair(NamedTuple):
    """A picture, the one it is like, how it is turned to lie on that, and what to write below.

    From ``orientation`` 4 on the left picture is mirrored; then it is turned anticlockwise by so
    many quarters.
    """

    left: Path
    right: Path
    orientation: int
    note: str


def draw_pairs(heading: str, pairs: Sequence[Pair], path: str | Path) -> None:
    """Write the pairs in rows of four, PNG or PDF; no pair leaves the heading alone."""
    width, height = 2 * CELL + BETWEEN, CELL + line_height(SCORE) + line_height(NAME) + GAP
    top = MARGIN + line_height(HEADING)
    rows = -(-len(pairs) // COLUMNS)
    size = (2 * MARGIN + COLUMNS * (width + GAP) - GAP, top + rows * height + MARGIN)
    sheet = Image.new('RGB', size, 'white')
    draw = ImageDraw.Draw(sheet)
    title = shorten(heading, HEADING, size[0] - 2 * MARGIN)
    draw.text((MARGIN, MARGIN // 2), title, font=HEADING, fill=INK)
    for number, pair in enumerate(pairs):
        row, column = divmod(number, COLUMNS)
        x, y = MARGIN + column * (width + GAP), top + row * height
        sheet.paste(_turned(thumbnail(pair.left, CELL), pair.orientation), (x, y))
        sheet.paste(thumbnail(pair.right, CELL), (x + CELL + BETWEEN, y))
        draw.text((x, y + CELL), shorten(pair.note, SCORE, width), font=SCORE, fill=INK)
        below = y + CELL + line_height(SCORE)
        for left, name in ((x, pair.left.name), (x + CELL + BETWEEN, pair.right.name)):
            face = face_for(name, NAME)
            text = shorten(name, face, CELL, keep_end=10)
            draw.text((left, below), text, font=face, fill=QUIET)
    save_picture(sheet, path)


def _turned(picture: Image.Image, orientation: int) -> Image.Image:
    mirrored = ImageOps.mirror(picture) if orientation >= 4 else picture
    return mirrored.rotate(90 * (orientation % 4))
