"""Recall of text-image retrieval, as the tables of the field report it.

R@K of a query is 1 if any of its positives is among the first K of the gallery, else 0; R@K of a
direction is the mean over its queries, in percent; mR is the mean of all R@K of both directions.
``i2t`` ranks texts for each image, which may have several positives; ``t2i`` ranks images for
each text, which has one.
"""

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from pir_mm.functional.ranking import rank_embeddings, rank_matrix
from pir_mm.functional.recall_inputs import check_rules, checked_embeddings, checked_owner
from pir_mm.functional.standing import Standing

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
