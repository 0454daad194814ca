"""Metrics."""

from pir_mm.evaluation.retrieval_evaluator import RetrievalEvaluator
from pir_mm.structures.embedded_set import EmbeddedSet

__all__ = ['EmbeddedSet', 'RetrievalEvaluator']
