"""Embed pictures and sentences, index archives of pictures and rasters, and search an index."""

from pir_mm.apis.search.embedded_split import EmbeddedSplit, embed_split
from pir_mm.apis.search.embedding import embed_images, embed_texts
from pir_mm.apis.search.index_group import join_index_group
from pir_mm.apis.search.index_model import load_index_model
from pir_mm.apis.search.indexing import index_pictures
from pir_mm.apis.search.localisation import (
    Localisation,
    evaluate_localisation,
    localise,
    read_truth,
)
from pir_mm.apis.search.localisation_files import write_localisation
from pir_mm.apis.search.model_fingerprint import model_fingerprint
from pir_mm.apis.search.reranking import Reranked, cascade_search, rerank, rerank_index
from pir_mm.apis.search.searcher import Searcher
from pir_mm.apis.search.searching import (
    rank_queries,
    search_index,
    search_sheet,
    write_results,
)
from pir_mm.files.names import first_few
from pir_mm.querying import (
    EmbeddedQuery,
    JoinedQuery,
    QueryResult,
    SearchPrompt,
    SearchResult,
    query_notes,
)
from pir_mm.search import TileFilter, Tiling, convert_index, open_index

__all__ = [
    'EmbeddedQuery',
    'EmbeddedSplit',
    'JoinedQuery',
    'Localisation',
    'QueryResult',
    'Reranked',
    'SearchPrompt',
    'SearchResult',
    'Searcher',
    'TileFilter',
    'Tiling',
    'cascade_search',
    'convert_index',
    'embed_images',
    'embed_split',
    'embed_texts',
    'evaluate_localisation',
    'first_few',
    'index_pictures',
    'join_index_group',
    'load_index_model',
    'localise',
    'model_fingerprint',
    'open_index',
    'query_notes',
    'rank_queries',
    'read_truth',
    'rerank',
    'rerank_index',
    'search_index',
    'search_sheet',
    'write_localisation',
    'write_results',
]
