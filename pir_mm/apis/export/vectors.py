"""The vectors of an index for other programs, as NumPy or Parquet files."""

import csv
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
from tqdm import tqdm

from pir_mm.files.extras import import_extra
from pir_mm.files.writing import atomic_file
from pir_mm.search import EmbeddingIndex, Tile, open_index

ENDINGS = ('.npy', '.parquet')
CHUNK = 4096
"""Rows in memory, and in a row group of a Parquet file."""
WINDOW = ('column', 'row', 'width', 'height')
COLUMNS = ('id', 'source', *WINDOW)


def export_vectors(
    index: EmbeddingIndex | str | Path, out: str | Path, root: str | Path | None = None
) -> int:
    """Write all vectors of an index in the order of their ids, a few thousand at a time.

    ``.parquet`` has the columns ``id``, ``source`` (an absolute path), ``column``, ``row``,
    ``width`` and ``height`` of the tile in pixels, and ``vector``; the model's fingerprint is in
    the metadata of the schema as JSON under ``pir_mm``. ``.npy`` is an array ``(n, D)`` of float32,
    and a table of the same rows and other columns lies beside it as ``.csv``.

    Args:
        index: index folder, or an open index.
        out: file.
        root: where the archive lies now, if it has moved.

    Returns:
        The number of vectors.

    Raises:
        FileNotFoundError: if there is no index.
        ModuleNotFoundError: for ``.parquet``, if the extra ``parquet`` is not installed.
        ValueError: if ``out`` has another ending, or the index is damaged.
    """
    ending = Path(out).suffix.lower()
    if ending not in ENDINGS:
        raise ValueError(f'{out} must end in {" or ".join(ENDINGS)}')
    index = open_index(index, root)
    (_write_parquet if ending == '.parquet' else _write_npy)(Path(out), index)
    return len(index)


Rows = tuple[np.ndarray, list[Tile], np.ndarray]


def _rows(index: EmbeddingIndex) -> Iterator[Rows]:
    """Ids, tiles and vectors ``(n, D)``, a chunk at a time."""
    ids = index.ids
    with tqdm(total=len(ids), unit='vector', disable=None if len(ids) > CHUNK else True) as bar:
        for start in range(0, len(ids), CHUNK):
            part = ids[start : start + CHUNK]
            yield part, index.tiles(part.tolist()), index.store.vectors(part)
            bar.update(len(part))


def _write_npy(path: Path, index: EmbeddingIndex) -> None:
    shape = (len(index), index.fingerprint.width)
    with atomic_file(path) as vectors, atomic_file(path.with_suffix('.csv')) as table:
        array = np.lib.format.open_memmap(vectors, 'w+', np.float32, shape)
        with open(table, 'w', encoding='utf-8', newline='') as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            start = 0
            for ids, tiles, found in _rows(index):
                array[start : start + len(ids)] = found
                start += len(ids)
                writer.writerows(
                    (i, tile.source, *tile.window) for i, tile in zip(ids, tiles, strict=True)
                )
        array.flush()


def _write_parquet(path: Path, index: EmbeddingIndex) -> None:
    arrow = import_extra('pyarrow', 'parquet', 'a Parquet file needs')
    parquet = import_extra('pyarrow.parquet', 'parquet', 'a Parquet file needs')
    width = index.fingerprint.width
    schema = arrow.schema(
        [
            ('id', arrow.int64()),
            ('source', arrow.string()),
            *((name, arrow.int32()) for name in WINDOW),
            ('vector', arrow.list_(arrow.float32(), width)),
        ],
        metadata={'pir_mm': json.dumps(asdict(index.fingerprint))},
    )
    with atomic_file(path) as temporary, parquet.ParquetWriter(temporary, schema) as writer:
        for ids, tiles, vectors in _rows(index):
            windows = np.array([tile.window for tile in tiles], dtype=np.int32).T
            flat = arrow.array(np.ascontiguousarray(vectors).reshape(-1))
            columns = [ids, [tile.source for tile in tiles], *windows]
            columns = [arrow.array(column) for column in columns]
            columns.append(arrow.FixedSizeListArray.from_arrays(flat, width))
            writer.write_table(arrow.table(columns, schema=schema))
