"""What the losses of one training step of a fusion model share."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from pir_mm.models.fusion.fusion_encoder import ImageKeys
from pir_mm.structures.pair_batch import PairBatch
from pir_mm.structures.text_states import TextStates

if TYPE_CHECKING:
    from pir_mm.models.retrievers.fusion_retriever import FusionRetriever


class FusionStep:
    """A batch as the losses of a :class:`FusionRetriever` see it.

    Everything is computed when a loss first asks for it. So what several losses read is computed
    once, and what only a loss reads that is left out is not computed.

    Args:
        model: that is trained.
        batch: normalised images, and texts.
        given: ``(B, M)`` similarities of its images and texts, if there are any, finite; see
            :attr:`similarity`.
    """

    def __init__(
        self, model: FusionRetriever, batch: PairBatch, given: Tensor | None = None
    ) -> None:
        self.model = model
        self.batch = batch
        self._given = given

    @cached_property
    def texts(self) -> TextStates:
        """The texts, ``M`` rows."""
        batch = self.batch
        return self.model.encode_text_tokens(batch.token_ids, batch.token_mask, batch.text_features)

    @cached_property
    def images(self) -> list[ImageKeys]:
        """What each layer reads of the images, ``B`` rows."""
        return self._keys(self.batch.images, self.batch.features)

    def joint(self, image_index: Tensor, text_index: Tensor) -> Tensor:
        """Joint vectors ``(P, D)`` of pairs of the batch, by their rows ``(P,)`` long."""
        return self._tokens(self.images, self.texts, image_index, text_index)[:, 0]

    @cached_property
    def true_joint(self) -> Tensor:
        """Joint vectors ``(M, D)`` of each text with the image that it came with."""
        return self.joint(*self._true_pairs)

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
        return self._tokens(keys, self.texts, *self._true_pairs)[:, 0]

    @cached_property
    def masked_tokens(self) -> tuple[Tensor, Tensor]:
        """Joint tokens ``(K, D)`` where words are hidden, and the true ids ``(K,)`` of these.

        Raises:
            ValueError: if no words of the batch were chosen for hiding.
        """
        batch = self.batch
        if batch.masked_ids is None:
            raise ValueError(
                'a loss wants hidden words and the batch has none: use pir_mm.collate_pairs with '
                'default_hooks.tokenizer, or leave the loss out'
            )
        texts = self.model.encode_text_tokens(batch.masked_ids, batch.token_mask)
        tokens = self._tokens(self.images, texts, *self._true_pairs)
        at = batch.masked_at
        return tokens.flatten(0, 1).index_select(0, at), batch.token_ids.flatten()[at]

    @property
    def word_vectors(self) -> Tensor:
        """Vector of each token id ``(V, D)``, by which the text encoder reads it."""
        return self.model.text_encoder.word_vectors

    def logits(self, joint: Tensor) -> Tensor:
        """Logits ``(P, 2)`` of no match and of a match, of joint vectors ``(P, D)``."""
        return self.model.logits(joint)

    @cached_property
    def similarity(self) -> Tensor:
        """``(B, M)`` float32: what was given, else the model's own score of every pair.

        No gradient reaches it.
        """
        if self._given is not None:
            return self._given.detach().float()
        images, texts = self.images, self.texts  # computed here, with the gradient of the losses
        image_index = self._rows(len(self.batch.image_id)).repeat_interleave(len(texts.mask))
        text_index = self._rows(len(texts.mask)).repeat(len(self.batch.image_id))
        size = self.model.pair_batch
        with torch.no_grad():
            parts = [
                self.model.score(self._tokens(images, texts, *pairs)[:, 0])
                for pairs in zip(image_index.split(size), text_index.split(size), strict=True)
            ]
        torch.clear_autocast_cache()  # before torch 2.11 it keeps weights cast without gradient
        return torch.cat(parts).float().view(-1, len(texts.mask))

    @property
    def _true_pairs(self) -> tuple[Tensor, Tensor]:
        return self.batch.image_of_text, self._rows(len(self.batch.text_id))

    def _rows(self, count: int) -> Tensor:
        return torch.arange(count, device=self.batch.image_id.device)

    def _keys(self, images: Tensor | None, features: dict) -> list[ImageKeys]:
        states = self.model.encode_image_tokens(images, features)
        return self.model.fusion_encoder.read_images(states)

    def _tokens(
        self, images: list[ImageKeys], texts: TextStates, image_index: Tensor, text_index: Tensor
    ) -> Tensor:
        return self.model.fusion_encoder(images, texts, image_index, text_index)
