"""Samplers of data loaders."""

from pir_mm.datasets.samplers.block_sampler import BlockSampler
from pir_mm.datasets.samplers.epoch_sampler import EpochSampler

__all__ = ['BlockSampler', 'EpochSampler']
