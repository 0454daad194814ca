"""Search an index by sentences and by pictures, and write the results."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from torch import nn

from pir_mm.apis.search.embedding import Picture, embed_images, embed_texts
from pir_mm.apis.search.model_fingerprint import model_fingerprint
from pir_mm.apis.weights.loading import load_retriever
from pir_mm.files.names import first_few, shortest_names
from pir_mm.search import EmbeddingIndex, Hit, Tile, TileSource, write_csv, write_geojson
from pir_mm.structures.ranking import Ranking

Query = str | Path | np.ndarray | Image.Image


def open_index(
    index: EmbeddingIndex | str | Path, root: str | Path | None = None
) -> EmbeddingIndex:
    """Open an index folder. An index that is already open is returned as it is.

    Args:
        index: index folder, or an open index.
        root: where the archive lies now, if it has moved: the place of ``root`` in ``index.json``.

    Raises:
        FileNotFoundError: if the folder has no index.
        ValueError: if the index is damaged.
    """
    return index if isinstance(index, EmbeddingIndex) else EmbeddingIndex(index, root)


def load_index_model(
    index: EmbeddingIndex | str | Path,
    config: str | Path | None = None,
    checkpoint: str | Path | None = None,
    device: str = 'cpu',
) -> nn.Module:
    """Load the model of an index, from the paths stored in it or from the given files.

    A config is Python code, and loading it runs this code. Load only the model of an index that
    you trust, or give your own config and checkpoint.

    Args:
        index: index folder, or an open index.
        config: config to use instead of the stored one.
        checkpoint: checkpoint to use instead of the stored one.
        device: device of the model.

    Raises:
        FileNotFoundError: if the index stores no paths, or if a file does not exist.
        ValueError: if the checkpoint does not belong to the config.
    """
    index = open_index(index)
    files = [config or index.config, checkpoint or index.checkpoint]
    for kind, file in zip(('config', 'checkpoint'), files, strict=True):
        if file is None or not os.path.isfile(file):
            state = 'is not stored in it' if file is None else f'{file} does not exist'
            raise FileNotFoundError(
                f'cannot load the model of {index.folder}: its {kind} {state}. Give the config and '
                'the checkpoint, for tools/search.py with --model'
            )
    return load_retriever(*files, device)


def search_index(
    index: EmbeddingIndex | str | Path,
    model: nn.Module,
    text: str | Sequence[str] | None = None,
    image: Picture | Sequence[Picture] | None = None,
    top_k: int = 10,
) -> Ranking:
    """Rank the pictures of an index for each sentence and each picture.

    Args:
        index: index folder, or an open index.
        model: the model that made the index.
        text: one or more sentences; each is a query.
        image: one or more pictures, as :func:`embed_images` takes them; each is a query.
        top_k: results per query; if the index has fewer pictures, all are returned.

    Returns:
        Ids and scores ``(Q, k)``. The sentences come before the pictures.
        ``open_index(index).tiles(ids)`` returns the files of the ids.

    Raises:
        FileNotFoundError: if the index or a query picture does not exist.
        ValueError: if there is no query, or if another model made the index.
    """
    texts = [text] if isinstance(text, str) else list(text or [])
    if image is None:
        image = []
    is_single = isinstance(image, str | os.PathLike | np.ndarray | Image.Image)
    pictures = [
        Path(picture) if isinstance(picture, str) else picture
        for picture in ([image] if is_single else image)
    ]
    return rank_queries(index, model, [*texts, *pictures], top_k)


def rank_queries(
    index: EmbeddingIndex | str | Path, model: nn.Module, queries: Sequence[Query], top_k: int
) -> Ranking:
    """As :func:`search_index`, for sentences (``str``) and pictures (others) in any order."""
    if len(queries) == 0:
        raise ValueError('no query: give a sentence or a picture')
    query_notes(model, queries)
    index = open_index(index)
    index.refuse_other_model(model_fingerprint(model, index.fingerprint.width))
    texts = [row for row, query in enumerate(queries) if isinstance(query, str)]
    pictures = [row for row, query in enumerate(queries) if not isinstance(query, str)]
    vectors = np.empty((len(queries), index.fingerprint.width), dtype=np.float32)
    if texts:
        vectors[texts] = embed_texts(model, [queries[row] for row in texts])
    if pictures:
        vectors[pictures] = embed_images(
            model, [queries[row] for row in pictures], precision=index.precision
        )
    return index.search(vectors, top_k)


def query_notes(model: nn.Module, queries: Sequence[Query]) -> list[str]:
    """What people should know of the answers: a sentence for each query that is not read whole.

    Raises:
        ValueError: if the model knows no word of a query, so that any answer would be chance.
    """
    if not hasattr(getattr(model, 'tokenizer', None), 'reading'):
        return []
    notes = []
    for query in queries:
        if not isinstance(query, str):
            continue
        reading = model.tokenizer.reading(query)
        if reading.nothing_known:
            raise ValueError(
                f'the model knows no word of the query {query!r}: describe the scene in the words '
                'of its captions'
            )
        if reading.unknown:
            notes.append(f'{query!r}: the model does not know {first_few(reading.unknown, 5)}')
        if reading.used < reading.words:
            notes.append(f'{query!r}: the first {reading.used} of {reading.words} words are used')
    return notes


def list_hits(index: EmbeddingIndex, queries: Sequence[Query], ranking: Ranking) -> list[Hit]:
    """List all results of a ranking, query by query, best first."""
    tiles = iter(index.tiles(ranking.ids.reshape(-1).tolist()))
    return [
        Hit(_words(query), rank, float(score), tile)
        for query, scores in zip(queries, ranking.scores, strict=True)
        for rank, (score, tile) in enumerate(zip(scores, tiles, strict=False), start=1)
    ]


def _words(query: Query) -> str:
    return str(query) if isinstance(query, str | os.PathLike) else 'a picture in memory'


def format_hits(hits: Sequence[Hit]) -> str:
    """Format results as text: for each query a small table of rank, score and file.

    A tile of a larger source has the column and row of its corner behind it.
    """
    lines = []
    for hit in hits:
        if hit.rank == 1:
            lines += ['', hit.query, 'rank   score  file']
        place = '' if hit.tile.is_whole else f' {_corner(hit.tile)}'
        lines.append(f'{hit.rank:4d}  {hit.score:6.4f}  {hit.tile.source}{place}')
    return '\n'.join(lines[1:])


def draw_results(
    path: str | Path, index: EmbeddingIndex, queries: Sequence[Query], ranking: Ranking
) -> list[str]:
    """Draw the results as a PNG sheet with one row per query.

    Returns:
        A sentence on each thing that the sheet does not show, such as results beyond 200.
    """
    from pir_mm.visualization.ranking_sheet import (
        RankingSheet,
        shown_shape,
    )  # no other search draws

    rows, columns = shown_shape(*ranking.ids.shape)
    ids = np.unique(ranking.ids[:rows, :columns]).tolist()
    tiles = dict(zip(ids, index.tiles(ids), strict=True))
    sheet, source = RankingSheet(), TileSource()
    gallery = {i: _shown(source, tile, 2 * sheet.cell_px) for i, tile in tiles.items()}
    names = shortest_names([tile.source for tile in tiles.values()])
    labels = {
        i: name if tile.is_whole else f'{name} {_corner(tile)}'
        for (i, tile), name in zip(tiles.items(), names, strict=True)
    }
    sheet.add(f'Best {columns} of {len(index)} tiles', queries, ranking, gallery, labels=labels)
    sheet.save(path)
    return sheet.notes


def _shown(source: TileSource, tile: Tile, side: int) -> np.ndarray:
    """The pixels of a tile, or a notice: one lost file must not cost the whole sheet."""
    from pir_mm.visualization.thumbnail import notice

    try:
        pixels = source.read(tile, side)
    except (OSError, ValueError) as error:
        kind = 'no longer there' if isinstance(error, FileNotFoundError) else 'cannot be shown'
        return np.asarray(notice(kind, side))
    return np.asarray(notice('no data', side)) if pixels is None else pixels


def _corner(tile: Tile) -> str:
    return f'({tile.window[0]}, {tile.window[1]})'


def write_results(
    path: str | Path, index: EmbeddingIndex, queries: Sequence[Query], ranking: Ranking
) -> list[str]:
    """Write results in the format of the ending: a .png sheet, a .csv table or .geojson features.

    Returns:
        A sentence on each thing that the file does not show.

    Raises:
        ValueError: if ``path`` has another ending.
    """
    ending = Path(path).suffix.lower()
    if ending == '.png':
        return draw_results(path, index, queries, ranking)
    if ending == '.csv':
        write_csv(path, list_hits(index, queries, ranking))
    elif ending == '.geojson':
        write_geojson(path, list_hits(index, queries, ranking))
    else:
        raise ValueError(f'{path} must end in .png, .csv or .geojson')
    return []


def search_sheet(
    index: EmbeddingIndex | str | Path,
    model: nn.Module,
    queries: Sequence[Query],
    out: str | Path,
    top_k: int = 5,
) -> Ranking:
    """Search by several queries and draw all results on one sheet.

    Args:
        index: index folder, or an open index.
        model: the model that made the index.
        queries: sentences (``str``) and pictures (``Path`` or array), one per row of the sheet.
        out: PNG file.
        top_k: results per query.

    Returns:
        The ranking that is drawn.
    """
    index = open_index(index)
    ranking = rank_queries(index, model, queries, top_k)
    draw_results(out, index, queries, ranking)
    return ranking
