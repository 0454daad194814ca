"""Pairs of an image and a text to joint tokens, by the later layers of BERT."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

import torch.nn.functional as F
from mmengine.logging import print_log
from mmengine.model import BaseModule
from torch import Tensor, nn

from pir_mm.files.fitting import load_whole
from pir_mm.functional.attention import attend, attention_shares
from pir_mm.functional.masking import key_mask
from pir_mm.models.converters.bert import bert_weights, later_layers, read_bert
from pir_mm.models.layers.dropout import Dropout
from pir_mm.registry import MODELS
from pir_mm.structures.text_states import TextStates

FRESH = '*.crossattention.*'
"""Parameters that no BERT has."""
SPREAD = 0.02
"""Standard deviation of BERT's weights before any training."""
NORM_EPS = 1e-12


class ImageKeys(NamedTuple):
    """Keys and values ``(B, N, dim)`` that one layer reads of ``B`` images of ``N`` tokens."""

    key: Tensor
    value: Tensor

    def rows(self, index: Tensor) -> 'ImageKeys':
        """Those of some images, in the order of their rows ``(P,)`` long; a row may repeat."""
        return ImageKeys(self.key.index_select(0, index), self.value.index_select(0, index))

    def split(self, sizes: Sequence[int]) -> list['ImageKeys']:
        """Those of ranges of images, views."""
        return list(map(ImageKeys, self.key.split(sizes), self.value.split(sizes)))


