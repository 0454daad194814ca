"""CLIP: a batch whose activations are kept in chunks, and embedding images in bfloat16."""

import numpy as np
import torch
from mmengine.registry import DefaultScope
from torch import Tensor, nn

from pir_mm.apis.benchmarking.contest import Contest
from pir_mm.apis.benchmarking.loss_cases import close
from pir_mm.apis.benchmarking.model_cases import LENGTHS, autocast, need_bf16, pair_batch
from pir_mm.apis.search import embed_images
from pir_mm.apis.training.configuration import load_config
from pir_mm.apis.weights.model_hub import model_index_file
from pir_mm.registry import MODELS

Arch = str | dict


def cached_gradient(arch: Arch = 'ViT-S-32', pairs: int = 64, chunk: int = 8) -> Contest:
    """Forward and backward of a CLIP, keeping the activations of a few pairs at a time.

    The memory of both holds the gradients of the weights, 241 MiB for ViT-S/32.
    """
    model = _clip(arch).train()
    batch = pair_batch(max(LENGTHS), pairs, pairs)

    def gradients(chunk: int | None) -> tuple[Tensor, ...]:
        model.chunk = chunk
        model.zero_grad()
        model.loss(batch)['loss_contrastive'].backward()
        return tuple(weight.grad for weight in model.parameters())

    return Contest(
        lambda: gradients(chunk), lambda: gradients(None), close,
        f'{pairs} pairs at once in place of {chunk} at a time', 'gradients, 1e-4 of the largest',
    )  # fmt: skip


def encode_clip(arch: Arch = 'ViT-B-32', pictures: int = 32) -> Contest:
    """Embedding pictures of 224 pixels by a CLIP under bfloat16 autocast.

    The embeddings of random weights are all alike, so that their mean is taken off before they are
    compared.
    """
    need_bf16()
    model = _clip(arch).eval()
    random = np.random.default_rng(0)
    pixels = list(random.integers(0, 256, (pictures, 224, 224, 3), dtype=np.uint8))

    def embed(bf16: bool) -> np.ndarray:
        with autocast(bf16):
            return embed_images(model, pixels)

    return Contest(
        lambda: embed(True), lambda: embed(False), _same_place, 'float32',
        'cosines of 0.99 around the mean of all',
    )  # fmt: skip


def _clip(arch: Arch) -> nn.Module:
    """A CLIP of random weights."""
    config = load_config(model_index_file().parent / 'configs' / 'clip' / 'clip_rs5m.py')
    config.model.update(arch=arch, init='random')
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('pir_mm'):
        model = MODELS.build(config.model)
    model.cfg = config
    return model


def _same_place(ours: np.ndarray, other: np.ndarray) -> bool:
    own, wanted = (torch.from_numpy(vectors - other.mean(axis=0)) for vectors in (ours, other))
    return bool((torch.cosine_similarity(own, wanted) > 0.99).all())
