"""tools/serve.py as one would type it."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

pytest.importorskip('fastapi', reason='fastapi is absent: pip install "pir_mm[serve]"')
pytest.importorskip('uvicorn', reason='uvicorn is absent: pip install "pir_mm[serve]"')
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_serves_until_it_is_interrupted(tool, tiny, photos, tmp_path):
    index = tmp_path / 'index'
    made = tool('index', photos, '--model', tiny.config, tiny.checkpoint, '--out', index)
    assert made.code == 0, made.err
    command = [sys.executable, ROOT / 'tools' / 'serve.py', index, '--port', '0']
    environment = {**os.environ, 'PYTHONPATH': str(ROOT)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        address = process.stdout.readline().strip()
        assert address.startswith('http://127.0.0.1:'), process.stderr.read()
        with urllib.request.urlopen(f'{address}api/index') as answer:
            assert json.load(answer)['tiles'] == 5
        body = json.dumps({'text': 'a b c', 'top_k': 2}).encode()
        request = urllib.request.Request(
            f'{address}api/search', body, {'Content-Type': 'application/json'}
        )
        with urllib.request.urlopen(request) as answer:
            assert len(json.load(answer)['results']) == 2
        process.send_signal(signal.SIGINT)
        process.wait(60)
        assert process.stderr.read().strip().splitlines()[-1:] in ([], ['interrupted'])


def test_a_mistake_is_one_sentence(tool, tmp_path):
    run = tool('serve', tmp_path, '--port', '0')
    assert run.code == 1 and 'holds no index' in run.err and len(run.err.splitlines()) == 1
    run = tool('serve', tmp_path, '--tiles', 'example.org')
    assert run.code == 1 and 'a tile server is a URL such as' in run.err
    assert tool('serve', tmp_path, '--port', '70000').code == 2
