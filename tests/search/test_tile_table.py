"""The table of tiles: what is written is read, and a reader sees one moment."""

import os
import sqlite3
import stat
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest

from pir_mm.files.rasters import Look
from pir_mm.files.taken_dates import TakenDate
from pir_mm.search.georeference import Georeference
from pir_mm.search.tile_source import Source
from pir_mm.search.tile_table import Stamp, TileTable, ranges
from pir_mm.search.tiles import Tile
from pir_mm.search.tiling import Grid
from pir_mm.structures.footprint import Footprint
from tests.search.filling import as_of_old

PLACE = Georeference('EPSG:32633', (10.0, 0.0, 5e5, 0.0, -10.0, 5.5e6))
BENT = Georeference('EPSG:32633', None, ((0, 0, 5e5, 5e6), (9, 0, 6e5, 5e6), (0, 9, 5e5, 4e6)))
LOOK = Look((3, 2, 1), 0.0, 3000.0)


def source(path, columns=(0, 64), place=None, look=None):
    return Source(path, (128, 64), Grid(tuple(columns), (0,), 64, 64), place, look)


SOURCES = [
    source('a.tif', place=PLACE, look=LOOK),
    source('b ü.png', (0,)),
    source('c.tif', (0, 32, 64), BENT, Look((1,))),
]


@pytest.fixture
def table(tmp_path):
    table = TileTable(tmp_path / 'tiles.sqlite', write=True)
    yield table
    table.close()


def fill(table, sources=SOURCES):
    tiles = []
    for number, one in enumerate(sources):
        some = [one.tile(window) for window in one.grid]
        with table.transaction():
            table.put_source(one.path, Stamp(number, 10 + number), one)
            table.add_tiles(some, [one.path] * len(some))
            table.end_source(one.path, empty=number, reason=None)
        tiles += some
    return tiles


def test_tiles_come_back_in_the_order_asked_for(table):
    tiles = fill(table)
    assert table.count == len(tiles) == 6
    assert table.tiles([5, 0, 2, 5]) == [tiles[i] for i in (5, 0, 2, 5)]
    assert table.tiles(np.array([1])) == [tiles[1]]
    assert table.tiles([]) == []
    assert [pair for part in table.all_tiles(4) for pair in part] == list(enumerate(tiles))
    with pytest.raises(ValueError, match='has no tile 6'):
        table.tiles([0, 6])


def test_reads_more_ids_than_one_query_takes(table):
    many = source('a.png', range(1700))
    tiles = fill(table, [many])
    assert table.tiles(range(1699, -1, -1)) == tiles[::-1]


def test_sources_are_counted_with_what_became_of_them(table):
    fill(table)
    with table.transaction():
        table.put_source('bad.png', Stamp(), None)
        table.end_source('bad.png', 0, 'not a picture: unknown content')
        table.put_source('half.tif', Stamp(1, 2), SOURCES[0])
    rows = {row.path: row for row in table.sources()}
    assert rows['a.tif'].stamp == Stamp(0, 10) and rows['a.tif'].windows == 2
    assert [rows[path].is_done for path in ('a.tif', 'bad.png', 'half.tif')] == [True, True, False]
    assert rows['bad.png'].reason.startswith('not a picture') and rows['bad.png'].windows == 0
    assert (table.sources_with_tiles, table.without_data) == (3, 3)
    assert table.windows('c.tif') == {(0, 0, 64, 64), (32, 0, 64, 64), (64, 0, 64, 64)}


def test_removed_tiles_leave_a_gap_that_is_never_filled(table):
    tiles = fill(table)
    with table.transaction():
        table.remove_source('b ü.png')
        table.remove_source('c.tif')
    assert table.count == 2 and table.removed().tolist() == [2, 3, 4, 5]
    fill(table, SOURCES[1:2])
    assert table.tiles([6]) == [tiles[2]] and table.next_id == 7
    assert len(table.sources()) == 2


def places(path):
    with sqlite3.connect(path) as base:
        return base.execute('SELECT id, west, south, east, north FROM places').fetchall()


