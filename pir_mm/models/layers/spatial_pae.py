"""Tokens of an image, encoded under its instruction."""

from mmengine.model import BaseModule
from torch import Tensor, nn

from pir_mm.models.layers.attention import AttentionLayer
from pir_mm.registry import MODELS


@MODELS.register_module()
class SpatialPAE(BaseModule):
    """Progressive attention encoder of the image side.

    Pan et al., *A Prior Instruction Representation Framework for Remote Sensing Image-text
    Retrieval*, ACM MM 2023, eq. 11 and 12. Each layer lets the tokens attend to each other,
    then adds to all of them what the projected instruction finds in them. The instruction is
    the same in every layer.

    The authors repeat the instruction for each token. It is one query, so we compute it once, with
    equal results. In training this means one dropout mask on its attention map, where their code
    draws one per token; both draw the dropout before the sum per token. The authors' layers start
    as copies of one another; ours are initialised independently.

    Args:
        dim: width.
        layers: number of layers (``instru_num`` in the authors' code).
        heads: attention heads of ``dim / heads``.
        dropout: of attention maps and before each sum.
        mlp_ratio: inner width of the feed-forward parts, in ``dim``.

    Shape:
        - tokens: ``(B, N, dim)``
        - instruction: ``(B, dim)``
        - output: ``(B, N, dim)``, in the order of ``tokens``
    """

    def __init__(
        self,
        dim: int = 512,
        layers: int = 2,
        heads: int = 8,
        dropout: float = 0.2,
        mlp_ratio: int = 2,
    ) -> None:
        super().__init__()
        sizes = (dim, heads, dropout, mlp_ratio)
        self.mapping = nn.ModuleList(nn.Linear(dim, dim) for _ in range(layers))
        self.self_attention = nn.ModuleList(AttentionLayer(*sizes) for _ in range(layers))
        self.cross_attention = nn.ModuleList(AttentionLayer(*sizes) for _ in range(layers))

    def forward(self, tokens: Tensor, instruction: Tensor) -> Tensor:
        instruction = instruction.unsqueeze(dim=1)
        parts = zip(self.mapping, self.self_attention, self.cross_attention, strict=True)
        for mapping, self_attention, cross_attention in parts:
            tokens = cross_attention(self_attention(tokens), query=mapping(instruction))
        return tokens
