"""What all models with one embedding per image and one per text have in common."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import torch
from mmengine.structures import BaseDataElement
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.checkpoint import checkpoint

from pir_mm.functional.length_groups import length_groups
from pir_mm.models.losses.embedded_pairs import EmbeddedPairs
from pir_mm.models.retrievers.evaluation_samples import evaluation_samples
from pir_mm.models.retrievers.mmpretrain_inference import MMPretrainInference
from pir_mm.models.retrievers.retriever import Retriever
from pir_mm.registry import MODELS
from pir_mm.structures.pair_batch import PairBatch


class DualEncoder(MMPretrainInference, Retriever):
    """Encode images and texts apart and compare them by the inner product.

    A child implements :meth:`encode_image` and :meth:`encode_text`; training, evaluation, index
    and search need nothing else.

    Args:
        head: losses of the embeddings.
        tokenizer, data_preprocessor, text_groups: as in :class:`Retriever`.
        chunk: in training, images and texts are encoded this many at a time, and once more in the
            backward. Then only the activations of one chunk are kept, so that a batch may have any
            size; losses and gradients are those of the whole batch, over all processes. It takes
            a third more time. ``None`` encodes all at once.

    Raises:
        ValueError: if ``text_groups`` or ``chunk`` is below 1, if ``text_groups`` is above 1 and
            padding is not masked, or, in training, if a batch norm would see a chunk in place of
            the batch.
    """

    image_side: ClassVar[tuple[str, ...]] = ()
    """What the names of the tensors that only images need begin with; empty in a child that cannot
    be built without these, by ``text_only``."""
    text_only = False
    """Whether a model was built without them."""

    def __init__(
        self,
        head: dict,
        tokenizer: dict | None = None,
        data_preprocessor: dict | None = None,
        text_groups: int = 4,
        init_cfg: dict | None = None,
        chunk: int | None = None,
    ) -> None:
        super().__init__(tokenizer, data_preprocessor, text_groups, init_cfg)
        if chunk is not None and chunk < 1:
            raise ValueError(f'chunk must be at least 1, got {chunk}')
        self.chunk = chunk
        self.head = MODELS.build(head)

    @abstractmethod
    def encode_image(self, images: Tensor) -> Tensor:
        """Embeddings ``(B, D)``, unit-norm float32, of normalised images ``(B, 3, H, W)``."""

    @abstractmethod
    def encode_text(self, token_ids: Tensor, token_mask: Tensor) -> Tensor:
        """Embeddings ``(M, D)``, unit-norm float32, of texts ``(M, L)``; ``M`` may be 0."""

    def forward(
        self,
        images: Tensor | None = None,
        data_samples: list[BaseDataElement] | None = None,
        mode: str = 'tensor',
        batch: PairBatch | None = None,
    ) -> Any:
        """mmengine's three modes.

        Args:
            images, data_samples: for ``tensor``, which mmpretrain's inferencers ask for.
            mode: ``loss``, ``predict`` or ``tensor``.
            batch: for ``loss``, which gives a dict of losses, and for ``predict``, which gives a
                list of samples.
        """
        if mode == 'loss':
            return self.loss(batch)
        if mode == 'predict':
            return self.predict(batch)
        if mode == 'tensor':
            return self.extract_feat(images, data_samples)
        raise ValueError(f"mode {mode!r} is unknown, wanted 'loss', 'predict' or 'tensor'")

    def loss(self, batch: PairBatch) -> dict[str, Tensor]:
        """The head's losses of the images and all their texts."""
        images, texts = self._encode_images(batch), self._encode_texts(batch)
        return self.head.loss(self.embedded_pairs(batch, images, texts))

    @staticmethod
    def embedded_pairs(batch: PairBatch, images: Tensor, texts: Tensor) -> EmbeddedPairs:
        """Embeddings ``(B, D)`` and ``(M, D)`` of a batch, with what its losses ask of it."""
        return EmbeddedPairs(
            images,
            texts,
            batch.image_of_text,
            batch.image_id,
            batch.text_id,
            batch.scene,
            batch.n_scenes,
        )

    def predict(self, batch: PairBatch) -> list[BaseDataElement]:
        """One sample per image, in the order of the batch, as ``RetrievalEvaluator`` takes it.

        Each has ``image_embedding`` (D,) and ``text_embedding`` (m, D), see
        :func:`evaluation_samples`.

        Raises:
            ValueError: if the batch is not one of an evaluation.
        """
        images = self._encode_images(batch).cpu()
        return evaluation_samples(batch, 'embedding', images, self._encode_texts(batch).cpu())

    def _encode_images(self, batch: PairBatch) -> Tensor:
        def encode(rows: slice) -> Tensor:
            images = None if batch.images is None else batch.images[rows]
            if not batch.features:
                return self.encode_image(images)
            features = {
                part: tuple(tensor[rows] for tensor in tensors)
                for part, tensors in batch.features.items()
            }
            return self.encode_image(images, features)

        return self._in_chunks(encode, len(batch.image_id))

    def _encode_texts(self, batch: PairBatch) -> Tensor:
        per_text = [batch.token_ids, batch.token_mask]
        if batch.text_features is not None:
            per_text.append(batch.text_features)

        def encode(*group: Tensor) -> Tensor:
            def rows_of(rows: slice) -> Tensor:
                return self.encode_text(*(values[rows] for values in group))

            return self._in_chunks(rows_of, len(group[0]))

        return encode_by_length(encode, per_text, batch.text_length, self.text_groups)

    def _in_chunks(self, encode: Callable[[slice], Tensor], count: int) -> Tensor:
        """Embeddings of rows, whose activations are kept for one chunk at a time.

        Gao et al., *Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup*, 2021,
        keep the gradients of the embeddings and encode again. A checkpoint of each chunk does the
        same inside one backward, so that losses, scalers and wrappers need not know of it.
        """
        if self.chunk is None or count <= self.chunk or not torch.is_grad_enabled():
            return encode(slice(0, count))
        self._check_batch_norm()
        rows = [slice(start, start + self.chunk) for start in range(0, count, self.chunk)]
        return torch.cat([checkpoint(encode, own, use_reentrant=False) for own in rows])

    def _check_batch_norm(self) -> None:
        for name, module in self.named_modules():
            if isinstance(module, _BatchNorm) and module.training:
                raise ValueError(
                    f'chunk={self.chunk} would let {name}, a batch norm, see a chunk in place of '
                    'the batch: freeze the part that it is in, or set model.chunk=None'
                )


def build_part(cfg: dict | None) -> nn.Module | None:
    """A part of a model, or none where its config is ``None``."""
    return None if cfg is None else MODELS.build(cfg)


def encode_by_length(
    encode: Callable[..., Tensor],
    per_text: Sequence[Tensor],
    text_length: Tensor,
    groups: int,
) -> Tensor:
    """Encode texts in groups of similar length, each cut to its own longest text.

    The result is that of one call, as long as padding takes no part in an embedding.

    Args:
        encode: tensors as in ``per_text`` of ``m`` texts to ``(m, D)``, each row on its own.
        per_text: tensors ``(M, L, ...)`` such as token ids and mask, padded on the right, shortest
            text first.
        text_length: ``(M,)`` tokens of each text, on the CPU, not decreasing.
        groups: most groups, of about equally many texts.

    Returns:
        ``(M, D)``.
    """
    found = length_groups(text_length, groups)
    if len(found) < 2:
        return encode(*per_text)
    return torch.cat(
        [encode(*(values[rows, :longest] for values in per_text)) for rows, longest in found]
    )
