"""Vectors in a collection of Milvus: a server's, by its URL, or a local file of milvus-lite."""

import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from pir_mm.files.extras import import_extra
from pir_mm.search.exact_store import ExactStore
from pir_mm.search.store_note import LOCAL

TOKEN, NAMED = 'MILVUS_TOKEN', 'MILVUS_URI'
"""Environment variables: the token, and the URL of the server that may see it."""
ROWS_AT_ONCE = 1000
"""Rows of one message: 8 MB at width 2048, of the 64 MB that a server takes."""
IDS_AT_ONCE = 10_000
"""Ids of one expression."""
MOST = 16_384
"""Results of one search that Milvus allows."""
PATIENT = {'grpc.keepalive_time_ms': 2**31 - 1}
"""Milliseconds; milvus-lite hangs up on who asks every few seconds whether it still builds."""
SECONDS = 1.0
"""Between two questions how far the index is."""


class MilvusCollection:
    """An :class:`~pir_mm.search.candidate_store.Engine` that another program runs.

    A width is the number of ids that are asked for: the more, the further Milvus looks.

    The URL may come from an index that somebody else has made. So the token, of ``MILVUS_TOKEN``,
    is sent only to the server that the user or ``MILVUS_URI`` names, and a local file, whose
    content milvus-lite trusts, is opened only if they name it.

    Args:
        url: of a server, or path of a file that ends in ``.db``.
        name: of the collection.
        width: ``D`` of its vectors.
        widths: ids that suffice for the best ``k``, by ``k``.
        make: whether to make the collection, and a local file, if it is not there.
        is_named: whether the user has named the URL just now.

    Raises:
        ModuleNotFoundError: without pymilvus.
        FileNotFoundError: if the file or the collection is not there.
        ValueError: if the server cannot be reached or refuses, or has vectors of another width.
    """

    def __init__(
        self,
        url: str,
        name: str,
        width: int,
        widths: dict[int, int] | None = None,
        make: bool = False,
        is_named: bool = False,
    ) -> None:
        self.url, self.name, self.widths = url, name, widths or {}
        milvus = import_extra('pymilvus', 'milvus', 'a search by Milvus needs')
        self._error = milvus.MilvusException
        logging.getLogger('pymilvus').setLevel(logging.CRITICAL)  # it prints what it raises
        is_named = is_named or os.environ.get(NAMED) == url
        token = '' if self._is_local else os.environ.get(TOKEN, '')
        if not is_named and (token or self._is_local):
            what = f'{TOKEN} is sent to' if token else 'this index is searched by Milvus at'
            raise ValueError(f'{what} {url} only if you trust it: set {NAMED}={url} then')
        if self._is_local:
            import_extra('milvus_lite', 'milvus', 'a file of Milvus needs')
            if not make and not Path(url).exists():
                raise FileNotFoundError(f'{url} is absent: {AGAIN}')
            Path(url).absolute().parent.mkdir(parents=True, exist_ok=True)
        options = {'grpc_options': PATIENT} if self._is_local else {}
        with self._told():
            self._client = milvus.MilvusClient(uri=url, token=token, **options)
            is_there = self._client.has_collection(name)
            if not is_there and make:
                self._make(milvus, width)
        if not is_there and not make:
            raise FileNotFoundError(f'{url} has no collection {name}: {AGAIN}')
        with self._told():
            fields = self._client.describe_collection(name)['fields']
            own_width = next((f['params']['dim'] for f in fields if f['name'] == 'vector'), None)
            self._client.load_collection(name)
        if own_width is None or int(own_width) != width:
            raise ValueError(f'{url} has vectors of width {own_width}, not {width}: {AGAIN}')

    @property
    def _is_local(self) -> bool:
        return self.url.endswith(LOCAL)

    def _make(self, milvus: Any, width: int) -> None:
        schema = self._client.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field('id', milvus.DataType.INT64, is_primary=True)
        schema.add_field('vector', milvus.DataType.FLOAT_VECTOR, dim=width)
        index = self._client.prepare_index_params()
        index.add_index('vector', index_type='AUTOINDEX', metric_type='IP')
        self._client.create_collection(
            self.name, schema=schema, index_params=index, consistency_level='Strong'
        )

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What Milvus raises, in a sentence."""
        try:
            yield
        except self._error as error:
            raise ValueError(
                f'Milvus at {self.url}: {str(error.message).strip()}; start it, check the URL and '
                f'{TOKEN}, or index with --store exact'
            ) from None

    def put(self, store: ExactStore) -> None:
        """Add all vectors of a store, or write them anew under the same ids.

        Ends when all are in the index: before, Milvus compares each, and finds more than later.

        Raises:
            ValueError: if Milvus refuses, or cannot build the index.
        """
        if not len(store):
            return
        with self._told():
            if self._is_local:  # once loaded, milvus-lite builds it in a thread that tells nothing
                self._client.release_collection(self.name)
            with tqdm(total=len(store), unit='vector', desc='to Milvus', disable=None) as bar:
                for ids, vectors in store.blocks(ROWS_AT_ONCE):
                    rows = [
                        {'id': number, 'vector': vector}
                        for number, vector in zip(ids.tolist(), vectors, strict=True)
                    ]
                    self._client.upsert(self.name, rows)
                    bar.update(len(rows))
                self._client.flush(self.name)
            with tqdm(unit='vector', desc='index of Milvus', disable=None) as bar:
                if self._is_local:
                    self._client.load_collection(self.name)
                else:
                    self._wait_for_index(bar)

    def _wait_for_index(self, bar: tqdm) -> None:
        (index,) = self._client.list_indexes(self.name)
        while True:
            told = self._client.describe_index(self.name, index)
            if told['state'] == 'Failed':
                raise ValueError(
                    f'Milvus at {self.url} cannot build the index of {self.name}: see its log, or '
                    'index with --store exact'
                )
            bar.total, bar.n = told['total_rows'], told['indexed_rows']
            bar.refresh()
            if not told['pending_index_rows']:
                return
            time.sleep(SECONDS)

    def remove(self, ids: NDArray[np.int64]) -> None:
        """Remove some ids ``(n,)``; those that are not there do no harm."""
        with self._told():
            for some in _batches(ids):
                self._client.delete(self.name, ids=some)

    def close(self) -> None:
        self._client.close()

    def ladder(self, top_k: int) -> list[int]:
        """Numbers of ids to ask for, each twice the one before."""
        tried = [min(MOST, 2 * top_k)]
        while tried[-1] < min(MOST, 64 * top_k):
            tried.append(min(MOST, 2 * tried[-1]))
        return tried

    def propose(
        self, queries: NDArray[np.float32], top_k: int, where: NDArray[np.int64] | None = None
    ) -> NDArray[np.int64]:
        """Ids ``(Q, m)``; ``where`` is asked for in batches, each by an expression."""
        count = self.widths[min(k for k in self.widths if k >= top_k)]
        wanted = [''] if where is None else [f'id in {some}' for some in _batches(where)]
        parts = [self._proposed(queries, count, expression) for expression in wanted]
        return np.concatenate([np.full((len(queries), 1), -1), *parts], axis=1)

    def _proposed(
        self, queries: NDArray[np.float32], count: int, expression: str
    ) -> NDArray[np.int64]:
        with self._told():
            answers = self._client.search(
                self.name, data=list(queries), limit=count, filter=expression, anns_field='vector'
            )
        ids = np.full((len(queries), count), -1, dtype=np.int64)
        for row, answer in zip(ids, answers, strict=True):
            row[: len(answer)] = [hit['id'] for hit in answer]
        return ids


AGAIN = 'index again, or with --store exact'
"""What to do about a collection that cannot be used."""


def new_collection() -> str:
    """A name that no collection has."""
    return f'pir_mm_{uuid4().hex[:16]}'


def _batches(ids: NDArray[np.int64]) -> Iterator[list[int]]:
    for start in range(0, len(ids), IDS_AT_ONCE):
        yield ids[start : start + IDS_AT_ONCE].tolist()
