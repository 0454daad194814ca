"""The paper's full model: a training step, and embedding images and texts."""

import copy
from contextlib import nullcontext

import torch
from mmengine.registry import DefaultScope
from torch import Tensor, nn

from pir_mm.apis.benchmarking.alternatives import plain_attention
from pir_mm.apis.benchmarking.contest import Contest, UnableError
from pir_mm.apis.training.configuration import load_config
from pir_mm.apis.weights.model_hub import model_index_file
from pir_mm.engine.bf16_optim_wrapper import cpu_multiplies_bf16
from pir_mm.registry import MODELS
from pir_mm.structures.pair_batch import PairBatch

BATCH, LONGEST = 16, 47
LENGTHS = (9, 9, 10, 10, 11, 11, 12, 12, 13, 13, 14, 14, 15, 16, 17, 20)
"""Tokens of RSICD's training captions: sixteen quantiles of their distribution."""


def train_step(bf16: bool) -> Contest:
    """Forward, backward and AdamW of PIR-ITR (Swin-T, BERT-base, ResNet-50), batch 16."""
    if bf16:
        need_bf16()
    model, plain = _model(), _model()
    plain.load_state_dict(model.state_dict())
    plain.text_groups = 1
    plain.instruction_encoder = _InGraph(plain.instruction_encoder)
    sides = [(m, torch.optim.AdamW(m.parameters(), lr=1e-6)) for m in (model, plain)]
    batch, padded = pair_batch(max(LENGTHS)), pair_batch(LONGEST)

    def step(side: int, batch: PairBatch, context) -> Tensor:
        model, optimizer = sides[side]
        with context:
            losses = model.loss(batch)
        loss = sum(value for name, value in losses.items() if name.startswith('loss'))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.detach()

    def alternative() -> Tensor:
        with plain_attention():
            return step(1, padded, nullcontext())

    tolerance = 0.05 if bf16 else 1e-3
    return Contest(
        lambda: step(0, batch, autocast(bf16)),
        alternative,
        lambda ours, other: abs(ours - other) <= tolerance * abs(other),
        'float32, plain attention, texts padded to 47, the prior recorded and trained',
        f'the loss, {tolerance:g} of it',
    )


def encode_image() -> Contest:
    """Embeddings of 16 images in bfloat16."""
    need_bf16()
    model, images = _model(), _images(BATCH)

    def encode(bf16: bool) -> Tensor:
        with torch.no_grad(), autocast(bf16):
            return model.encode_image(images)

    def alternative() -> Tensor:
        with plain_attention():
            return encode(False)

    return Contest(
        lambda: encode(True), alternative, _same_direction, 'float32, plain attention',
        'cosines of 0.99',
    )  # fmt: skip


def encode_text() -> Contest:
    """Embeddings of 256 captions in bfloat16."""
    need_bf16()
    model = _model()
    batch, padded = pair_batch(max(LENGTHS), texts=256), pair_batch(LONGEST, texts=256)

    def encode(batch: PairBatch, bf16: bool) -> Tensor:
        with torch.no_grad(), autocast(bf16):
            return model._encode_texts(batch)

    def alternative() -> Tensor:
        with plain_attention(), torch.no_grad():
            return model.encode_text(padded.token_ids, padded.token_mask)

    return Contest(
        lambda: encode(batch, True), alternative, _same_direction,
        'float32, plain attention, padded to 47', 'cosines of 0.99',
    )  # fmt: skip


class _InGraph(nn.Module):
    """An instruction encoder whose backbone is recorded and trained."""

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.backbone, self.projection = encoder.backbone, encoder.projection
        self.backbone.requires_grad_(True)

    def forward(self, images: Tensor) -> Tensor:
        return self.projection(self.backbone(images)[-1].mean(dim=(2, 3)))


def _model() -> nn.Module:
    torch.manual_seed(0)
    config = load_config(model_index_file().parent / 'configs' / 'pir_itr_swin_bert.py')
    model = copy.deepcopy(config.model)
    for name in ('image_encoder', 'text_encoder', 'instruction_encoder'):
        model[name].init = 'random'
    with DefaultScope.overwrite_default_scope('pir_mm'):
        built = MODELS.build(model)
    built.eval()  # what drops at random could not be compared
    return built


def _images(count: int) -> Tensor:
    return torch.randn(count, 3, 224, 224, generator=torch.Generator().manual_seed(0))


def pair_batch(longest: int, images: int = BATCH, texts: int = BATCH) -> PairBatch:
    """Images and texts of the lengths of real captions, padded to ``longest`` tokens.

    ``texts`` is a multiple of both 16 and ``images``.
    """
    length = torch.tensor(LENGTHS).repeat_interleave(texts // len(LENGTHS))
    random = torch.Generator().manual_seed(0)
    ids = torch.randint(1000, 30000, (len(length), LONGEST), generator=random)[:, :longest]
    mask = torch.arange(longest) < length.unsqueeze(1)
    return PairBatch(
        images=_images(images),
        token_ids=ids.masked_fill(~mask, 0),
        token_mask=mask,
        text_length=length,
        image_of_text=torch.arange(texts) % images,
        image_id=torch.arange(images),
        text_id=torch.arange(texts),
        scene=torch.arange(images) % 8,
        n_scenes=8,
    )


def autocast(on: bool):
    return torch.autocast('cpu', torch.bfloat16) if on else nullcontext()


def need_bf16() -> None:
    if not cpu_multiplies_bf16():
        raise UnableError('this CPU has no bfloat16 arithmetic')


def _same_direction(ours: Tensor, other: Tensor) -> bool:
    return bool(((ours * other).sum(dim=1) > 0.99).all())
