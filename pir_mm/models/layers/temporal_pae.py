"""Tokens of a text, encoded step by step under their own earlier state."""

from mmengine.model import BaseModule
from torch import Tensor, nn

from pir_mm.functional.masking import key_mask
from pir_mm.models.layers.attention import AttentionLayer
from pir_mm.registry import MODELS


@MODELS.register_module()
class TemporalPAE(BaseModule):
    """Progressive attention encoder of the text side.

    Pan et al., *A Prior Instruction Representation Framework for Remote Sensing Image-text
    Retrieval*, ACM MM 2023, eq. 13 and 14. Each layer lets the tokens attend to each other;
    then the projected input of the layer attends to the result, token by token.

    The authors' layers start as copies of one another; ours are initialised independently.

    Args:
        dim: width.
        layers: number of layers (``cycle_num`` in the authors' code).
        heads: attention heads of ``dim / heads``.
        dropout: of attention maps and before each sum.
        mlp_ratio: inner width of the feed-forward parts, in ``dim``.
        mask_padding: nothing attends to padding, so that the result does not depend on the
            batch. The authors attend to it: ``False`` for their weights.

    Shape:
        - tokens: ``(M, L, dim)``; ``M`` may be 0
        - token_mask: ``(M, L)`` bool, true for tokens, false for padding
        - output: ``(M, L, dim)``; rows of padding have no meaning
    """

    def __init__(
        self,
        dim: int = 512,
        layers: int = 3,
        heads: int = 8,
        dropout: float = 0.2,
        mlp_ratio: int = 2,
        mask_padding: bool = True,
    ) -> None:
        super().__init__()
        sizes = (dim, heads, dropout, mlp_ratio)
        self.mapping = nn.ModuleList(nn.Linear(dim, dim) for _ in range(layers))
        self.self_attention = nn.ModuleList(AttentionLayer(*sizes) for _ in range(layers))
        self.cross_attention = nn.ModuleList(AttentionLayer(*sizes) for _ in range(layers))
        self.mask_padding = mask_padding

    def forward(self, tokens: Tensor, token_mask: Tensor) -> Tensor:
        mask = key_mask(token_mask) if self.mask_padding else None
        parts = zip(self.mapping, self.self_attention, self.cross_attention, strict=True)
        for mapping, self_attention, cross_attention in parts:
            query = mapping(tokens)
            tokens = cross_attention(self_attention(tokens, mask=mask), query=query, mask=mask)
        return tokens

    def extra_repr(self) -> str:
        return f'mask_padding={self.mask_padding}'
