"""What recall is computed from, checked."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from pir_mm.functional.standing import TIES


def check_rules(topk: Sequence[int], ties: str) -> None:
    """Raise a ValueError unless ``topk`` holds whole numbers from 1 and ``ties`` is a rule."""
    if not topk or any(k != int(k) or k < 1 for k in topk):
        raise ValueError(f'topk={topk} must be whole numbers of at least 1')
    if ties not in TIES:
        raise ValueError(f'ties={ties!r} is none of {", ".join(TIES)}')


def checked_owner(image_of_text: Tensor | np.ndarray, images: int, texts: int) -> Tensor:
    """Image of each text, ``(texts,)`` long on the CPU, of which no image is without."""
    owner = torch.as_tensor(image_of_text).cpu()
    if owner.shape != (texts,) or owner.is_floating_point() or owner.dtype == torch.bool:
        raise ValueError(
            f'image_of_text must hold a whole number for each of {texts} texts, '
            f'got {owner.dtype} {tuple(owner.shape)}'
        )
    owner = owner.long()
    if texts and not 0 <= owner.min() <= owner.max() < images:
        raise ValueError(
            f'image_of_text names images {owner.min()} to {owner.max()}, but there are {images}, '
            'numbered from 0'
        )
    without = (owner.bincount(minlength=images) == 0).nonzero()
    if len(without) or not images:
        raise ValueError(
            f'{len(without)} of {images} images have no text, first image '
            f'{without[0].item() if images else "none"}: recall is not defined for them, leave '
            'them out'
        )
    return owner


def checked_embeddings(values: Tensor | np.ndarray, what: str) -> Tensor:
    """Finite ``(count, width)`` embeddings, float32 or float64; ``what`` names them in errors."""
    if not isinstance(values, Tensor):
        values = torch.from_numpy(np.require(values, requirements=['C', 'W']))
    values = values.detach()
    if values.dim() != 2:
        raise ValueError(f'{what} embeddings must be (count, width), got {tuple(values.shape)}')
    if not values.isfinite().all():
        raise ValueError(f'{what} embeddings hold a number that is not finite: mend the model')
    return values if values.dtype == torch.float64 else values.float()
