"""A filter that learnt from the fusion model of the run, and reads its states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from mmengine.registry import DefaultScope
from torch import Tensor, nn

from pir_mm.engine.checkpoint_loading import load_weights
from pir_mm.engine.other_stage import stage_config
from pir_mm.files.weights import named_tensors, read_checkpoint
from pir_mm.registry import MODELS
from pir_mm.structures.embedded_set import EmbeddedSample


class OwnFilter:
    """The filter of a fusion model: it makes its rows of the states that this model gives.

    Args:
        model: has ``image_rows`` and ``text_rows``, as :class:`pir_mm.models.RetrievalFilter` has
            them.
    """

    def __init__(self, model: nn.Module) -> None:
        self.model = model

    @classmethod
    def of(cls, files: Mapping[str, Any], fusion: nn.Module) -> OwnFilter | None:
        """The filter of these files, if it learnt from this fusion model with these encoders."""
        config = stage_config('cascade.filter', files)
        if 'teacher' not in config.model:
            return None
        path = files['checkpoint']
        digest = named_tensors(read_checkpoint(path), path).get('distilled_from')
        if digest is None or bytes(digest.tolist()) != fusion.encoders_digest():
            return None
        with DefaultScope.overwrite_default_scope('pir_mm'):
            model = MODELS.build({**config.model, 'teacher': fusion})
        load_weights(model, path)
        model.to(next(fusion.parameters()).device)
        return cls(model.eval())

    @torch.no_grad()
    def samples(self, samples: Sequence[Mapping[str, Any]]) -> list[EmbeddedSample]:
        """What the filter keeps of a batch of samples with states, one image or more."""
        device = next(self.model.parameters()).device

        def first(states: Sequence[Tensor]) -> Tensor:
            return torch.stack([own[0] for own in states]).to(device).float()

        images = self.model.image_rows(first([s['image_states'] for s in samples]))
        texts = [own for sample in samples for own in sample['text_states']]
        rows = iter(self.model.text_rows(first(texts)).cpu().numpy() if texts else ())
        return [
            EmbeddedSample.of(
                {
                    **sample,
                    'image_embedding': image,
                    'text_embedding': np.array([next(rows) for _ in sample['text_id']]),
                }
            )
            for sample, image in zip(samples, images.cpu().numpy(), strict=True)
        ]
