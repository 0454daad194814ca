"""Whole models."""

from pir_mm.models.retrievers.dual_encoder import BaseRetriever
from pir_mm.models.retrievers.pir import PIR

__all__ = ['PIR', 'BaseRetriever']