class BertAttention(nn.Module):
    """An attention of BERT with the sum and the norm after it, by BERT's parameter names.

    Args:
        dim: width of what asks and of the result.
        source_dim: width of what is read.
        heads: attention heads of ``dim / heads``.
        dropout: of the attention map and before the sum.
    """

    def __init__(self, dim: int, source_dim: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.dropout = Dropout(dropout)
        self.self = nn.ModuleDict(
            {
                'query': nn.Linear(dim, dim),
                'key': nn.Linear(source_dim, dim),
                'value': nn.Linear(source_dim, dim),
            }
        )
        self.output = _summed(dim, dim)

    def keys(self, source: Tensor) -> ImageKeys:
        """Keys and values of ``(B, N, source_dim)``."""
        return ImageKeys(self.self.key(source), self.self.value(source))

    def forward(self, tokens: Tensor, keys: ImageKeys, mask: Tensor | None = None) -> Tensor:
        """Tokens ``(P, L, dim)`` after they read keys of ``P`` rows; mask ``(P, 1, 1, N)`` bool."""
        attended = attend(
            self._split(self.self.query(tokens)),
            self._split(keys.key),
            self._split(keys.value),
            mask,
            self.dropout.p if self.training else 0.0,
        )
        change = self.output.dense(attended.transpose(1, 2).flatten(2))
        return self.output.LayerNorm(tokens + self.dropout(change))

    def shares(self, tokens: Tensor, keys: ImageKeys) -> Tensor:
        """What each token takes of each key where none is masked, ``(P, heads, L, N)``."""
        return attention_shares(self._split(self.self.query(tokens)), self._split(keys.key))

    def _split(self, vectors: Tensor) -> Tensor:
        return vectors.unflatten(-1, (self.heads, -1)).transpose(1, 2)


class FusionLayer(nn.Module):
    """A layer of BERT in which the text also reads an image, by BERT's parameter names.

    Args:
        dim: width of the text's tokens.
        image_dim: width of the image's tokens.
        heads: heads of both attentions.
        intermediate_size: inner width of the feed-forward part.
        dropout: of the attention maps and before each sum.
    """

    def __init__(
        self, dim: int, image_dim: int, heads: int, intermediate_size: int, dropout: float
    ) -> None:
        super().__init__()
        self.attention = BertAttention(dim, dim, heads, dropout)
        self.crossattention = BertAttention(dim, image_dim, heads, dropout)
        self.intermediate = nn.ModuleDict({'dense': nn.Linear(dim, intermediate_size)})
        self.output = _summed(intermediate_size, dim)
        self.dropout = Dropout(dropout)

    def read_text(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """Each token of a text ``(P, L, dim)`` after it read the others; mask ``(P, 1, 1, L)``."""
        return self.attention(tokens, self.attention.keys(tokens), mask)

    def read_image(self, tokens: Tensor, keys: ImageKeys) -> Tensor:
        """Each token of ``P`` texts after it read its image, and the feed-forward part.

        Of fewer images each is that of equally many texts in a row, whose tokens read it together.
        """
        together = tokens.reshape(len(keys.key), -1, tokens.size(-1))
        tokens = self.crossattention(together, keys).view_as(tokens)
        change = self.output.dense(F.gelu(self.intermediate.dense(tokens)))
        return self.output.LayerNorm(tokens + self.dropout(change))


def _summed(width: int, dim: int) -> nn.ModuleDict:
    """What comes before and after a sum with the input, as BERT names it."""
    norm = nn.LayerNorm(dim, eps=NORM_EPS)
    return nn.ModuleDict({'dense': nn.Linear(width, dim), 'LayerNorm': norm})


@MODELS.register_module()
class FusionEncoder(BaseModule):
    """Read images into texts: the joint encoder of MTGFE.

    Zhang et al., *A Fusion Encoder with Multi-Task Guidance for Cross-Modal Text-Image Retrieval in
    Remote Sensing*, Remote Sensing 2023, 15(18):4637. Each layer is self-attention over the text,
    in both directions, then attention to the tokens of the image, then the feed-forward part; the
    result of each is added to its input and normalised after. All but the attention to the image
    starts as the last layers of the BERT whose first layers encode the text.

    Keys and values of an image are computed once, however many texts read it, and so is the first
    self-attention of a text, which does not depend on the image. In training the pairs of a text
    therefore share what dropout leaves of that one.

    Args:
        dim: width of the text's tokens.
        image_dim: width of the image's tokens.
        layers: number of layers.
        first_layer: number, counted from 0, of the layer in the BERT file that the first of these
            starts from. The file must have ``first_layer + layers`` layers, no more.
        heads: attention heads of each layer.
        intermediate_size: width of the feed-forward parts.
        dropout: rate in the layers and on the attention maps.
        init: weights before training: ``'random'``, or a BERT file as :class:`BertEncoder` takes
            it. The attention to the image starts at N(0, 0.02) in any case; the log names it.

    Shape:
        - images: for each layer :class:`ImageKeys` of ``B`` images, as :meth:`read_images` gives
          them for tokens ``(B, N, image_dim)``
        - text: :class:`TextStates` of ``M`` texts
        - text_index: ``(P,)`` long, the text of each pair
        - image_index: ``(P,)`` long, its image; or ``(G,)`` long, one for each ``P / G`` pairs in a
          row, which read it together
        - output: ``(P, L, dim)``; the first token is the joint vector of a pair, and rows of
          padding have no meaning

    Raises:
        ValueError: if ``heads`` does not divide ``dim``, or there is no layer.
    """

    def __init__(
        self,
        dim: int = 768,
        image_dim: int = 768,
        layers: int = 6,
        first_layer: int = 6,
        heads: int = 12,
        intermediate_size: int = 3072,
        dropout: float = 0.1,
        init: str = 'random',
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if dim % heads:
            raise ValueError(f'heads={heads} do not divide dim={dim}: choose a divisor')
        if layers < 1:
            raise ValueError(f'layers must be at least 1, got {layers}')
        self.dim = dim
        self.image_dim = image_dim
        self.first_layer = first_layer
        self.init = init
        self.layer = nn.ModuleList(
            FusionLayer(dim, image_dim, heads, intermediate_size, dropout) for _ in range(layers)
        )
        self.apply(start_as_bert)

    def init_weights(self) -> None:
        super().init_weights()
        if self.init == 'random':
            return
        content, path = read_bert(self.init, 'model.fusion_encoder.init')
        end = self.first_layer + len(self.layer)
        weights = later_layers(bert_weights(content), self.first_layer, end, path)
        load_whole(self, weights, path, 'fusion_encoder', optional=[FRESH])
        fresh = [name for name in self.state_dict() if fnmatchcase(name, FRESH)]
        print_log(
            f'fusion_encoder: {len(weights)} tensors are those of layers {self.first_layer} to '
            f'{end - 1} of {path}; {len(fresh)} are fresh: {", ".join(fresh)}',
            'current',
        )

    def read_images(self, states: Tensor) -> list[ImageKeys]:
        """What each layer reads of images ``(B, N, image_dim)``."""
        return [layer.crossattention.keys(states) for layer in self.layer]

    def read_texts(self, text: TextStates) -> TextStates:
        """Texts after the first self-attention, which they have before they read an image."""
        return text._replace(tokens=self.layer[0].read_text(text.tokens, key_mask(text.mask)))

    def read_pairs(self, images: Iterable[ImageKeys], text: TextStates) -> Tensor:
        """Joint tokens ``(P, L, dim)`` of ``P`` texts, each with the image of its row.

        Args:
            images: for each layer the keys of ``P`` images; or of ``G``, each that of ``P / G``
                texts in a row. Taken one layer after the other.
            text: as :meth:`read_texts` gives it.
        """
        tokens, mask = text.tokens, key_mask(text.mask)
        for number, (layer, keys) in enumerate(zip(self.layer, images, strict=True)):
            if number:
                tokens = layer.read_text(tokens, mask)
            tokens = layer.read_image(tokens, keys)
        return tokens

    def forward(
        self, images: list[ImageKeys], text: TextStates, image_index: Tensor, text_index: Tensor
    ) -> Tensor:
        read = self.read_texts(text).rows(text_index)
        return self.read_pairs((keys.rows(image_index) for keys in images), read)

    def extra_repr(self) -> str:
        return f'first_layer={self.first_layer}, init={self.init!r}'


def start_as_bert(module: nn.Module) -> None:
    """Give a linear layer the weights that BERT starts with before any training."""
    if isinstance(module, nn.Linear):
        nn.init.normal_(module.weight, std=SPREAD)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
