"""Two views of one thing whose vectors predict each other."""

import torch.nn.functional as F
from torch import Tensor

from pir_mm.functional.similarity import unit


def simsiam(
    first_prediction: Tensor, first: Tensor, second_prediction: Tensor, second: Tensor
) -> Tensor:
    """How well each view predicts the other one, by cosine.

    Chen and He, *Exploring Simple Siamese Representation Learning*, CVPR 2021, eq. 1 to 4. What is
    predicted is taken as given: no gradient reaches ``first`` and ``second``.

    Args:
        first_prediction: ``(M, D)``, made of the first view, of ``second``.
        first: ``(M, D)`` vector of the first view.
        second_prediction: ``(M, D)``, made of the second view, of ``first``.
        second: ``(M, D)`` vector of the second view.

    Returns:
        Scalar from -1, where all agree, to 1; zero for no rows.
    """
    one_way = _cosine(first_prediction, second) + _cosine(second_prediction, first)
    return -0.5 * one_way.sum() / max(len(first), 1)


def spread(vectors: Tensor) -> Tensor:
    """Standard deviation, over the rows, of a coordinate of ``vectors`` (M, D) of unit length.

    It is the mean over coordinates. Near ``1 / sqrt(D)`` the directions fill the space; at zero all
    rows have become one, which a loss of predictions alone does not notice.
    """
    return unit(vectors).std(dim=0, correction=0).mean()


def _cosine(prediction: Tensor, target: Tensor) -> Tensor:
    return F.cosine_similarity(prediction, target.detach(), dim=-1)
