"""Indexes that pir_mm made before vectors could be added and removed."""

import json
import os
import sqlite3
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np

from pir_mm.files.pictures import picture_metadata
from pir_mm.files.raster_kinds import window_driver
from pir_mm.files.taken_dates import taken_date
from pir_mm.files.writing import atomic_folder
from pir_mm.search.embedding_index import CARD
from pir_mm.search.index_card import IndexCard, ModelFingerprint, resolved
from pir_mm.search.index_writer import OLD, IndexWriter
from pir_mm.search.tile_source import Source
from pir_mm.search.tile_table import Stamp
from pir_mm.search.tiles import Tile
from pir_mm.search.tiling import WHOLE_SIDE, Grid

TILES, VECTORS = OLD
OLD_FORMAT = 1
AT_ONCE = 4096
"""Tiles that are converted together."""


def is_old_index(folder: str | Path) -> bool:
    """Whether a folder holds an index of the old format."""
    return all((Path(folder) / name).is_file() for name in (CARD, VECTORS, TILES))


def convert_index(folder: str | Path) -> IndexCard:
    """Turn an index of the old format into one of today, with its vectors; whole or not at all.

    The old format did not note by what a change of a picture is seen. A picture that has changed
    since the index was made, and one that is cut today, is embedded anew by the next run.

    Raises:
        FileNotFoundError: if there is no such index.
        ValueError: if it is damaged.
    """
    folder = Path(folder)
    if not is_old_index(folder):
        raise FileNotFoundError(
            f'{folder} holds no index of an older pir_mm: {CARD}, {VECTORS} and {TILES} make one'
        )
    made = (folder / CARD).stat().st_mtime_ns
    try:
        content = json.loads((folder / CARD).read_text(encoding='utf-8'))
        if content['format'] != OLD_FORMAT:
            raise ValueError(f'format {content["format"]!r} is not {OLD_FORMAT}')
        model = content['model']
        fingerprint = ModelFingerprint(**model['fingerprint'])
        vectors = np.load(folder / VECTORS, mmap_mode='r', allow_pickle=False)
        if vectors.dtype != np.float32 or vectors.shape != (content['indexed'], fingerprint.width):
            raise ValueError(f'{VECTORS} holds {vectors.dtype} of shape {vectors.shape}')
        rows = iter(_old_tiles(folder / TILES))
        with atomic_folder(folder) as part:
            writer = IndexWriter(part, folder)
            try:
                writer.set_model(
                    fingerprint,
                    resolved(model['config'], folder),
                    resolved(model['checkpoint'], folder),
                )
                for start in range(0, len(vectors), AT_ONCE):
                    tiles = list(islice(rows, AT_ONCE))
                    for tile in tiles:
                        writer.begin_source(tile.source, _stamp(tile, made), _whole(tile))
                        writer.end_source(tile.source)
                    writer.add(vectors[start : start + AT_ONCE], tiles)
                    writer.add_roots(os.path.dirname(tile.source) for tile in tiles)
                for skipped in content['skipped_files']:
                    writer.begin_source(skipped['source'], Stamp(), None)
                    writer.end_source(skipped['source'], reason=skipped['reason'])
                card = writer.finish()
            finally:
                writer.close()
    except (KeyError, TypeError, ValueError, EOFError, sqlite3.Error) as error:
        what = f'{error.args[0]!r} is missing' if isinstance(error, KeyError) else error
        raise ValueError(f'{folder} is damaged: {what}; index anew (--rebuild)') from None
    return card


def _old_tiles(path: Path) -> Iterator[Tile]:
    uri = f'{path.resolve().as_uri()}?mode=ro&immutable=1'
    connection = sqlite3.connect(uri, uri=True)
    try:
        for source, window in connection.execute('SELECT source, window FROM tiles ORDER BY id'):
            yield Tile(source, tuple(json.loads(window)))
    finally:
        connection.close()


def _stamp(tile: Tile, made: int) -> Stamp:
    """The stamp of a picture that a run of today would index as it is; else one of no file."""
    try:
        now = os.stat(tile.source)
        is_cut = max(tile.window) > WHOLE_SIDE or window_driver(tile.source, WHOLE_SIDE) is not None
    except OSError:
        return Stamp()
    return Stamp() if is_cut or now.st_mtime_ns > made else Stamp(now.st_size, now.st_mtime_ns)


def _whole(tile: Tile) -> Source:
    width, height = tile.window[2:]
    taken = taken_date(tile.source, picture_metadata(tile.source))
    return Source(tile.source, (width, height), Grid((0,), (0,), width, height), taken=taken)
