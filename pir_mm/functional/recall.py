"""Recall at K in both directions: its definition, its checks, and its ceiling on a test set.

Recall at K is the share of queries, in percent, that have at least one positive among their first
K results. The positives of an image are all its texts, and the positive of a text is its image.
The mean recall ``mR`` is the mean over both directions and all K.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from pir_mm.functional.ranks import QueryRanks, check_ties, rank_embeddings, rank_matrix
from pir_mm.functional.score_tiles import Compare, inner_products

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
        image_of_text: ``(M,)`` index of the image of each text, in any order. Images may have
            different numbers of texts.
        topk: values of K. K may exceed the size of the gallery.
        ties: the order of exactly equal scores. ``'expected'`` is the exact expectation over
            random order. ``'optimistic'`` and ``'pessimistic'`` put positives before and after
            negatives. ``'official'`` is a stable sort that is then reversed, as the authors' code
            intends.

    Returns:
        ``'i2t/R@K'`` and ``'t2i/R@K'`` of each K, and ``'mR'``: percent, unrounded.

    Raises:
        ValueError: if a score is not finite, an image has no text, or an argument is wrong.
    """
    if len(similarity.shape) != 2:
        raise ValueError(f'similarity must be (images, texts), got {tuple(similarity.shape)}')
    check_topk_and_ties(topk, ties)
    image_of_text = checked_image_of_text(image_of_text, *similarity.shape)
    return recall_from_ranks(*rank_matrix(similarity, image_of_text), topk, ties)


def recall_from_embeddings(
    image: Tensor | np.ndarray,
    text: Tensor | np.ndarray,
    image_of_text: Tensor | np.ndarray,
    topk: Sequence[int] = TOPK,
    ties: str = 'expected',
    chunk: int | None = None,
) -> dict[str, float]:
    """Recall from embeddings; the matrix of their scores is never in memory as a whole.

    Arguments, result and errors are those of :func:`ranks_from_embeddings` and
    :func:`retrieval_recall`.
    """
    check_topk_and_ties(topk, ties)
    ranks = ranks_from_embeddings(image, text, image_of_text, chunk)
    return recall_from_ranks(*ranks, topk, ties)


def ranks_from_embeddings(
    image: Tensor | np.ndarray,
    text: Tensor | np.ndarray,
    image_of_text: Tensor | np.ndarray,
    chunk: int | None = None,
    compare: Compare = inner_products,
) -> tuple[QueryRanks, QueryRanks]:
    """Ranks of each image among the texts and of each text among the images.

    Recall, median rank and the hits of single queries follow from them.

    Args:
        image: ``(N, D)``. The score of a pair is the inner product, at least in float32.
        text: ``(M, D)``. Equal embeddings tie exactly.
        image_of_text: ``(M,)`` index of the image of each text.
        chunk: scores are computed in tiles of ``chunk`` by ``chunk``; by default a size that suits
            the device.
        compare: gives scores in place of the inner product.

    Raises:
        ValueError: if an embedding is not finite, the widths differ, an image has no text, or an
            argument is wrong.
    """
    checked = checked_set(image, text, image_of_text)
    check_chunk(chunk)
    return rank_embeddings(*checked, chunk, compare)


def chance_recall(
    image_of_text: Tensor, images: int, topk: Sequence[int] = TOPK
) -> dict[str, float]:
    """Recall that is expected of results in random order, in the form of :func:`retrieval_recall`.

    Args:
        image_of_text: ``(M,)`` index of the image of each text.
        images: number of images.
        topk: values of K.
    """
    texts_of = image_of_text.bincount(minlength=images)
    texts, one = len(image_of_text), torch.ones_like(image_of_text)
    image_ranks = QueryRanks(texts_of * 0, texts - texts_of, texts_of, texts_of * 0)
    text_ranks = QueryRanks(one * 0, one * (images - 1), one, one * 0)
    return recall_from_ranks(image_ranks, text_ranks, topk)


def recall_from_ranks(
    image_ranks: QueryRanks,
    text_ranks: QueryRanks,
    topk: Sequence[int] = TOPK,
    ties: str = 'expected',
) -> dict[str, float]:
    """Recall of queries with known ranks, in the form of :func:`retrieval_recall`."""
    check_topk_and_ties(topk, ties)
    recall = {
        f'{direction}/R@{k}': 100 * ranks.hits_at(k, ties).mean().item()
        for direction, ranks in (('i2t', image_ranks), ('t2i', text_ranks))
        for k in topk
    }
    return recall | {'mR': sum(recall.values()) / len(recall)}


def median_rank(ranks: QueryRanks, ties: str = 'expected') -> float:
    """Median over the queries of the rank of the first positive, counted from 1."""
    return 1 + np.median(ranks.negatives_before(ties).numpy()).item()


