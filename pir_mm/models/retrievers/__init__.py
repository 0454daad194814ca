"""Whole models."""

from pir_mm.models.retrievers.base_retriever import BaseRetriever
from pir_mm.models.retrievers.pir import PIR

__all__ = ['PIR', 'BaseRetriever']
