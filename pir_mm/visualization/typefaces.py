"""The typeface of a text: one that has its characters, if this machine has such a one."""

import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import matplotlib
from fontTools.ttLib import TTFont, TTLibError
from matplotlib import font_manager
from PIL import ImageFont

INVISIBLE = ('Zs', 'Mn', 'Cf')
FILES = {'regular': 'DejaVuSans.ttf', 'bold': 'DejaVuSans-Bold.ttf'}
# Families of many scripts: they are looked into first, as a machine may have hundreds of files.
WIDE = ('noto', 'cjk', 'fallback', 'unicode', 'wqy', 'msyh', 'simsun', 'pingfang', 'hiragino')


@lru_cache
def font(size: int, weight: str = 'regular') -> ImageFont.FreeTypeFont:
    """The typeface that matplotlib brings along, so that a sheet looks alike on every machine."""
    folder = Path(matplotlib.get_data_path(), 'fonts', 'ttf')
    return ImageFont.truetype(str(folder / FILES[weight]), size)


def face_for(text: str, face: ImageFont.FreeTypeFont) -> ImageFont.FreeTypeFont:
    """``face``, or one of the machine of the same size that has more of the text."""
    if not _lacking(text, face.path):
        return face
    path = _best(frozenset(_visible(text)), face.path)
    return face if path == face.path else ImageFont.truetype(path, face.size)


def undrawable(texts: Iterable[str], face: ImageFont.FreeTypeFont) -> list[str]:
    """Characters that are drawn as boxes, in order."""
    missing = [
        character for text in texts for character in _lacking(text, face_for(text, face).path)
    ]
    return list(dict.fromkeys(missing))


def _visible(text: str) -> str:
    """Without what has no shape of its own: spaces, controls, marks of variants."""
    return ''.join(c for c in text if c.isprintable() and unicodedata.category(c) not in INVISIBLE)


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
def _best(characters: frozenset[str], usual: str) -> str:
    """The file with most of the characters, ``usual`` if none has more."""
    wanted = {ord(character) for character in characters}
    files = sorted(
        font_manager.findSystemFonts(),
        key=lambda file: (not any(name in Path(file).name.lower() for name in WIDE), file),
    )
    best, most = usual, len(wanted & _characters(usual))
    for file in files:
        number = len(wanted & _characters(file))
        if number > most and _has_any_size(file):
            best, most = file, number
        if most == len(wanted):
            break
    return best


def _has_any_size(file: str) -> bool:
    try:
        ImageFont.truetype(file, 12)
    except OSError:  # bitmaps of one size, such as coloured emoji
        return False
    return True
