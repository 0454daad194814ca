"""A filter whose scores are inner products, so that an index can serve it."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from pir_mm.functional.matching import MatchingPairs
from pir_mm.models.losses.temperature import Temperature
from pir_mm.models.retrievers.dual_encoder import DualEncoder
from pir_mm.models.retrievers.taught_filter import TaughtFilter, first_tokens
from pir_mm.registry import MODELS
from pir_mm.structures.pair_batch import PairBatch


@MODELS.register_module()
class DistilledDualEncoder(TaughtFilter, DualEncoder):
    """Two small towers over the first states of image and text, taught by a fusion model.

    It reads what :class:`RetrievalFilter` reads and learns from the same teacher, but is a dual
    encoder: index, search and evaluation take it as any other. The log odds of a match are the
    inner product of both embeddings through a learnt temperature, and a learnt bias. Beside the
    pairs that the teacher scores, the head compares all images and texts of the batch. The paper
    has no such filter.

    Args:
        teacher: config of the :class:`FusionRetriever` whose encoders it reads.
        image_tower, text_tower: first states ``(B, C)`` to unit vectors ``(B, D)``.
        head: losses of the embeddings, by the truth alone.
        distillation: a :class:`DistillationLoss`.
        init: checkpoint of the teacher, or ``'random'``; see :class:`TaughtFilter`.
        temperature: settings of the :class:`Temperature` of the log odds.
        tokenizer, data_preprocessor: those of the teacher.
    """

    def __init__(
        self,
        teacher: dict,
        image_tower: dict,
        text_tower: dict,
        head: dict,
        distillation: dict,
        init: str,
        temperature: dict | None = None,
        tokenizer: dict | None = None,
        data_preprocessor: dict | None = None,
        text_groups: int = 4,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(head, tokenizer, data_preprocessor, text_groups, init_cfg)
        self.image_tower = MODELS.build(image_tower)
        self.text_tower = MODELS.build(text_tower)
        self.temperature = Temperature(**(temperature or {}))
        self.bias = nn.Parameter(torch.zeros(()))
        self.hold(teacher, init, distillation)

    def image_rows(self, first: Tensor) -> Tensor:
        """Embeddings of images, of their first states ``(B, C)``."""
        return self.image_tower(first)

    def text_rows(self, first: Tensor) -> Tensor:
        """Embeddings of texts, of their first states ``(M, D)``."""
        return self.text_tower(first)

    def encode_image(
        self, images: Tensor | None, features: Mapping[str, Sequence[Tensor]] | None = None
    ) -> Tensor:
        """Embeddings ``(B, D)``, unit-norm float32, of normalised images ``(B, 3, H, W)``.

        ``features`` stand for the images where the encoder's name is among them.
        """
        with torch.no_grad():
            states = self.teacher.encode_image_tokens(images, features)
        return self.image_rows(first_tokens(states))

    def encode_text(
        self, token_ids: Tensor, token_mask: Tensor, features: Tensor | None = None
    ) -> Tensor:
        """Embeddings ``(M, D)``, unit-norm float32, of texts ``(M, L)``; ``M`` may be 0.

        ``features`` ``(M, L, C)`` are what a frozen text encoder gave for these texts.
        """
        with torch.no_grad():
            states = self.teacher.encode_text_tokens(token_ids, token_mask, features)
        return self.text_rows(first_tokens(states.tokens))

    def loss(self, batch: PairBatch) -> dict[str, Tensor]:
        """The losses of the head, those of a :class:`DistillationLoss`, and the temperature."""
        images, texts = self.states(batch)
        image = self.image_rows(first_tokens(images))
        text = self.text_rows(first_tokens(texts.tokens))
        temperature = self.temperature()

        def score(pairs: MatchingPairs) -> Tensor:
            cosine = (image[pairs.image] * text[pairs.text]).sum(dim=1)
            return cosine / temperature + self.bias

        losses = self.head.loss(self.embedded_pairs(batch, image, text))
        losses |= self.distil(batch, images, texts, score)
        return losses | {'temperature_of_odds': temperature.detach()}
