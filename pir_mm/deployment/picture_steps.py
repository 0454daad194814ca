"""The test pipeline of an exported model: a picture to the numbers that its image tower reads."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pir_mm.files.pictures import Picture, pixels_of, read_picture

INTERPOLATIONS = {
    'nearest': cv2.INTER_NEAREST,
    'bilinear': cv2.INTER_LINEAR,
    'bicubic': cv2.INTER_CUBIC,
    'area': cv2.INTER_AREA,
    'lanczos': cv2.INTER_LANCZOS4,
}


class PictureSteps:
    """Reads, resizes, crops and normalises a picture, by the rules of the config's transforms.

    Args:
        steps: names and settings of transforms: ``Resize``, ``ResizeEdge``, ``CenterCrop``.
        mean: of red, green and blue, or in the order of ``to_rgb``.
        std: likewise.
        to_rgb: whether red comes first.
        max_pixels: width times height above which a picture is refused.
        min_side: large JPEG files are decoded at a part of their size, no side below this.

    Raises:
        ValueError: for an unknown step.
    """

    def __init__(
        self,
        steps: Sequence[Mapping[str, Any]],
        mean: Sequence[float],
        std: Sequence[float],
        to_rgb: bool,
        max_pixels: int,
        min_side: int | None,
    ) -> None:
        self._steps = [_step(**step) for step in steps]
        self._mean = np.array(mean, dtype=np.float32)[:, None, None]
        self._std = np.array(std, dtype=np.float32)[:, None, None]
        self._to_rgb = to_rgb
        self._max_pixels, self._min_side = max_pixels, min_side

    def __call__(self, picture: Picture) -> NDArray[np.float32]:
        """Normalised pixels ``(3, H, W)``.

        Raises:
            FileNotFoundError: if the file does not exist.
            ValueError: if the picture cannot be used.
        """
        if isinstance(picture, np.ndarray | Image.Image):
            pixels = pixels_of(picture)
        else:
            pixels = read_picture(picture, self._max_pixels, self._min_side)
        for step in self._steps:
            pixels = step(pixels)
        if self._to_rgb:
            pixels = pixels[..., ::-1]
        return (np.moveaxis(pixels, -1, 0).astype(np.float32) - self._mean) / self._std


def _step(type: str, **settings: Any) -> Callable[[np.ndarray], np.ndarray]:
    if type not in STEPS:
        raise ValueError(f'step {type!r} of a picture is unknown, wanted one of {list(STEPS)}')
    return partial(STEPS[type], **settings)


def _resize(pixels: np.ndarray, scale: Sequence[int], interpolation: str) -> np.ndarray:
    return cv2.resize(pixels, tuple(scale), interpolation=INTERPOLATIONS[interpolation])


def _resize_edge(pixels: np.ndarray, scale: int, edge: str, interpolation: str) -> np.ndarray:
    height, width = pixels.shape[:2]
    by_width = {'short': width < height, 'long': width > height, 'width': True, 'height': False}
    if by_width[edge]:
        size = (scale, int(scale * height / width))
    else:
        size = (int(scale * width / height), scale)
    return _resize(pixels, size, interpolation)


def _center_crop(pixels: np.ndarray, crop_size: Sequence[int]) -> np.ndarray:
    height, width = pixels.shape[:2]
    crop_height, crop_width = crop_size
    top = max(0, round((height - crop_height) / 2))
    left = max(0, round((width - crop_width) / 2))
    return pixels[top : top + crop_height, left : left + crop_width]


STEPS = {'Resize': _resize, 'ResizeEdge': _resize_edge, 'CenterCrop': _center_crop}
