"""Vectors of pictures on disk, and the search among them."""

from pir_mm.search.embedding_index import EmbeddingIndex
from pir_mm.search.exact_store import ExactStore
from pir_mm.search.index_card import IndexCard, ModelFingerprint, SkippedPicture
from pir_mm.search.index_writer import IndexWriter
from pir_mm.search.result_files import Hit, write_csv, write_geojson
from pir_mm.search.tiles import Tile

__all__ = [
    'EmbeddingIndex',
    'ExactStore',
    'Hit',
    'IndexCard',
    'IndexWriter',
    'ModelFingerprint',
    'SkippedPicture',
    'Tile',
    'write_csv',
    'write_geojson',
]
