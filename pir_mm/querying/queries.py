"""What people search with: a sentence, a picture, or several of both joined to one."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from pir_mm.files.names import first_few
from pir_mm.files.pictures import Picture
from pir_mm.querying.embedder import Embedder
from pir_mm.search.embedding_index import EmbeddingIndex

LESS = 0.5
"""How much a picture or sentence that results shall be less like counts against the others."""


@dataclass(frozen=True, eq=False)
class JoinedQuery:
    """One query of several sentences and pictures, each with a weight.

    Its vector is the weighted sum of their vectors, each of unit norm, brought to unit norm. A
    score is then, up to one factor, the weighted sum of the scores of the parts.

    Args:
        parts: sentences (``str``) and pictures (``Path`` or in memory), and their weights; a
            negative one leads away.

    Raises:
        ValueError: if there is no part with a positive weight, or a weight is not a number.
    """

    parts: tuple[tuple['Query', float], ...]

    def __post_init__(self) -> None:
        weights = [float(weight) for _, weight in self.parts]
        if not np.isfinite(weights).all() or not any(weight > 0 for weight in weights):
            raise ValueError(
                'a query needs a sentence or a picture that results shall be like, with a weight '
                f'above 0, got weights {weights}'
            )

    @classmethod
    def of(
        cls,
        text: str | Sequence[str] = (),
        more_like: 'Picture | Sequence[Picture]' = (),
        less_like: 'Picture | Sequence[Picture]' = (),
    ) -> 'JoinedQuery':
        """Sentences and pictures of weight 1, and pictures of weight :data:`LESS` against them.

        A picture or sentence that is given twice counts twice.
        """
        texts = [text] if isinstance(text, str) else list(text)
        more = [(part, 1.0) for part in (*texts, *as_pictures(more_like))]
        return cls((*more, *((part, -LESS) for part in as_pictures(less_like))))

    @property
    def words(self) -> str:
        """It in words, as results name it."""
        return ' '.join(
            f'{"-" if weight < 0 else "+"} {"" if abs(weight) == 1 else f"{abs(weight):g} "}'
            f'{query_words(part)}'
            for part, weight in self.parts
        ).removeprefix('+ ')


@dataclass(frozen=True, eq=False)
class EmbeddedQuery:
    """A query, or a part of one, whose vector is known, such as that of a tile of the index.

    Args:
        vector: ``(D,)`` float32 of unit norm, by the model of the index.
        words: as results name it.
    """

    vector: np.ndarray
    words: str


Part = str | Path | np.ndarray | Image.Image | EmbeddedQuery
Query = Part | JoinedQuery


def as_pictures(
    pictures: 'Picture | EmbeddedQuery | Sequence[Picture | EmbeddedQuery]',
) -> list[Part]:
    """One picture or several as a list, paths as ``Path``, which tells them from sentences."""
    is_single = isinstance(pictures, str | os.PathLike | np.ndarray | Image.Image | EmbeddedQuery)
    return [
        Path(picture) if isinstance(picture, str | os.PathLike) else picture
        for picture in ([pictures] if is_single else pictures)
    ]


def query_words(query: Query) -> str:
    """A query in words."""
    if isinstance(query, JoinedQuery | EmbeddedQuery):
        return query.words
    return str(query) if isinstance(query, str | os.PathLike) else 'a picture in memory'


def query_parts(queries: Sequence[Query]) -> list[Part]:
    """The sentences, pictures and vectors that queries are made of."""
    return [part for query in queries for part, _ in _weighted(query)]


def has_pictures(queries: Sequence[Query]) -> bool:
    """Whether an image encoder is needed for them."""
    return any(not isinstance(part, str | EmbeddedQuery) for part in query_parts(queries))


def query_vectors(
    index: EmbeddingIndex, embedder: Embedder, queries: Sequence[Query]
) -> np.ndarray:
    """Vectors ``(Q, D)`` of queries, by the model that made an index.

    Raises:
        FileNotFoundError: if a picture does not exist.
        ValueError: if there is no query or the model is another one, or as
            :func:`embed_queries`.
    """
    if len(queries) == 0:
        raise ValueError('no query: give a sentence or a picture')
    index.refuse_other_model(embedder.fingerprint)
    return embed_queries(embedder, queries)


def embed_queries(embedder: Embedder, queries: Sequence[Query]) -> np.ndarray:
    """Vectors ``(Q, D)`` of unit norm; sentences and pictures are embedded in a batch each.

    Args:
        embedder: gives the vectors of all parts.
        queries: at least one.

    Raises:
        FileNotFoundError: if a picture does not exist.
        ValueError: if the parts of a query cancel each other out, or a picture cannot be used.
    """
    parts = query_parts(queries)
    texts = [row for row, part in enumerate(parts) if isinstance(part, str)]
    known = {row: part.vector for row, part in enumerate(parts) if isinstance(part, EmbeddedQuery)}
    pictures = [row for row in range(len(parts)) if row not in known and row not in texts]
    found: dict[int, np.ndarray] = dict(known)
    if texts:
        vectors = embedder.embed_texts([parts[row] for row in texts])
        found.update(zip(texts, vectors, strict=True))
    if pictures:
        vectors = embedder.embed_images([parts[row] for row in pictures])
        found.update(zip(pictures, vectors, strict=True))
    rows = iter(range(len(parts)))
    return np.stack(
        [_joined(query, [found[next(rows)] for _ in _weighted(query)]) for query in queries]
    )


def query_notes(model: Any, queries: Sequence[Query]) -> list[str]:
    """What people should know of the answers: a sentence for each query that is not read whole.

    Args:
        model: a model or an :class:`Embedder`, with its ``tokenizer``.
        queries: of any kind.

    Raises:
        ValueError: if the model knows no word of a query, so that any answer would be chance.
    """
    if not hasattr(getattr(model, 'tokenizer', None), 'reading'):
        return []
    notes = []
    for query in query_parts(queries):
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
    return list(dict.fromkeys(notes))


def _weighted(query: Query) -> Sequence[tuple[Query, float]]:
    return query.parts if isinstance(query, JoinedQuery) else ((query, 1.0),)


def _joined(query: Query, vectors: Sequence[np.ndarray]) -> np.ndarray:
    if not isinstance(query, JoinedQuery):
        return vectors[0]
    weights = np.array([weight for _, weight in query.parts], dtype=np.float32)
    vector = weights @ np.stack(vectors)
    norm = np.linalg.norm(vector)
    if norm < 1e-3 * np.abs(weights).max():
        raise ValueError(f'the parts of the query {query.words!r} cancel each other out')
    return vector / norm
