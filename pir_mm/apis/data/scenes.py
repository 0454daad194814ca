"""Example data drawn from a seed."""

from pir_mm.datasets.scenes import make_scenes


__all__ = ['make_scenes']
