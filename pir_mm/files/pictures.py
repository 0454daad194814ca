"""Picture files: their endings, their size, and their pixels."""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import cv2
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

PICTURE_ENDINGS = ('.bmp', '.gif', '.jp2', '.jpeg', '.jpg', '.png', '.tif', '.tiff', '.webp')
MAX_PIXELS = 100_000_000
"""Width times height above which a picture is not decoded, unless a config says otherwise."""
_FORMATS = ('BMP', 'GIF', 'JPEG', 'JPEG2000', 'PNG', 'TIFF', 'WEBP')


def is_picture(path: str | os.PathLike) -> bool:
    """Whether a file name ends as that of a picture."""
    return os.path.splitext(path)[1].lower() in PICTURE_ENDINGS


def picture_size(path: str | os.PathLike, max_pixels: int = MAX_PIXELS) -> tuple[int, int]:
    """Width and height of a picture, from its header alone.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: with the reason alone: not a picture, too many pixels, or cannot be read.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore', Image.DecompressionBombWarning)
            with Image.open(path, formats=_FORMATS) as picture:
                width, height = picture.size
    except FileNotFoundError:
        raise
    except Image.DecompressionBombError as error:
        raise ValueError(f'too many pixels: {error}') from None
    except UnidentifiedImageError:
        raise ValueError('not a picture: unknown content') from None
    except (OSError, SyntaxError, ValueError) as error:
        raise ValueError(f'cannot be read: {error}') from None
    if width * height > max_pixels:
        raise ValueError(f'too many pixels: {width} x {height} is above {max_pixels}')
    return width, height


def read_picture(
    path: str | os.PathLike, max_pixels: int = MAX_PIXELS, min_side: int | None = None
) -> np.ndarray:
    """Decode a picture: the one decoder of training, index, search and every sheet.

    Grey is repeated, palettes are looked up, transparency is dropped, and the orientation mark of
    the camera is obeyed. A picture of more than 8 bits is stretched: its 2nd to 98th percentile,
    over all channels, becomes 0 to 255, because sensors rarely use all of their 16 bits.

    Args:
        path: picture file.
        max_pixels: width times height above which the picture is not decoded (Pillow refuses a
            picture above twice ``PIL.Image.MAX_IMAGE_PIXELS`` in any case).
        min_side: decode a JPEG at a half, quarter or eighth, if its shorter side stays at least
            this; None decodes all.

    Returns:
        ``(H, W, 3)`` uint8, blue first.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is not a picture, is broken or cut short, or is too large.
    """
    if not os.path.isfile(path):
        raise FileNotFoundError(f'the picture {path} does not exist')
    with _named_errors(path):
        picture = Image.open(path, formats=_FORMATS)
    with picture:
        width, height = picture.size
        if width * height > max_pixels:
            raise ValueError(
                f'the picture {path} has {width} x {height} pixels, more than the {max_pixels} of '
                'max_pixels: cut it into tiles, or raise max_pixels'
            )
        with _named_errors(path):
            if min_side is not None and picture.format == 'JPEG':
                picture.draft(None, (min_side, min_side))
            return _three_channels(picture, path)


@contextmanager
def _named_errors(path: str | os.PathLike) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # Pillow's plugins raise errors of all kinds on bad bytes
        raise ValueError(
            f'the picture {path} cannot be decoded, replace or remove it: {error}'
        ) from None


def _three_channels(picture: Image.Image, path: str | os.PathLike) -> np.ndarray:
    deep = bool(picture.tile) and ';16' in str(picture.tile[0][3])
    if deep:  # Pillow would keep but the high byte of coloured ones
        picture.load()  # refuses a file cut short, which OpenCV may fill up
        encoded = np.fromfile(path, np.uint8)
        pixels = _stretched(cv2.imdecode(encoded, cv2.IMREAD_UNCHANGED))
        return cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR) if pixels.ndim == 2 else pixels
    ImageOps.exif_transpose(picture, in_place=True)
    if picture.mode[0] in 'IF':
        return cv2.cvtColor(_stretched(np.asarray(picture)), cv2.COLOR_GRAY2BGR)
    rgb = picture if picture.mode == 'RGB' else picture.convert('RGB')
    pixels = np.frombuffer(rgb.tobytes('raw', 'BGR'), np.uint8)
    return pixels.reshape(rgb.height, rgb.width, 3).copy()  # writable


def _stretched(pixels: np.ndarray) -> np.ndarray:
    pixels = pixels[..., :3] if pixels.ndim == 3 else pixels
    low, high = np.nanpercentile(pixels, (2, 98))
    scaled = (pixels.astype(np.float32) - low) * (255 / max(high - low, 1e-12))
    return np.nan_to_num(scaled).clip(0, 255).astype(np.uint8)
