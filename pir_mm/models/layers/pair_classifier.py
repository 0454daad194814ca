"""Two vectors to the answer whether they belong together."""

from collections.abc import Sequence

import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from pir_mm.functional.pair_filter import Folded, fold_norm, grid_scores
from pir_mm.models.layers.standardization import Standardization
from pir_mm.registry import MODELS


@MODELS.register_module()
class PairClassifier(BaseModule):
    """A perceptron on the vector of an image and the vector of a text, side by side.

    The student of Zhang et al., *MTGFE*, Remote Sensing 2023: linear layer, batch norm and ReLU,
    twice, then two logits. The paper gives no widths. Before that, which the paper does not say,
    both vectors are standardised, see :class:`Standardization`. Weights of the first layer stand
    apart for image and text, which is the same layer: then what they do is computed once for an
    image in many pairs, and in evaluation a whole grid of pairs is cheap, see :func:`grid_scores`.

    Args:
        image_dim, text_dim: widths of the two vectors.
        hidden: widths of the hidden layers.

    Shape:
        - image: ``(B, image_dim)``
        - text: ``(M, text_dim)``
        - image_index, text_index: ``(P,)`` long, the pairs
        - output: ``(P, 2)`` logits of no match and of a match

    Raises:
        ValueError: if there is no hidden layer.
    """

    def __init__(self, image_dim: int, text_dim: int, hidden: Sequence[int] = (768, 256)) -> None:
        super().__init__()
        if not hidden:
            raise ValueError('a PairClassifier needs at least one hidden layer, got hidden=()')
        self.image_norm = Standardization(image_dim)
        self.text_norm = Standardization(text_dim)
        self.image = nn.Linear(image_dim, hidden[0], bias=False)
        self.text = nn.Linear(text_dim, hidden[0], bias=False)
        self.inner = nn.ModuleList(
            nn.Linear(width, out, bias=False)
            for width, out in zip(hidden[:-1], hidden[1:], strict=True)
        )
        self.norms = nn.ModuleList(nn.BatchNorm1d(width) for width in hidden)
        self.last = nn.Linear(hidden[-1], 2)

    def forward(
        self, image: Tensor, text: Tensor, image_index: Tensor, text_index: Tensor
    ) -> Tensor:
        images, texts = self.image(self.image_norm(image)), self.text(self.text_norm(text))
        values = images[image_index] + texts[text_index]
        first, *others = self.norms
        values = F.relu(first(values))
        for layer, norm in zip(self.inner, others, strict=True):
            values = F.relu(norm(layer(values)))
        return self.last(values)

    def image_rows(self, image: Tensor) -> Tensor:
        """Share ``(B, hidden[0])`` of images in the first layer, in evaluation, with its bias."""
        return F.linear(self.image_norm(image), *_folded(self.image, self.norms[0]))

    def text_rows(self, text: Tensor) -> Tensor:
        """Share ``(M, hidden[0])`` of texts in the first layer, in evaluation."""
        return F.linear(self.text_norm(text), _folded(self.text, self.norms[0]).weight)

    def compare(self, image: Tensor, text: Tensor) -> Tensor:
        """Log odds of a match ``(n, m)``, in evaluation, of all pairs of such rows."""
        inner = [
            _folded(layer, norm) for layer, norm in zip(self.inner, self.norms[1:], strict=True)
        ]
        last = Folded(self.last.weight.diff(dim=0), self.last.bias.diff())
        return grid_scores(image, text, [*inner, last])


def _folded(layer: nn.Linear, norm: nn.BatchNorm1d) -> Folded:
    statistics = norm.running_mean, norm.running_var
    return fold_norm(layer.weight, *statistics, norm.weight, norm.bias, norm.eps)
