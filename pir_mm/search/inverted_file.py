"""An inverted file of FAISS beside an index: vectors of one byte a number, in lists by place.

FAISS trains and searches; the file is laid out here, so that FAISS never parses one. It is only
numbers, which are checked against the length of the file before anything is mapped:

======================  ================================================================
bytes                   content, little endian
======================  ================================================================
64                      magic, then width ``D``, lists ``L`` and rows ``n`` as int64
``4 L D`` and ``8 D``   float32: centres of the lists; least value and range of each number
``8 L``                 int64: vectors of each list
per list of size ``s``  at a multiple of 8, ``c`` being ``s`` rounded up to a multiple of 8:
                        ``c D`` bytes of codes, then ``c`` int64 of ids
======================  ================================================================
"""

import struct
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from pir_mm.files.writing import atomic_file
from pir_mm.search.exact_store import ExactStore

ENDING = '.ivf'
MAGIC = b'pir_ivf1'
HEADER = struct.Struct('<8s3q32x')
SAMPLE = 40
"""Vectors of a list that its centre is learnt from."""
ROUNDS = 8
"""Of learning the centres."""
MOST = 1 << 16
"""Lists at most."""
LEAST_LOOKED_AT = 4
"""Lists of the narrowest search."""


def number_of_lists(rows: int) -> int:
    """The power of two nearest to the root of ``rows``: finding a list costs as reading one."""
    return min(MOST, 1 << round(np.log2(max(rows, 1)) / 2))


def can_map() -> bool:
    """Whether FAISS reads by memory map on this system, which it does not on Windows."""
    return hasattr(_faiss(), 'OnDiskInvertedLists')


