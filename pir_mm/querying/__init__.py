"""Ask an index: queries, what ranks them, and what is found. No model and no torch in it."""

from pir_mm.querying.embedder import Embedder
from pir_mm.querying.prompt import SearchPrompt
from pir_mm.querying.queries import EmbeddedQuery, JoinedQuery, Query, query_notes
from pir_mm.querying.search_result import QueryResult, SearchResult
from pir_mm.querying.vector_searcher import VectorSearcher
from pir_mm.search import TileFilter, open_index

__all__ = [
    'EmbeddedQuery',
    'Embedder',
    'JoinedQuery',
    'Query',
    'QueryResult',
    'SearchPrompt',
    'SearchResult',
    'TileFilter',
    'VectorSearcher',
    'open_index',
    'query_notes',
]
