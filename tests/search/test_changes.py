"""What a run has to do, from what the index knows and what lies there now."""

from pathlib import Path

import pytest

from pir_mm.search import Stamp, find_changes
from pir_mm.search.tile_table import SourceRow

STAMP = Stamp(10, 100)


def row(path, stamp=STAMP, is_done=True, reason=None, windows=1):
    return SourceRow(str(path), stamp, is_done, reason, windows)


KNOWN = [
    row('/a/same.png'),
    row('/a/longer.png'),
    row('/a/later.png'),
    row('/a/begun.tif', is_done=False, windows=9),
    row('/a/broken.png', reason='cannot be decoded: cut', windows=0),
    row('/a/part.tif', reason='cannot be decoded: 1 of 9 tiles: cut', windows=9),
    row('/a/gone.png'),
    row('/b/elsewhere.png'),
    row('/ab/no child of a.png'),
]
FOUND = {
    '/a/same.png': Stamp(10, 100),
    '/a/longer.png': Stamp(11, 100),
    '/a/later.png': Stamp(10, 101),
    '/a/begun.tif': Stamp(10, 100),
    '/a/broken.png': Stamp(10, 100),
    '/a/part.tif': Stamp(10, 100),
    '/a/new.png': Stamp(10, 100),
}


def test_every_kind_of_change():
    changes = find_changes(KNOWN, FOUND, ['/a'])
    assert changes.new == ['/a/broken.png', '/a/new.png']
    assert changes.changed == ['/a/longer.png', '/a/later.png']
    assert changes.begun == ['/a/begun.tif']
    assert changes.gone == ['/a/gone.png']
    assert changes.same == 2 and changes.touched == {}


def test_nothing_is_gone_where_nobody_looked():
    assert find_changes(KNOWN, {}, []).gone == []
    assert find_changes(KNOWN, {}, ['/a/gone.png', '/b/']).gone == [
        '/a/gone.png',
        '/b/elsewhere.png',
    ]
    assert len(find_changes(KNOWN, {}, ['/']).gone) == len(KNOWN)


@pytest.mark.parametrize('now', ['same', 'other'])
@pytest.mark.parametrize('modified', [100, 200])
def test_with_hashes_the_content_decides(now, modified):
    known = [row('/a/x.png', Stamp(10, 100, 'same')), row('/a/y.png')]
    found = {'/a/x.png': Stamp(10, modified), '/a/y.png': Stamp(10, 100)}
    changes = find_changes(known, found, ['/a'], hash_of=lambda path: now)
    assert changes.changed == (['/a/x.png'] if now == 'other' else [])
    wanted = {'/a/x.png': Stamp(10, 200, 'same')} if (now, modified) == ('same', 200) else {}
    assert changes.touched == wanted


def test_one_file_has_one_name_through_links(tmp_path):
    real, link = tmp_path / 'real', tmp_path / 'link'
    (real / 'deep').mkdir(parents=True)
    link.symlink_to(real)
    stamp = Stamp(10, 100)
    known = [row(real / 'deep' / 'a.png'), row(link / 'b.png')]
    found = {str(link / 'deep' / 'a.png'): stamp, str(real / 'b.png'): stamp}
    assert find_changes(known, found, [str(link)]).same == 2
    gone = find_changes(known, {}, [str(link)]).gone
    assert [Path(path).name for path in gone] == ['a.png', 'b.png']
