"""Search an index by sentences and by pictures, and write the results."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from torch import nn

from pir_mm.apis.search.index_model import IndexModel
from pir_mm.files.pictures import Picture
from pir_mm.querying import Query, SearchResult, query_notes
from pir_mm.querying.queries import as_pictures, query_vectors
from pir_mm.search import EmbeddingIndex, open_index
from pir_mm.structures.ranking import Ranking


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
    return index.search(query_vectors(index, IndexModel(index, model), queries), top_k, where)


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
