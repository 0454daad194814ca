"""Indexes of a few vectors, written without a model."""

import sqlite3

import numpy as np

from pir_mm.search import IndexWriter, ModelFingerprint, Source, Stamp, Tile
from pir_mm.search.tiling import Grid


def model(width):
    return ModelFingerprint('a' * 64, 'b' * 64, width, '0.1.0')


def one_tile(path):
    return Source(path, (4, 4), Grid((0,), (0,), 4, 4))


def unit(rows, width, seed=0):
    vectors = np.random.default_rng(seed).normal(size=(rows, width)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def put(writer, names, vectors, batch=100, finish=True):
    """Add a picture of each name, in batches."""
    writer.set_model(model(vectors.shape[1]), None, None)
    writer.add_roots(['/archive'])
    for start in range(0, len(names), batch):
        some = names[start : start + batch]
        for name in some:
            writer.begin_source(name, Stamp(1, 2), one_tile(name))
            writer.end_source(name)
        tiles = [Tile(name, (0, 0, 4, 4)) for name in some]
        writer.add(vectors[start : start + batch], tiles)
    if finish:
        writer.finish()


def fill(folder, names, vectors=None, batch=100, **options):
    """Add pictures to an index, or make it; absolute names from ``names``, and their vectors."""
    names = [f'/archive/{name}' for name in names]
    vectors = unit(len(names), 4) if vectors is None else vectors
    with IndexWriter.opened(folder, **options) as writer:
        put(writer, names, vectors, batch)
    return vectors


def as_of_old(path):
    """Make the table one of the format before dates."""
    with sqlite3.connect(path) as base:
        for column in ('date', 'date_from', 'gsd'):
            base.execute(f'ALTER TABLE sources DROP COLUMN {column}')
        base.execute('PRAGMA user_version = 2')
