"""Search an index by sentences and by pictures, and write the results."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from torch import nn

from pir_mm.apis.search.model_fingerprint import model_fingerprint
from pir_mm.apis.search.picture_reading import Picture
from pir_mm.apis.search.queries import Query, as_pictures, embed_queries, query_notes
from pir_mm.apis.search.search_result import SearchResult
from pir_mm.apis.weights.loading import load_retriever
from pir_mm.search import EmbeddingIndex
from pir_mm.structures.ranking import Ranking


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
    text_only: bool = False,
) -> nn.Module:
    """Load the model of an index, from the paths stored in it or from the given files.

    A config is Python code, and loading it runs this code. Load only the model of an index that
    you trust, or give your own config and checkpoint.

    Args:
        index: index folder, or an open index.
        config: config to use instead of the stored one.
        checkpoint: checkpoint to use instead of the stored one.
        device: device of the model.
        text_only: leave out what only images need, where model and index can do without: an index
            of an older pir_mm does not know the text encoder by itself.

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
    text_only = text_only and bool(index.fingerprint.text_sha256)
    return load_retriever(*files, device, text_only=text_only)


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
    pictures = [] if image is None else as_pictures(image)
    return rank_queries(index, model, [*texts, *pictures], top_k)


def rank_queries(
    index: EmbeddingIndex | str | Path,
    model: nn.Module,
    queries: Sequence[Query],
    top_k: int,
    where: np.ndarray | None = None,
) -> Ranking:
    """As :func:`search_index`, for sentences, pictures and joined queries in any order.

    Args:
        index, model, top_k: as there.
        queries: sentences (``str``), pictures (others) and :class:`JoinedQuery`.
        where: ids to which the index is narrowed, of :meth:`EmbeddingIndex.select`.
    """
    index = open_index(index)
    query_notes(model, queries)
    return index.search(query_vectors(index, model, queries), top_k, where)


def query_vectors(index: EmbeddingIndex, model: nn.Module, queries: Sequence[Query]) -> np.ndarray:
    """Vectors ``(Q, D)`` of queries, by the model that made an index.

    Raises:
        FileNotFoundError: if a picture does not exist.
        ValueError: if there is no query, or the model is another one.
    """
    if len(queries) == 0:
        raise ValueError('no query: give a sentence or a picture')
    index.refuse_other_model(model_fingerprint(model, index.fingerprint.width))
    return embed_queries(model, queries, index.precision)


def write_results(
    path: str | Path, index: EmbeddingIndex, queries: Sequence[Query], ranking: Ranking
) -> list[str]:
    """Write a ranking in the format of the ending, see :meth:`SearchResult.save`.

    Returns:
        A sentence on each thing that the file does not show.

    Raises:
        ValueError: if ``path`` has another ending.
    """
    return SearchResult.of(index, queries, ranking).save(path)


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
    write_results(Path(out), index, queries, ranking)
    return ranking
