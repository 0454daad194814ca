"""From embeddings to losses."""

from pir_mm.models.heads.retrieval_head import RetrievalHead

__all__ = ['RetrievalHead']
