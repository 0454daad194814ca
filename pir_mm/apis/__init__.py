"""What tools, notebooks and projects call."""

from pir_mm.apis.search import (
    JoinedQuery,
    Searcher,
    SearchResult,
    TileFilter,
    cascade_search,
    embed_images,
    embed_texts,
    index_pictures,
    load_index_model,
    open_index,
    rerank,
    rerank_index,
    search_index,
    search_sheet,
    write_results,
)
from pir_mm.apis.weights.loading import load_retriever
from pir_mm.apis.weights.model_hub import register_models
from pir_mm.models.retrievers import DualEncoder

__all__ = [
    'DualEncoder',
    'JoinedQuery',
    'SearchResult',
    'Searcher',
    'TileFilter',
    'cascade_search',
    'embed_images',
    'embed_texts',
    'index_pictures',
    'load_index_model',
    'load_retriever',
    'open_index',
    'register_models',
    'rerank',
    'rerank_index',
    'search_index',
    'search_sheet',
    'write_results',
]

register_models()
