"""What the repeated captions of a test set leave to be reached."""

from collections.abc import Sequence

import torch
from torch import Tensor

from pir_mm.functional.recall import TOPK
from pir_mm.functional.recall_inputs import check_rules, checked_owner


def recall_ceiling(
    image_of_text: Tensor, text_id: Tensor, topk: Sequence[int] = TOPK
) -> dict[str, float]:
    """Highest recall that any model can reach which ranks by the words of a caption alone.

    Captions of the same words get the same ranking of pictures, though each has its own picture
    to find. At best the K pictures that these words belong to most often come first. A picture
    can always rank its own captions first, so the other direction is bounded by 100.

    Args:
        image_of_text: ``(M,)`` long, picture of each caption; every picture has one.
        text_id: ``(M,)`` long, the same for captions of the same words.
        topk: values of K.

    Returns:
        the keys of :func:`pir_mm.functional.recall.retrieval_recall`, percent, unrounded.

    Raises:
        ValueError: if lengths differ or an argument is not as said.
    """
    check_rules(topk, 'expected')
    if len(image_of_text) != len(text_id) or not len(text_id):
        raise ValueError(f'{len(image_of_text)} captions came with {len(text_id)} text ids')
    owner = checked_owner(image_of_text, int(image_of_text.max()) + 1, len(text_id))
    pairs, times = torch.stack([text_id, owner], dim=1).unique(dim=0, return_counts=True)
    # Within each text the pictures it belongs to most often come first.
    order = times.argsort(descending=True, stable=True)
    order = order[pairs[order, 0].argsort(stable=True)]
    text, times = pairs[order, 0], times[order]
    _, group, sizes = text.unique_consecutive(return_inverse=True, return_counts=True)
    place = torch.arange(len(text)) - (sizes.cumsum(0) - sizes)[group]
    recall = {f'i2t/R@{k}': 100.0 for k in topk}
    for k in topk:
        recall[f't2i/R@{k}'] = 100 * times[place < k].sum().item() / len(text_id)
    recall['mR'] = sum(recall.values()) / len(recall)
    return recall
