"""What the repeated captions of a test set leave to be reached."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from pir_mm.functional.ranks import TIES, Standing, rank_embeddings, rank_matrix


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


TOPK = (1, 5, 10)


def retrieval_recall(
    similarity: Tensor | np.ndarray,
    image_of_text: Tensor | np.ndarray,
    topk: Sequence[int] = TOPK,
    ties: str = 'expected',
) -> dict[str, float]:
    """Recall in both directions from a similarity matrix.

    Args:
        similarity: ``(N, M)`` scores of images and texts.
        image_of_text: ``(M,)`` image of each text, in any order; images may have different
            numbers of texts.
        topk: values of K; K above the gallery is allowed.
        ties: what becomes of exactly equal scores. ``'expected'``: the exact expectation over
            random order; ``'optimistic'`` and ``'pessimistic'``: in favour of positives and
            against them; ``'official'``: stable sort, reversed, as the authors' code means to.

    Returns:
        ``'i2t/R@K'`` and ``'t2i/R@K'`` of each K, and ``'mR'``: percent, unrounded.

    Raises:
        ValueError: if a score is not finite, an image has no text, or an argument is not as said.
    """
    if len(similarity.shape) != 2:
        raise ValueError(f'similarity must be (images, texts), got {tuple(similarity.shape)}')
    check_rules(topk, ties)
    owner = checked_owner(image_of_text, *similarity.shape)
    return recall_of_standing(*rank_matrix(similarity, owner), topk, ties)


def recall_from_embeddings(
    image: Tensor | np.ndarray,
    text: Tensor | np.ndarray,
    image_of_text: Tensor | np.ndarray,
    topk: Sequence[int] = TOPK,
    ties: str = 'expected',
    chunk: int | None = None,
) -> dict[str, float]:
    """Recall from embeddings, without ever holding the matrix of their scores.

    Arguments, result and errors are those of :func:`standing_from_embeddings` and
    :func:`retrieval_recall`.
    """
    check_rules(topk, ties)
    standing = standing_from_embeddings(image, text, image_of_text, chunk)
    return recall_of_standing(*standing, topk, ties)


def standing_from_embeddings(
    image: Tensor | np.ndarray,
    text: Tensor | np.ndarray,
    image_of_text: Tensor | np.ndarray,
    chunk: int | None = None,
) -> tuple[Standing, Standing]:
    """Standing of each image among the texts and of each text among the images.

    Recall, median rank and the hits of single queries follow from it.

    Args:
        image: ``(N, D)``; the score of a pair is the inner product, at least in float32.
        text: ``(M, D)``. Equal embeddings tie exactly.
        image_of_text: ``(M,)`` image of each text.
        chunk: scores are held in tiles of ``chunk`` by ``chunk``; chosen by device if not given.

    Raises:
        ValueError: if an embedding is not finite or the widths differ, an image has no text, or
            an argument is not as said.
    """
    image, text = checked_embeddings(image, 'image'), checked_embeddings(text, 'text')
    owner = checked_owner(image_of_text, len(image), len(text))
    if image.size(1) != text.size(1):
        raise ValueError(
            f'image embeddings are {image.size(1)} wide and text embeddings {text.size(1)}: '
            'they must come from one model'
        )
    if not (image.norm(dim=1).max() * text.norm(dim=1).max()).isfinite():
        raise ValueError('embeddings are so long that scores overflow: scale them to unit length')
    if chunk is not None and chunk < 1:
        raise ValueError(f'chunk must be at least 1, got {chunk}')
    return rank_embeddings(image, text, owner, chunk)


def recall_of_standing(
    to_text: Standing, to_image: Standing, topk: Sequence[int] = TOPK, ties: str = 'expected'
) -> dict[str, float]:
    """Recall of the queries whose standing is given, as :func:`retrieval_recall` returns it."""
    check_rules(topk, ties)
    recall = {
        f'{way}/R@{k}': 100 * standing.hit(k, ties).mean().item()
        for way, standing in (('i2t', to_text), ('t2i', to_image))
        for k in topk
    }
    return recall | {'mR': sum(recall.values()) / len(recall)}


def median_rank(standing: Standing, ties: str = 'expected') -> float:
    """Median over queries of the rank, from 1, of the first positive."""
    return 1 + np.median(standing.ahead(ties).numpy()).item()


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
