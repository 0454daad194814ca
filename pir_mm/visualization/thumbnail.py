"""Small versions of pictures, as the models see them."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageOps

from pir_mm.files.pictures import MAX_PIXELS, read_picture
from pir_mm.visualization.text_block import draw_block
from pir_mm.visualization.typefaces import font

BACKGROUND = '#eef0f2'


def thumbnail(content: Path | np.ndarray, side: int, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """A square of ``side`` pixels that shows the whole picture.

    Args:
        content: a path, or ``(H, W, 3)`` uint8 RGB.
        side: of the square.
        max_pixels: a larger file is not decoded.

    Returns:
        The picture. If the file cannot be shown, a square that says why: one lost file must not
        cost the whole sheet.
    """
    try:
        picture = Image.fromarray(_pixels(content, side, max_pixels))
    except (OSError, ValueError) as error:
        kind = 'no longer there' if isinstance(error, FileNotFoundError) else 'cannot be shown'
        return notice(kind, side)
    return ImageOps.pad(picture, (side, side), Image.Resampling.LANCZOS, color=BACKGROUND)


def _pixels(content: Path | np.ndarray, side: int, max_pixels: int) -> np.ndarray:
    if isinstance(content, np.ndarray):
        return content
    # A JPEG that is much larger than the square is decoded at a fraction of its size.
    return read_picture(content, max_pixels, min_side=side)[:, :, ::-1]


def notice(text: str, side: int) -> Image.Image:
    """A square with a few words in place of a picture."""
    square = Image.new('RGB', (side, side), BACKGROUND)
    inset = side // 8
    face = font(max(side // 14, 9))
    draw_block(ImageDraw.Draw(square), (inset, inset, side - inset, side), text, face, '#57606a')
    return square
