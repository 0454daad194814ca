"""Tiles of pictures and rasters, their vectors on disk, and the search among them."""

from pir_mm.search.changes import Changes, find_changes
from pir_mm.search.embedding_index import EmbeddingIndex, open_index
from pir_mm.search.exact_store import ExactStore, VectorStore
from pir_mm.search.filters import TileFilter
from pir_mm.search.index_card import IndexCard, ModelFingerprint, SkippedPicture
from pir_mm.search.index_writer import IndexWriter
from pir_mm.search.old_index import convert_index, is_old_index
from pir_mm.search.result_files import Hit, feature_collection, write_csv, write_geojson, write_gpkg
from pir_mm.search.store_note import StoreNote, refuse_unknown_store
from pir_mm.search.tile_source import Source, SourceError, TileSource
from pir_mm.search.tile_table import Stamp
from pir_mm.search.tile_writer import TileWriter, part_writer
from pir_mm.search.tiles import Tile
from pir_mm.search.tiling import Tiling

__all__ = [
    'Changes',
    'EmbeddingIndex',
    'ExactStore',
    'Hit',
    'IndexCard',
    'IndexWriter',
    'ModelFingerprint',
    'SkippedPicture',
    'Source',
    'SourceError',
    'Stamp',
    'StoreNote',
    'Tile',
    'TileFilter',
    'TileSource',
    'TileWriter',
    'Tiling',
    'VectorStore',
    'convert_index',
    'feature_collection',
    'find_changes',
    'is_old_index',
    'open_index',
    'part_writer',
    'refuse_unknown_store',
    'write_csv',
    'write_geojson',
    'write_gpkg',
]
