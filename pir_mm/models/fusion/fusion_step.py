"""What the losses of one training step of a fusion model share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

from pir_mm.functional.length_groups import length_groups
from pir_mm.models.fusion.fusion_encoder import ImageKeys
from pir_mm.structures.pair_batch import PairBatch
from pir_mm.structures.text_states import TextStates

if TYPE_CHECKING:
    from pir_mm.models.retrievers.fusion_retriever import FusionRetriever


class FusionStep:
    """A batch as the losses of a :class:`FusionRetriever` see it.

    Everything is computed when a loss first asks for it. So what several losses read is computed
    once, and what only a loss reads that is left out is not computed. The texts are in the order
    of their length; where each is read once, this happens in groups without needless padding.

    Args:
        model: that is trained.
        batch: normalised images, and texts.
    """

    def __init__(self, model: FusionRetriever, batch: PairBatch) -> None:
        self.model = model
        self.batch = batch

    @cached_property
    def texts(self) -> TextStates:
        """The texts, ``M`` rows."""
        return self._encoded(self.batch.token_ids, self.batch.text_features)

    @cached_property
    def images(self) -> list[ImageKeys]:
        """What each layer reads of the images, ``B`` rows."""
        return self._keys(self.batch.images, self.batch.features)

    def joint(self, image_index: Tensor, text_index: Tensor) -> Tensor:
        """Joint vectors ``(P, D)`` of pairs of the batch, by their rows ``(P,)`` long."""
        return self.model.fusion_encoder(self.images, self.texts, image_index, text_index)[:, 0]

    def joint_with(self, image_index: Tensor) -> Tensor:
        """Joint vectors ``(M, D)`` of each text with the image of row ``image_index`` (M,) long."""
        return self._tokens(self.images, self.texts, image_index)[:, 0]

    @cached_property
    def true_joint(self) -> Tensor:
        """Joint vectors ``(M, D)`` of each text with the image that it came with."""
        return self.joint_with(self.batch.image_of_text)

    @cached_property
    def second_joint(self) -> Tensor:
        """The same with the other view of each image.

        Raises:
            ValueError: if the batch has one view only.
        """
        batch = self.batch
        if batch.second_images is None and not batch.second_features:
            raise ValueError(
                'a loss compares two views of an image and the batch has one: put '
                'pir_mm.TwoViews into the training pipeline, or leave the loss out'
            )
        keys = self._keys(batch.second_images, batch.second_features)
        return self._tokens(keys, self.texts, batch.image_of_text)[:, 0]

    @cached_property
    def masked_tokens(self) -> tuple[Tensor, Tensor]:
        """Joint tokens ``(K, D)`` where words are hidden, and the true ids ``(K,)`` of these.

        Raises:
            ValueError: if the loader hides no words.
        """
        batch = self.batch
        if batch.masked_ids is None:
            raise ValueError(
                'a loss wants hidden words and the batch has none: use pir_mm.collate_pairs with '
                'default_hooks.tokenizer, or leave the loss out'
            )
        texts = self._encoded(batch.masked_ids)
        tokens = self._tokens(self.images, texts, batch.image_of_text).flatten(0, 1)
        at = batch.masked_at
        return tokens.index_select(0, at), batch.token_ids.flatten().index_select(0, at)

    @property
    def word_vectors(self) -> Tensor:
        """Vector of each token id ``(V, D)``, by which the text encoder reads it."""
        return self.model.text_encoder.word_vectors

    def logits(self, joint: Tensor) -> Tensor:
        """Logits ``(P, 2)`` of no match and of a match, of joint vectors ``(P, D)``."""
        return self.model.logits(joint)

    @cached_property
    def similarity(self) -> Tensor:
        """``(B, M)`` float32: that of the batch, else the model's own score of every pair.

        No gradient reaches it.
        """
        if self.batch.similarity is not None:
            return self.batch.similarity.float()
        _ = self.images, self.texts  # computed here, with the gradient of the losses
        texts = len(self.batch.text_id)
        size = max(1, self.model.pair_batch // len(self.batch.image_id))
        with torch.no_grad():
            parts = [self._scores(slice(row, row + size)) for row in range(0, texts, size)]
        torch.clear_autocast_cache()  # before torch 2.11 it keeps weights cast without gradient
        return torch.cat(parts).T.float()

    def _scores(self, rows: slice) -> Tensor:
        """Scores ``(m, B)`` of a range of texts with every image."""
        group = self.texts.cut(int(self.batch.text_length[rows][-1]), rows)
        images, texts = len(self.batch.image_id), len(group.mask)
        pairs = self._range(images).repeat(texts), self._range(texts).repeat_interleave(images)
        tokens = self.model.fusion_encoder(self.images, group, *pairs)
        return self.model.score(tokens[:, 0]).view(texts, images)

    def _keys(
        self, images: Tensor | None, features: Mapping[str, Sequence[Tensor]]
    ) -> list[ImageKeys]:
        states = self.model.encode_image_tokens(images, features)
        return self.model.fusion_encoder.read_images(states)

    def _encoded(self, token_ids: Tensor, features: Tensor | None = None) -> TextStates:
        mask, parts = self.batch.token_mask, []
        for rows, longest in self._groups:
            given = None if features is None else features[rows, :longest]
            ids, shown = token_ids[rows, :longest], mask[rows, :longest]
            parts.append(self._padded(self.model.encode_text_tokens(ids, shown, given).tokens))
        return TextStates(torch.cat(parts), mask)

    def _tokens(self, images: list[ImageKeys], texts: TextStates, image_index: Tensor) -> Tensor:
        """Joint tokens ``(M, L, D)`` of each text with the image of row ``image_index``."""
        parts = []
        for rows, longest in self._groups:
            group, own = texts.cut(longest, rows), image_index[rows]
            tokens = self.model.fusion_encoder(images, group, own, self._range(len(own)))
            parts.append(self._padded(tokens))
        return torch.cat(parts)

    @cached_property
    def _groups(self) -> list[tuple[slice, int]]:
        return length_groups(self.batch.text_length, self.model.text_groups)

    def _padded(self, tokens: Tensor) -> Tensor:
        return F.pad(tokens, (0, 0, 0, self.batch.token_mask.size(1) - tokens.size(1)))

    def _range(self, count: int) -> Tensor:
        return torch.arange(count, device=self.batch.image_id.device)
