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
    of their length, and pairs are read in groups without needless padding.

    Args:
        model: that is trained.
        batch: normalised images, and texts.
    """

    def __init__(self, model: FusionRetriever, batch: PairBatch) -> None:
        self.model = model
        self.batch = batch

    @cached_property
    def texts(self) -> TextStates:
        """The texts as pairs read them, ``M`` rows."""
        return self._encoded(self.batch.token_ids, self.batch.text_features)

    @cached_property
    def images(self) -> list[ImageKeys]:
        """What each layer reads of the images, ``B`` rows."""
        return self._keys(self.batch.images, self.batch.features)

    @cached_property
    def true_joint(self) -> Tensor:
        """Joint vectors ``(M, D)`` of each text with the image that it came with."""
        return self._true_joint(self.images)

    def true_and_other(self, image_index: Tensor, text_index: Tensor) -> Tensor:
        """Joint vectors of the true pairs and then of others, ``(M + P, D)``.

        They are read together where no loss has read the true ones yet, for large groups take less
        time. The lengths of the other texts are the one thing of a step that the host waits for.

        Args:
            image_index, text_index: ``(P,)`` long, rows of the others.
        """
        if 'true_joint' in self.__dict__:
            return torch.cat([self.true_joint, self._joint(image_index, text_index)])
        true_image, true_text = self._true_pairs
        joint = self._joint(
            torch.cat([true_image, image_index]), torch.cat([true_text, text_index])
        )
        self.true_joint = joint[: len(true_text)]
        return joint

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
        return self._true_joint(keys)

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
        read = self._read(self.images, texts, *self._true_pairs, batch.text_length)
        tokens = torch.cat(list(map(self._padded, read))).flatten(0, 1)
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
        keys = (layer.rows(pairs[0]) for layer in self.images)
        tokens = self.model.fusion_encoder.read_pairs(keys, group.rows(pairs[1]))
        return self.model.score(tokens[:, 0]).view(texts, images)

    def _keys(
        self, images: Tensor | None, features: Mapping[str, Sequence[Tensor]]
    ) -> list[ImageKeys]:
        states = self.model.encode_image_tokens(images, features)
        return self.model.fusion_encoder.read_images(states)

    def _encoded(self, token_ids: Tensor, features: Tensor | None = None) -> TextStates:
        mask, parts = self.batch.token_mask, []
        for rows, longest in length_groups(self.batch.text_length, self.model.text_groups):
            given = None if features is None else features[rows, :longest]
            ids, shown = token_ids[rows, :longest], mask[rows, :longest]
            states = self.model.encode_text_tokens(ids, shown, given)
            parts.append(self._padded(self.model.fusion_encoder.read_texts(states).tokens))
        return TextStates(torch.cat(parts), mask)

    def _true_joint(self, images: list[ImageKeys]) -> Tensor:
        return self._first_tokens(images, *self._true_pairs, self.batch.text_length)

    def _joint(self, image_index: Tensor, text_index: Tensor) -> Tensor:
        order = text_index.argsort(stable=True)
        image_index, text_index = image_index[order], text_index[order]
        length = self._lengths(text_index)
        joint = self._first_tokens(self.images, image_index, text_index, length)
        return joint.index_select(0, order.argsort())

    def _first_tokens(
        self, images: list[ImageKeys], image_index: Tensor, text_index: Tensor, length: Tensor
    ) -> Tensor:
        read = self._read(images, self.texts, image_index, text_index, length)
        return torch.cat([tokens[:, 0] for tokens in read])

    def _lengths(self, text_index: Tensor) -> Tensor:
        return self.batch.text_length[text_index.cpu()]

    def _read(
        self,
        images: list[ImageKeys],
        texts: TextStates,
        image_index: Tensor,
        text_index: Tensor,
        length: Tensor,
    ) -> list[Tensor]:
        """Joint tokens ``(p, l, D)`` of groups of pairs, of texts of a length that never falls."""
        groups = length_groups(length, self.model.text_groups)
        sizes = [len(range(len(text_index))[rows]) for rows, _ in groups]
        # taken once and split: each group's own rows would each have a gradient of all images
        keys = zip(*(layer.rows(image_index).split(sizes) for layer in images), strict=True)
        tokens, mask = (part.split(sizes) for part in texts.rows(text_index))
        return [
            self.model.fusion_encoder.read_pairs(own, TextStates(group, shown).cut(longest))
            for own, group, shown, (_, longest) in zip(keys, tokens, mask, groups, strict=True)
        ]

    @property
    def _true_pairs(self) -> tuple[Tensor, Tensor]:
        image_of_text = self.batch.image_of_text
        return image_of_text, self._range(len(image_of_text))

    def _padded(self, tokens: Tensor) -> Tensor:
        return F.pad(tokens, (0, 0, 0, self.batch.token_mask.size(1) - tokens.size(1)))

    def _range(self, count: int) -> Tensor:
        return torch.arange(count, device=self.batch.image_id.device)
