"""The typeface of a text: one that has its characters, if this machine has such a one."""

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import matplotlib
from fontTools.ttLib import TTFont, TTLibError
from matplotlib import font_manager
from PIL import ImageFont

FILES = {'regular': 'DejaVuSans.ttf', 'bold': 'DejaVuSans-Bold.ttf'}
# Families of many scripts: they are looked into first, as a machine may have hundreds of files.
WIDE = ('noto', 'cjk', 'fallback', 'unicode', 'wqy', 'msyh', 'simsun', 'pingfang', 'hiragino')


@lru_cache
def font(size: int, weight: str = 'regular') -> ImageFont.FreeTypeFont:
    """The typeface that matplotlib brings along, so that a sheet looks alike on every machine."""
    folder = Path(matplotlib.get_data_path(), 'fonts', 'ttf')
    return ImageFont.truetype(str(folder / FILES[weight]), size)


def face_for(text: str, face: ImageFont.FreeTypeFont) -> ImageFont.FreeTypeFont:
    """``face``, or one of the machine of the same size that has all characters of ``text``."""
    if not _lacking(text, face.path):
        return face
    path = _found(frozenset(_visible(text)))
    return face if path is None else ImageFont.truetype(path, face.size)


def undrawable(texts: Iterable[str], face: ImageFont.FreeTypeFont) -> list[str]:
    """Characters for which this machine has no typeface, in order; a box is drawn for each."""
    missing = [
        character for text in texts for character in _lacking(text, face_for(text, face).path)
    ]
    return list(dict.fromkeys(missing))


def _visible(text: str) -> str:
    return ''.join(character for character in text if character.isprintable())


def _lacking(text: str, path: str) -> list[str]:
    if text.isascii():
        return []
    known = _characters(path)
    return [character for character in _visible(text) if ord(character) not in known]


@lru_cache
def _characters(path: str) -> frozenset[int]:
    try:
        with TTFont(path, fontNumber=0, lazy=True) as file:
            return frozenset(file.getBestCmap() or ())
    except (OSError, TTLibError):
        return frozenset()


@lru_cache
def _found(characters: frozenset[str]) -> str | None:
    wanted = {ord(character) for character in characters}
    files = sorted(
        font_manager.findSystemFonts(),
        key=lambda file: (not any(name in Path(file).name.lower() for name in WIDE), file),
    )
    for file in files:
        if wanted <= _characters(file):
            try:
                ImageFont.truetype(file, 12)
            except OSError:  # bitmaps of one size, such as coloured emoji
                continue
            return file
    return None
