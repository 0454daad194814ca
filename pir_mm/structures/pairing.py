"""Which image each text describes, as a value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Pairing:
    """The image of each text, of ``num_images`` images.

    Args:
        image_of_text: ``(M,)`` integers below ``num_images``, in any order; images may have
            different numbers of texts, but none may have none.
        num_images: number of images ``N``.

    Raises:
        ValueError: if ``image_of_text`` is not ``(M,)`` integers, names an image that is not
            there, or leaves an image without text.
    """

    image_of_text: np.ndarray
    num_images: int

    def __post_init__(self) -> None:
        owner = np.asarray(self.image_of_text)
        if owner.ndim != 1 or not np.issubdtype(owner.dtype, np.integer):
            raise ValueError(
                f'image_of_text must be (texts,) integers, got {owner.dtype} {owner.shape}'
            )
        if owner.size and not 0 <= owner.min() <= owner.max() < self.num_images:
            raise ValueError(
                f'image_of_text names images {owner.min()} to {owner.max()}, '
                f'but there are {self.num_images}, numbered from 0'
            )
        lonely = np.flatnonzero(np.bincount(owner, minlength=self.num_images) == 0)
        if lonely.size:
            raise ValueError(
                f'{lonely.size} of {self.num_images} images have no text, first image '
                f'{lonely[0]}: give each at least one caption or leave it out'
            )
        object.__setattr__(self, 'image_of_text', owner)

    def texts_of(self, image: int) -> np.ndarray:
        """Positions of the texts of one image, ascending."""
        return np.flatnonzero(self.image_of_text == image)
