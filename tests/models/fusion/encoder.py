"""A small fusion encoder in double precision."""

import torch
from mmengine.registry import MODELS

DIM, IMAGE_DIM, HEADS = 32, 24, 4
SIZES = dict(dim=DIM, image_dim=IMAGE_DIM, layers=2, first_layer=2, heads=HEADS)


def build(**changes):
    """The encoder with changes to its config; in evaluation mode, always the same weights."""
    torch.manual_seed(0)
    cfg = dict(type='pir_mm.FusionEncoder', **{**SIZES, 'intermediate_size': 64, **changes})
    encoder = MODELS.build(cfg).double().eval()
    for parameter in encoder.parameters():  # large enough for a small cause to be seen
        parameter.data += 0.2 * torch.randn_like(parameter)
    return encoder
