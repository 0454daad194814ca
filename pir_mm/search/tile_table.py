"""``tiles.sqlite``: the one truth about the sources, tiles and vectors of an index."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pir_mm.files.rasters import Look
from pir_mm.search.georeference import shifted
from pir_mm.search.table_file import TableFile
from pir_mm.search.tile_source import Source
from pir_mm.search.tiles import Tile
from pir_mm.structures.footprint import Footprint

FORMAT = 3
UNDATED = 2
"""The format before, without what an index says of dates and of the size of pixels."""
MARK = 0x7069726D
"""``application_id`` of the database, by which it is known."""
QUERY_IDS = 500
"""Ids of one query: old versions of SQLite take at most 999."""
BOXES = 4
"""Places of one tile: a footprint may be several polygons."""
SCHEMA = f"""
PRAGMA application_id = {MARK};
PRAGMA user_version = {FORMAT};
CREATE TABLE notes (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE sources (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL UNIQUE,
    bytes INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    sha256 TEXT,
    crs TEXT,
    transform TEXT,
    look TEXT,
    windows INTEGER NOT NULL DEFAULT 0,
    empty INTEGER NOT NULL DEFAULT 0,
    done INTEGER NOT NULL DEFAULT 0,
    reason TEXT,
    date TEXT,
    date_from TEXT,
    gsd REAL
);
CREATE TABLE tiles (
    id INTEGER PRIMARY KEY,
    source INTEGER NOT NULL REFERENCES sources,
    x INTEGER NOT NULL,
    y INTEGER NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    transform TEXT,
    footprint BLOB
);
CREATE INDEX tiles_of_source ON tiles (source);
CREATE VIRTUAL TABLE places USING rtree (id, west, east, south, north);
CREATE TABLE segments (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    rows INTEGER NOT NULL,
    first INTEGER NOT NULL,
    ids BLOB
);
CREATE TABLE removed (first INTEGER PRIMARY KEY, last INTEGER NOT NULL);
"""
UPGRADE = f"""
ALTER TABLE sources ADD COLUMN date TEXT;
ALTER TABLE sources ADD COLUMN date_from TEXT;
ALTER TABLE sources ADD COLUMN gsd REAL;
PRAGMA user_version = {FORMAT};
"""
"""From :data:`UNDATED`. Where ``date_from`` is null, nobody has looked; empty, there is none."""
SOURCE_COLUMNS = (
    'path, bytes, modified, sha256, crs, transform, look, windows, date, date_from, gsd'
)
JOINED = 'FROM tiles AS t JOIN sources AS s ON s.id = t.source'


@dataclass(frozen=True)
class Stamp:
    """By what a change of a file is seen.

    Args:
        bytes: its size.
        modified: when it was last written, in nanoseconds.
        sha256: of its content, where that was asked for.
    """

    bytes: int = 0
    modified: int = 0
    sha256: str | None = None


@dataclass(frozen=True)
class SourceRow:
    """What an index knows of a file.

    Args:
        path: as it is kept, see :func:`pir_mm.search.index_card.movable`.
        stamp: of the file when it was read.
        is_done: whether all its tiles were tried; else a run was ended in between.
        reason: why all or part of it has no vector, or ``None``.
        windows: how many tiles it is cut into; 0 if it cannot be cut.
    """

    path: str
    stamp: Stamp
    is_done: bool
    reason: str | None
    windows: int


@dataclass(frozen=True)
class SegmentRow:
    """A file of vectors, and which tile each row belongs to.

    Args:
        name: of the file, without folder and ending.
        rows: how many of its rows count.
        ids: ``(rows,)`` int64, increasing: the tile of each row.
    """

    name: str
    rows: int
    ids: NDArray[np.int64]

    def goes_on_with(self, number: int) -> bool:
        """Whether its ids have no gap and ``number`` is the next."""
        return self.rows > 0 and int(self.ids[0]) + self.rows == number == int(self.ids[-1]) + 1


class TileTable(TableFile):
    """The sources, tiles and files of vectors of an index. A tile's id is never used again.

    Args:
        path, write, alone: as in :class:`TableFile`.

    Raises:
        FileNotFoundError: if it is not there, or was not made to its end.
        FullDiskError: if there is no room for a change.
        ValueError: if it is no such database, or is damaged.
    """

    def __init__(self, path: str | Path, write: bool = False, alone: bool = False) -> None:
        super().__init__(path, write, alone)
        with self._named_errors():
            ((tables,),) = self._file.execute('SELECT COUNT(*) FROM sqlite_master')
            if write and not tables:
                self._file.executescript(f'BEGIN; {SCHEMA} COMMIT;')
            ((mark,),) = self._file.execute('PRAGMA application_id')
            ((version,),) = self._file.execute('PRAGMA user_version')
            if write and (mark, version) == (MARK, UNDATED):
                self._file.executescript(f'BEGIN; {UPGRADE} COMMIT;')
                version = FORMAT
        if not write and not tables:
            self.close()
            raise FileNotFoundError(f'{path} is empty')
        self.has_dates = version == FORMAT
        if mark != MARK or version not in (FORMAT, UNDATED):
            self.close()
            raise ValueError(f'{path} is no table of tiles of format {FORMAT}; index anew')

    def note(self, name: str) -> Any:
        """What :meth:`set_note` kept, or ``None``."""
        rows = self._rows('SELECT value FROM notes WHERE name = ?', (name,))
        return json.loads(rows[0][0]) if rows else None

    def set_note(self, name: str, value: Any) -> None:
        """Keep a value that JSON can hold."""
        self._file.execute('INSERT OR REPLACE INTO notes VALUES (?, ?)', (name, json.dumps(value)))

    # Sources

    def sources(self) -> list[SourceRow]:
        """All files, in the order in which they came."""
        rows = self._rows(
            'SELECT path, bytes, modified, sha256, done, reason, windows FROM sources ORDER BY id'
        )
        return [
            SourceRow(path, Stamp(size, modified, sha256), bool(done), reason, windows)
            for path, size, modified, sha256, done, reason, windows in rows
        ]

    def put_source(self, path: str, stamp: Stamp, source: Source | None) -> None:
        """Add a file, or what is now known of it, before its tiles."""
        place = None if source is None else source.georeference
        values = (
            path,
            *(stamp.bytes, stamp.modified, stamp.sha256),
            None if place is None else place.crs,
            None if place is None or place.transform is None else json.dumps(place.transform),
            None if source is None or source.look is None else json.dumps(asdict(source.look)),
            0 if source is None else len(source.grid),
            *_date_and_gsd(source),
        )
        names = [name.strip() for name in SOURCE_COLUMNS.split(',')]
        changes = ', '.join(f'{name} = excluded.{name}' for name in names[1:])
        marks = ', '.join('?' * len(names))
        self._file.execute(
            f'INSERT INTO sources ({SOURCE_COLUMNS}) VALUES ({marks}) '
            f'ON CONFLICT (path) DO UPDATE SET {changes}, empty = 0, done = 0, reason = NULL',
            values,
        )

    def undated_sources(self) -> list[str]:
        """Files that have tiles, and that nobody has asked for their date and size of pixels."""
        rows = self._rows(
            'SELECT path FROM sources WHERE date_from IS NULL AND windows > 0 ORDER BY id'
        )
        return [path for (path,) in rows]

    def date_source(self, path: str, source: Source | None) -> None:
        """Note date and size of pixels of a file, or that it does not tell them."""
        self._file.execute(
            'UPDATE sources SET date = ?, date_from = ?, gsd = ? WHERE path = ?',
            (*_date_and_gsd(source), path),
        )

    def end_source(self, path: str, empty: int, reason: str | None, done: bool = True) -> None:
        """Say how many tiles of a file had no data, what went wrong, and if all were tried."""
        self._file.execute(
            'UPDATE sources SET done = ?, empty = ?, reason = ? WHERE path = ?',
            (int(done), empty, reason, path),
        )

    def end_shared_source(self, path: str) -> None:
        """Say that all processes have tried their tiles of a file."""
        self._file.execute('UPDATE sources SET done = 1 WHERE path = ?', (path,))

    def forget_tries(self) -> None:
        """Forget what was counted of files that were not tried to their end."""
        self._file.execute('UPDATE sources SET empty = 0, reason = NULL WHERE done = 0')

    def rename_source(self, path: str, new_path: str) -> None:
        """Note that a file lies elsewhere."""
        self._file.execute('UPDATE sources SET path = ? WHERE path = ?', (new_path, path))

    def restamp(self, path: str, stamp: Stamp) -> None:
        """Note another time or hash of a file whose content is the same."""
        self._file.execute(
            'UPDATE sources SET bytes = ?, modified = ?, sha256 = ? WHERE path = ?',
            (stamp.bytes, stamp.modified, stamp.sha256, path),
        )

    def remove_source(self, path: str) -> None:
        """Remove a file and its tiles; its vectors count as removed until they are compacted."""
        rows = self._rows(
            'SELECT t.id FROM tiles AS t JOIN sources AS s ON s.id = t.source '
            'WHERE s.path = ? ORDER BY t.id',
            (path,),
        )
        ids = np.array([row[0] for row in rows], dtype=np.int64)
        self._file.executemany('INSERT INTO removed VALUES (?, ?)', ranges(ids))
        places = ((int(i) * BOXES + part,) for i in ids for part in range(BOXES))
        self._file.executemany('DELETE FROM places WHERE id = ?', places)
        of_path = 'SELECT id FROM sources WHERE path = ?'
        self._file.execute(f'DELETE FROM tiles WHERE source = ({of_path})', (path,))
        self._file.execute('DELETE FROM sources WHERE path = ?', (path,))

    def windows(self, path: str) -> set[tuple[int, int, int, int]]:
        """The windows of a file that have a vector."""
        return set(
            self._rows(
                'SELECT t.x, t.y, t.width, t.height FROM tiles AS t '
                'JOIN sources AS s ON s.id = t.source WHERE s.path = ?',
                (path,),
            )
        )

    # Tiles

    @property
    def count(self) -> int:
        """Number of tiles."""
        return int(self._rows('SELECT COUNT(*) FROM tiles')[0][0])

    @property
    def sources_with_tiles(self) -> int:
        """Number of files that have a tile."""
        return int(self._rows('SELECT COUNT(DISTINCT source) FROM tiles')[0][0])

    @property
    def without_data(self) -> int:
        """Number of tiles that were left out because they have no data."""
        return int(self._rows('SELECT COALESCE(SUM(empty), 0) FROM sources')[0][0])

    @property
    def next_id(self) -> int:
        """The id of the next tile."""
        return self.note('next_id') or 0

    def add_tiles(self, tiles: Sequence[Tile], paths: Sequence[str]) -> None:
        """Add tiles with the next ids; ``paths`` are those of :meth:`put_source`."""
        first = self.next_id
        source_of = {
            path: self._file.execute('SELECT id FROM sources WHERE path = ?', (path,)).fetchone()[0]
            for path in dict.fromkeys(paths)
        }
        for number, (tile, path) in enumerate(zip(tiles, paths, strict=True), first):
            footprint = tile.footprint
            # An affine map of the source tells that of each of its tiles.
            transform = None if tile.transform is None else json.dumps(tile.transform)
            wkb = None if footprint is None else footprint.to_wkb()
            self._file.execute(
                'INSERT INTO tiles SELECT ?, id, ?, ?, ?, ?, '
                'CASE WHEN transform IS NULL THEN ? END, ? FROM sources WHERE id = ?',
                (number, *tile.window, transform, wkb, source_of[path]),
            )
            self._add_places(number, footprint)
        self.set_note('next_id', first + len(tiles))

    def _add_places(self, number: int, footprint: Footprint | None) -> None:
        boxes = [] if footprint is None else footprint.boxes[:BOXES]
        for part, (west, south, east, north) in enumerate(boxes):
            self._file.execute(
                'INSERT INTO places VALUES (?, ?, ?, ?, ?)',
                (number * BOXES + part, west, east, south, north),
            )

    def tiles(self, ids: Sequence[int]) -> list[Tile]:
        """The tiles of some ids, in the order given; an id may occur several times.

        Raises:
            ValueError: if there is no such id.
        """
        wanted = sorted({int(i) for i in ids})
        found: dict[int, Tile] = {}
        for start in range(0, len(wanted), QUERY_IDS):
            some = wanted[start : start + QUERY_IDS]
            marks = ', '.join('?' * len(some))
            rows = self._rows(f'{self._tile_columns} WHERE t.id IN ({marks})', some)
            found.update((row[0], _tile(row)) for row in rows)
        absent = [i for i in wanted if i not in found]
        if absent:
            raise ValueError(f'{self.path} has no tile {absent[0]}')
        return [found[int(i)] for i in ids]

    @property
    def _tile_columns(self) -> str:
        date = 's.date' if self.has_dates else 'NULL'
        return (
            'SELECT t.id, s.path, t.x, t.y, t.width, t.height, s.crs, s.transform, t.transform, '
            f't.footprint, s.look, s.windows, {date} {JOINED}'
        )

    def all_tiles(self, at_once: int) -> Iterator[list[tuple[int, Tile]]]:
        """All tiles with their ids, in the order of these, ``at_once`` at a time."""
        with self._named_errors():
            rows = iter(self._file.execute(f'{self._tile_columns} ORDER BY t.id'))
            while some := [(row[0], _tile(row)) for row in islice(rows, at_once)]:
                yield some

    def ids_where(
        self, condition: str, values: Sequence[Any], functions: Mapping[str, Callable[[str], str]]
    ) -> NDArray[np.int64]:
        """Ids of the tiles that meet a condition, increasing.

        Args:
            condition: SQL on the tables ``t`` of tiles and ``s`` of sources, never a user's own
                text; see :func:`pir_mm.search.where_clause.parse_where`.
            values: of its marks.
            functions: of one text, that it may call.
        """
        with self._named_errors():
            for name, function in functions.items():
                self._file.create_function(name, 1, function, deterministic=True)
        rows = self._rows(f'SELECT t.id {JOINED} WHERE {condition} ORDER BY t.id', values)
        return np.fromiter((number for (number,) in rows), np.int64, len(rows))

    def places_near(
        self, west: float, south: float, east: float, north: float
    ) -> NDArray[np.float64]:
        """Places whose box meets a box, ``(n, 5)``: number, west, south, east and north.

        The number by :data:`BOXES`, rounded down, is the id of the tile.
        """
        rows = self._rows(
            'SELECT id, west, south, east, north FROM places '
            'WHERE east >= ? AND west <= ? AND north >= ? AND south <= ?',
            (west, east, south, north),
        )
        return np.array(rows, dtype=np.float64).reshape(-1, 5)

    @property
    def extent(self) -> tuple[float, float, float, float] | None:
        """West, south, east and north of all places; ``None`` if there is none."""
        ((west, south, east, north),) = self._rows(
            'SELECT MIN(west), MIN(south), MAX(east), MAX(north) FROM places'
        )
        return None if west is None else (west, south, east, north)

    def footprints(self, ids: Sequence[int]) -> list[bytes]:
        """Footprints of some tiles that have one, as well-known binary, in the order given."""
        found: dict[int, bytes] = {}
        for start in range(0, len(ids), QUERY_IDS):
            some = ids[start : start + QUERY_IDS]
            marks = ', '.join('?' * len(some))
            found.update(self._rows(f'SELECT id, footprint FROM tiles WHERE id IN ({marks})', some))
        return [found[i] for i in ids]

    def join(self, other: 'TileTable') -> None:
        """Add all sources, tiles and segments of another table, under the next ids.

        The note of the model is taken over if there is none.
        """
        shift, source_of = self.next_id, {}
        if self.note('model') is None and other.note('model') is not None:
            self.set_note('model', other.note('model'))
        for number, *values, empty, done, reason in other._rows(
            f'SELECT id, {SOURCE_COLUMNS}, empty, done, reason FROM sources ORDER BY id'
        ):
            marks = ', '.join('?' * len(values))
            self._file.execute(
                f'INSERT OR IGNORE INTO sources ({SOURCE_COLUMNS}) VALUES ({marks})', values
            )
            self._file.execute(
                'UPDATE sources SET empty = empty + ?, done = MAX(done, ?), '
                'reason = COALESCE(reason, ?) WHERE path = ?',
                (empty, done, reason, values[0]),
            )
            ((source_of[number],),) = self._rows(
                'SELECT id FROM sources WHERE path = ?', (values[0],)
            )
        tiles = other._rows(
            'SELECT id, source, x, y, width, height, transform, footprint FROM tiles ORDER BY id'
        )
        self._file.executemany(
            'INSERT INTO tiles VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
            ((number + shift, source_of[source], *rest) for number, source, *rest in tiles),
        )
        places = other._rows('SELECT id, west, east, south, north FROM places')
        self._file.executemany(
            'INSERT INTO places VALUES (?, ?, ?, ?, ?)',
            ((number + BOXES * shift, *box) for number, *box in places),
        )
        for segment in other.segments():
            self.put_segment(segment.name, segment.rows, int(segment.ids[0]) + shift)
        self.set_note('next_id', shift + other.next_id)

    # Vectors

    def segments(self) -> list[SegmentRow]:
        """The files of vectors, in the order of their tiles."""
        rows = self._rows('SELECT name, rows, first, ids FROM segments ORDER BY first')
        return [
            SegmentRow(
                name,
                count,
                np.arange(first, first + count)
                if ids is None
                else np.frombuffer(ids, dtype='<i8').astype(np.int64),
            )
            for name, count, first, ids in rows
        ]

    def put_segment(self, name: str, rows: int, first: int, ids: bytes | None = None) -> None:
        """Add a file of vectors, or say how many of its rows count now.

        Args:
            name: of the file.
            rows: that count.
            first: id of the first row's tile.
            ids: of all rows, 8 bytes each, little endian; ``None`` if each is one more than the
                one before.
        """
        self._file.execute(
            'INSERT INTO segments (name, rows, first, ids) VALUES (?, ?, ?, ?) '
            'ON CONFLICT (name) DO UPDATE SET rows = excluded.rows',
            (name, rows, first, ids),
        )

    def replace_segments(self, names: Iterable[str]) -> None:
        """Remove files of vectors, and with them the note of which rows were removed."""
        self._file.executemany('DELETE FROM segments WHERE name = ?', ((name,) for name in names))
        self._file.execute('DELETE FROM removed')

    def removed(self) -> NDArray[np.int64]:
        """Ids of tiles whose vectors still lie in a segment, increasing."""
        rows = self._rows('SELECT first, last FROM removed ORDER BY first')
        return np.concatenate(
            [np.empty(0, np.int64), *(np.arange(first, last + 1) for first, last in rows)]
        )


def ranges(ids: NDArray[np.int64]) -> list[tuple[int, int]]:
    """First and last of each run of increasing ids without a gap."""
    if ids.size == 0:
        return []
    breaks = np.flatnonzero(np.diff(ids) != 1)
    firsts = ids[np.concatenate([[0], breaks + 1])]
    lasts = ids[np.concatenate([breaks, [ids.size - 1]])]
    return list(zip(firsts.tolist(), lasts.tolist(), strict=True))


def _date_and_gsd(source: Source | None) -> tuple[str | None, str, float | None]:
    """Day, where it was found, and size of pixels, as the columns of that name have them."""
    if source is None:
        return None, '', None
    taken = source.taken
    return *((None, '') if taken is None else (taken.day, taken.origin)), source.gsd


def _tile(row: tuple[Any, ...]) -> Tile:
    _, path, x, y, width, height, crs, of_source, of_tile, footprint, look, windows, date = row
    transform = None
    if of_tile is not None:
        transform = tuple(json.loads(of_tile))
    elif of_source is not None:
        transform = shifted(tuple(json.loads(of_source)), x, y)
    return Tile(
        path,
        (x, y, width, height),
        crs,
        transform,
        None if footprint is None else Footprint.from_wkb(footprint),
        None if look is None else _look(json.loads(look)),
        is_whole=windows == 1,
        date=date,
    )


def _look(values: dict[str, Any]) -> Look:
    return Look(**{**values, 'bands': tuple(values['bands'])})
