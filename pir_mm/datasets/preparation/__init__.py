"""Preparation of data sets for training."""

from pir_mm.datasets.preparation.preparing import prepare_dataset

__all__ = ['prepare_dataset']
