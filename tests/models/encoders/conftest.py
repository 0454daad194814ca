"""Backbones of a few thousand weights."""

import logging

import pytest
import torch
from torch import nn

RESNET = dict(type='mmpretrain.ResNet', depth=18, stem_channels=4, base_channels=4)
SWIN = dict(
    type='mmpretrain.SwinTransformer',
    arch=dict(embed_dims=8, depths=[1, 1, 1, 1], num_heads=[1, 2, 2, 2]),
)


class AttentionPooledNet(nn.Module):
    """As CLIP's ResNet: convolution, batch norm, and an attention pool that gives one vector."""

    def __init__(self, width: int = 8) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, kernel_size=8, stride=8)
        self.bn1 = nn.BatchNorm2d(width)
        self.attnpool = nn.MultiheadAttention(width, num_heads=2, dropout=0.5, batch_first=True)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        tokens = self.bn1(self.conv1(images)).flatten(2).transpose(1, 2)
        mean = tokens.mean(dim=1, keepdim=True)
        return self.attnpool(mean, tokens, tokens, need_weights=False)[0].squeeze(1)


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


@pytest.fixture
def attention_pooled():
    return dict(type=AttentionPooledNet)
