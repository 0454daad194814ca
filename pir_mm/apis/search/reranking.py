"""A fusion model reads the best of a search again."""

import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from torch import Tensor, nn

from pir_mm.apis.search.embedding import embed_images, embed_texts, require_evaluation_mode
from pir_mm.apis.search.picture_reading import (
    PictureReader,
    pixel_batches,
    prepare_pixels,
)
from pir_mm.apis.search.searching import rank_queries
from pir_mm.apis.search.tile_reading import read_tile
from pir_mm.engine.kept_states import KeptStates
from pir_mm.files.pictures import Picture
from pir_mm.functional.cascade import Candidates, merged
from pir_mm.functional.similarity import similarity, unit
from pir_mm.querying import Query, query_notes
from pir_mm.search import EmbeddingIndex, ExactStore, Tile, TileSource, open_index
from pir_mm.structures.ranking import Ranking

BATCH = 32
"""Pictures, or sentences, that are encoded at a time."""


@dataclass(frozen=True, eq=False)
class Reranked:
    """A ranking in two stages, and the seconds of each of them.

    ``seconds`` has ``filter``, where the filter was asked; ``reading``, to decode and encode what
    is read again; and ``scoring`` of the pairs.
    """

    ranking: Ranking
    seconds: dict[str, float]

    def timing(self) -> str:
        """How long each stage took for a query, in one line."""
        stages = (
            f'{stage} {1000 * seconds / len(self.ranking):.1f}'
            for stage, seconds in self.seconds.items()
        )
        return f'milliseconds of a query: {", ".join(stages)}'


def rerank(
    model: nn.Module,
    queries: Sequence[Query],
    ranking: Ranking,
    gallery: Mapping[int, Query] | Sequence[Query],
    k: int = 128,
) -> Reranked:
    """Read the first ``k`` of each query again; the others follow in the order that they had.

    A sentence and a picture are scored together, as log odds of a match. Two pictures are compared
    by the cosine of the model's pooled vectors: a fusion model has no score for them. Behind the
    first ``k`` a score only says the place, see :func:`pir_mm.functional.cascade.merged`.

    Args:
        model: a fusion model, from :func:`pir_mm.apis.load_retriever`.
        queries: sentences (``str``) and pictures (paths or arrays), as in :func:`rank_queries`.
        ranking: what a filter found for them.
        gallery: the items that ``ranking.ids`` mean, pictures, tiles or sentences. Each is read
            once.
        k: how many are read again; more than there are means all.

    Raises:
        FileNotFoundError: if a picture is gone.
        ValueError: if the model scores no pairs, ``k`` is below 1, the numbers of queries differ,
            or a sentence is to be compared with sentences.
    """
    require_fusion(model)
    if k < 1:
        raise ValueError(f'k must be at least 1, got {k}')
    if len(queries) != len(ranking):
        raise ValueError(f'{len(queries)} queries came with a ranking of {len(ranking)}')
    query_notes(model, queries)
    began = time.perf_counter()
    first = torch.from_numpy(ranking.ids[:, :k].astype(np.int64))
    states = _States(model)
    items = {number: gallery[number] for number in first.unique().tolist()}
    states.read(items)
    states.read({-1 - row: query for row, query in enumerate(queries)})
    read = time.perf_counter()
    rescored = states.scores(-1 - torch.arange(len(queries)), first)
    candidates = Candidates(torch.from_numpy(ranking.ids), torch.from_numpy(ranking.scores))
    ids, scores = merged(candidates, rescored)
    seconds = {'reading': read - began, 'scoring': time.perf_counter() - read}
    return Reranked(Ranking(ids.numpy(), scores.numpy()), seconds)


def rerank_index(
    index: EmbeddingIndex | str | os.PathLike,
    model: nn.Module,
    reranker: nn.Module,
    queries: Sequence[Query],
    top_k: int = 10,
    rerank_top: int = 128,
    where: np.ndarray | None = None,
) -> Reranked:
    """Search an index, and read the first pictures of each query again with a fusion model.

    Args:
        index: index folder, or an open index.
        model: the model that made the index.
        reranker: a fusion model; pictures and words are prepared as its own config says.
        queries: sentences and pictures, as in :func:`rank_queries`.
        top_k: results per query.
        rerank_top: pictures per query that are read again.
        where: ids to which the index is narrowed, as in :func:`rank_queries`.

    Raises:
        FileNotFoundError: if the index or a picture of it does not exist.
        ValueError: as in :func:`rank_queries` and :func:`rerank`.
    """
    require_fusion(reranker)
    began = time.perf_counter()
    index = open_index(index)
    ranking = rank_queries(index, model, queries, max(top_k, rerank_top), where)
    seconds = time.perf_counter() - began
    ids = np.unique(ranking.ids[:, :rerank_top]).tolist()
    tiles = dict(zip(ids, index.tiles(ids), strict=True))
    _require_sources(tiles.values(), index)
    found = rerank(reranker, queries, ranking, tiles, rerank_top)
    return Reranked(_cut(found.ranking, top_k), {'filter': seconds, **found.seconds})