@dataclass(frozen=True)
class _Layout:
    """Where each list lies in a file, from the sizes ``(L,)`` of the lists."""

    width: int
    sizes: NDArray[np.int64]

    @property
    def capacities(self) -> NDArray[np.int64]:
        return -(-self.sizes // 8) * 8

    @property
    def start(self) -> int:
        numbers = 4 * self.width * (len(self.sizes) + 2)
        return -(-(HEADER.size + numbers + 8 * len(self.sizes)) // 8) * 8

    @property
    def offsets(self) -> NDArray[np.int64]:
        """Of each list, and the length of the file at the end ``(L + 1,)``."""
        lengths = self.capacities * (self.width + 8)
        return self.start + np.concatenate([[0], np.cumsum(lengths)])


def write_inverted_file(path: Path, store: ExactStore, lists: int | None = None) -> None:
    """Write a file of all vectors of a store, whole or not at all.

    Two passes over the vectors, none of which stays in memory: the first finds the list of each,
    the second writes its code there.

    Args:
        path: of the file.
        store: at least one vector.
        lists: how many; by default :func:`number_of_lists`.
    """
    faiss, rows = _faiss(), len(store)
    sample = _sample(store, SAMPLE * (lists or number_of_lists(rows)))
    lists = min(lists or number_of_lists(rows), len(sample))
    nearest = faiss.IndexFlatIP(store.width)
    means = faiss.Clustering(store.width, lists)
    means.niter, means.spherical, means.min_points_per_centroid = ROUNDS, True, 1
    means.train(sample, nearest)
    coder = faiss.ScalarQuantizer(store.width, faiss.ScalarQuantizer.QT_8bit)
    coder.train(sample)
    with tqdm(total=2 * rows, unit='vector', desc='search structure', disable=None) as bar:
        list_of = []
        for ids, vectors in store.blocks():
            list_of.append(nearest.search(vectors, 1)[1][:, 0].astype(np.int32))
            bar.update(len(ids))
        layout = _Layout(store.width, np.bincount(np.concatenate(list_of), minlength=lists))
        with atomic_file(path) as temporary:
            with open(temporary, 'wb') as file:
                file.write(HEADER.pack(MAGIC, store.width, lists, rows))
                file.write(nearest.reconstruct_n(0, lists).astype('<f4').tobytes())
                file.write(faiss.vector_to_array(coder.trained).astype('<f4').tobytes())
                file.write(layout.sizes.astype('<i8').tobytes())
                file.truncate(layout.offsets[-1])
            lines = np.memmap(temporary, np.uint8, 'r+')
            filled = np.zeros(lists, dtype=np.int64)
            for (ids, vectors), own in zip(store.blocks(), list_of, strict=True):
                _put(lines, layout, filled, own, ids, coder.compute_codes(vectors))
                bar.update(len(ids))
            lines.flush()


def _put(
    lines: NDArray[np.uint8],
    layout: _Layout,
    filled: NDArray[np.int64],
    list_of: NDArray[np.int32],
    ids: NDArray[np.int64],
    codes: NDArray[np.uint8],
) -> None:
    """Write some codes ``(n, D)`` and ids ``(n,)`` behind what their lists hold so far."""
    order = np.argsort(list_of, kind='stable')
    numbers, firsts = np.unique(list_of[order], return_index=True)
    for number, rows in zip(numbers, np.split(order, firsts[1:]), strict=True):
        start = layout.offsets[number]
        ids_start = start + layout.capacities[number] * layout.width
        for place, size, values in (
            (start, layout.width, codes[rows]),
            (ids_start, 8, ids[rows].astype('<i8')),
        ):
            begin = place + filled[number] * size
            lines[begin : begin + len(rows) * size] = values.view(np.uint8).ravel()
        filled[number] += len(rows)


def _sample(store: ExactStore, rows: int) -> NDArray[np.float32]:
    """Vectors drawn by chance, always the same ones, at most ``rows``."""
    total = len(store)
    drawn = np.sort(np.random.default_rng(0).permutation(total)[:rows])
    parts, start = [], 0
    for ids, vectors in store.blocks():
        first, last = np.searchsorted(drawn, [start, start + len(ids)])
        parts.append(vectors[drawn[first:last] - start])
        start += len(ids)
    return np.concatenate(parts)


class InvertedFile:
    """An :class:`~pir_mm.search.candidate_store.Engine` over a file that is mapped into memory.

    A width is the number of lists that a search looks through.

    Args:
        path: of the file.
        width: ``D`` of the index.
        widths: lists that suffice for the best ``k``, by ``k``.

    Raises:
        FileNotFoundError: if the file is absent.
        ValueError: if it is not such a file of this width, whole.
    """

    def __init__(self, path: Path, width: int, widths: dict[int, int] | None = None) -> None:
        self.widths = widths or {}
        layout, centres, ranges = _read_head(path, width)
        faiss = _faiss()
        nearest = faiss.IndexFlatIP(width)
        nearest.add(centres)
        self._lists = faiss.OnDiskInvertedLists(len(layout.sizes), width, str(path))
        places = faiss.OnDiskOneListVector()
        for size, capacity, offset in zip(
            layout.sizes, layout.capacities, layout.offsets[:-1], strict=True
        ):
            place = faiss.OnDiskOneList()
            place.size, place.capacity, place.offset = int(size), int(capacity), int(offset)
            places.push_back(place)
        self._lists.lists = places
        self._lists.read_only = True
        self._lists.prefetch_nthread = 0  # 32 threads made for each query cost more than it
        self._lists.totsize = int(layout.offsets[-1])
        if layout.sizes.any():
            self._lists.do_mmap()
        self._index = faiss.IndexIVFScalarQuantizer(
            nearest, width, len(layout.sizes), faiss.ScalarQuantizer.QT_8bit,
            faiss.METRIC_INNER_PRODUCT, False,
        )  # fmt: skip
        self._nearest = nearest  # the index only points to it
        faiss.copy_array_to_vector(ranges.ravel(), self._index.sq.trained)
        self._index.replace_invlists(self._lists)
        self._index.ntotal, self._index.is_trained = int(layout.sizes.sum()), True

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def lists(self) -> int:
        """Number of lists."""
        return int(self._index.nlist)

    def ladder(self, top_k: int) -> list[int]:
        """Numbers of lists to try, each twice the one before, up to all of them.

        All of them are still read in half the time of the float32 vectors.
        """
        tried = [min(LEAST_LOOKED_AT, self.lists)]
        while tried[-1] < self.lists:
            tried.append(min(self.lists, 2 * tried[-1]))
        return tried

    def propose(
        self, queries: NDArray[np.float32], top_k: int, where: NDArray[np.int64] | None = None
    ) -> NDArray[np.int64]:
        """Ids ``(Q, m)``; among fewer ids more lists are looked through, for as many of them."""
        faiss = _faiss()
        looked_at = self.widths[min(k for k in self.widths if k >= top_k)]
        selector = None
        if where is not None:
            allowed = np.zeros(int(where.max(initial=0)) + 1, dtype=bool)
            allowed[where] = True
            bits = np.packbits(allowed, bitorder='little')
            selector = faiss.IDSelectorBitmap(bits)
            looked_at *= -(-len(self) // max(1, len(where)))
        parameters = faiss.SearchParametersIVF(nprobe=min(looked_at, self.lists), sel=selector)
        return self._index.search(queries, 3 * top_k + 20, params=parameters)[1]


def _read_head(path: Path, width: int) -> tuple[_Layout, NDArray[np.float32], NDArray[np.float32]]:
    """Layout, centres ``(L, D)`` and ranges ``(2, D)`` of a file."""
    if not path.exists():
        raise FileNotFoundError(f'{path} is absent: {AGAIN}')
    with open(path, 'rb') as file:
        length = path.stat().st_size
        head = file.read(HEADER.size)
        if len(head) < HEADER.size or not head.startswith(MAGIC):
            raise ValueError(f'{path} is no inverted file of pir_mm: {AGAIN}')
        _, own_width, lists, rows = HEADER.unpack(head)
        if own_width != width:
            raise ValueError(f'{path} has vectors of width {own_width}, not {width}: {AGAIN}')
        if not 0 < lists <= MOST or length < _Layout(width, np.zeros(lists, np.int64)).start:
            raise ValueError(f'{path} is damaged, it cannot have {lists} lists: {AGAIN}')
        numbers = np.frombuffer(file.read(4 * width * (lists + 2)), '<f4').reshape(-1, width)
        sizes = np.frombuffer(file.read(8 * lists), '<i8').astype(np.int64)
    layout = _Layout(width, sizes)
    room = length // (width + 8)  # no sum of so small sizes overflows
    if (sizes < 0).any() or (sizes > room).any() or layout.offsets[-1] != length:
        raise ValueError(f'{path} is damaged, its lists do not fill it: {AGAIN}')
    if rows != sizes.sum() or not np.isfinite(numbers).all():
        raise ValueError(f'{path} is damaged, its numbers contradict each other: {AGAIN}')
    return layout, numbers[:lists].copy(), numbers[lists:].copy()


AGAIN = 'index again, or with --store exact'
"""What to do about a file that cannot be used."""


def _faiss() -> ModuleType:
    import faiss  # a search of a small index does without

    return faiss
