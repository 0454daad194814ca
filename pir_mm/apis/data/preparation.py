"""Data sets brought into the layout that training reads."""

from pir_mm.datasets.preparation import prepare_dataset


__all__ = ['prepare_dataset']
