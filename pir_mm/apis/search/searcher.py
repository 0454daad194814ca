"""An index and its model, kept at hand for one search after the other."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
from torch import nn

from pir_mm.apis.search.index_model import IndexModel
from pir_mm.apis.search.reranking import rerank_index
from pir_mm.querying import (
    EmbeddedQuery,
    JoinedQuery,
    Query,
    SearchResult,
    VectorSearcher,
    query_notes,
)
from pir_mm.querying.queries import has_pictures
from pir_mm.search import EmbeddingIndex, TileFilter, open_index
from pir_mm.structures.ranking import Ranking


class Searcher(VectorSearcher):
    """Searches an index, warm: model, vectors and background stay in memory.

    The model is loaded with the first query; the image encoder only if a picture is asked for,
    where the model can do without.

    Args:
        index: index folder, or an open index.
        config: config of the model, instead of the one stored in the index.
        checkpoint: likewise.
        device: of the model.
        root: where the archive lies now, if it has moved.
        model: the model itself, if it is loaded.
        background: as of :class:`VectorSearcher`.

    Raises:
        FileNotFoundError: if there is no index.
        ValueError: if it is damaged.
    """

    def __init__(
        self,
        index: EmbeddingIndex | str | Path,
        config: str | Path | None = None,
        checkpoint: str | Path | None = None,
        device: str = 'cpu',
        root: str | Path | None = None,
        model: nn.Module | None = None,
        background: Sequence[str] | None = None,
    ) -> None:
        index = open_index(index, root)
        super().__init__(
            index, IndexModel(index, model, config, checkpoint, device), background=background
        )

    def search(
        self,
        *queries: Query,
        top_k: int = 10,
        where: TileFilter | None = None,
        min_score: float | None = None,
        merge: bool = True,
        reranker: nn.Module | None = None,
        rerank_top: int = 128,
        vectors: np.ndarray | None = None,
    ) -> SearchResult:
        """As :meth:`VectorSearcher.search`, and if wanted a fusion model reads the best again.

        Args:
            queries, top_k, where, min_score, merge, vectors: as there.
            reranker: a fusion model that reads the first results again; its scores have no
                percentile.
            rerank_top: how many of each query it reads.

        Raises:
            FileNotFoundError: if a picture does not exist.
            ValueError: as there, or if a joined query is to be read again.
        """
        again = None
        if reranker is not None:
            if any(isinstance(query, JoinedQuery | EmbeddedQuery) for query in queries):
                raise ValueError(
                    'a fusion model reads one sentence or one picture: search with joined '
                    'queries and known vectors without re-ranking'
                )
            again = partial(self._read_again, reranker, queries, max(top_k, rerank_top), rerank_top)
        return super().search(
            *queries,
            top_k=top_k,
            where=where,
            min_score=min_score,
            merge=merge,
            second_stage=again,
            vectors=vectors,
        )

    def _read_again(
        self,
        reranker: nn.Module,
        queries: Sequence[Query],
        depth: int,
        rerank_top: int,
        ids: np.ndarray | None,
    ) -> tuple[Ranking, list[str]]:
        model = self.embedder.load(has_pictures(queries))
        found = rerank_index(self.index, model, reranker, queries, depth, rerank_top, ids)
        return found.ranking, [*query_notes(reranker, queries), found.timing()]
