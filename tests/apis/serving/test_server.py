"""How the server starts, and what it says."""

import socket

import pytest

from pir_mm.apis.serving import serve
from pir_mm.files import extras


def test_without_the_extra_it_names_the_command(monkeypatch, tmp_path):
    def absent(name):
        raise ModuleNotFoundError(f'No module named {name!r}', name=name)

    monkeypatch.setattr(extras.importlib, 'import_module', absent)
    with pytest.raises(
        ModuleNotFoundError, match=r'fastapi: install it by `pip install "pir_mm\[serve\]"`'
    ):
        serve(tmp_path)


def test_a_port_that_is_taken_is_told_before_the_index_is_opened(tmp_path):
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=rf'port {port}: .* in use; give another --port'):
            serve(tmp_path / 'absent', port=port)


def test_an_address_of_elsewhere_is_told(tmp_path):
    with pytest.raises(ValueError, match='--host nowhere.invalid is no address of this machine'):
        serve(tmp_path, host='nowhere.invalid')


def test_no_index_is_told(tmp_path):
    with pytest.raises(FileNotFoundError, match='holds no index'):
        serve(tmp_path, port=0)


@pytest.mark.parametrize(('host', 'count'), [('0.0.0.0', 1), ('127.0.0.1', 0)])
def test_one_sentence_warns_of_an_open_address(index, served, monkeypatch, capsys, host, count):
    import uvicorn

    from pir_mm.apis.serving import served_index

    monkeypatch.setattr(served_index, 'ServedIndex', lambda *arguments: served)
    monkeypatch.setattr(uvicorn.Server, 'run', lambda server, sockets: None)
    serve(index, host=host, port=0)
    said = capsys.readouterr()
    assert said.err.count('has no password') == count == len(said.err.splitlines())
    assert said.out.startswith(f'http://{host}:')
