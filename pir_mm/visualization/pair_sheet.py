"""Pairs of pictures side by side, for looking at what was taken for the same."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple, TypeVar

from PIL import Image, ImageDraw, ImageOps

from pir_mm.visualization.figure_file import INK, QUIET, RULE, save_picture
from pir_mm.visualization.text_block import line_height, shorten, wrap
from pir_mm.visualization.thumbnail import thumbnail
from pir_mm.visualization.typefaces import face_for, font

CELL, BETWEEN, GAP, MARGIN, COLUMNS = 180, 4, 24, 36, 4
HEADING, GROUP, SCORE, NAME, CAPTION = (
    font(20, 'bold'), font(16, 'bold'), font(13, 'bold'), font(12), font(13),
)  # fmt: skip
WIDTH = 2 * CELL + BETWEEN
AIR = 8
"""Between captions, and between two that stand side by side."""
LINES = 12
"""Most lines of a caption."""
MARKED = '#cf222e'
"""Of words that only one of two captions has."""

Item = TypeVar('Item')


class Pair(NamedTuple):
    """A picture, the one it is like, how it is turned to lie on that, and what to write below.

    From ``orientation`` 4 on the left picture is mirrored; then it is turned anticlockwise by so
    many quarters. Pairs of one ``group`` that follow each other stand below its name. A caption of
    ``captions`` is one text for both pictures, or one for each, whose own words are marked.
    """

    left: Path
    right: Path
    orientation: int
    note: str
    group: str = ''
    captions: Sequence[tuple[str] | tuple[str, str]] = ()


class _Text(NamedTuple):
    """Lines of a caption, their distance from the corner of the pair, and words to mark."""

    lines: list[str]
    right: int
    down: int
    marked: set[str]


def evenly(items: Sequence[Item], count: int) -> list[Item]:
    """Up to ``count`` items, taken evenly from the first to the last."""
    if len(items) <= count:
        return list(items)
    if count == 1:
        return [items[0]]
    return [items[round(i * (len(items) - 1) / (count - 1))] for i in range(count)]


def draw_pairs(heading: str, pairs: Sequence[Pair], path: str | Path) -> None:
    """Write the pairs in rows of four, PNG or PDF; no pair leaves the heading alone."""
    width = 2 * MARGIN + COLUMNS * (WIDTH + GAP) - GAP
    rows, y = [], MARGIN + line_height(HEADING)
    for group, members in groupby(pairs, key=lambda pair: pair.group):
        own = list(members)
        for start in range(0, len(own), COLUMNS):
            row = own[start : start + COLUMNS]
            rows.append((y, group if start == 0 else '', row))
            y += _group_height(rows[-1][1]) + max(map(_height, row))
    sheet = Image.new('RGB', (width, y + MARGIN), 'white')
    draw = ImageDraw.Draw(sheet)
    face = face_for(heading, HEADING)
    title = shorten(heading, face, width - 2 * MARGIN)
    draw.text((MARGIN, MARGIN // 2), title, font=face, fill=INK)
    for top, group, row in rows:
        if group:
            draw.line((MARGIN, top, width - MARGIN, top), fill=RULE)
            face = face_for(group, GROUP)
            title = shorten(group, face, width - 2 * MARGIN)
            draw.text((MARGIN, top + AIR), title, font=face, fill=INK)
        for column, pair in enumerate(row):
            corner = (MARGIN + column * (WIDTH + GAP), top + _group_height(group))
            _draw(sheet, draw, corner, pair)
    save_picture(sheet, path)


def _group_height(group: str) -> int:
    return line_height(GROUP) + 2 * AIR if group else 0


def _height(pair: Pair) -> int:
    ends = (text.down + len(text.lines) * line_height(CAPTION) for text in _texts(pair))
    return max(ends, default=_captions_top()) + GAP


def _captions_top() -> int:
    return CELL + line_height(SCORE) + line_height(NAME)


def _texts(pair: Pair) -> list[_Text]:
    texts, down = [], _captions_top() + AIR
    for caption in pair.captions:
        room = WIDTH if len(caption) == 1 else CELL - AIR
        blocks = [wrap(text, face_for(text, CAPTION), room, LINES) for text in caption]
        common = set.intersection(*(set(text.split()) for text in caption))
        texts += [
            _Text(lines, column * (CELL + BETWEEN), down, set(text.split()) - common)
            for column, (lines, text) in enumerate(zip(blocks, caption, strict=True))
        ]
        down += max(map(len, blocks)) * line_height(CAPTION) + AIR
    return texts


def _draw(
    sheet: Image.Image, draw: ImageDraw.ImageDraw, corner: tuple[int, int], pair: Pair
) -> None:
    x, y = corner
    sheet.paste(_turned(thumbnail(pair.left, CELL), pair.orientation), (x, y))
    sheet.paste(thumbnail(pair.right, CELL), (x + CELL + BETWEEN, y))
    draw.text((x, y + CELL), shorten(pair.note, SCORE, WIDTH), font=SCORE, fill=INK)
    below = y + CELL + line_height(SCORE)
    for left, name in ((x, pair.left.name), (x + CELL + BETWEEN, pair.right.name)):
        face = face_for(name, NAME)
        text = shorten(name, face, CELL - AIR, keep_end=10)
        draw.text((left, below), text, font=face, fill=QUIET)
    for text in _texts(pair):
        for number, line in enumerate(text.lines):
            face, right = face_for(line, CAPTION), x + text.right
            down = y + text.down + number * line_height(CAPTION)
            for word in line.split():
                fill = MARKED if word in text.marked else INK
                draw.text((right, down), word, font=face, fill=fill)
                right += face.getlength(f'{word} ')


def _turned(picture: Image.Image, orientation: int) -> Image.Image:
    mirrored = ImageOps.mirror(picture) if orientation >= 4 else picture
    return mirrored.rotate(90 * (orientation % 4))
