"""Where the samples of a tar file lie, read from its headers."""

import io
import tarfile

import numpy as np
import pytest

from pir_mm.files import shards
from pir_mm.files.shards import read_member, shard_index


def write(path, members):
    with tarfile.open(path, 'w') as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


MEMBERS = {
    'a.img_content': b'picture a' * 100,
    'a.caption': b'a river',
    'a.img_name': b'a.jpg',
    'folder/b.JPG': b'picture b',
    'folder/b.txt': 'a café'.encode(),
    'lonely.jpg': b'picture c',
    'silent.txt': b'no picture',
}


def members_of(path, index):
    return [
        tuple(
            read_member(path, *place[row].tolist())
            for place in (index.image, index.text, index.name)
        )
        for row in range(len(index))
    ]


EXPECTED = [(b'picture a' * 100, b'a river', b'a.jpg'), (b'picture b', 'a café'.encode(), b'')]


def test_finds_pairs_and_counts_the_others(tmp_path):
    path = write(tmp_path / 's.tar', MEMBERS)
    index = shard_index(path)
    assert members_of(path, index) == EXPECTED
    assert (index.incomplete, index.cut) == (2, False)


def test_is_made_once(tmp_path, monkeypatch):
    path = write(tmp_path / 's.tar', MEMBERS)
    first = shard_index(path)
    monkeypatch.setattr(shards, '_scan', None)
    again = shard_index(path)
    assert np.array_equal(first.image, again.image) and again.incomplete == 2
    assert [p.name for p in tmp_path.iterdir() if p != path] == ['.s.tar.index.npz']


def test_a_changed_shard_and_a_broken_index_are_read_anew(tmp_path):
    path = write(tmp_path / 's.tar', MEMBERS)
    shard_index(path)
    (tmp_path / '.s.tar.index.npz').write_bytes(b'PK\x03\x04 broken')
    assert len(shard_index(path)) == 2
    write(path, {name: MEMBERS[name] for name in ('a.img_content', 'a.caption')})
    assert len(shard_index(path)) == 1


def test_a_folder_that_is_closed_is_no_fault(tmp_path, monkeypatch):
    path = write(tmp_path / 's.tar', MEMBERS)

    def closed(_path):
        raise PermissionError(13, 'closed')

    monkeypatch.setattr(shards, 'atomic_file', closed)
    assert len(shard_index(path)) == 2
    assert [p.name for p in tmp_path.iterdir()] == ['s.tar']


@pytest.mark.parametrize('length', [1200, 1536 + 512 + 3])
def test_a_cut_shard_gives_what_is_whole(tmp_path, length):
    path = write(tmp_path / 's.tar', {f'{n}.{k}': b'x' * 700 for n in 'ab' for k in ('jpg', 'txt')})
    whole = path.read_bytes()
    path.write_bytes(whole[: 2 * 1536 + length])
    index = shard_index(path)
    assert index.cut and len(index) == 1
    assert members_of(path, index)[0][0] == b'x' * 700


def test_what_cannot_be_is_told(tmp_path):
    with pytest.raises(FileNotFoundError, match='s.tar does not exist'):
        shard_index(tmp_path / 's.tar')
    (tmp_path / 's.tar').write_bytes(b'x' * 2000)
    with pytest.raises(ValueError, match='s.tar is no shard'):
        shard_index(tmp_path / 's.tar')
    write(tmp_path / 's.tar', {'a.jpg': b'x'})
    with pytest.raises(ValueError, match='has no sample with an image'):
        shard_index(tmp_path / 's.tar')
    with pytest.raises(ValueError, match='ends within a sample: it has changed'):
        read_member(tmp_path / 's.tar', 0, 10**6)
