"""Reading a picture file into three 8-bit channels, its size checked before it is decoded."""

import os

import cv2
import numpy as np
from PIL import Image, ImageOps

PLAIN = ('L', 'RGB')


def read_picture(
    path: str | os.PathLike, max_pixels: int = 100_000_000, min_side: int | None = None
) -> np.ndarray:
    """Decode a picture of any kind Pillow reads.

    Grey is repeated, palettes are looked up, transparency is dropped, and the camera's orientation
    mark is obeyed. A picture of more than 8 bits is stretched: its 2nd to 98th percentile, over all
    channels, becomes 0 to 255, since sensors rarely fill their 16 bits.

    Args:
        path: picture file.
        max_pixels: width times height above which the picture is not decoded (above twice
            ``PIL.Image.MAX_IMAGE_PIXELS`` Pillow refuses it in any case).
        min_side: of a JPEG whose shorter side is at least twice this, decode a half, quarter or
            eighth that is not below it; None decodes all.

    Returns:
        ``(H, W, 3)`` uint8, blue first.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is no picture, is broken or cut short, or is too large.
    """
    if not os.path.isfile(path):
        raise FileNotFoundError(f'the picture {path} does not exist')
    try:
        with Image.open(path) as picture:
            _check_size(picture, path, max_pixels)
            if min_side is not None and picture.format == 'JPEG':
                picture.draft(None, (min_side, min_side))
            return _three_channels(ImageOps.exif_transpose(picture))
    except Image.DecompressionBombError as error:
        raise ValueError(f'the picture {path} is too large to decode: {error}') from None
    except (OSError, SyntaxError, EOFError, TypeError, MemoryError, cv2.error) as error:
        raise ValueError(f'the picture {path} cannot be decoded, replace it: {error}') from None


def _check_size(picture: Image.Image, path: str | os.PathLike, max_pixels: int) -> None:
    width, height = picture.size
    if width * height > max_pixels:
        raise ValueError(
            f'the picture {path} has {width} x {height} pixels, more than max_pixels={max_pixels}: '
            'cut it into tiles, or raise max_pixels'
        )


def _three_channels(picture: Image.Image) -> np.ndarray:
    deep = picture.mode[0] in 'IF'
    if not deep and picture.mode not in PLAIN:
        picture = picture.convert('RGB')
    pixels = np.asarray(picture)
    if deep:
        pixels = _stretched(pixels)
    return cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR if pixels.ndim == 2 else cv2.COLOR_RGB2BGR)


def _stretched(pixels: np.ndarray) -> np.ndarray:
    pixels = pixels.astype(np.float32)
    low, high = np.nanpercentile(pixels, (2, 98))
    scaled = (pixels - low) * (255 / max(high - low, np.finfo(np.float32).tiny))
    return np.nan_to_num(scaled).clip(0, 255).astype(np.uint8)
