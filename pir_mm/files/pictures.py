"""Picture files: what they are called, how large they are, and their pixels."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import cv2
import numpy as np
from PIL import Image, ImageOps

MAX_PIXELS = 100_000_000


def read_picture(
    path: str | os.PathLike, max_pixels: int = MAX_PIXELS, min_side: int | None = None
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
    with _named_errors(path):
        picture = Image.open(path)
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
