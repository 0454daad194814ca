"""An index and what embeds queries, kept at hand for one search after the other."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pir_mm.querying.background_captions import background_captions
from pir_mm.querying.embedder import Embedder
from pir_mm.querying.queries import (
    Query,
    has_pictures,
    query_notes,
    query_vectors,
    query_words,
)
from pir_mm.querying.search_result import QueryResult, SearchResult, percent
from pir_mm.search import EmbeddingIndex, Hit, Tile, TileFilter, open_index
from pir_mm.search.background import FEWEST, UNREMARKABLE, Background, kept_background
from pir_mm.search.place_merging import merge_places
from pir_mm.structures.ranking import Ranking

MORE = 4
"""How many results are looked at for each that is wanted, before places are merged."""
UNREMARKED = (
    'nothing like this here, it seems: the best result is better than only {} % of what unrelated '
    'sentences find as their best'
)


@dataclass(frozen=True)
class _Place:
    """A result without its query: the best tile of a place, and how many more there are."""

    id: int
    score: float
    tile: Tile
    others: int


SecondStage = Callable[[NDArray[np.int64] | None], tuple[Ranking, list[str]]]
"""Ranks some ids of an index, or all, by another measure than vectors; with notes on it."""


class VectorSearcher:
    """Searches an index, warm: vectors and background stay in memory.

    Args:
        index: index folder, or an open index.
        embedder: gives the vectors of queries; :class:`pir_mm.apis.Searcher` finds it by itself.
        root: where the archive lies now, if it has moved.
        background: sentences that tell what a score is worth, in place of
            :func:`background_captions`; fewer than 50 that the model understands tell nothing.

    Raises:
        FileNotFoundError: if there is no index.
        ValueError: if it is damaged.
    """

    def __init__(
        self,
        index: EmbeddingIndex | str | Path,
        embedder: Embedder,
        root: str | Path | None = None,
        background: Sequence[str] | None = None,
    ) -> None:
        self.index = open_index(index, root)
        self.embedder = embedder
        self._sentences = background_captions() if background is None else list(background)
        self._background: Background | None = None
        self._filter, self._ids = TileFilter(), None
        self._narrowed: Background | None = None

    def warm_up(self) -> None:
        """Load the whole model, and what unrelated sentences find, before the first search."""
        self.embedder.load(for_pictures=True)
        if len(self.index):
            self._background_among(None)

    def embed(self, *queries: Query) -> NDArray[np.float32]:
        """Vectors ``(Q, D)`` of queries, for ``vectors`` of :meth:`search`.

        Sentences are embedded in one batch, pictures in another.

        Raises:
            FileNotFoundError, ValueError: as :meth:`search`.
        """
        self.embedder.load(has_pictures(queries))
        query_notes(self.embedder, queries)
        return query_vectors(self.index, self.embedder, queries)

    def search(
        self,
        *queries: Query,
        top_k: int = 10,
        where: TileFilter | None = None,
        min_score: float | None = None,
        merge: bool = True,
        second_stage: SecondStage | None = None,
        vectors: NDArray[np.float32] | None = None,
    ) -> SearchResult:
        """Find what shows the queries.

        Sentences have percentiles, see :class:`pir_mm.search.background.Background`. Pictures and
        joined queries have none: what tiles of an index find as their best are neighbours and near
        copies, which tells nothing of what is unrelated. Nor have scores of a second stage.

        Args:
            queries: sentences (``str``), pictures (``Path``, arrays, of Pillow) and
                :class:`JoinedQuery`.
            top_k: results of each query at most.
            where: narrows the index before it is ranked.
            min_score: leaves out results below it.
            merge: whether of several tiles of one place only the best is kept and the others are
                counted, see :func:`pir_mm.search.place_merging.merge_places`. It is done before
                ``top_k`` is cut.
            second_stage: ranks the queries in place of their vectors.
            vectors: of the queries, if :meth:`embed` has made them.

        Raises:
            FileNotFoundError: if a picture does not exist.
            ValueError: if there is no query, ``top_k`` is below 1, ``min_score`` is no number, or
                another model made the index.
        """
        if top_k < 1:
            raise ValueError(f'top_k must be at least 1, got {top_k}')
        if min_score is not None and not np.isfinite(min_score):
            raise ValueError(f'min_score must be a number, got {min_score}')
        self.embedder.load(has_pictures(queries) and vectors is None)
        notes = query_notes(self.embedder, queries)
        ids = self._allowed(where or TileFilter())
        background = None
        if second_stage is not None and (ids is None or len(ids)):
            ranking, told = second_stage(ids)
            kept = [
                self._kept(ranking, row, top_k, min_score, merge)[0] for row in range(len(queries))
            ]
            notes += told
        else:
            if vectors is None:
                vectors = query_vectors(self.index, self.embedder, queries)
            kept = self._best(vectors, ids, top_k, min_score, merge)
            if any(isinstance(query, str) for query in queries):
                background, told = self._background_among(ids)
                notes += told
        results = [
            self._result(query, found, background if isinstance(query, str) else None)
            for query, found in zip(queries, kept, strict=True)
        ]
        if not any(kept):
            notes.append(_why_nothing(ids, min_score))
        return SearchResult(self.index, tuple(results), tuple(dict.fromkeys(notes)))

    def _best(
        self,
        vectors: np.ndarray,
        ids: np.ndarray | None,
        top_k: int,
        min_score: float | None,
        merge: bool,
    ) -> list[list[_Place]]:
        """The best places for each query; deeper where many results show one place."""
        kept: dict[int, list[_Place]] = {}
        rows, depth = list(range(len(vectors))), top_k * (MORE if merge else 1)
        while rows:
            ranking = self.index.search(vectors[rows], depth, ids)
            is_all = ranking.ids.shape[1] < depth
            unfinished = []
            for place, row in enumerate(rows):
                kept[row], is_cut = self._kept(ranking, place, top_k, min_score, merge)
                if len(kept[row]) < top_k and not (is_all or is_cut):
                    unfinished.append(row)
            rows, depth = unfinished, depth * MORE
        return [kept[row] for row in range(len(vectors))]

    def _kept(
        self, ranking: Ranking, row: int, top_k: int, min_score: float | None, merge: bool
    ) -> tuple[list[_Place], bool]:
        """The first places of a row of a ranking, and whether the least score ended them."""
        ids, scores = ranking.ids[row], ranking.scores[row]
        count = len(ids) if min_score is None else int((scores >= min_score).sum())
        tiles = self.index.tiles(ids[:count].tolist())
        numbers = merge_places(tiles) if merge else [(number, 0) for number in range(count)]
        places = [
            _Place(int(ids[number]), float(scores[number]), tiles[number], others)
            for number, others in numbers[:top_k]
        ]
        return places, count < len(ids)

    def _result(
        self, query: Query, places: Sequence[_Place], background: Background | None
    ) -> QueryResult:
        words = query_words(query)
        scores = np.array([place.score for place in places], dtype=np.float32)
        shares = [None] * len(places)
        if background is not None:
            shares = background.percentiles(scores).tolist()
        hits = tuple(
            Hit(words, rank, place.score, place.tile, place.id, share, place.others)
            for rank, (place, share) in enumerate(zip(places, shares, strict=True), start=1)
        )
        if hits and hits[0].percentile is not None and hits[0].percentile < UNREMARKABLE:
            return QueryResult(query, hits, UNREMARKED.format(percent(hits[0].percentile)))
        return QueryResult(query, hits, '' if hits else 'nothing was found')

    def _allowed(self, where: TileFilter) -> np.ndarray | None:
        """Ids that a filter allows; those of the last filter are kept, as the index is."""
        if where != self._filter:
            self._filter, self._ids, self._narrowed = where, self.index.select(where), None
        return self._ids

    def _background_among(self, ids: np.ndarray | None) -> tuple[Background | None, list[str]]:
        """The background among the tiles that are allowed, and what people should know of it."""
        if ids is not None and len(ids) == 0:
            return None, []
        notes = []
        if self._background is None:
            embedder = self.embedder
            sentences = _understood(embedder, self._sentences)
            if len(sentences) < FEWEST:
                return None, []
            self._background, note = kept_background(
                self.index, sentences, embedder.embed_texts, embedder.arithmetic
            )
            notes += [] if note is None else [note]
        if ids is None:
            return self._background, notes
        if self._narrowed is None:
            self._narrowed = self._background.narrowed(self.index, ids)
        return self._narrowed, notes


def _understood(embedder: Embedder, sentences: Sequence[str]) -> list[str]:
    """The sentences of which a model knows every word."""
    reading = getattr(embedder.tokenizer, 'reading', None)
    if reading is None:
        return list(sentences)
    return [sentence for sentence in sentences if not reading(sentence).unknown]


def _why_nothing(ids: np.ndarray | None, min_score: float | None) -> str:
    if ids is not None and len(ids) == 0:
        return 'nothing was found: no tile of the index meets the filter'
    return f'nothing was found: no result scores {min_score:g} or more'