def test_places_are_found_by_their_box_and_go_with_their_tiles(table):
    fill(table)
    world = Source('w', (8, 4), Grid((0,), (0,), 8, 4))
    east = Footprint((((179.0, 0.0), (180.0, 0.0), (180.0, 1.0), (179.0, 0.0)),) * 6)
    with table.transaction():
        table.put_source('w', Stamp(), world)
        table.add_tiles([Tile('w', (0, 0, 8, 4), 'EPSG:4326', (1,) * 6, east)], ['w'])
    found = places(table.path)
    assert sorted({row[0] // 4 for row in found}) == [0, 1, 3, 4, 5, 6]
    west, south, east, north = found[0][1], found[0][2], found[0][3], found[0][4]
    assert west <= 15 <= east and south < 49.65 < north
    for path in ('a.tif', 'c.tif', 'w'):
        with table.transaction():
            table.remove_source(path)
    assert places(table.path) == []


def test_a_transaction_is_whole_or_nothing(table):
    fill(table)
    with pytest.raises(KeyError), table.transaction():
        table.remove_source('a.tif')
        table.set_note('next_id', 99)
        raise KeyError
    assert table.count == 6 and table.next_id == 6


def test_a_reader_sees_one_moment(table):
    fill(table)
    reader = TileTable(table.path)
    with table.transaction():
        table.remove_source('a.tif')
    assert reader.count == 6 and len(reader.sources()) == 3
    assert TileTable(table.path).count == 4
    reader.close()


def test_segments_are_told_with_the_id_of_each_row(table):
    with table.transaction():
        table.put_segment('b', 3, 7)
        table.put_segment('a', 2, 1, np.array([1, 4], '<i8').tobytes())
        table.put_segment('b', 4, 7)
    first, last = table.segments()
    assert (first.name, first.ids.tolist()) == ('a', [1, 4])
    assert (last.name, last.rows, last.ids.tolist()) == ('b', 4, [7, 8, 9, 10])
    assert last.goes_on_with(11) and not last.goes_on_with(12) and not first.goes_on_with(5)
    with table.transaction():
        table.replace_segments(['a'])
    assert [segment.name for segment in table.segments()] == ['b']


@pytest.mark.parametrize(
    ('ids', 'runs'), [([], []), ([3], [(3, 3)]), ([1, 2, 5, 7, 8, 9], [(1, 2), (5, 5), (7, 9)])]
)
def test_runs_of_ids(ids, runs):
    assert ranges(np.array(ids, np.int64)) == runs


def test_notes_are_any_json(table):
    assert table.note('root') is None
    with table.transaction():
        table.set_note('root', {'a': [1, None, 'ü']})
    assert table.note('root') == {'a': [1, None, 'ü']}


def test_a_folder_that_cannot_be_written_can_be_read(tmp_path):
    path = tmp_path / 'in' / 'tiles.sqlite'
    path.parent.mkdir()
    table = TileTable(path, write=True)
    fill(table)
    table.close()
    assert [p.name for p in path.parent.iterdir()] == ['tiles.sqlite']
    path.chmod(stat.S_IREAD)
    path.parent.chmod(stat.S_IREAD | stat.S_IEXEC)
    try:
        assert TileTable(path).count == 6
    finally:
        path.parent.chmod(0o700)


def test_a_table_without_dates_is_read_and_a_writer_adds_them(table):
    dated = replace(SOURCES[0], gsd=10.0, taken=TakenDate('2020-02-29', 'name'))
    tiles = fill(table, [dated, SOURCES[1]])
    assert [tile.date for tile in table.tiles([0, 2])] == ['2020-02-29', None]
    table.close()
    as_of_old(table.path)
    with closing(TileTable(table.path)) as reader:
        assert not reader.has_dates
        assert reader.tiles([0, 1]) == [replace(tile, date=None) for tile in tiles[:2]]
    with closing(TileTable(table.path, write=True)) as writer:
        assert writer.has_dates and writer.undated_sources() == ['a.tif', 'b ü.png']
        with writer.transaction():
            writer.date_source('a.tif', dated)
            writer.date_source('b ü.png', None)
        assert writer.undated_sources() == []
    with closing(TileTable(table.path)) as reader:
        assert reader.tiles(range(3)) == tiles
        assert reader.sources()[0].path == 'a.tif'


def test_says_what_is_wrong(tmp_path):
    with pytest.raises(FileNotFoundError, match='gone.sqlite does not exist'):
        TileTable(tmp_path / 'gone.sqlite')
    (tmp_path / 'empty.sqlite').touch()
    with pytest.raises(FileNotFoundError, match='empty.sqlite is empty'):
        TileTable(tmp_path / 'empty.sqlite')
    (tmp_path / 'text.sqlite').write_bytes(b'no database at all' * 99)
    with pytest.raises(ValueError, match='text.sqlite cannot be used: file is not a database'):
        TileTable(tmp_path / 'text.sqlite')
    with sqlite3.connect(tmp_path / 'other.sqlite') as other:
        other.execute('CREATE TABLE tiles (id)')
    with pytest.raises(ValueError, match='other.sqlite is no table of tiles of format 3'):
        TileTable(tmp_path / 'other.sqlite')


def test_a_database_cut_short_is_told(table):
    fill(table, [source('a.png', range(20_000))])
    table.close()
    os.truncate(table.path, 40_000)
    with pytest.raises(ValueError, match='cannot be used: .*; index anew'):
        table = TileTable(table.path)
        list(table.all_tiles(1000))
