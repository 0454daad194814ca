"""What every retriever with one embedding per picture and per text has in common."""

from abc import abstractmethod
from collections.abc import Callable

import torch
from mmengine.model import BaseModel
from mmengine.structures import BaseDataElement
from torch import Tensor

from pir_mm.models.retrievers.mmpretrain_inference import score_samples
from pir_mm.registry import MODELS, TASK_UTILS

FEWEST = 16
"""Texts of a group at least: smaller ones cost more in calls than they save in padding."""


def encode_in_length_groups(
    encode: Callable[[Tensor, Tensor], Tensor], token_ids: Tensor, token_mask: Tensor, groups: int
) -> Tensor:
    """What ``encode(token_ids, token_mask)`` gives, computed in groups of like length.

    Each group is cut to its own longest text. The result is the same where padding takes no part
    in what a text is encoded to.

    Args:
        encode: ids and mask ``(m, l)`` to ``(m, D)``, each row by itself.
        token_ids: ``(M, L)``, padded on the right.
        token_mask: ``(M, L)`` bool.
        groups: how many at most, of about equally many texts.

    Returns:
        ``(M, D)``, in the order of ``token_ids``.
    """
    groups = min(groups, len(token_ids) // FEWEST)
    if groups < 2:
        return encode(token_ids, token_mask)
    lengths = token_mask.sum(dim=1)
    order = lengths.argsort(stable=True)
    parts = []
    for rows in order.chunk(groups):
        longest = int(lengths[rows[-1]])
        parts.append(encode(token_ids[rows, :longest], token_mask[rows, :longest]))
    return torch.cat(parts)[order.argsort()]


class BaseRetriever(BaseModel):
    """Encode pictures and texts apart, compare them by inner product.

    A subclass has ``encode_image`` and ``encode_text``. All texts of a batch are encoded together,
    however many each picture has.

    Args:
        head: embeddings to losses.
        tokenizer: texts to token ids and mask; built when the first text comes, so that a model
            can be built and loaded without its vocabulary.
        text_groups: the texts of a batch are encoded in so many groups of like length, which
            saves padding; 1 where padding is not masked.
        data_preprocessor: makes the model's input of a batch.
    """

    def __init__(
        self,
        head: dict,
        tokenizer: dict | None = None,
        data_preprocessor: dict | None = None,
        text_groups: int = 4,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(data_preprocessor, init_cfg)
        if text_groups < 1:
            raise ValueError(f'text_groups must be at least 1, got {text_groups}')
        self.head = MODELS.build(head)
        self.text_groups = text_groups
        self._tokenizer_cfg = tokenizer
        self._tokenizer = None

    @abstractmethod
    def encode_image(self, images: Tensor) -> Tensor:
        """Embeddings ``(B, D)``, unit-norm float32, of normalised pictures ``(B, 3, H, W)``."""

    @abstractmethod
    def encode_text(self, token_ids: Tensor, token_mask: Tensor) -> Tensor:
        """Embeddings ``(M, D)``, unit-norm float32, of texts ``(M, L)``; ``M`` may be 0."""

    def tokenize(self, texts: list[str]) -> tuple[Tensor, Tensor]:
        """Token ids ``(M, L)`` and mask ``(M, L)`` of texts, on the model's device."""
        if self._tokenizer is None:
            if self._tokenizer_cfg is None:
                raise ValueError('this model has no tokenizer: set `tokenizer` in its config')
            self._tokenizer = TASK_UTILS.build(self._tokenizer_cfg)
        token_ids, token_mask = self._tokenizer(texts)
        device = next(self.parameters()).device
        return token_ids.to(device), token_mask.to(device)

    def forward(self, images=None, data_samples=None, mode: str = 'tensor'):
        """mmengine's three modes: ``tensor``, ``loss`` and ``predict``."""
        if mode == 'tensor':
            return self.extract_feat(images, data_samples)
        if mode == 'loss':
            return self.loss(images, data_samples)
        if mode == 'predict':
            return self.predict(images, data_samples)
        raise ValueError(f"mode {mode!r} is unknown, wanted 'tensor', 'loss' or 'predict'")

    def loss(self, images: Tensor, data_samples: list[BaseDataElement]) -> dict[str, Tensor]:
        """The head's losses of pictures and all their texts."""
        counts, texts = _texts(data_samples)
        feats = self.extract_feat(images, data_samples)
        device = images.device
        per_image = torch.tensor(counts, device=device)
        return self.head.loss(
            feats['image_feat'],
            feats['text_feat'],
            torch.arange(len(counts), device=device).repeat_interleave(per_image),
            torch.tensor([sample.image_id for sample in data_samples], device=device),
            torch.tensor([sample.get('scene', -1) for sample in data_samples], device=device),
        )

    def predict(self, images: Tensor, data_samples: list[BaseDataElement]) -> list[BaseDataElement]:
        """The samples, each with ``image_embedding`` (D,) and ``text_embedding`` (m, D)."""
        feats = self.extract_feat(images, data_samples)
        counts, _ = _texts(data_samples)
        texts = feats['text_feat'].split(counts)
        for sample, image, text in zip(data_samples, feats['image_feat'], texts, strict=True):
            sample.set_field(image, 'image_embedding')
            sample.set_field(text, 'text_embedding')
        return data_samples

    def extract_feat(
        self,
        images: Tensor | None = None,
        data_samples: list[BaseDataElement] | None = None,
    ) -> dict[str, Tensor]:
        """Embeddings of what is given: ``image_feat`` (B, D) and ``text_feat`` (M, D).

        A sample's ``text`` is one string or a list of them; samples of which none has a text
        give no ``text_feat``.
        """
        feats = {}
        if images is not None:
            feats['image_feat'] = self.encode_image(images)
        if data_samples is not None and any('text' in sample for sample in data_samples):
            token_ids, token_mask = self.tokenize(_texts(data_samples)[1])
            feats['text_feat'] = encode_in_length_groups(
                self.encode_text, token_ids, token_mask, self.text_groups
            )
        return feats

    def predict_all(
        self,
        feats: dict[str, Tensor],
        data_samples: list[BaseDataElement] | None = None,
        num_images: int | None = None,
        num_texts: int | None = None,
        cal_i2t: bool = True,
        cal_t2i: bool = True,
    ) -> tuple[list[BaseDataElement], ...]:
        """Score this process's pictures and texts against everyone's, for mmpretrain's tools.

        Args:
            feats: what ``extract_feat`` gives, both kinds.
            data_samples: to copy from, if at hand.
            num_images, num_texts: of all processes; more than that is padding and is cut.
            cal_i2t, cal_t2i: which directions to score.

        Returns:
            For each direction asked for, pictures' samples before texts', samples with
            ``pred_score`` over the whole other side.
        """
        return score_samples(
            feats['image_feat'],
            feats['text_feat'],
            data_samples,
            num_images=num_images,
            num_texts=num_texts,
            directions=(cal_i2t, cal_t2i),
        )


def _texts(data_samples: list[BaseDataElement]) -> tuple[list[int], list[str]]:
    """How many texts each sample has, and all of them in order."""
    texts = [sample.get('text', []) for sample in data_samples]
    texts = [[text] if isinstance(text, str) else list(text) for text in texts]
    return [len(own) for own in texts], [text for own in texts for text in own]
