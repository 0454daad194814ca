"""Whole models."""

from pir_mm.models.retrievers.clip_retriever import CLIPRetriever
from pir_mm.models.retrievers.distilled_dual_encoder import DistilledDualEncoder
from pir_mm.models.retrievers.dual_encoder import DualEncoder
from pir_mm.models.retrievers.fusion_retriever import FusionRetriever
from pir_mm.models.retrievers.pair_preprocessor import PairPreprocessor
from pir_mm.models.retrievers.pir import PIR
from pir_mm.models.retrievers.retrieval_filter import RetrievalFilter
from pir_mm.models.retrievers.retriever import Retriever

__all__ = [
    'PIR',
    'CLIPRetriever',
    'DistilledDualEncoder',
    'DualEncoder',
    'FusionRetriever',
    'PairPreprocessor',
    'RetrievalFilter',
    'Retriever',
]