def recall_ceiling(
    image_of_text: Tensor, text_id: Tensor, topk: Sequence[int] = TOPK
) -> dict[str, float]:
    """The highest recall that a model can reach on a test set with repeated captions.

    Captions with the same words get the same ranking of the images, but each has its own image to
    find. The best ranking begins with the K images that have these words most often. An image can
    always rank its own captions first, so the other direction can reach 100.

    Args:
        image_of_text: ``(M,)`` long, index of the image of each caption. Every image has one.
        text_id: ``(M,)`` long, equal for captions with the same words.
        topk: values of K.

    Returns:
        The keys of :func:`retrieval_recall`, percent, unrounded.

    Raises:
        ValueError: if lengths differ or an argument is wrong.
    """
    check_topk_and_ties(topk, 'expected')
    if len(image_of_text) != len(text_id) or not len(text_id):
        raise ValueError(f'got {len(image_of_text)} captions and {len(text_id)} text ids')
    image_of_text = checked_image_of_text(image_of_text, int(image_of_text.max()) + 1, len(text_id))
    pairs, times = torch.stack([text_id, image_of_text], dim=1).unique(dim=0, return_counts=True)
    # For each text, the images that have it most often come first.
    order = times.argsort(descending=True, stable=True)
    order = order[pairs[order, 0].argsort(stable=True)]
    text, times = pairs[order, 0], times[order]
    _, group, sizes = text.unique_consecutive(return_inverse=True, return_counts=True)
    rank = torch.arange(len(text)) - (sizes.cumsum(0) - sizes)[group]
    recall = {f'i2t/R@{k}': 100.0 for k in topk}
    for k in topk:
        recall[f't2i/R@{k}'] = 100 * times[rank < k].sum().item() / len(text_id)
    return recall | {'mR': sum(recall.values()) / len(recall)}


def check_topk_and_ties(topk: Sequence[int], ties: str) -> None:
    """Raise a ValueError unless ``topk`` has whole numbers from 1 on and ``ties`` is a rule."""
    if not topk or any(k != int(k) or k < 1 for k in topk):
        raise ValueError(f'topk={topk} must be whole numbers of at least 1')
    check_ties(ties)


def check_chunk(chunk: int | None) -> None:
    """Raise a ValueError if ``chunk`` is given and below 1."""
    if chunk is not None and chunk < 1:
        raise ValueError(f'chunk must be at least 1, got {chunk}')


def checked_image_of_text(
    image_of_text: Tensor | np.ndarray | Sequence[int], images: int, texts: int
) -> Tensor:
    """Index of the image of each text, ``(texts,)`` long on the CPU. Every image has a text."""
    values = torch.as_tensor(image_of_text).cpu()
    if values.shape != (texts,) or values.is_floating_point() or values.dtype == torch.bool:
        raise ValueError(
            f'image_of_text must have a whole number for each of {texts} texts, '
            f'got {values.dtype} {tuple(values.shape)}'
        )
    values = values.long()
    if texts and not 0 <= values.min() <= values.max() < images:
        raise ValueError(
            f'image_of_text names images {values.min()} to {values.max()}, but there are {images}, '
            'numbered from 0'
        )
    without = (values.bincount(minlength=images) == 0).nonzero()
    if len(without) or not images:
        raise ValueError(
            f'{len(without)} of {images} images have no text, first image '
            f'{without[0].item() if images else "none"}: recall is not defined for them, leave '
            'them out'
        )
    return values


def checked_set(
    image: Tensor | np.ndarray, text: Tensor | np.ndarray, image_of_text: Tensor | np.ndarray
) -> tuple[Tensor, Tensor, Tensor]:
    """Comparable embeddings ``(N, D)``, ``(M, D)`` and the image of each text, or a ValueError."""
    image, text = checked_embeddings(image, 'image'), checked_embeddings(text, 'text')
    image_of_text = checked_image_of_text(image_of_text, len(image), len(text))
    check_comparable(image, text, ('image', 'text'))
    return image, text, image_of_text


def checked_embeddings(values: Tensor | np.ndarray, name: str) -> Tensor:
    """Finite ``(count, width)`` embeddings, float32 or float64; ``name`` is for error messages."""
    if not isinstance(values, Tensor):
        values = torch.from_numpy(np.require(values, requirements=['C', 'W']))
    values = values.detach()
    if values.dim() != 2:
        raise ValueError(f'{name} embeddings must be (count, width), got {tuple(values.shape)}')
    if not values.isfinite().all():
        raise ValueError(f'{name} embeddings have a number that is not finite: check the model')
    return values if values.dtype == torch.float64 else values.float()


def check_comparable(first: Tensor, second: Tensor, names: tuple[str, str]) -> None:
    """Raise a ValueError if the widths of embeddings differ or their products overflow."""
    if first.size(1) != second.size(1):
        raise ValueError(
            f'{names[0]} embeddings are {first.size(1)} wide and {names[1]} embeddings '
            f'{second.size(1)}: they must come from the same model'
        )
    if not (first.norm(dim=1).max() * second.norm(dim=1).max()).isfinite():
        raise ValueError('embeddings are so long that scores overflow: scale them to unit length')
