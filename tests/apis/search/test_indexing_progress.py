"""Who waits for hours is told how far it is."""

import re

from pir_mm.apis.search import indexing_progress
from pir_mm.apis.search.indexing_progress import IndexingProgress
from pir_mm.apis.search.tile_reading import TileRead
from pir_mm.search import Source
from pir_mm.search.tiling import Grid

SOURCE = Source('a.tif', (8, 4), Grid((0, 4), (0,), 4, 4))


def read(is_last, pixels=0, source=SOURCE):
    return TileRead('a.tif', source, is_last, pixels=pixels)


def lines(path):
    return [re.sub(r'^\S+ \S+ ', '', line) for line in path.read_text().splitlines()]


def test_lines_tell_tiles_files_speed_and_what_is_left(tmp_path, monkeypatch, capsys):
    now = [1000.0]
    monkeypatch.setattr(indexing_progress.time, 'monotonic', lambda: now[0])
    with IndexingProgress(4_000_000, 3, tmp_path / 'log') as progress:
        now[0] += 20
        progress.tile(read(False), 2_000_000)
        assert len(lines(tmp_path / 'log')) == 1
        now[0] += 20
        progress.tile(read(True), 2_000_000)
        progress.tile(read(True, None, None), 1_000_000)
        now[0] += 40
        progress.line('a word')
        progress.tile(read(True, None, Source('b', (4, 4), Grid((0,), (0,), 4, 4))), 1_000_000)
    assert lines(tmp_path / 'log') == [
        '3 files to read, 4.0 MB',
        '2 tiles of 1 of 3 files, 50%, 0.1 tiles/s, 1 min left',
        'a word',
        '2 tiles of 3 of 3 files, 100%, 0.0 tiles/s',
        '2 tiles of 3 of 3 files, 100%, 0.0 tiles/s',
    ]
    assert capsys.readouterr().err.count('\n') == 2  # no terminal: the lines of the half minutes


def test_the_log_tells_what_ended_a_run_and_never_ends_it(tmp_path):
    for _ in range(2):
        try:
            with IndexingProgress(0, 0, tmp_path / 'log'):
                raise KeyError
        except KeyError:
            pass
    assert (
        lines(tmp_path / 'log')[-1] == '0 tiles of 0 of 0 files, 0%, 0.0 tiles/s, ended by KeyError'
    )
    with IndexingProgress(0, 0, tmp_path / 'nowhere' / 'log'), IndexingProgress(0, 0, None, True):
        pass
