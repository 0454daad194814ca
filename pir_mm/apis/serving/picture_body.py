"""Pixels of a picture that came from a client."""

import tempfile

import numpy as np

from pir_mm.apis.serving.limits import Limits
from pir_mm.apis.serving.refusals import Refused
from pir_mm.files.pictures import decode_picture
from pir_mm.files.raster_kinds import begins_as_raster
from pir_mm.search import TileSource

NAME = 'that was sent'  # "the picture that was sent has ..."


def read_body(content: bytes, limits: Limits) -> np.ndarray:
    """Decode a picture whose header promises no more than the limits allow.

    Returns:
        ``(H, W, 3)`` uint8, red first.

    Raises:
        Refused: if it is no picture, is broken, or is too large.
    """
    if begins_as_raster(content[:16]):
        _check_raster(content, limits)
    try:
        pixels = decode_picture(content, NAME, limits.picture_pixels)
    except ValueError as error:
        raise Refused(400, str(error)) from None
    height, width = pixels.shape[:2]
    if max(height, width) > limits.picture_stretch * min(height, width):
        raise Refused(
            400,
            f'the picture has {width} x {height} pixels: one side may be '
            f'{limits.picture_stretch} times the other',
        )
    return np.ascontiguousarray(pixels[..., ::-1])


def _check_raster(content: bytes, limits: Limits) -> None:
    """Refuse what would take much memory for few pixels: see :meth:`TileSource.source`."""
    with tempfile.NamedTemporaryFile(suffix='.tif') as file:
        file.write(content)
        file.flush()
        try:
            width, height = TileSource(max_pixels=limits.picture_pixels).source(file.name).size
        except ValueError as error:
            reason = str(error).replace(file.name, 'it')
            raise Refused(400, f'the picture {NAME}: {reason}') from None
    if width * height > limits.picture_pixels:
        raise Refused(400, f'the picture {NAME}: too many pixels: {width} x {height}')
