"""A dual encoder of one's own: anything that gives one unit vector per image and per text."""

import torch.nn.functional as F
from torch import Tensor, nn

from pir_mm.apis import DualEncoder
from pir_mm.registry import MODELS


@MODELS.register_module()
class AverageEncoder(DualEncoder):
    """The mean of an image's cells against the mean of a text's words.

    Args:
        backbone: config of a backbone that ends in a map ``(B, channels, H, W)``.
        channels: of that map.
        vocab_size: number of token ids.
        dim: width of the embeddings.
        **options: of :class:`DualEncoder`: ``head``, ``tokenizer``, ``data_preprocessor``.
    """

    def __init__(
        self, backbone: dict, channels: int, vocab_size: int, dim: int = 256, **options
    ) -> None:
        super().__init__(**options)
        self.backbone = MODELS.build(backbone)
        self.projection = nn.Linear(channels, dim)
        self.words = nn.Embedding(vocab_size, dim)

    def encode_image(self, images: Tensor) -> Tensor:
        cells = self.backbone(images)[-1].flatten(2)
        return F.normalize(self.projection(cells.mean(dim=-1)).float(), dim=-1)

    def encode_text(self, token_ids: Tensor, token_mask: Tensor) -> Tensor:
        words = self.words(token_ids) * token_mask.unsqueeze(dim=-1)
        return F.normalize(words.sum(dim=1).float(), dim=-1)
