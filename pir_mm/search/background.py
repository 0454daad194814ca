"""What unrelated sentences find in an index, by which a score is told from chance."""

import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pir_mm.files.writing import atomic_file
from pir_mm.search.embedding_index import EmbeddingIndex
from pir_mm.search.index_writer import BACKGROUND

FEWEST = 50
"""Sentences below which a share of them says nothing."""
NARROWED = 64
"""Sentences that are compared with a large part of an index."""
NARROWED_SCORES = 1 << 24
"""That are computed for a part of an index."""
UNREMARKABLE = 30.0
"""Percentile below which the best result of a sentence is told to be like chance.

Of captions of RSICD's test pictures, by a small PIR, 9 % lie below it, and 51 % if all pictures of
their scene are taken out of the index.
"""


@dataclass(frozen=True, eq=False)
class Background:
    """Unrelated sentences, and the best score of each among the tiles of an index.

    Args:
        key: of the model and of the sentences.
        state: of the index, see :func:`state_of`.
        vectors: ``(C, D)`` float32 of unit norm, of the sentences.
        best: ``(C,)`` their best scores.
    """

    key: str
    state: str
    vectors: NDArray[np.float32]
    best: NDArray[np.float32]

    def percentiles(self, scores: NDArray[np.float32]) -> NDArray[np.float64]:
        """In percent, how many of the sentences find less than each score; equal ones count half.

        Args:
            scores: of any shape.
        """
        ordered = np.sort(self.best)
        below = np.searchsorted(ordered, scores, 'left') + np.searchsorted(ordered, scores, 'right')
        return 50 * below / len(ordered)

    def narrowed(self, index: EmbeddingIndex, where: NDArray[np.int64]) -> 'Background':
        """The same among some tiles ``(n,)``, for which a search is narrowed; ``n`` at least 1.

        Of many tiles :data:`NARROWED` sentences, spread over all, stand for the rest.
        """
        some = max(NARROWED, min(NARROWED_SCORES // len(where), len(self.vectors)))
        rows = np.linspace(0, len(self.vectors) - 1, min(some, len(self.vectors))).round()
        vectors = self.vectors[rows.astype(int)]
        best = index.search(vectors, 1, where).scores[:, 0]
        return Background(self.key, f'{self.state} narrowed', vectors, best)


def kept_background(
    index: EmbeddingIndex,
    sentences: Sequence[str],
    embed: Callable[[Sequence[str]], NDArray[np.float32]],
    arithmetic: str = 'fp32',
) -> tuple[Background, str | None]:
    """The background of an index, read from beside it, or made and kept there.

    Sentences are embedded once for an index and its model. After an update of the index only their
    best scores are computed anew.

    Args:
        index: opened, with a tile.
        sentences: the same each time.
        embed: gives their vectors ``(C, D)``.
        arithmetic: that of ``embed``, where it is not the usual one.

    Returns:
        It, and a sentence if it could not be kept.
    """
    key, state = _key(index, sentences, arithmetic), state_of(index)
    path = index.folder / BACKGROUND
    found = _read(path, key)
    if found is not None and found.state == state:
        return found, None
    vectors = embed(sentences) if found is None else found.vectors
    best = index.search(vectors, 1).scores[:, 0]
    made = Background(key, state, vectors, best)
    try:
        with atomic_file(path) as temporary:
            np.savez(temporary, key=key, state=state, vectors=vectors, best=best)
    except OSError as error:  # an archive that may only be read can be searched
        return made, f'{path} cannot be kept, each search makes it anew: {error.strerror or error}'
    return made, None


def state_of(index: EmbeddingIndex) -> str:
    """Tells whether tiles came or went: an id is never used again."""
    ids = index.ids
    return f'{len(ids)} tiles to {ids[-1] if len(ids) else None}'


def _key(index: EmbeddingIndex, sentences: Sequence[str], arithmetic: str) -> str:
    model = replace(index.fingerprint, text_sha256='')  # which an update may add
    sentences = sentences if arithmetic == 'fp32' else [arithmetic, *sentences]
    return sha256('\n'.join([repr(model), *sentences]).encode()).hexdigest()


def _read(path: Path, key: str) -> Background | None:
    """What was kept; ``None`` if it is not there, is of another model, or is damaged."""
    try:
        with np.load(path, allow_pickle=False) as kept:
            found = Background(str(kept['key']), str(kept['state']), kept['vectors'], kept['best'])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    fits = found.vectors.ndim == 2 and found.best.shape == (len(found.vectors),)
    finite = fits and np.isfinite(found.best).all() and np.isfinite(found.vectors).all()
    return found if finite and found.key == key else None
