"""Backbones of a few thousand weights."""

import logging

import pytest
import torch

RESNET = dict(type='mmpretrain.ResNet', depth=18, stem_channels=4, base_channels=4)
SWIN = dict(
    type='mmpretrain.SwinTransformer',
    arch=dict(embed_dims=8, depths=[1, 1, 1, 1], num_heads=[1, 2, 2, 2]),
)


@pytest.fixture(autouse=True)
def quiet_and_seeded():
    torch.manual_seed(0)
    logging.disable(logging.INFO)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def resnet():
    return dict(RESNET)


@pytest.fixture
def swin():
    return dict(SWIN)
