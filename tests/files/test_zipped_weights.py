"""The one weight file of a zip archive: found, bounded, checked, and nothing else unpacked."""

import zipfile

import pytest
import torch

from pir_mm.files.weights import read_weights
from pir_mm.files.zipped_weights import is_zip_of_files, unpack_weights, unpacked
from tests.files.test_archives import pack

CONTENT = bytes(range(256)) * 4
BESIDE = {'sky/': b'', 'sky/params.txt': b'lr', '__MACOSX/sky/._a.pt': b'x', 'sky/.b.pt': b'y'}


@pytest.fixture
def archive(tmp_path):
    pack(tmp_path / 'sky.zip', BESIDE | {'sky/deep/epoch_20.pt': CONTENT})
    return tmp_path / 'sky.zip'


def left(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize('name', ['', 'epoch_20.pt'])
def test_the_weight_file_is_unpacked_and_nothing_else(archive, tmp_path, name):
    unpack_weights(archive, tmp_path / 'out' / 'w.pt', name, limit=len(CONTENT))
    assert (tmp_path / 'out' / 'w.pt').read_bytes() == CONTENT
    assert left(tmp_path / 'out') == ['w.pt'] and left(tmp_path) == ['out', 'sky.zip']


@pytest.mark.parametrize(
    ('members', 'name', 'message'),
    [
        (BESIDE, '', r'sky.zip has no weight file \(.pt, .pth, '),
        ({'a.pt': b'1'}, 'epoch_20.pt', 'sky.zip has no epoch_20.pt'),
        ({'a.pt': b'1', 'b/c.bin': b'2'}, '', r'more than one weight file .*: a.pt, b/c.bin; unp'),
        ({'a/x.pt': b'1', 'b/x.pt': b'2'}, 'x.pt', 'more than one x.pt: a/x.pt, b/x.pt; unpack'),
        ({'../x.pt': b'1'}, '', "has a member that points out of it: '../x.pt'"),
        ({'x.pt': b'1', '/etc/x': b'1'}, '', "has a member that points out of it: '/etc/x'"),
        ({'x.pt': CONTENT + b'1'}, '', 'x.pt claims 1025 bytes, over 1024'),
    ],
)
def test_what_is_not_one_weight_file_is_refused(tmp_path, members, name, message):
    pack(tmp_path / 'sky.zip', members)
    with pytest.raises(ValueError, match=message):
        unpack_weights(tmp_path / 'sky.zip', tmp_path / 'w.pt', name, limit=1024)
    assert left(tmp_path) == ['sky.zip']


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    with zipfile.ZipFile(tmp_path / 'z.zip', 'w', zipfile.ZIP_DEFLATED) as archive:
        archive.writestr('x.pt', bytes(10**6))
    monkeypatch.setattr(zipfile.ZipFile, 'open', None)
    with pytest.raises(ValueError, match='x.pt claims 1000000 bytes, over'):
        unpack_weights(tmp_path / 'z.zip', tmp_path / 'w.pt')
    assert left(tmp_path) == ['z.zip']


def test_a_member_that_lies_about_its_size_is_not_written(archive, tmp_path):
    """A thousand bytes are packed; the archive says ten."""
    content = archive.read_bytes()
    size = len(CONTENT).to_bytes(4, 'little')
    archive.write_bytes(content.replace(size + size, size + (10).to_bytes(4, 'little')))
    with pytest.raises(ValueError, match='epoch_20.pt cannot be read: Bad CRC'):
        unpack_weights(archive, tmp_path / 'w.pt')
    assert left(tmp_path) == ['sky.zip']


def test_damage_and_locks_are_told(archive, tmp_path):
    whole = archive.read_bytes()
    archive.write_bytes(whole.replace(CONTENT, CONTENT[::-1]))
    with pytest.raises(ValueError, match=r'sky.zip/sky/deep/epoch_20.pt cannot be read: Bad CRC'):
        unpack_weights(archive, tmp_path / 'w.pt')
    archive.write_bytes(whole[:-30])
    with pytest.raises(ValueError, match='sky.zip is not a zip archive, or is cut short'):
        unpack_weights(archive, tmp_path / 'w.pt')
    locked = bytearray(whole)
    locked[whole.rindex(b'PK\x01\x02') + 8] |= 1  # the mark of encryption
    archive.write_bytes(locked)
    with pytest.raises(ValueError, match='sky.zip is encrypted: unpack it and give what is in it'):
        unpack_weights(archive, tmp_path / 'w.pt')
    assert left(tmp_path) == ['sky.zip']


@pytest.mark.parametrize('new', [True, False])
def test_torchs_own_files_are_weights_and_not_archives_of_them(tmp_path, new):
    path = tmp_path / 'w.pth'
    torch.save({'a': torch.ones(2)}, path, _use_new_zipfile_serialization=new)
    assert not is_zip_of_files(path)
    with unpacked(path, tmp_path / 'out.pth') as file:
        assert file == path
    pack(tmp_path / 'w.zip', {'w.pth': path.read_bytes()})
    assert is_zip_of_files(tmp_path / 'w.zip')


def test_the_unpacked_file_is_there_for_as_long_as_it_is_needed(archive, tmp_path):
    with unpacked(archive, tmp_path / 'new' / 'out.pth') as file:
        assert file.read_bytes() == CONTENT and file.is_relative_to(tmp_path / 'new')
    assert left(tmp_path / 'new') == []
    with pytest.raises(RuntimeError), unpacked(archive, tmp_path / 'new' / 'out.pth'):
        raise RuntimeError
    assert left(tmp_path / 'new') == []


def test_who_reads_an_archive_as_weights_is_told(archive):
    with pytest.raises(ValueError, match='it is a zip archive of other files: unpack it'):
        read_weights(archive)
