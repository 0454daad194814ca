"""Tokens that attend to each other and to nothing else."""

from mmengine.model import BaseModule
from torch import Tensor, nn

from pir_mm.functional.masking import key_mask
from pir_mm.models.layers.attention import AttentionLayer
from pir_mm.registry import MODELS


@MODELS.register_module()
class SelfAttentionStack(BaseModule):
    """Plain self-attention layers in place of a progressive encoder, as its baseline.

    The ``+TEL`` rows of Pan et al., *A Prior Instruction Representation Framework for Remote
    Sensing Image-text Retrieval*, ACM MM 2023: transformer encoder layers equal in size to the
    progressive encoders, without instruction. The paper does not give the numbers of layers. A
    layer of :class:`SpatialPAE` or :class:`TemporalPAE` is two of these, so 4 stand for its 2 on
    the image side and 6 for its 3 on the text side; only the linear maps of the queries have no
    counterpart. In the authors' code of these rows the result replaces the global vector instead
    of being added to it: use ``JoinedEmbedding`` with ``add_global=False``.

    Args:
        dim: width.
        layers: number of layers.
        heads: attention heads of ``dim / heads``.
        dropout: of attention maps and before each sum.
        mlp_ratio: inner width of the feed-forward parts, in ``dim``.

    Shape:
        - tokens: ``(B, N, dim)``; ``B`` may be 0
        - token_mask: ``(B, N)`` bool, true for tokens, false for padding, which nothing
          attends to; none for images
        - output: ``(B, N, dim)``, in the order of ``tokens``; rows of padding have no meaning
    """

    instructed = False

    def __init__(
        self,
        dim: int = 512,
        layers: int = 4,
        heads: int = 8,
        dropout: float = 0.2,
        mlp_ratio: int = 2,
    ) -> None:
        super().__init__()
        sizes = (dim, heads, dropout, mlp_ratio)
        self.layers = nn.ModuleList(AttentionLayer(*sizes) for _ in range(layers))

    def forward(self, tokens: Tensor, token_mask: Tensor | None = None) -> Tensor:
        mask = None if token_mask is None else key_mask(token_mask)
        for layer in self.layers:
            tokens = layer(tokens, mask=mask)
        return tokens
