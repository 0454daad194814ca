"""Search of an index by sentences and by pictures."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from torch import nn

from pir_mm.apis.search.embedding import Picture, embed_images, embed_texts
from pir_mm.apis.search.model_fingerprint import model_fingerprint
from pir_mm.apis.weights.loading import load_retriever
from pir_mm.search import EmbeddingIndex, Hit, write_csv, write_geojson
from pir_mm.structures.ranking import Ranking
from pir_mm.visualization.ranking_sheet import RankingSheet

Query = str | Path | np.ndarray


def list_hits(index: EmbeddingIndex, queries: Sequence[Query], ranking: Ranking) -> list[Hit]:
    """The results of a ranking as a flat list, query by query, best first."""
    tiles = iter(index.tiles(ranking.ids.reshape(-1).tolist()))
    return [
        Hit('an array' if isinstance(query, np.ndarray) else str(query), rank, float(score), tile)
        for query, scores in zip(queries, ranking.scores, strict=True)
        for rank, (score, tile) in enumerate(zip(scores, tiles, strict=False), start=1)
    ]


def format_hits(hits: Sequence[Hit]) -> str:
    """A small table per query: rank, score, file."""
    lines = []
    for hit in hits:
        if hit.rank == 1:
            lines += ['', hit.query, 'rank   score  file']
        lines.append(f'{hit.rank:4d}  {hit.score:6.4f}  {hit.tile.source}')
    return '\n'.join(lines[1:])


def draw_results(
    path: str | Path, index: EmbeddingIndex, queries: Sequence[Query], ranking: Ranking
) -> None:
    """Write a sheet, a row per query, as PNG."""
    ids = np.unique(ranking.ids).tolist()
    gallery = {i: Path(tile.source) for i, tile in zip(ids, index.tiles(ids), strict=True)}
    sheet = RankingSheet()
    heading = f'Best {ranking.ids.shape[1]} of {len(index)} pictures'
    sheet.add(heading, queries, ranking, gallery)
    sheet.save(path)


def write_results(
    path: str | Path, index: EmbeddingIndex, queries: Sequence[Query], ranking: Ranking
) -> None:
    """Write what the ending of ``path`` says: .png a sheet, .csv a table, .geojson features.

    Raises:
        ValueError: if the ending is another.
    """
    ending = Path(path).suffix.lower()
    if ending == '.png':
        draw_results(path, index, queries, ranking)
    elif ending == '.csv':
        write_csv(path, list_hits(index, queries, ranking))
    elif ending == '.geojson':
        write_geojson(path, list_hits(index, queries, ranking))
    else:
        raise ValueError(f'{path} must end in .png, .csv or .geojson')


def open_index(index: EmbeddingIndex | str | Path) -> EmbeddingIndex:
    """Open an index folder; an index that is open already is given back.

    Raises:
        FileNotFoundError: if there is none.
        ValueError: if it is damaged.
    """
    return index if isinstance(index, EmbeddingIndex) else EmbeddingIndex(index)


def load_index_model(
    index: EmbeddingIndex | str | Path,
    config: str | Path | None = None,
    checkpoint: str | Path | None = None,
    device: str = 'cpu',
) -> nn.Module:
    """The model of an index, from the files noted in it or from those given instead.

    A config is Python code, which runs here: open only an index whose origin you trust, or give
    files that you do.

    Raises:
        FileNotFoundError: if the index notes no files, or they are no longer there.
        ValueError: if the checkpoint is one of another config.
    """
    index = open_index(index)
    files = [config or index.card.config, checkpoint or index.card.checkpoint]
    for kind, file in zip(('config', 'checkpoint'), files, strict=True):
        if file is None or not os.path.isfile(file):
            state = 'is not noted in it' if file is None else f'{file} does not exist'
            raise FileNotFoundError(
                f'the model of {index.folder} is not at hand, its {kind} {state}: give its config '
                'and checkpoint, with tools/search.py by --model'
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
        index: the folder, or the index opened.
        model: the one that made the index; another is refused.
        text: sentences, each a query.
        image: paths or ``(H, W, 3)`` uint8 RGB arrays, each a query.
        top_k: results per query; more than there are gives all.

    Returns:
        Ids and scores ``(Q, k)``, the rows of sentences before those of pictures;
        ``open_index(index).tiles(ids)`` tells what they show.

    Raises:
        FileNotFoundError, ValueError: if there is no index or no query, or the model is another.
    """
    texts = [text] if isinstance(text, str) else list(text or [])
    if image is None:
        image = []
    one = isinstance(image, str | os.PathLike | np.ndarray)
    pictures = [
        picture if isinstance(picture, np.ndarray) else Path(picture)
        for picture in ([image] if one else image)
    ]
    return rank_queries(index, model, [*texts, *pictures], top_k)


def search_sheet(
    index: EmbeddingIndex | str | Path,
    model: nn.Module,
    queries: Sequence[Query],
    out: str | Path,
    top_k: int = 5,
) -> Ranking:
    """Search by several queries and draw all results on one sheet.

    Args:
        index: the folder, or the index opened.
        model: the one that made the index; another is refused.
        queries: sentences (``str``) and pictures (``Path`` or array), in the order of the rows.
        out: PNG file.
        top_k: results per query.
    """
    index = open_index(index)
    ranking = rank_queries(index, model, queries, top_k)
    draw_results(out, index, queries, ranking)
    return ranking


def rank_queries(
    index: EmbeddingIndex | str | Path, model: nn.Module, queries: Sequence[Query], top_k: int
) -> Ranking:
    """As :func:`search_index`, for sentences (``str``) and pictures in any order."""
    if len(queries) == 0:
        raise ValueError('there is no query: give a sentence or a picture')
    index = open_index(index)
    index.refuse_other_model(model_fingerprint(model, index.card.fingerprint.width))
    texts = [row for row, query in enumerate(queries) if isinstance(query, str)]
    pictures = [row for row, query in enumerate(queries) if not isinstance(query, str)]
    vectors = np.empty((len(queries), index.card.fingerprint.width), dtype=np.float32)
    if texts:
        vectors[texts] = embed_texts(model, [queries[row] for row in texts])
    if pictures:
        vectors[pictures] = embed_images(model, [queries[row] for row in pictures])
    return index.search(vectors, top_k)
