"""Small versions of pictures, read without ever decoding one that is too large."""

import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageOps

from pir_mm.visualization.text_block import draw_block, font

BACKGROUND = '#eef0f2'
FORMATS = ('BMP', 'GIF', 'JPEG', 'JPEG2000', 'PNG', 'TIFF', 'WEBP')


def thumbnail(content: Path | np.ndarray, side: int, max_pixels: int) -> Image.Image:
    """A square of ``side`` pixels that shows the whole picture.

    Args:
        content: a path, or ``(H, W, 3)`` uint8 RGB.
        max_pixels: a file of more is not decoded.

    Returns:
        The picture, or, where the file cannot be shown, a square that says why: one lost file must
        not cost the sheet.
    """
    try:
        picture = read(content, side, max_pixels)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        kind = 'no longer there' if isinstance(error, FileNotFoundError) else 'cannot be shown'
        return notice(kind, side)
    return ImageOps.pad(picture, (side, side), Image.Resampling.LANCZOS, color=BACKGROUND)


def read(content: Path | np.ndarray, side: int, max_pixels: int) -> Image.Image:
    if isinstance(content, np.ndarray):
        return Image.fromarray(content)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', Image.DecompressionBombWarning)
        with Image.open(content, formats=FORMATS) as picture:
            if picture.width * picture.height > max_pixels:
                raise ValueError(f'{content} has more than {max_pixels} pixels')
            picture.draft('RGB', (side, side))  # lets a JPEG decode at a fraction of its size
            return picture.convert('RGB')


def notice(text: str, side: int) -> Image.Image:
    square = Image.new('RGB', (side, side), BACKGROUND)
    inset = side // 8
    face = font(max(side // 14, 9))
    draw_block(ImageDraw.Draw(square), (inset, inset, side - inset, side), text, face, '#57606a')
    return square
