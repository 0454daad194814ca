"""Metrics."""

from pir_mm.evaluation.retrieval_evaluator import RetrievalEvaluator

__all__ = ['RetrievalEvaluator']
