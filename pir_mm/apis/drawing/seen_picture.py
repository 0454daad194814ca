"""A picture as a model sees it, and the grid of its tokens over it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from torch import Tensor, nn

from pir_mm.apis.search.picture_reading import (
    LOADERS,
    PictureReader,
    prepare_pixels,
    test_pipeline,
)
from pir_mm.files.pictures import read_picture

WHOLE = (*LOADERS, 'Resize', 'ResizeEdge', 'PackInputs')
PRINTED = 1024  # pixels of a longer side, more would not be seen in print


@dataclass(frozen=True, eq=False)
class SeenPicture:
    """What a model sees of one picture.

    Args:
        name: of the file.
        pixels: ``(3, h, w)`` for the data preprocessor.
        shown: ``(H, W, 3)`` uint8 RGB, what to draw: the same part of the picture as ``pixels``,
            in the shape that it has in the file where the model sees the whole.
    """

    name: str
    pixels: Tensor
    shown: np.ndarray

    def images(self, model: nn.Module) -> Tensor:
        """Normalised images ``(1, 3, h, w)`` of it, on the model's device."""
        return prepare_pixels(model, [self.pixels])

    def grid(self, tokens: int) -> tuple[int, int]:
        """Rows and columns of so many tokens, see :func:`token_grid`."""
        return token_grid(tokens, *self.pixels.shape[1:])


def see_picture(model: nn.Module, picture: str | Path) -> SeenPicture:
    """Run a model's test pipeline on a picture.

    Args:
        model: from :func:`pir_mm.apis.load_retriever`.
        picture: a file.

    Raises:
        FileNotFoundError, ValueError: if the picture cannot be used, or the model has no test
            pipeline.
    """
    read = PictureReader(model)
    if Path(picture).is_dir():
        raise ValueError(f'{picture} is a folder: give the pictures in it one by one')
    try:
        pixels, _ = read(picture)
    except FileNotFoundError:
        raise FileNotFoundError(f'picture {picture} does not exist') from None
    except ValueError as error:
        raise ValueError(f'{picture}: {error}') from None
    if all(step['type'].split('.')[-1] in WHOLE for step in test_pipeline(model)):
        shown = _whole(picture, read.max_pixels)
    else:
        shown = pixels.flip(0).permute(1, 2, 0).numpy()
    return SeenPicture(Path(picture).name, pixels, shown)


def token_grid(tokens: int, height: int, width: int) -> tuple[int, int]:
    """Rows and columns of the grid that tokens form over a picture, nearest to its shape.

    Raises:
        ValueError: if no grid of so many cells has roughly the picture's shape.
    """
    pairs = [(rows, tokens // rows) for rows in range(1, tokens + 1) if tokens % rows == 0]
    skew = [abs(np.log(rows / columns * width / height)) for rows, columns in pairs]
    best = int(np.argmin(skew))
    if skew[best] > np.log(2):
        raise ValueError(
            f'{tokens} tokens form no grid over a picture of {height} x {width}: a map can be '
            'drawn only where tokens stand for places'
        )
    return pairs[best]


def _whole(path: str | Path, max_pixels: int) -> np.ndarray:
    picture = Image.fromarray(read_picture(path, max_pixels)[:, :, ::-1])
    picture.thumbnail((PRINTED, PRINTED))
    return np.asarray(picture)
