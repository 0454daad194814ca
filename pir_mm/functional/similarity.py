"""Unit vectors, their similarity, and which texts are right for which images."""

import torch
import torch.nn.functional as F
from torch import Tensor


def unit(features: Tensor) -> Tensor:
    """Scale the last axis to length one, in float32; a zero vector stays zero."""
    return F.normalize(features.float(), dim=-1)


def similarity(image_embedding: Tensor, text_embedding: Tensor) -> Tensor:
    """Inner products ``(B, M)`` of ``(B, D)`` and ``(M, D)`` embeddings, in float32."""
    return image_embedding.float() @ text_embedding.float().T


POSITIVES = ('image_or_text', 'image', 'pair')


def positives(
    image_of_text: Tensor, image_id: Tensor, text_id: Tensor, kind: str = 'image_or_text'
) -> Tensor:
    """Which texts of a batch are right for which of its images.

    An image may be in the batch more than once; each of its rows has the same positives, except
    for ``'pair'``. No value is read on the host, so a GPU does not wait.

    Args:
        image_of_text: ``(M,)``, row of the image that each text came with.
        image_id: ``(B,)``, equal for rows that show the same image.
        text_id: ``(M,)``, equal for texts of the same words.
        kind: ``'pair'``: a text and the row it came with. ``'image'``: all texts of an image and
            all its rows. ``'image_or_text'``: also every text of the same words as one of these.

    Returns:
        ``(B, M)`` bool.

    Raises:
        ValueError: for another kind.
    """
    if kind not in POSITIVES:
        raise ValueError(f'positives={kind!r} is unknown, wanted one of {", ".join(POSITIVES)}')
    rows = torch.arange(len(image_id), device=image_id.device)
    if kind == 'pair':
        return rows.unsqueeze(1) == image_of_text
    if kind == 'image':
        return image_id.unsqueeze(1) == image_id[image_of_text]
    image, text = _first_equal(image_id), _first_equal(text_id)
    described = torch.zeros(len(image), len(text), dtype=torch.bool, device=image_id.device)
    true = torch.ones((), dtype=torch.bool, device=image_id.device)
    described.index_put_((image[image_of_text], text), true)
    return described[image][:, text]


def _first_equal(values: Tensor) -> Tensor:
    """For each value a whole number below ``len(values)``, equal where the values are equal."""
    return torch.searchsorted(values.sort().values, values)