def cascade_search(
    model: nn.Module,
    reranker: nn.Module,
    queries: Sequence[Query],
    gallery: Sequence[Query],
    k: int = 128,
    top_k: int = 10,
) -> Reranked:
    """Rank a gallery in memory in two stages, pictures for sentences or sentences for pictures.

    Args:
        model: a dual encoder, which ranks the whole gallery.
        reranker: a fusion model, which reads the first ``k`` of each query again.
        queries: sentences (``str``) or pictures.
        gallery: pictures, or sentences, all of one kind.
        k: how many of each query are read again.
        top_k: results per query.

    Raises:
        ValueError: as in :func:`rerank`, or if there is no query or no gallery.
    """
    require_fusion(reranker)
    began = time.perf_counter()
    asked, found = (_embedded(model, items) for items in (queries, gallery))
    store = ExactStore(found.shape[1])
    store.add(np.arange(len(found)), found)
    ranking = store.search(asked, max(k, top_k))
    seconds = time.perf_counter() - began
    again = rerank(reranker, queries, ranking, gallery, k)
    return Reranked(_cut(again.ranking, top_k), {'filter': seconds, **again.seconds})


def require_fusion(model: nn.Module) -> None:
    """Raise a ValueError unless a model scores pairs and is in evaluation mode."""
    if not hasattr(model, 'match'):
        raise ValueError(
            f'what reads results again must be a fusion model, such as pir_mm.FusionRetriever, got '
            f'{type(model).__name__}'
        )
    require_evaluation_mode(model)


class _States:
    """States of pictures and sentences by number, those of equal sentences once."""

    def __init__(self, model: nn.Module) -> None:
        self.model = model
        self.kept = KeptStates()
        self.pooled: dict[int, Tensor] = {}
        self.sentence: dict[int, int] = {}  # the number of the first that is equal
        self._number: dict[str, int] = {}

    def read(self, items: Mapping[int, Query]) -> None:
        pictures = {n: item for n, item in items.items() if not isinstance(item, str)}
        sentences = {n: item for n, item in items.items() if isinstance(item, str)}
        new = {item: n for n, item in reversed(sentences.items()) if item not in self._number}
        self._number |= new
        self.sentence |= {n: self._number[item] for n, item in sentences.items()}
        for start in range(0, len(new), BATCH):
            some = list(islice(new, start, start + BATCH))
            with torch.inference_mode():
                texts = self.model.encode_text_tokens(*self.model.tokenize(some))
            for item, tokens, mask in zip(some, *texts, strict=True):
                self.kept.keep_text(new[item], tokens[mask])
        states = _picture_states(self.model, list(pictures.values()))
        for number, own in zip(pictures, states, strict=True):
            self.kept.keep_image(number, own)
            self.pooled[number] = own[0].float().cpu()

    def scores(self, query: Tensor, other: Tensor) -> Tensor:
        """Scores ``(Q, k)`` of queries ``(Q,)`` with ``(Q, k)`` items, which are of one kind."""
        of_sentences = torch.tensor([number in self.sentence for number in query.tolist()])
        kinds = {number in self.sentence for number in other.unique().tolist()}
        if len(kinds) > 1 or (kinds == {True} and of_sentences.any()):
            raise ValueError(
                'a fusion model compares a sentence with pictures: a gallery is of one kind, and '
                'sentences are not compared with sentences'
            )
        scores = torch.empty(other.shape)
        joint = of_sentences if kinds == {False} else ~of_sentences
        own = query[joint].unsqueeze(1).expand_as(other[joint]).flatten()
        pairs = (other[joint].flatten(), own) if kinds == {False} else (own, other[joint].flatten())
        scores[joint] = self._joint_scores(*pairs).view(-1, other.size(1))
        for row in (~joint).nonzero().squeeze(1).tolist():
            scores[row] = similarity(self._vectors(query[row : row + 1]), self._vectors(other[row]))
        return scores

    def _joint_scores(self, picture: Tensor, sentence: Tensor) -> Tensor:
        sentence = torch.tensor([self.sentence[number] for number in sentence.tolist()]).long()
        pairs, place = torch.stack([picture, sentence]).unique(dim=1, return_inverse=True)
        return self.kept.scores(self.model, *pairs)[place]

    def _vectors(self, pictures: Tensor) -> Tensor:
        return unit(torch.stack([self.pooled[number] for number in pictures.tolist()]))


def _picture_states(model: nn.Module, pictures: Sequence[Picture | Tile]) -> Iterator[Tensor]:
    """States ``(1 + N, C)`` of pictures, in order, by the test pipeline of the model's config."""
    if not pictures:
        return
    reader = PictureReader(model)
    tiles = TileSource(max_pixels=reader.max_pixels)

    def read(picture: Picture | Tile) -> Tensor:
        if not isinstance(picture, Tile):
            return reader(picture)[0]
        pixels = read_tile(picture, tiles, reader)
        if pixels is None:
            raise ValueError('it has no data any more: index anew')
        return pixels

    for pixels in pixel_batches(read, pictures, BATCH):
        with torch.inference_mode():
            states = model.encode_image_tokens(prepare_pixels(model, pixels))
        yield from states


def _require_sources(tiles: Iterable[Tile], index: EmbeddingIndex) -> None:
    gone = [tile.source for tile in tiles if not os.path.isfile(tile.source)]
    if gone:
        raise FileNotFoundError(
            f'{len(gone)} pictures of {index.folder} cannot be read again, first {gone[0]}: index '
            'anew, or search without re-ranking'
        )


def _embedded(model: nn.Module, items: Sequence[Query]) -> np.ndarray:
    kinds = {isinstance(item, str) for item in items}
    if len(kinds) != 1:
        what = 'nothing' if not kinds else 'sentences and pictures together'
        raise ValueError(f'queries and gallery must be sentences or pictures, got {what}')
    return embed_texts(model, items) if kinds == {True} else embed_images(model, items)


def _cut(ranking: Ranking, top_k: int) -> Ranking:
    return Ranking(ranking.ids[:, :top_k], ranking.scores[:, :top_k])
