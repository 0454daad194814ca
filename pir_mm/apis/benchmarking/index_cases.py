"""Searching a million vectors by each store."""

import tempfile
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pir_mm.apis.benchmarking.contest import Contest
from pir_mm.search.candidate_store import CandidateStore, Engine
from pir_mm.search.exact_store import ExactStore
from pir_mm.search.inverted_file import InvertedFile, write_inverted_file
from pir_mm.search.milvus_collection import MilvusCollection, new_collection
from pir_mm.search.recall_tuning import TARGET, find_widths

WIDTH = 512
TEXTS = 200
"""Queries by which recall is measured."""
K = 10
LATENT, CLUSTERS = 48, 2000
"""Dimensions in which generated vectors really differ, and places that they gather around."""
AT_ONCE = 1 << 16
Making = Callable[[ExactStore, Path], Engine]


def generated(rows: int, seed: int, is_text: bool = False) -> Iterator[NDArray[np.float32]]:
    """Unit vectors ``(n, 512)`` in clusters; texts lie around the same places, moved to one side.

    Each is a place of 48 dimensions, four fifths of the distance between places added at random, in
    a random subspace; then what all of its side share, and a third of noise in all dimensions.
    """
    common = np.random.default_rng(0)
    spread = _normal(common, LATENT, WIDTH) / np.float32(np.sqrt(LATENT))
    places = _normal(common, CLUSTERS, LATENT)
    side = _normal(common, 2, WIDTH)[int(is_text)]
    own = np.random.default_rng([seed, int(is_text)])
    for start in range(0, rows, AT_ONCE):
        count = min(AT_ONCE, rows - start)
        place = places[own.integers(0, CLUSTERS, count)] + 0.8 * _normal(own, count, LATENT)
        vectors = place @ spread + side + 0.3 * _normal(own, count, WIDTH)
        yield vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _normal(random: np.random.Generator, *shape: int) -> NDArray[np.float32]:
    return random.standard_normal(shape, dtype=np.float32)


def _gallery(rows: int) -> tuple[ExactStore, NDArray[np.float32], Path]:
    """A store, its vectors, which are mapped, and a folder that goes with the store."""
    folder = tempfile.TemporaryDirectory(prefix='pir_mm_')
    path = Path(folder.name) / 'gallery.f32'
    with path.open('wb') as file:
        for vectors in generated(rows, seed=1):
            file.write(vectors.tobytes())
    store = ExactStore(WIDTH)
    vectors = np.memmap(path, '<f4', 'r', shape=(rows, WIDTH))
    store.add(np.arange(rows), vectors)
    weakref.finalize(store, folder.cleanup)
    return store, vectors, path.parent


def exact(rows: int) -> Contest:
    """The best ten for one text, against a sort of all scores.

    Args:
        rows: vectors of the gallery.
    """
    store, vectors, _ = _gallery(rows)
    (query,) = generated(1, 2, is_text=True)

    return Contest(
        lambda: store.search(query, K).ids[0],
        lambda: np.argsort(-(vectors @ query[0]), kind='stable')[:K],
        lambda ours, other: set(ours) == set(other),
        f'a product and a sort, {rows:,} vectors of width {WIDTH}', 'the same ten',
    )  # fmt: skip


def _engine_case(rows: int, make: Making) -> Contest:
    """The best ten for one text after another, by an engine, against comparing every vector."""
    store, _, folder = _gallery(rows)
    place = folder / 'engine'
    texts = np.concatenate(list(generated(TEXTS, 2, is_text=True)))
    place.mkdir()
    began = time.perf_counter()
    engine = make(store, place)
    seconds = time.perf_counter() - began
    size = sum(path.stat().st_size for path in place.rglob('*') if path.is_file())
    found = find_widths(engine, store, texts, tried=(K,))[0]
    served = CandidateStore(store, engine, rows, exact_rows=0)

    def ours() -> NDArray[np.int64]:
        return np.concatenate([served.search(text[None], K).ids for text in texts])

    def alternative() -> NDArray[np.int64]:
        return np.concatenate([store.search(text[None], K).ids for text in texts[: TEXTS // 10]])

    def equal(own: NDArray[np.int64], other: NDArray[np.int64]) -> bool:
        pairs = zip(own, other, strict=False)
        return bool(np.mean([len({*a} & {*b}) / K for a, b in pairs]) >= TARGET - 0.02)

    return Contest(
        ours, alternative, equal,
        f'comparing all {rows:,} vectors, {TEXTS} texts one by one; recall {found.recall:.3f} at '
        f'width {found.width}, built in {seconds:.0f} s, {size / 2**20:.0f} MiB',
        f'recall of the best ten at least {TARGET - 0.02:.2f}', 0.1,
    )  # fmt: skip


def faiss(rows: int) -> Contest:
    """:func:`_engine_case` by FAISS."""
    return _engine_case(rows, _make_inverted_file)


def milvus(rows: int) -> Contest:
    """:func:`_engine_case` by a local file of milvus-lite."""
    return _engine_case(rows, _make_collection)


def _make_inverted_file(store: ExactStore, place: Path) -> Engine:
    write_inverted_file(place / 'a.ivf', store)
    return InvertedFile(place / 'a.ivf', WIDTH)


def _make_collection(store: ExactStore, place: Path) -> Engine:
    url = str(place / 'a.db')
    collection = MilvusCollection(url, new_collection(), WIDTH, make=True, is_named=True)
    collection.put(store)
    return collection
