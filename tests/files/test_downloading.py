"""Files from a server on this machine: right, wrong, cut, endless, and resumed."""

import errno
import hashlib
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pir_mm.files import downloading
from pir_mm.files.downloading import download
from pir_mm.files.write_errors import FullDiskError

CONTENT = bytes(range(256)) * 400
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append((self.path, self.headers.get('Range')))
        answer = getattr(self, self.path.split('/')[1], lambda: self.send_error(404))
        answer()

    def right(self):
        start = int((self.headers.get('Range') or 'bytes=0-')[6:-1])
        if start >= len(CONTENT):
            self.send_error(416)
            return
        self._send(CONTENT[start:], 206 if start else 200)

    def without_ranges(self):
        self._send(CONTENT)

    def wrong(self):
        self._send(CONTENT[::-1])

    def long(self):
        self._send(CONTENT + b'more')

    def cut(self):
        """Half of what is left, and then the connection ends."""
        start = int((self.headers.get('Range') or 'bytes=0-')[6:-1])
        rest = CONTENT[start:]
        half = rest[: max(len(rest) // 2, 1)]
        self._send(half, 206 if start else 200, length=len(rest))

    def endless(self):
        self.send_response(200)
        self.end_headers()
        try:
            while True:
                self.wfile.write(bytes(2**16))
        except OSError:
            pass

    def busy(self):
        if len(self.server.asked) < 3:
            self.send_error(503)
        else:
            self.right()

    def moved(self):
        self.send_response(302)
        self.send_header('Location', '/right')
        self.end_headers()

    def _send(self, content, status=200, length=None):
        self.send_response(status)
        self.send_header('Content-Length', str(len(content) if length is None else length))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(downloading.time, 'sleep', lambda seconds: None)
    for name in ('http_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY', 'HF_ENDPOINT'):
        monkeypatch.delenv(name, raising=False)
    server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    server.daemon_threads, server.asked = True, []
    server.url = f'http://127.0.0.1:{server.server_port}'
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def left(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize('size', [None, len(CONTENT)])
@pytest.mark.parametrize('sha256', ['', SHA256[:8], SHA256])
@pytest.mark.parametrize('how', ['right', 'moved', 'without_ranges', 'busy'])
def test_brings_the_file_and_leaves_nothing_else(server, tmp_path, how, sha256, size):
    path = tmp_path / 'a' / 'weights.bin'
    assert download(f'{server.url}/{how}', path, sha256, size) == SHA256
    assert path.read_bytes() == CONTENT and left(path.parent) == ['weights.bin']


def test_a_wrong_file_is_refused_and_removed(server, tmp_path):
    with pytest.raises(ValueError, match='not the file that was published: its SHA-256 is'):
        download(f'{server.url}/wrong', tmp_path / 'w', SHA256[:8])
    assert left(tmp_path) == []


@pytest.mark.parametrize('how, found', [('long', '102404'), ('endless', '[0-9]+ or more')])
def test_a_file_of_another_size_is_refused_before_it_is_all_there(server, tmp_path, how, found):
    with pytest.raises(ValueError, match=f'has {found} bytes, wanted 102400: it is another file'):
        download(f'{server.url}/{how}', tmp_path / 'w', SHA256, len(CONTENT))
    assert left(tmp_path) == []


def test_an_endless_file_of_unknown_size_ends_at_the_limit(server, tmp_path):
    with pytest.raises(ValueError, match='wanted at most 3000000'):
        download(f'{server.url}/endless', tmp_path / 'w', limit=3_000_000)
    assert left(tmp_path) == []


def test_a_short_file_is_refused_where_the_size_is_known(server, tmp_path):
    with pytest.raises(ValueError, match='has 102400 bytes, wanted 200000'):
        download(f'{server.url}/right', tmp_path / 'w', '', 200_000)


def test_what_is_cut_goes_on_where_it_was(server, tmp_path):
    path = tmp_path / 'w'
    with pytest.raises(OSError, match='was cut; run the command again to go on') as error:
        download(f'{server.url}/cut', path, SHA256, len(CONTENT))
    assert str(path) in str(error.value)
    starts = [0] + [int(start[6:-1]) for _, start in server.asked[1:]]
    assert [done // downloading.BLOCK for done in starts] == [0, 3, 4]
    (part,) = tmp_path.iterdir()
    assert part.name == '.w.part' and part.read_bytes() == CONTENT[: part.stat().st_size]
    had = part.stat().st_size
    download(f'{server.url}/right', path, SHA256, len(CONTENT))
    assert server.asked[-1][1] == f'bytes={had}-' and had > starts[-1]
    assert path.read_bytes() == CONTENT and left(tmp_path) == ['w']


@pytest.mark.skipif(not Path('/dev/full').exists(), reason='this system has no /dev/full')
def test_a_full_disk_is_told_and_not_tried_again(server, tmp_path):
    (tmp_path / '.w.part').symlink_to('/dev/full')
    with pytest.raises(FullDiskError, match=f'the disk is full: {tmp_path / "w"} is not written'):
        download(f'{server.url}/right', tmp_path / 'w', SHA256)
    assert len(server.asked) == 1 and left(tmp_path) == ['.w.part']


def test_what_came_before_the_disk_was_full_is_kept(server, tmp_path, monkeypatch):
    class Bar:
        """A bar whose second update finds the disk full, as a write would."""

        def __init__(self, *_):
            self.updates = 0

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def update(self, _):
            self.updates += 1
            if self.updates == 2:
                raise OSError(errno.ENOSPC, 'No space left on device')

    with monkeypatch.context() as patch:
        patch.setattr(downloading, '_bar', Bar)
        with pytest.raises(FullDiskError):
            download(f'{server.url}/right', tmp_path / 'w', SHA256)
    assert left(tmp_path) == ['.w.part']
    download(f'{server.url}/right', tmp_path / 'w', SHA256)
    assert server.asked[-1][1] == f'bytes={2 * downloading.BLOCK}-'
    assert (tmp_path / 'w').read_bytes() == CONTENT and left(tmp_path) == ['w']


def test_a_part_is_begun_anew_where_the_server_knows_no_ranges(server, tmp_path):
    (tmp_path / '.w.part').write_bytes(b'other')
    download(f'{server.url}/without_ranges', tmp_path / 'w', SHA256)
    assert (tmp_path / 'w').read_bytes() == CONTENT


def test_a_part_that_is_longer_than_the_file_is_begun_anew(server, tmp_path):
    (tmp_path / '.w.part').write_bytes(CONTENT + b'more')
    download(f'{server.url}/right', tmp_path / 'w', SHA256)
    assert (tmp_path / 'w').read_bytes() == CONTENT


def test_a_part_that_is_whole_is_only_checked(server, tmp_path):
    (tmp_path / '.w.part').write_bytes(CONTENT)
    download(f'{server.url}/right', tmp_path / 'w', SHA256, len(CONTENT))
    assert server.asked == [] and left(tmp_path) == ['w']


def test_what_the_server_refuses_is_one_sentence(server, tmp_path):
    with pytest.raises(OSError, match=re.escape(f'answers 404 Not Found for {server.url}/no')):
        download(f'{server.url}/no', tmp_path / 'w')
    assert len(server.asked) == 1


def test_no_network_is_one_sentence_with_the_url_and_the_place(server, tmp_path):
    server.shutdown()
    server.server_close()
    with pytest.raises(OSError, match='cannot be reached: is this machine online') as error:
        download(f'{server.url}/right', tmp_path / 'w')
    assert f'put the file at {tmp_path / "w"} yourself, from {server.url}/right' in str(error.value)


def test_a_proxy_that_is_not_there_is_named(server, tmp_path, monkeypatch):
    monkeypatch.setenv('http_proxy', 'http://127.0.0.1:9')
    monkeypatch.setenv('no_proxy', '')
    with pytest.raises(OSError, match='the proxy of HTTPS_PROXY or HTTP_PROXY does not lead to'):
        download('http://weights.invalid/right', tmp_path / 'w')


def test_the_hub_has_a_mirror(server, tmp_path, monkeypatch):
    monkeypatch.setenv('HF_ENDPOINT', f'{server.url}/right/')
    download('https://huggingface.co/owner/model.bin', tmp_path / 'w', SHA256)
    assert server.asked == [('/right/owner/model.bin', None)]
