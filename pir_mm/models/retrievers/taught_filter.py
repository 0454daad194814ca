"""What filters that learn from a fusion model have in common."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from mmengine.model import BaseModel
from torch import Tensor, nn

from pir_mm.files.fitting import load_whole
from pir_mm.files.weights import read_weights
from pir_mm.functional.matching import MatchingPairs
from pir_mm.registry import MODELS
from pir_mm.structures.pair_batch import PairBatch

UNKNOWN = bytes(32)
"""In place of the digest of a teacher that has none yet."""


class TaughtFilter(BaseModel):
    """Mixin of a :class:`Retriever` over what the encoders of a fusion model give, taught by it.

    Zhang et al., *MTGFE*, Remote Sensing 2023. The teacher is frozen: it has no gradient, stays in
    evaluation mode, and no optimiser and no checkpoint knows of it. A checkpoint of the filter
    therefore is small, and wants the teacher's weights again: they are read from ``init`` when the
    filter is trained or loaded. It holds a digest of the encoders that it learnt from, and does not
    load beside others.
    """

    def hold(self, teacher: Mapping[str, Any] | nn.Module, init: str, distillation: dict) -> None:
        """Take a teacher, once, at the end of the constructor.

        Args:
            teacher: config of a :class:`FusionRetriever`; or one that is there already, which then
                stays as it is.
            init: checkpoint of the teacher, or ``'random'``.
            distillation: a :class:`DistillationLoss`.

        Raises:
            ValueError: if the teacher scores no pairs.
        """
        if isinstance(teacher, nn.Module):
            held, init = teacher, 'random'
        else:
            held = MODELS.build(teacher).requires_grad_(False).eval()
        if not hasattr(held, 'match'):
            raise ValueError(
                f'the teacher of a filter must be a FusionRetriever, got {type(held).__name__}'
            )
        self.__dict__['teacher'] = held  # no part of the module, see above
        self.init = init
        self.distillation = MODELS.build(distillation)
        self.register_buffer('distilled_from', _as_tensor(UNKNOWN))
        self._teacher_is_read = init == 'random'
        self.register_load_state_dict_post_hook(_after_loading)

    @property
    def image_encoder(self) -> nn.Module:
        """The teacher's."""
        return self.teacher.image_encoder

    @property
    def text_encoder(self) -> nn.Module:
        """The teacher's."""
        return self.teacher.text_encoder

    @property
    def image_parts(self) -> tuple[str, ...]:
        return self.teacher.image_parts

    @property
    def text_parts(self) -> tuple[str, ...]:
        return self.teacher.text_parts

    def init_weights(self) -> None:
        super().init_weights()
        self.read_teacher()
        self.distilled_from.copy_(_as_tensor(self.teacher.encoders_digest()))

    def read_teacher(self) -> None:
        """Read the weights of the teacher, if they are not there yet.

        Raises:
            FileNotFoundError: if there is no such file.
            ValueError: if it is not a checkpoint of the teacher.
        """
        if self._teacher_is_read:
            return
        try:
            weights = read_weights(self.init)
        except FileNotFoundError as error:
            raise FileNotFoundError(
                f'{error}: train the fusion model of this filter first, or start with a random one '
                'by `--cfg-options model.init=random`'
            ) from None
        load_whole(self.teacher, weights, self.init, 'teacher', option='model.init')
        self._teacher_is_read = True

    @torch.no_grad()
    def states(self, batch: PairBatch) -> tuple[Tensor, Any]:
        """States of the images and of the texts of a batch, by the teacher's encoders."""
        teacher = self.teacher
        images = teacher.encode_image_tokens(batch.images, batch.features)
        texts = teacher.encode_text_tokens(batch.token_ids, batch.token_mask, batch.text_features)
        return images, texts

    def distil(
        self, batch: PairBatch, images: Tensor, texts: Any, score: Callable[[MatchingPairs], Tensor]
    ) -> dict[str, Tensor]:
        """Losses of drawn pairs, all of which are scored in one call.

        Args:
            batch: of a training.
            images, texts: its states.
            score: log odds ``(P,)`` of pairs by the filter.
        """
        pairs = self.distillation.pairs(batch)
        with torch.no_grad():
            wanted = self.teacher.match(images, texts, pairs.image, pairs.text)
        with torch.autocast(wanted.device.type, enabled=False):
            return self.distillation(score(pairs), wanted, pairs)

    def _apply(self, change: Callable, recurse: bool = True) -> nn.Module:
        self.teacher._apply(change, recurse)
        return super()._apply(change, recurse)


def first_tokens(tokens: Tensor) -> Tensor:
    """The first of the tokens ``(M, L, D)``, float32 at least; ``M`` and ``L`` may be 0."""
    first = tokens[:, 0] if len(tokens) else tokens.sum(dim=1)
    return first if first.dtype == torch.float64 else first.float()


def _as_tensor(digest: bytes) -> Tensor:
    return torch.frombuffer(bytearray(digest), dtype=torch.uint8)


def _after_loading(filter: TaughtFilter, _keys: Any) -> None:
    filter.read_teacher()
    found = _as_tensor(filter.teacher.encoders_digest())
    wanted = filter.distilled_from.cpu()
    if not torch.equal(found, wanted):
        raise ValueError(
            f'this filter was distilled from a fusion model with other encoders than those of '
            f'{filter.init}: give the checkpoint that it learnt from as model.init'
        )
