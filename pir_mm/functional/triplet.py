"""Hinge over every negative of every pair."""

from torch import Tensor


def triplet_sum(
    similarity: Tensor, image_of_text: Tensor, positive: Tensor, margin: float
) -> Tensor:
    """Sum of ``max(0, margin + negative - pair)`` over the negatives of both directions.

    Each text forms one pair with the image it came with. The negatives of the pair are the images
    that are not positives of the text, and the texts that are not positives of the image.

    Args:
        similarity: ``(B, M)``.
        image_of_text: ``(M,)``, the row of ``similarity`` that each text came with.
        positive: ``(B, M)`` bool, pairs that do not count as negatives.
        margin: how far, in similarity, a negative has to stay below the pair.

    Returns:
        Scalar, a sum: it grows with the batch.
    """
    pair = similarity.gather(0, image_of_text.unsqueeze(0)).squeeze(0)
    images = (margin + similarity - pair.unsqueeze(0)).clamp(min=0).masked_fill(positive, 0)
    texts = margin + similarity[image_of_text] - pair.unsqueeze(1)
    texts = texts.clamp(min=0).masked_fill(positive[image_of_text], 0)
    return images.sum() + texts.sum()
