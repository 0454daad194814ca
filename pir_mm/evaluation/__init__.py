"""Metrics."""

from pir_mm.evaluation.embedded_set import EmbeddedSet
from pir_mm.evaluation.retrieval_evaluator import RetrievalEvaluator

__all__ = ['EmbeddedSet', 'RetrievalEvaluator']
