"""Vectors with mean 0 and deviation 1."""

import torch.nn.functional as F
from torch import Tensor, nn

EPSILON = 1e-10
"""Added to the variance: far below that of the first states of texts, 1e-7."""


class Standardization(nn.BatchNorm1d):
    """Each value less its mean over all vectors, divided by its deviation over all vectors.

    A batch norm without weights. What a frozen encoder gives first may be nearly the same for all
    inputs: that of MiniLM's third layer differs from text to text by 0.6 % of its size. A network
    that reads it as it is learns nothing of the texts.

    In training a vector by itself is standardised by what was seen before, for it has no deviation.

    Args:
        width: of the vectors.

    Shape:
        - vectors: ``(B, width)``, ``B`` may be 0
        - output: ``(B, width)``
    """

    def __init__(self, width: int) -> None:
        super().__init__(width, eps=EPSILON, affine=False)

    def forward(self, vectors: Tensor) -> Tensor:
        if self.training and len(vectors) < 2:
            return F.batch_norm(vectors, self.running_mean, self.running_var, eps=self.eps)
        return super().forward(vectors)
