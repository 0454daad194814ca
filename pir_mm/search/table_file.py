"""A SQLite file with one writer, and with readers that keep what they have opened."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from threading import RLock
from typing import Any

from pir_mm.files.write_errors import telling_write_errors


class TableFile:
    """The database, opened for reading or for writing.

    A reader sees what was there when it opened it, whatever is written since. A writer changes
    nothing outside of :meth:`transaction`.

    Args:
        path: of the database.
        write: whether to open it for writing; it is made if it is not there.
        alone: whether no other process opens it meanwhile, so that it may lie on a disk that
            several machines share.

    Raises:
        FileNotFoundError: if it is not there.
        FullDiskError: if there is no room for a change.
        ValueError: if it is no database, or is damaged.
    """

    def __init__(self, path: str | Path, write: bool = False, alone: bool = False) -> None:
        self.path = Path(path)
        self._writes = write
        self._lock = RLock()
        if not write and not self.path.is_file():
            raise FileNotFoundError(f'{path} does not exist')
        with self._named_errors():
            self._file = _writer(self.path, alone) if write else _snapshot(self.path)

    def close(self) -> None:
        self._file.close()

    @contextmanager
    def _named_errors(self) -> Iterator[None]:
        try:
            with self._lock, telling_write_errors(self.path) if self._writes else nullcontext():
                yield
        except sqlite3.DatabaseError as error:
            raise ValueError(f'{self.path} cannot be used: {error}; index anew') from None

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All changes of the body, or none if it raises."""
        with self._named_errors():
            self._file.execute('BEGIN IMMEDIATE')
            try:
                yield
                self._file.execute('COMMIT')
            except BaseException:
                if self._file.in_transaction:
                    self._file.execute('ROLLBACK')
                raise

    def _rows(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._named_errors():
            return self._file.execute(query, values).fetchall()


def _writer(path: Path, alone: bool) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, timeout=60)
    connection.execute(f'PRAGMA journal_mode = {"TRUNCATE" if alone else "WAL"}')
    connection.execute(f'PRAGMA synchronous = {"FULL" if alone else "NORMAL"}')
    return connection


def _snapshot(path: Path) -> sqlite3.Connection:
    """A connection that sees the database as it is now, until it is closed."""
    uri = path.resolve().as_uri()
    # A folder that cannot be written has no place for the file by which readers and a writer
    # meet; then nobody writes, and what a writer left behind is all there is.
    left_behind = path.with_name(f'{path.name}-wal')
    whole = not left_behind.exists() or left_behind.stat().st_size == 0
    for options in ('mode=ro', 'mode=ro&immutable=1')[: 2 if whole else 1]:
        connection = sqlite3.connect(
            f'{uri}?{options}', uri=True, isolation_level=None, check_same_thread=False, timeout=60
        )
        try:
            connection.execute('BEGIN')
            connection.execute('SELECT COUNT(*) FROM sqlite_master').fetchone()
            return connection
        except sqlite3.OperationalError as error:
            connection.close()
            refused = error
    raise refused
