"""Files of vectors that only grow: rows of float32, little endian, and nothing else."""

import os
from pathlib import Path
from types import TracebackType
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from pir_mm.files.write_errors import telling_write_errors

ENDING = '.f32'


def new_name() -> str:
    """The name of a file that was never there: a reader never takes one file for another."""
    return uuid4().hex[:16]


def map_vectors(path: Path, rows: int, width: int) -> NDArray[np.float32]:
    """The first ``rows`` vectors of a file, ``(rows, width)``, mapped into memory.

    Raises:
        FileNotFoundError: if it is not there.
        ValueError: if it is shorter.
    """
    if not path.exists():
        raise FileNotFoundError(f'{path} is absent, which holds {rows} vectors; index anew')
    there = path.stat().st_size // (4 * width)
    if there < rows:
        raise ValueError(f'{path} is damaged: it holds {there} of {rows} vectors; index anew')
    return np.memmap(path, dtype='<f4', mode='r', shape=(rows, width))


class VectorFile:
    """A file of vectors, opened to append to it.

    What stands behind its counted rows, from a run that was killed, is cut off.

    Args:
        path: of the file; it is made if it is not there.
        rows: how many of its rows count.
        width: of a vector.
    """

    def __init__(self, path: Path, rows: int, width: int) -> None:
        self.path = path
        self.rows = rows
        self.width = width
        with telling_write_errors(path):
            self._file = open(path, 'r+b' if path.exists() else 'w+b')
            self._file.truncate(4 * width * rows)

    def __enter__(self) -> 'VectorFile':
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._file.close()

    def append(self, vectors: NDArray[np.float32]) -> None:
        """Write vectors ``(n, D)``; when this returns they are on the disk.

        Raises:
            FullDiskError: if there is no room for them.
        """
        with telling_write_errors(self.path):
            self._file.seek(4 * self.width * self.rows)
            self._file.write(np.ascontiguousarray(vectors, dtype='<f4').tobytes())
            self._file.flush()
            os.fsync(self._file.fileno())
        self.rows += len(vectors)
