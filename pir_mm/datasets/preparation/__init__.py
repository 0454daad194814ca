"""Preparing caption data sets for training."""

from pir_mm.datasets.preparation.prepare import prepare_dataset

__all__ = ['prepare_dataset']
