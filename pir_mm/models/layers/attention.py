"""The attention layer that both progressive encoders are made of."""

from mmengine.model import BaseModule
from torch import Tensor, nn

from pir_mm.functional.attention import attend
from pir_mm.models.layers.dropout import Dropout


class MultiHeadAttention(BaseModule):
    """Scaled dot-product attention of several heads.

    Args:
        dim: width; each head has ``dim / heads``.
        heads: number of heads.
        dropout: of the attention map.

    Shape:
        - query: ``(B, Q, dim)``
        - tokens: ``(B, N, dim)``, keys and values
        - mask: ``(B, 1, 1, N)`` bool, true for keys that take part
        - output: ``(B, Q, dim)``

    Raises:
        ValueError: if ``heads`` does not divide ``dim``.
    """

    def __init__(self, dim: int, heads: int, dropout: float) -> None:
        super().__init__()
        if dim % heads:
            raise ValueError(f'heads={heads} do not divide dim={dim}: choose a divisor')
        self.heads = heads
        self.dropout = dropout
        self.query = nn.Linear(dim, dim)
        self.key_value = nn.Linear(dim, 2 * dim)
        self.merge = nn.Linear(dim, dim)

    def forward(self, query: Tensor, tokens: Tensor, mask: Tensor | None = None) -> Tensor:
        key, value = self.key_value(tokens).chunk(2, dim=-1)
        attended = attend(
            self._split(self.query(query)),
            self._split(key),
            self._split(value),
            mask,
            self.dropout if self.training else 0.0,
        )
        return self.merge(attended.transpose(1, 2).flatten(2))

    def _split(self, vectors: Tensor) -> Tensor:
        return vectors.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def extra_repr(self) -> str:
        return f'heads={self.heads}, dropout={self.dropout}'


class AttentionLayer(BaseModule):
    """Attention and a feed-forward part, each added to its input and normalised after.

    The layer of Pan et al., *A Prior Instruction Representation Framework for Remote Sensing
    Image-text Retrieval*, ACM MM 2023, eq. 7 to 10, as in the authors' code: the normalisation
    comes after the sum (the paper's text puts it before), and the feed-forward part has another
    one inside. Without a query it is self-attention. With a query, the tokens are keys and values,
    the result is added to the tokens, and the query only decides where to look.

    Args:
        dim, heads, dropout: of the attention; dropout also before each sum.
        mlp_ratio: inner width of the feed-forward part, in ``dim``.

    Shape:
        - tokens: ``(B, N, dim)``
        - query: ``(B, N, dim)``, or ``(B, 1, dim)`` for one query shared by all tokens: its
          result is computed once and added to each
        - mask: ``(B, 1, 1, N)`` bool, true for tokens that are attended to
        - output: ``(B, N, dim)``
    """

    def __init__(self, dim: int, heads: int, dropout: float, mlp_ratio: int) -> None:
        super().__init__()
        self.attention = MultiHeadAttention(dim, heads, dropout)
        self.norm1 = nn.LayerNorm(dim)
        self.ffn = nn.Sequential(
            nn.Linear(dim, mlp_ratio * dim),
            nn.LayerNorm(mlp_ratio * dim),
            nn.GELU(),
            nn.Linear(mlp_ratio * dim, dim),
        )
        self.norm2 = nn.LayerNorm(dim)
        self.dropout = Dropout(dropout)

    def forward(
        self, tokens: Tensor, query: Tensor | None = None, mask: Tensor | None = None
    ) -> Tensor:
        attended = self.attention(tokens if query is None else query, tokens, mask)
        tokens = self.norm1(tokens + self.dropout(attended.expand_as(tokens)))
        return self.norm2(tokens + self.dropout(self.ffn(tokens)))
