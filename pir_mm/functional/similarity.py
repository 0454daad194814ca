"""Unit vectors, their similarity, and which pairs belong together."""

import torch.nn.functional as F
from torch import Tensor


def unit(features: Tensor) -> Tensor:
    """Scale the last axis to length one, in float32; a zero vector stays zero."""
    return F.normalize(features.float(), dim=-1)


def similarity(image_embedding: Tensor, text_embedding: Tensor) -> Tensor:
    """Inner products ``(B, M)`` of ``(B, D)`` and ``(M, D)`` embeddings, in float32."""
    return image_embedding.float() @ text_embedding.float().T


def positives(image_of_text: Tensor, image_id: Tensor) -> Tensor:
    """Whether text ``m`` describes the picture in row ``b``.

    A picture may be in the batch more than once; each of its rows goes with all of its texts.

    Args:
        image_of_text: ``(M,)``, the row of the batch that each text came with.
        image_id: ``(B,)``, equal for rows that show the same picture.

    Returns:
        ``(B, M)`` bool.
    """
    return image_id.unsqueeze(1) == image_id[image_of_text].unsqueeze(0)
