"""A frozen vector to an embedding."""

from mmengine.model import BaseModule
from torch import Tensor, nn

from pir_mm.functional.similarity import unit
from pir_mm.models.layers.dropout import Dropout
from pir_mm.models.layers.standardization import Standardization
from pir_mm.registry import MODELS


@MODELS.register_module()
class FeatureTower(BaseModule):
    """Standardised values, one hidden layer, and a projection to a unit vector.

    Args:
        width: of the vectors.
        hidden: width of the hidden layer.
        dim: of the embedding.
        dropout: rate behind the hidden layer.

    Shape:
        - vectors: ``(B, width)``
        - output: ``(B, dim)`` float32, unit-norm
    """

    def __init__(
        self, width: int, hidden: int = 1024, dim: int = 512, dropout: float = 0.1
    ) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            Standardization(width),
            nn.Linear(width, hidden),
            nn.GELU(),
            Dropout(dropout),
            nn.Linear(hidden, dim),
        )

    def forward(self, vectors: Tensor) -> Tensor:
        return unit(self.layers(vectors))
